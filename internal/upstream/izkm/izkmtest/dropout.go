package izkmtest

import "net/http"

const maxDropout = 30_000 // codes in a report

// dropout is POST dropout (document 4.6). The document does not say how a transport pack is
// dropped: the SSCC of an aggregated unit is taken in place of a full code.
func (c *call) dropout() func() reply {
	o := c.object()
	if c.bad != nil {
		return nil
	}
	r := &received{Report: Report{Kind: Dropout}}
	r.Codes = o.texts("sntins", true)
	if len(r.Codes) > maxDropout {
		c.refuse(http.StatusBadRequest, codeLimit, "sntins: %d codes, at most %d", len(r.Codes), maxDropout)
	}
	r.ParticipantID = o.taxNumber("participantId")
	r.Address = o.text("address", true)
	r.DropoutReason = o.oneOf("dropoutReason", true, "DESTRUCTION", "DEFECT", "EXPIRY", "QA_SAMPLES",
		"PRODUCT_RECALL", "COMPLAINTS", "PRODUCT_TESTING", "DEMO_SAMPLES", "OTHER")
	r.ProductionLineID = o.text("productionLineId", false)
	r.ProductionOrderID = o.text("productionOrderId", false)
	r.SourceDocDate = o.when("sourceDocDate", false)
	r.SourceDocNum = o.text("sourceDocNum", false)
	o.decode("withChild", true, &r.WithChild, "a boolean")
	o.end()
	return func() reply {
		return c.receive(r, func() string { return c.judgeDropout(r.Codes) })
	}
}

// judgeDropout says why the codes cannot be dropped; empty: they can. A code that was never
// applied can be dropped unless [Options.DropAppliedOnly] says otherwise; what is inside a
// unit may have been dropped before it.
func (c *call) judgeDropout(codes []string) string {
	var why reasons
	seen := make(map[string]struct{}, len(codes))
	for _, name := range codes {
		i, p := c.s.issuedCode(name), (*pack)(nil)
		group, serial := "", name
		switch {
		case i != nil:
			group, serial = i.block.sub.order.Group, i.ki()
		case validSSCC(name):
			if p = c.s.bySerial[name]; p != nil {
				group = p.by.Group
			}
		}
		_, twice := seen[name]
		seen[name] = struct{}{}
		before := c.s.droppedBy(serial)
		switch {
		case i == nil && p == nil && c.s.byKI[name] != nil:
			why.add("without the check part", name)
		case i == nil && p == nil:
			why.add("neither issued here nor an aggregated unit", name)
		case group != c.group.alias:
			why.add("of group "+group, name)
		case before != nil:
			why.add("dropped already by report "+before.ID, name)
		case twice:
			why.add("named twice", name)
		case c.s.opt.DropAppliedOnly && i != nil && !i.applied(c.now):
			why.add("no SENT utilisation", name)
		}
	}
	return why.String()
}
