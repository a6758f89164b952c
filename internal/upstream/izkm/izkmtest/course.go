package izkmtest

import "time"

// Course is what becomes of a suborder by itself. Times count from the POST of its order.
// The zero value is the usual course: ACTIVE after [Options.OrderDelay].
type Course struct {
	// After is when the suborder leaves PENDING; 0: [Options.OrderDelay]. The order is
	// READY with the first of its suborders.
	After time.Duration
	// Created is how long the order stays CREATED before it turns PENDING, the longest of
	// its suborders, at most until the order is READY; 0: half of After.
	Created time.Duration
	// Rejection, if not empty, makes it REJECTED in place of ACTIVE, for this reason. The
	// order is REJECTED if all of its suborders are.
	Rejection string
	// Expires, if not 0, is when it turns EXPIRED, unless it was closed or rejected before.
	Expires time.Duration
}

// setCourse asks what becomes of a new order and returns when all of it is decided.
func (p *placed) setCourse(opt Options) time.Duration {
	seen := Order{ID: p.ID, OMSID: p.OMSID, Group: p.Group, Status: statusCreated, Created: p.Created}
	for _, pr := range p.Products {
		seen.Suborders = append(seen.Suborders, Suborder{GTIN: pr.GTIN, Type: pr.Type, Status: statusPending, Total: pr.Total})
	}
	p.Ready = p.Created.Add(opt.OrderDelay)
	last := time.Duration(0)
	for i := range p.Products {
		pr, way := &p.Products[i], Course{}
		if opt.Course != nil {
			way = opt.Course(seen, seen.Suborders[i])
		}
		if way.After == 0 {
			way.After = opt.OrderDelay
		} else {
			pr.Ready = p.Created.Add(way.After)
		}
		if way.Created == 0 {
			way.Created = way.After / 2
		}
		pr.Rejection = way.Rejection
		if way.Expires != 0 {
			pr.Expires = p.Created.Add(way.Expires)
		}
		if pending := p.Created.Add(way.Created); pending.After(p.Pending) {
			p.Pending = pending
		}
		last = max(last, way.After)
	}
	return last
}
