package izkm

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"linemark/internal/code"
)

// Aggregation is a report of what was packed into what (4.5). All codes in it are without
// their check part.
type Aggregation struct {
	Group             string     // alias; not sent; decides which fields are required
	Groups            code.Table // where the rules of Group stand; the zero one is the standard
	ParticipantID     string     // taxpayer number
	ProductionLineID  string     // required in tobacco
	ProductionOrderID string     // optional
	Date              time.Time
	Units             []AggregationUnit // inner ones before those that hold them
}

// AggregationUnit is one container and what was put into it.
type AggregationUnit struct {
	SerialNumber code.Code // the container's identification code or SSCC
	Children     []code.Code
	Capacity     int // how many it could hold
}

// EncodeAggregation returns the body of POST /aggregation, the bytes to freeze, or an *Error
// of kind Invalid that says what the document does not allow. A zero Date is left out.
func EncodeAggregation(a Aggregation) ([]byte, error) {
	const op = "POST /aggregation"
	if err := checkAggregation(a); err != nil {
		return nil, invalid(op, err)
	}
	var w object
	w.text("participantId", a.ParticipantID)
	w.textIf("productionLineId", a.ProductionLineID)
	w.textIf("productionOrderId", a.ProductionOrderID)
	if !a.Date.IsZero() {
		w.number("dateDoc", a.Date.UnixMilli())
	}
	array(&w, "aggregationUnits", a.Units, func(_ int, u AggregationUnit) { w.inner(u.object()) })
	body, err := w.end()
	if err != nil {
		return nil, invalid(op, err)
	}
	return body, nil
}

func (u AggregationUnit) object() object {
	var w object
	w.number("aggregatedItemsCount", int64(len(u.Children)))
	w.text("aggregationType", "AGGREGATION")
	w.number("aggregationUnitCapacity", int64(u.Capacity))
	texts(&w, "sntins", u.Children)
	w.text("unitSerialNumber", string(u.SerialNumber))
	return w
}

func checkAggregation(a Aggregation) error {
	if err := checkAlias(a.Group); err != nil {
		return err
	}
	total := len(a.Units)
	for _, u := range a.Units {
		total += len(u.Children)
	}
	switch {
	case len(a.Units) == 0:
		return errors.New("aggregationUnits is missing")
	case total > MaxAggregation:
		return fmt.Errorf("%d children and parents; it must be at most %d", total, MaxAggregation)
	}
	d := rulesOf(a.Groups, a.Group).Aggregation
	if err := missing(need{"participantId", a.ParticipantID != ""},
		need{"productionLineId", !d.ProductionLineID || a.ProductionLineID != ""}); err != nil {
		return err
	}
	return checkUnits(a.Units)
}

// checkUnits asks for inner units first, which leaves no room for a cycle.
func checkUnits(units []AggregationUnit) error {
	unitOf := map[code.Code]int{} // by child
	described := map[code.Code]bool{}
	for i, u := range units {
		switch {
		case !bare(u.SerialNumber):
			return fmt.Errorf("aggregationUnits[%d]: unitSerialNumber is empty or holds a separator", i)
		case described[u.SerialNumber]:
			return fmt.Errorf("aggregationUnits[%d]: its unitSerialNumber stands in the report twice", i)
		case len(u.Children) == 0:
			return fmt.Errorf("aggregationUnits[%d] holds nothing", i)
		case u.Capacity > maxInt32 || len(u.Children) > u.Capacity:
			return fmt.Errorf("aggregationUnits[%d] holds %d of %d", i, len(u.Children), u.Capacity)
		}
		described[u.SerialNumber] = true
		for j, child := range u.Children {
			if !bare(child) {
				return fmt.Errorf("aggregationUnits[%d].sntins[%d] is empty or holds a separator", i, j)
			}
			if first, ok := unitOf[child]; ok {
				return fmt.Errorf("aggregationUnits[%d].sntins[%d] stands in aggregationUnits[%d] already", i, j, first)
			}
			unitOf[child] = i
		}
		if outer, ok := unitOf[u.SerialNumber]; ok {
			return fmt.Errorf("aggregationUnits[%d] is packed into aggregationUnits[%d] before it is described", i, outer)
		}
	}
	return nil
}

// bare reports whether c can be a code without its check part: that is cut at the first GS.
func bare(c code.Code) bool { return c != "" && !strings.ContainsRune(string(c), code.GS) }
