package izkmtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// find finds the order, and the suborder if gtin is not empty, or refuses.
func (c *call) find(orderID, gtin string) (*order, *suborder, bool) {
	o := c.s.orderByID[orderID]
	switch {
	case o == nil || o.Group != c.group.alias:
		c.refuse(http.StatusBadRequest, codeNoOrder, "order %s not found in group %s", orderID, c.group.alias)
		return nil, nil, false
	case !strings.EqualFold(o.OMSID, c.oms):
		c.foreign("order " + orderID)
		return nil, nil, false
	case gtin == "":
		return o, nil, true
	}
	u := c.s.suborder(orderID, gtin)
	if u == nil {
		c.refuse(http.StatusBadRequest, codeNoOrder, "order %s has no GTIN %q", orderID, gtin)
	}
	return o, u, u != nil
}

// takeCodes is GET codes (document 4.3). A call whose lastBlockId is not the newest block
// issues nothing: the document does not say what it would do, and it is never right.
func (c *call) takeCodes() func() reply {
	orderID, gtin, quantity := c.needUUID("orderId"), c.need("gtin"), c.number("quantity", 0)
	last := c.query.Get("lastBlockId")
	if last != "" && last != "0" && !isUUID(last) {
		c.wrong("lastBlockId %q is neither a UUID nor 0", last)
	}
	return func() reply {
		_, u, ok := c.find(orderID, gtin)
		if !ok {
			return *c.bad
		}
		switch status := u.status(c.now); status {
		case statusActive:
		case statusExpired: // which no caller can foresee
			return errorReply(http.StatusBadRequest, codeState, fmt.Sprintf("suborder %s of %s is EXPIRED", gtin, orderID))
		default:
			return c.refuse(http.StatusBadRequest, codeState, "suborder %s of %s is %s: no codes to take", gtin, orderID, status)
		}
		if answer, ok := c.checkLast(u, last); !ok {
			return answer
		}
		b := &taken{ID: newID(c.s.opt.Seed, "block", len(c.s.blocks)+1), OrderID: orderID, GTIN: gtin, At: c.now}
		if prev := u.last(); prev != nil && !b.At.After(prev.at) {
			b.At = prev.at.Add(time.Microsecond) // blockDateTime orders the blocks of a suborder
		}
		b.Codes = c.s.generate(u, min(quantity, u.Total-u.passed))
		c.event.Block = b
		return codesReply(c.oms, b.Codes, b.ID)
	}
}

// checkLast refuses a lastBlockId that does not acknowledge the block before.
func (c *call) checkLast(u *suborder, last string) (reply, bool) {
	prev := u.last()
	switch {
	case prev == nil && (last == "" || last == "0"):
	case prev != nil && strings.EqualFold(last, prev.id):
	case prev == nil:
		return c.refuse(http.StatusBadRequest, codeState, "lastBlockId %s, but no block was issued yet", last), false
	case last == "" || last == "0":
		return c.refuse(http.StatusBadRequest, codeState, "no lastBlockId, but block %s is not acknowledged", prev.id), false
	default:
		return c.refuse(http.StatusBadRequest, codeState, "lastBlockId %s is not the previous block %s", last, prev.id), false
	}
	return reply{}, true
}

// listBlocks is GET codes/blocks (document 4.10), the oldest block first. The document
// does not bar it for closed orders.
func (c *call) listBlocks() func() reply {
	orderID, gtin := c.needUUID("orderId"), c.need("gtin")
	return func() reply {
		_, u, ok := c.find(orderID, gtin)
		if !ok {
			return *c.bad
		}
		type row struct {
			ID       string    `json:"blockId"`
			At       time.Time `json:"blockDateTime"`
			Quantity int       `json:"quantity"`
		}
		rows := []row{}
		for _, b := range u.blocks {
			rows = append(rows, row{b.id, b.at, len(b.codes)})
		}
		return done(struct {
			OrderID string `json:"orderId"`
			OMSID   string `json:"omsId"`
			GTIN    string `json:"gtin"`
			Blocks  []row  `json:"blocks"`
		}{orderID, c.oms, gtin, rows})
	}
}

// retryCodes is GET codes/retry (document 4.11). It is barred for closed orders only, so not
// for expired ones.
func (c *call) retryCodes() func() reply {
	orderID, gtin := c.needUUID("orderId"), c.need("gtin")
	blockID := ""
	if c.query.Get("blockId") != "" {
		blockID = c.needUUID("blockId")
	}
	return func() reply {
		_, u, ok := c.find(orderID, gtin)
		if !ok {
			return *c.bad
		}
		if u.status(c.now) == statusClosed {
			return c.refuse(http.StatusBadRequest, codeState, "suborder %s of %s is CLOSED: its codes cannot be read again", gtin, orderID)
		}
		blocks := u.blocks
		if blockID != "" {
			b := u.block(blockID)
			if b == nil {
				return c.refuse(http.StatusBadRequest, codeWrong, "block %s not found", blockID)
			}
			blocks = []*block{b}
		}
		codes := make([]string, 0, u.passed)
		for _, b := range blocks {
			for _, i := range b.codes {
				codes = append(codes, i.full)
			}
		}
		return codesReply(c.oms, codes, blockID)
	}
}

// closeBuffer is POST buffer/close (document 4.9). Closing what has come to an end already
// is fine and changes nothing: the answer to the first call may have been lost.
func (c *call) closeBuffer() func() reply {
	orderID, gtin := c.needUUID("orderId"), c.query.Get("gtin")
	if len(c.body) > 0 { // none is described; an empty object does no harm
		o := c.object()
		o.end()
	}
	return func() reply {
		o, u, ok := c.find(orderID, gtin)
		if !ok {
			return *c.bad
		}
		open := u != nil && !ended(u.status(c.now))
		for _, each := range o.subs {
			open = open || u == nil && !ended(each.status(c.now))
		}
		if open {
			c.event.Close = &closing{OrderID: orderID, GTIN: gtin}
		}
		return done(struct {
			OMSID string `json:"omsId"`
		}{c.oms})
	}
}
