package izkmtest

import (
	"net/http"
)

const (
	maxAggregation = 11_000          // children and parents in a report
	firstMilli     = 100_000_000_000 // a dateDoc below is in seconds: in milliseconds it is early 1973
)

// aggregation is POST aggregation (document 4.5).
func (c *call) aggregation() func() reply {
	o := c.object()
	if c.bad != nil {
		return nil
	}
	r := &received{Report: Report{Kind: Aggregation}}
	r.ParticipantID = o.taxNumber("participantId")
	r.ProductionLineID = o.text("productionLineId", c.group.alias == "tobacco")
	r.ProductionOrderID = o.text("productionOrderId", false)
	r.DateDoc, _ = o.whole("dateDoc", false, firstMilli, 1<<53)
	count := 0
	for _, row := range o.objects("aggregationUnits") {
		u := Unit{SerialNumber: row.text("unitSerialNumber", true), Codes: row.texts("sntins", true)}
		u.Count = row.int32("aggregatedItemsCount")
		u.Capacity = row.int32("aggregationUnitCapacity")
		row.oneOf("aggregationType", true, "AGGREGATION")
		row.end()
		r.Units = append(r.Units, u)
		count += 1 + len(u.Codes)
	}
	if count > maxAggregation {
		c.refuse(http.StatusBadRequest, codeLimit, "%d children and parents, at most %d", count, maxAggregation)
	}
	o.end()
	return func() reply {
		return c.receive(r, func() string { return c.judgeAggregation(r.Units) })
	}
}

// judgement is one aggregation report being judged: what is known, and what the report
// itself adds, unit by unit.
type judgement struct {
	c      *call
	why    reasons
	units  map[string]struct{}
	parent map[string]string
}

// judgeAggregation says why the units cannot be taken; empty: they can. A unit may hold
// units of accepted reports or such as stand before it in the same report.
func (c *call) judgeAggregation(units []Unit) string {
	j := &judgement{c: c, units: make(map[string]struct{}), parent: make(map[string]string)}
	for _, u := range units {
		j.unit(u)
	}
	return j.why.String()
}

func (j *judgement) unit(u Unit) {
	serial := u.SerialNumber
	switch {
	case u.Count != len(u.Codes):
		j.why.add("aggregatedItemsCount is not the number of children", serial)
	case u.Count > u.Capacity:
		j.why.add("more children than aggregationUnitCapacity", serial)
	}
	i := j.c.s.byKI[serial]
	before := j.c.s.droppedBy(serial)
	switch {
	case j.isUnit(serial):
		j.why.add("aggregated before", serial)
	case before != nil:
		j.why.add("dropped already by report "+before.ID, serial)
	case validSSCC(serial):
	case i == nil || i.block.sub.Type != "GROUP" || i.block.sub.order.Group != j.c.group.alias:
		j.why.add("neither an SSCC nor an issued GROUP code of this product group", serial)
	case !i.applied(j.c.now):
		j.why.add("GROUP code without a SENT utilisation", serial)
	}
	above := map[string]bool{serial: true}
	for up, ok := j.parentOf(serial); ok && !above[up]; up, ok = j.parentOf(up) {
		above[up] = true
	}
	for _, child := range u.Codes {
		j.child(child, serial, above)
	}
	j.units[serial] = struct{}{}
}

func (j *judgement) child(child, serial string, above map[string]bool) {
	i := j.c.s.byKI[child]
	_, inside := j.parentOf(child)
	before := j.c.s.droppedBy(child)
	switch {
	case above[child]:
		j.why.add("inside itself", child)
	case inside:
		j.why.add("in another unit already", child)
	case i != nil && i.block.sub.order.Group != j.c.group.alias:
		j.why.add("issued for group "+i.block.sub.order.Group, child)
	case before != nil:
		j.why.add("dropped already by report "+before.ID, child)
	case i != nil && !i.applied(j.c.now):
		j.why.add("no SENT utilisation", child)
	case i == nil && !j.isUnit(child) && j.c.s.issuedCode(child) != nil:
		j.why.add("with the check part", child)
	case i == nil && !j.isUnit(child):
		j.why.add("neither an issued code nor an earlier unit", child)
	default:
		j.parent[child] = serial
	}
}

func (j *judgement) isUnit(serial string) bool {
	_, here := j.units[serial]
	return here || j.c.s.bySerial[serial] != nil
}

func (j *judgement) parentOf(child string) (string, bool) {
	if up, ok := j.parent[child]; ok {
		return up, true
	}
	if p := j.c.s.into(child); p != nil {
		return p.SerialNumber, true
	}
	return "", false
}
