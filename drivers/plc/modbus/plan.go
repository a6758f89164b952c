package modbus

import "strings"

// Limits of one read request (Modbus Application Protocol V1.1b3, 6.1 to 6.4).
const (
	maxBits      = 2000
	maxRegisters = 125
	// defaultGap is how many unused addresses are read along to save a request. A larger gap
	// costs more than it saves, and is more likely to hold an address that the PLC refuses.
	defaultGap = 8
	places     = 1 << 16 // addresses are 16 bits
)

// limits are what one request may read.
type limits struct {
	gap       int // unused addresses between two items; -1: only items that share a place
	registers int // and sixteen times as many bits
}

// request reads a run of addresses.
type request struct {
	space          *space
	address, count int
	items          []item
	answered       bool // the PLC has answered it in this session
}

// plan puts items, which come in order, into as few requests as the limits allow. An item
// is never split: both words of a counter belong to one moment.
func plan(items []item, l limits) []request {
	var all []request
	for _, it := range items {
		limit := l.registers
		if it.space.bits {
			limit = min(16*l.registers, maxBits)
		}
		if n := len(all); n > 0 {
			r := &all[n-1]
			end := max(it.end(), r.end())
			if r.space == it.space && it.address-r.end() <= l.gap && end-r.address <= limit {
				r.count = end - r.address
				r.items = append(r.items, it)
				continue
			}
		}
		all = append(all, request{space: it.space, address: it.address, count: it.words, items: []item{it}})
	}
	return all
}

// end is the address behind the request.
func (r request) end() int { return r.address + r.count }

// size is the number of bytes in the answer.
func (r request) size() int {
	if r.space.bits {
		return (r.count + 7) / 8
	}
	return 2 * r.count
}

// split takes a request apart, at its gaps if it has any and else into single places.
// It is nil for a single place.
func (r request) split() []request {
	for _, gap := range []int{0, -1} {
		if parts := plan(r.items, limits{gap, maxRegisters}); len(parts) > 1 {
			return parts
		}
	}
	return nil
}

// String names the place, and for a single one the settings that ask for it.
func (r request) String() string {
	place := span(r.space, r.address, r.count)
	if r.split() != nil {
		return place
	}
	keys := make([]string, len(r.items))
	for i, it := range r.items {
		keys[i] = it.key()
	}
	return strings.Join(keys, ", ") + ", " + place
}

// probe returns a request whose answer cannot be taken for that of the plan's first one,
// if the items allow one: it reads a whole item where one will do, else a part of one.
//
// If an earlier request were answered after all, its answer would be taken for the
// probe's, and the probe's answer for the first one's, which has another form.
func probe(plan []request) (request, bool) {
	first := plan[0]
	for _, r := range plan {
		for _, it := range r.items {
			alone := request{space: it.space, address: it.address, count: it.words, items: []item{it}}
			if alone.space != first.space || alone.size() != first.size() {
				return alone, true
			}
		}
	}
	if first.size() > 2 && !first.space.bits {
		return request{space: first.space, address: first.address, count: 1, items: first.items[:1]}, true
	}
	return request{}, false
}

// wider returns a request at the same place whose answer is a register longer, or eight bits
// and more. It reads places that nothing names; a PLC that refuses them has answered too.
func wider(first request) request {
	more := 1
	if first.space.bits {
		more = 8
	}
	count := first.count + more
	return request{space: first.space, address: min(first.address, places-count), count: count, items: first.items[:1]}
}
