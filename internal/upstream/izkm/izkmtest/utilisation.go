package izkmtest

import (
	"net/http"
	"unicode/utf8"
)

const maxUtilisation = 30_000 // codes in a report

// utilisation is POST utilisation (document 4.4), open to the groups of table 5.2 that
// allow the report to be made by hand.
func (c *call) utilisation() func() reply {
	if !c.group.byHand {
		c.refuse(http.StatusBadRequest, codeState, "group %s takes no utilisation reports", c.group.alias)
		return nil
	}
	o := c.object()
	if c.bad != nil {
		return nil
	}
	r := &received{Report: Report{Kind: Utilisation}}
	r.Codes = o.texts("sntins", true)
	if len(r.Codes) > maxUtilisation {
		c.refuse(http.StatusBadRequest, codeLimit, "sntins: %d codes, at most %d", len(r.Codes), maxUtilisation)
	}
	words := []string{"PRINTED", "VERIFIED"}
	if c.group.alias == "tobacco" {
		words = append(words, "USED_FOR_PRODUCTION")
	}
	r.UsageType = o.oneOf("usageType", false, words...)
	r.ProductionLineID = o.text("productionLineId", false)
	r.ProductionOrderID = o.text("productionOrderId", false)
	r.BrandCode = o.text("brandcode", false)
	r.SourceReportID = o.text("sourceReportId", false)
	r.ProductionDate = o.when("productionDate", c.group.dated)
	r.ExpirationDate = o.when("expirationDate", c.group.series)
	r.SeriesNumber = o.text("seriesNumber", c.group.series)
	if n := utf8.RuneCountInString(r.SeriesNumber); n > 20 {
		c.wrong("seriesNumber: %d characters, at most 20", n)
	}
	o.end()
	return func() reply {
		return c.receive(r, func() string { return c.judgeUtilisation(r.Codes) })
	}
}

// judgeUtilisation says why the codes cannot be taken as applied; empty: they can. A report
// is taken as a whole or not at all.
func (c *call) judgeUtilisation(codes []string) string {
	var why reasons
	seen := make(map[string]struct{}, len(codes))
	for _, full := range codes {
		i := c.s.issuedCode(full)
		_, twice := seen[full]
		seen[full] = struct{}{}
		switch {
		case i == nil:
			why.add("not issued here", full)
		case i.block.sub.order.Group != c.group.alias:
			why.add("issued for group "+i.block.sub.order.Group, full)
		case i.used != nil:
			why.add("applied already by report "+i.used.ID, full)
		case i.dropped != nil:
			why.add("dropped already by report "+i.dropped.ID, full)
		case twice:
			why.add("named twice", full)
		}
	}
	return why.String()
}
