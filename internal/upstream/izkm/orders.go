package izkm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Statuses of an order (5.6) and of a suborder (5.8). More may come; an unknown one means
// wait.
const (
	StatusCreated   = "CREATED"
	StatusPending   = "PENDING"
	StatusReady     = "READY"
	StatusActive    = "ACTIVE"
	StatusExhausted = "EXHAUSTED"
	StatusRejected  = "REJECTED"
	StatusClosed    = "CLOSED"
	StatusExpired   = "EXPIRED"
)

// OrdersQuery narrows a list of orders. Zero fields ask for everything.
type OrdersQuery struct {
	Status string    // an order's status
	From   time.Time // created at this time or later; sent to the second, rounded down
	To     time.Time // created before this time; sent to the second, rounded up
}

// OrderState is an order as IZKM sees it.
type OrderState struct {
	ID      string
	Status  string
	Created time.Time // zero when not given
	Reason  string    // why the order was declined
	Buffers []BufferState
}

// BufferState is a suborder: the codes of one GTIN in an order.
type BufferState struct {
	GTIN      string
	Status    string
	Reason    string // why the suborder was rejected
	Total     int    // codes ordered
	Left      int    // codes not yet issued (leftInBuffer)
	Passed    int    // codes issued (totalPassed)
	Exhausted bool
}

// Buffer returns the suborder of gtin. The document's own example holds a GTIN twice; one
// that is not rejected goes before one that is.
func (o OrderState) Buffer(gtin string) (BufferState, bool) {
	var found BufferState
	ok := false
	for _, b := range o.Buffers {
		if b.GTIN == gtin && (!ok || found.Status == StatusRejected && b.Status != StatusRejected) {
			found, ok = b, true
		}
	}
	return found, ok
}

const (
	pageLength = 100
	mostPages  = 1000
)

// Orders lists orders (4.8), one request a page until a page comes short, each order once.
// New orders push others onto the next page, which only brings repeats. With Status set an
// order can slip through when another one leaves that status between two pages; without it
// none can. A list that goes on with nothing new is an error, not an end: that an order is
// missing from the list is what allows it to be placed again.
func (c *Client) Orders(ctx context.Context, q OrdersQuery) ([]OrderState, error) {
	r := request{method: http.MethodGet, path: "/orders", twin: "omslid"}
	statuses := []string{"", StatusCreated, StatusPending, StatusReady, StatusRejected, StatusClosed, StatusExpired}
	if !slices.Contains(statuses, q.Status) {
		return nil, invalid(r.op(), fmt.Errorf("status is %q, not one of %v", q.Status, statuses[1:]))
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return nil, invalid(r.op(), errors.New("dateTo is before dateFrom"))
	}
	var found []OrderState
	seen := map[string]bool{}
	for page := 1; page <= mostPages; page++ {
		r.query = []param{
			{"status", q.Status}, {"dateFrom", isoSecond(q.From, 0)}, {"dateTo", isoSecond(q.To, time.Second-1)},
			{"limit", strconv.Itoa(pageLength)}, {"offset", strconv.Itoa(page)},
		}
		var a orders
		if err := c.call(ctx, r, &a); err != nil {
			return nil, err
		}
		before := len(found)
		for _, o := range a.Orders {
			if id := strings.ToLower(string(o.ID)); !seen[id] {
				seen[id] = true
				found = append(found, o.state())
			}
		}
		if len(a.Orders) < pageLength {
			return found, nil
		}
		if len(found) == before {
			return nil, &Error{
				Op: r.op(), Status: http.StatusOK, Kind: Unexpected,
				Err: fmt.Errorf("page %d is full and repeats what came before", page),
			}
		}
	}
	return nil, &Error{
		Op: r.op(), Status: http.StatusOK, Kind: Unexpected,
		Err: fmt.Errorf("the list does not end after %d pages", mostPages),
	}
}

func isoSecond(t time.Time, roundUp time.Duration) string {
	if t.IsZero() {
		return ""
	}
	return t.Add(roundUp).UTC().Format(time.RFC3339)
}

type orders struct {
	Orders list[order] `json:"orderInfos"`
}

type order struct {
	ID      text         `json:"orderId"`
	Status  text         `json:"orderStatus"`
	Created moment       `json:"createdTimestamp"`
	Reason  words        `json:"declineReason"`
	Buffers list[buffer] `json:"buffers"` // the example opens it as an object
}

// buffer leaves out availableCodes, which by its definition never falls.
type buffer struct {
	GTIN      text    `json:"gtin"`
	Status    text    `json:"bufferStatus"`
	Reason    words   `json:"rejectionReason"`
	Total     number  `json:"totalCodes"`
	Left      *number `json:"leftInBuffer"`
	Passed    number  `json:"totalPassed"`
	Exhausted *flag   `json:"poolsExhausted"` // mandatory, yet absent from the example
}

func (a *orders) complete() error {
	if a.Orders == nil {
		return errors.New("it holds no orderInfos")
	}
	for i, o := range a.Orders {
		if o.ID == "" {
			return fmt.Errorf("order %d of %d has no orderId", i+1, len(a.Orders))
		}
		for _, b := range o.Buffers {
			switch {
			case b.GTIN == "":
				return fmt.Errorf("order %.60q has a buffer without gtin", o.ID)
			case b.Status == StatusActive && b.Left == nil:
				return fmt.Errorf("order %.60q does not say how many codes of %.20q are left", o.ID, b.GTIN)
			}
		}
	}
	return nil
}

func (o order) state() OrderState {
	s := OrderState{
		ID: string(o.ID), Status: string(o.Status), Created: time.Time(o.Created), Reason: string(o.Reason),
		Buffers: make([]BufferState, len(o.Buffers)),
	}
	for i, b := range o.Buffers {
		s.Buffers[i] = BufferState{
			GTIN: string(b.GTIN), Status: string(b.Status), Reason: string(b.Reason),
			Total: int(b.Total), Passed: int(b.Passed),
			Exhausted: b.Status == StatusExhausted,
		}
		if b.Left != nil {
			s.Buffers[i].Left = int(*b.Left)
		}
		if b.Exhausted != nil {
			s.Buffers[i].Exhausted = bool(*b.Exhausted)
		}
	}
	return s
}
