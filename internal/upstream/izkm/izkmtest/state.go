package izkmtest

import (
	"strings"
	"time"
)

// autoClose is when a suborder whose codes are all issued closes by itself (chapter 3, note 5).
const autoClose = 48 * time.Hour

// Statuses of dictionaries 5.6, 5.7 and 5.8.
const (
	statusDraft     = "DRAFT"
	statusToSend    = "READY_TO_SEND"
	statusCreated   = "CREATED"
	statusPending   = "PENDING"
	statusReady     = "READY"
	statusActive    = "ACTIVE"
	statusExhausted = "EXHAUSTED"
	statusClosed    = "CLOSED"
	statusExpired   = "EXPIRED"
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
	closed bool // by the caller, before any other end
}

type block struct {
	id    string
	sub   *suborder
	at    time.Time
	acked bool
	ki    int // length of the identification codes
	codes []issued
}

// issued is one issued code.
type issued struct {
	full    string
	block   *block
	used    *report // the accepted utilisation that names it
	in      *pack   // the unit that it is inside of
	dropped *report // the accepted dropout of it or of what it is in
}

// ki is the identification code.
func (i *issued) ki() string { return i.full[:i.block.ki] }

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

// status of a suborder. Of the ends that it can come to the first one stays.
func (u *suborder) status(now time.Time) string {
	if u.closed {
		return statusClosed
	}
	status, since := statusActive, time.Time{}
	switch {
	case now.Before(u.Ready):
		status = statusPending
	case u.Rejection != "":
		status, since = statusRejected, u.Ready
	case u.passed == u.Total:
		status = statusExhausted
	}
	for _, end := range [...]struct {
		status string
		at     time.Time
	}{{statusExpired, u.Expires}, {statusClosed, u.lapse()}} {
		if !end.at.IsZero() && !now.Before(end.at) && (since.IsZero() || end.at.Before(since)) {
			status, since = end.status, end.at
		}
	}
	return status
}

// lapse is when the suborder closes by itself, zero while codes are left. The document
// speaks of orders; each suborder by itself is the earlier, so the stricter reading.
func (u *suborder) lapse() time.Time {
	if b := u.last(); b != nil && u.passed == u.Total {
		return b.at.Add(autoClose)
	}
	return time.Time{}
}

// ended reports whether a status of an order or suborder is a last one.
func ended(status string) bool {
	return status == statusClosed || status == statusRejected || status == statusExpired
}

// status of an order. One of which a part was closed is CLOSED at its end, one of which
// nothing was is EXPIRED rather than REJECTED.
func (o *order) status(now time.Time) string {
	var closed, expired, rejected, pending int
	for _, u := range o.subs {
		switch u.status(now) {
		case statusClosed:
			closed++
		case statusExpired:
			expired++
		case statusRejected:
			rejected++
		case statusPending:
			pending++
		}
	}
	over := closed+expired+rejected == len(o.subs)
	switch {
	case over && closed > 0:
		return statusClosed
	case over && expired > 0:
		return statusExpired
	case over:
		return statusRejected
	case pending < len(o.subs):
		return statusReady
	case now.Before(o.Pending):
		return statusCreated
	}
	return statusPending
}

// declined gathers the reasons of all suborders, as the document says of declineReason;
// empty unless the order is REJECTED.
func (o *order) declined(now time.Time) string {
	if o.status(now) != statusRejected {
		return ""
	}
	var reasons []string
	for _, u := range o.subs {
		reasons = append(reasons, u.Rejection)
	}
	return strings.Join(reasons, "; ")
}

// rejected is the rejectionReason, empty unless the suborder is REJECTED.
func (u *suborder) rejected(now time.Time) string {
	if u.status(now) != statusRejected {
		return ""
	}
	return u.Rejection
}

// outcome is the status and error reason that the caller may know by now.
func (r *report) outcome(now time.Time) (status, reason string) {
	switch left, third := r.Due.Sub(now), r.Due.Sub(r.Received)/3; {
	case left <= 0:
		return r.Status, r.ErrorReason
	case left <= third:
		return statusPending, ""
	case left <= 2*third:
		return statusToSend, ""
	}
	return statusDraft, ""
}

func (r *report) accepted() bool { return r.Status == statusSent }

// key is equal for two reports if the second repeats the first.
func (r *report) key() string {
	switch {
	case r.SourceReportID != "":
		return r.Kind + " id " + r.SourceReportID
	case r.SourceDocNum != "":
		return r.Kind + " of " + r.Group + " number " + r.SourceDocNum
	}
	return r.Kind + " of " + r.Group + " body " + r.Hash
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
