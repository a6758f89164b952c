package izkmtest

import (
	"net/http"
	"strings"
	"time"
)

// Limits of chapter 3.
const (
	maxQuantity     = 150_000 // codes of one GTIN in an order
	maxProducts     = 10      // GTINs in an order
	maxActiveOrders = 100     // taken as: neither CLOSED, REJECTED nor EXPIRED, whatever the group
)

// placeOrder is POST orders (document 4.2). Refused although the document is silent: one
// GTIN twice in an order (an order's codes are addressed by its id and GTIN), own serial
// numbers that repeat or do not fit the group's code. They stay taken whatever comes of the
// order.
func (c *call) placeOrder() func() reply {
	o := c.object()
	if c.bad != nil {
		return nil
	}
	p := &placed{OMSID: c.oms, Group: c.group.alias}
	rows := o.objects("products")
	if len(rows) > maxProducts {
		c.refuse(http.StatusBadRequest, codeLimit, "products: %d GTINs, at most %d in an order", len(rows), maxProducts)
	}
	seen := make(map[string]bool)
	for _, row := range rows {
		pr := c.product(row)
		if pr.GTIN != "" && seen[pr.GTIN] {
			c.wrong("%sgtin: %s stands in the order twice", row.at, pr.GTIN)
		}
		seen[pr.GTIN] = true
		p.Products = append(p.Products, pr)
	}
	provider := o.text("serviceProviderId", false)
	if provider != "" && !isUUID(provider) {
		c.wrong("serviceProviderId: %q is not a UUID", provider)
	}
	tobacco := c.group.alias == "tobacco"
	o.oneOf("releaseMethodType", !tobacco, "PRODUCTION", "IMPORT", "REMAINS", "COMMISSION")
	if tobacco {
		tobaccoFields(o)
	} else {
		otherFields(o, provider != "", c.group.alias == "alcohol")
	}
	o.end()
	return func() reply { return c.acceptOrder(p) }
}

func (c *call) product(row object) product {
	pr := product{GTIN: row.text("gtin", true)}
	if pr.GTIN != "" && !isGTIN(pr.GTIN) {
		c.wrong("%sgtin: %q has not 14 digits", row.at, pr.GTIN)
	}
	pr.Total = row.int32("quantity")
	switch {
	case c.bad == nil && pr.Total == 0:
		c.wrong("%squantity: 0", row.at)
	case pr.Total > maxQuantity:
		c.refuse(http.StatusBadRequest, codeLimit, "%squantity: %d, at most %d codes of a GTIN", row.at, pr.Total, maxQuantity)
	}
	own := row.oneOf("serialNumberType", true, "SELF_MADE", "OPERATOR") == "SELF_MADE"
	serials := row.texts("serialNumbers", own)
	row.int32("templateId")
	row.text("stickerId", false)
	row.whole("rateType", false, 0, 1)
	pr.Type = row.oneOf("cisType", true, "UNIT", "GROUP")
	row.end()
	l, ok := c.group.layout(pr.Type)
	if !ok && pr.Type == "GROUP" {
		c.wrong("%scisType: group %s has no GROUP codes", row.at, c.group.alias)
	}
	if own && c.bad == nil {
		pr.Serials = serials
		c.checkSerials(row.at, pr, l.serial)
	}
	return pr
}

func (c *call) checkSerials(at string, pr product, length int) {
	if len(pr.Serials) != pr.Total {
		c.wrong("%sserialNumbers: %d of them for %d codes", at, len(pr.Serials), pr.Total)
	}
	seen := make(map[string]bool, len(pr.Serials))
	for i, serial := range pr.Serials {
		foreign := strings.IndexFunc(serial, func(r rune) bool { return !strings.ContainsRune(serialChars, r) })
		if len(serial) != length || foreign >= 0 || seen[serial] {
			c.wrong("%sserialNumbers[%d]: %q is not another %d characters of GS1 set 82", at, i, serial, length)
			return
		}
		seen[serial] = true
	}
}

func tobaccoFields(o object) {
	for _, name := range []string{"factoryId", "factoryCountry", "productionLineId", "productCode", "productDescription"} {
		o.text(name, true)
	}
	for _, name := range []string{"factoryName", "factoryAddress", "poNumber"} {
		o.text(name, false)
	}
	if day := o.text("expectedStartDate", false); day != "" {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			o.c.wrong("expectedStartDate: %q is not yyyy-mm-dd", day)
		}
	}
}

// otherFields takes the fields of the extension for alcohol, which by the document's
// example are those of every group but tobacco; only alcohol needs a contact person.
func otherFields(o object, provider, needPerson bool) {
	o.text("contactPerson", needPerson)
	o.text("productionOrderId", false)
	o.text("country", false)
	if !provider {
		o.oneOf("createMethodType", false, "SELF_MADE")
		return
	}
	// The document's own spelling is Cyrillic; both are taken.
	o.oneOf("createMethodType", true, "CEM", "CM", "CL", "CA",
		"\u0421\u0415\u041c", "\u0421\u041c", "\u0421L", "\u0421\u0410")
}

// acceptOrder decides on an order that is right in itself.
func (c *call) acceptOrder(p *placed) reply {
	s := c.s
	active := 0
	for _, o := range s.orders {
		if !ended(o.status(c.now)) && strings.EqualFold(o.OMSID, c.oms) {
			active++
		}
	}
	if active >= maxActiveOrders {
		return c.refuse(http.StatusBadRequest, codeLimit, "%d active orders, at most %d", active, maxActiveOrders)
	}
	for _, pr := range p.Products {
		l, _ := c.group.layout(pr.Type)
		for _, serial := range pr.Serials {
			if _, known := s.byKI[string(l.appendKI(nil, pr.GTIN, serial))]; known {
				return c.refuse(http.StatusBadRequest, codeWrong, "serial number %q of GTIN %s was used before", serial, pr.GTIN)
			}
		}
	}
	p.ID = newID(s.opt.Seed, "order", len(s.orders)+1)
	p.Created = c.now
	expect := p.setCourse(s.opt)
	c.event.Order = p
	return done(struct {
		OMSID   string `json:"omsId"`
		OrderID string `json:"orderId"`
		Expect  int64  `json:"expectedCompleteTimestamp"`
	}{c.oms, p.ID, expect.Milliseconds()})
}

func isGTIN(s string) bool { return len(s) == 14 && allDigits(s) }
