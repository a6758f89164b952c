package modbus

// Limits of one read request (Modbus Application Protocol V1.1b3, 6.1 to 6.4).
const (
	maxBits      = 2000
	maxRegisters = 125
	// maxGap is how many unused addresses are read along to save a request. A larger gap
	// costs more than it saves, and is more likely to hold an address that the PLC refuses.
	maxGap = 8
)

// request reads a run of addresses.
type request struct {
	space          *space
	address, count int
	items          []item
}

// plan puts items, which come in order and do not overlap, into as few requests as their
// limits allow. An item is never split: both words of a counter belong to one moment.
func plan(items []item) []request {
	var all []request
	for _, it := range items {
		limit := maxRegisters
		if it.space.bits {
			limit = maxBits
		}
		if n := len(all); n > 0 {
			r := &all[n-1]
			if r.space == it.space && it.address-(r.address+r.count) <= maxGap && it.end()-r.address <= limit {
				r.count = it.end() - r.address
				r.items = append(r.items, it)
				continue
			}
		}
		all = append(all, request{it.space, it.address, it.words, []item{it}})
	}
	return all
}
