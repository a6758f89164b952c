package izkmtest

import "time"

// autoClose is when an order whose codes are all issued closes by itself (chapter 3, note 5).
const autoClose = 48 * time.Hour

// Statuses of dictionaries 5.6, 5.7 and 5.8 that the emulator uses.
const (
	statusCreated   = "CREATED"
	statusPending   = "PENDING"
	statusReady     = "READY"
	statusActive    = "ACTIVE"
	statusExhausted = "EXHAUSTED"
	statusClosed    = "CLOSED"
	statusSent      = "SENT"
	statusRejected  = "REJECTED"
)

// order is an order and where it stands. Statuses that time alone changes are computed,
// never stored.
type order struct {
	placed
	group group
	subs  []*suborder
}

type suborder struct {
	product
	order  *order
	blocks []*block
	passed int  // codes issued
	closed bool // by the caller
}

type block struct {
	id    string
	sub   *suborder
	at    time.Time
	acked bool
	codes []issued
}

// issued is one issued code.
type issued struct {
	full  string
	block *block
	used  *report // the accepted utilisation that names it
}

// report is a report with its verdict, which the caller learns when it is due.
type report struct {
	received
}

func (u *suborder) layout() layout {
	l, _ := u.order.group.layout(u.Type)
	return l
}

func (u *suborder) last() *block {
	if len(u.blocks) == 0 {
		return nil
	}
	return u.blocks[len(u.blocks)-1]
}

func (u *suborder) block(id string) *block {
	for _, b := range u.blocks {
		if b.id == id {
			return b
		}
	}
	return nil
}

func (u *suborder) status(now time.Time) string {
	switch {
	case u.closed || u.order.expired(now):
		return statusClosed
	case now.Before(u.order.Ready):
		return statusPending
	case u.passed == u.Total:
		return statusExhausted
	}
	return statusActive
}

func (o *order) status(now time.Time) string {
	open := false
	for _, u := range o.subs {
		open = open || !u.closed
	}
	switch {
	case !open || o.expired(now):
		return statusClosed
	case !now.Before(o.Ready):
		return statusReady
	case now.Sub(o.Created) < o.Ready.Sub(o.Created)/2:
		return statusCreated
	}
	return statusPending
}

// expired reports whether the order has closed by itself. A suborder that the caller
// closed early counts as issued.
func (o *order) expired(now time.Time) bool {
	var last time.Time
	for _, u := range o.subs {
		if u.passed < u.Total && !u.closed {
			return false
		}
		if b := u.last(); b != nil && b.at.After(last) {
			last = b.at
		}
	}
	return !last.IsZero() && !now.Before(last.Add(autoClose))
}

// outcome is the status and error reason that the caller may know by now.
func (r *report) outcome(now time.Time) (status, reason string) {
	if now.Before(r.Due) {
		return statusPending, ""
	}
	return r.Status, r.ErrorReason
}

func (r *report) accepted() bool { return r.Status == statusSent }

// key is equal for two reports if the second repeats the first.
func (r *report) key() string {
	if r.SourceReportID != "" {
		return r.Kind + " id " + r.SourceReportID
	}
	return r.Kind + " body " + r.Hash
}

// issuedCode finds a full code among the issued ones, byte for byte.
func (s *Server) issuedCode(full string) *issued {
	for _, n := range kiLengths {
		if len(full) < n {
			break
		}
		if c := s.byKI[full[:n]]; c != nil && c.full == full {
			return c
		}
	}
	return nil
}

// applied reports whether a code may be aggregated: its utilisation is SENT, or its group
// reports none.
func (c *issued) applied(now time.Time) bool {
	return !c.block.sub.order.group.byHand || c.used != nil && !now.Before(c.used.Due)
}
