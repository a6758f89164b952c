package izkmtest

import (
	"slices"
	"strings"
	"time"
)

// orderInfo and bufferInfo are the rows of the answer of GET orders.
type orderInfo struct {
	OrderID string       `json:"orderId"`
	Status  string       `json:"orderStatus"`
	Created int64        `json:"createdTimestamp"` // epoch milliseconds
	Decline string       `json:"declineReason,omitempty"`
	Buffers []bufferInfo `json:"buffers"`
}

type bufferInfo struct {
	Left        int    `json:"leftInBuffer"`
	Total       int    `json:"totalCodes"`
	Passed      int    `json:"totalPassed"`
	Unavailable int    `json:"unavailableCodes"`
	Available   int    `json:"availableCodes"`
	OrderID     string `json:"orderId"`
	GTIN        string `json:"gtin"`
	OMSID       string `json:"omsId"`
	Status      string `json:"bufferStatus"`
	Exhausted   bool   `json:"poolsExhausted"`
	Rejection   string `json:"rejectionReason,omitempty"`
}

// listOrders is GET orders (document 4.8): the orders of this participant and group, the
// newest first. Created at dateFrom is in, created at dateTo is out.
func (c *call) listOrders() func() reply {
	status := c.query.Get("status")
	known := []string{"", statusCreated, statusPending, statusReady, statusRejected, statusClosed, statusExpired}
	if !slices.Contains(known, status) {
		c.wrong("status %q is not in the dictionary", status)
	}
	from, to := c.time("dateFrom"), c.time("dateTo")
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		c.wrong("dateTo is before dateFrom")
	}
	limit, page := c.number("limit", 100), c.number("offset", 1)
	return func() reply {
		rows := []orderInfo{}
		skip := (page - 1) * limit
		for _, o := range slices.Backward(c.s.orders) {
			switch {
			case o.Group != c.group.alias, !strings.EqualFold(o.OMSID, c.oms),
				status != "" && o.status(c.now) != status,
				!from.IsZero() && o.Created.Before(from), !to.IsZero() && !o.Created.Before(to):
				continue
			case skip > 0:
				skip--
			case len(rows) < limit:
				rows = append(rows, o.row(c))
			}
		}
		return done(struct {
			OMSID  string      `json:"omsId"`
			Orders []orderInfo `json:"orderInfos"`
		}{c.oms, rows})
	}
}

// row describes an order. While a suborder is PENDING there is nothing in its buffer.
func (o *order) row(c *call) orderInfo {
	info := orderInfo{OrderID: o.ID, Status: o.status(c.now), Created: o.Created.UnixMilli(), Decline: o.declined(c.now)}
	for _, u := range o.subs {
		b := bufferInfo{Total: u.Total, Passed: u.passed, Available: u.Total, OrderID: o.ID,
			GTIN: u.GTIN, OMSID: c.oms, Status: u.status(c.now), Rejection: u.rejected(c.now)}
		b.Exhausted = b.Status == statusExhausted
		if b.Status != statusPending {
			b.Left = u.Total - u.passed
		}
		info.Buffers = append(info.Buffers, b)
	}
	return info
}

// time is an optional query parameter in ISO 8601 with its zone.
func (c *call) time(name string) time.Time {
	v := c.query.Get(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, v)
	if err != nil {
		c.wrong("%s %q is not an ISO 8601 time with a zone", name, v)
	}
	return t
}
