package izkm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"linemark/internal/code"
)

// Dropout is a report of codes that leave circulation (4.6).
type Dropout struct {
	Group             string      // alias; not sent
	Groups            code.Table  // as in the other reports; no rule of 4.6 differs by group
	Codes             []code.Code // full codes, GS and check part included; at most 30,000
	ParticipantID     string      // taxpayer number
	Address           string      // where the goods were taken out
	Reason            string      // Name of a DropoutReason
	WithChild         bool        // everything packed into them goes too; always sent
	ProductionLineID  string      // optional
	ProductionOrderID string      // optional
	SourceDocDate     time.Time   // of our own document; sent in its own zone, to the second
	SourceDocNum      string      // of our own document, the report's only trace after a lost answer
}

// DropoutReason is a row of dictionary 5.1. Reports carry its Name; the document's example of a
// request has a word for people in its place, which no table knows.
type DropoutReason struct {
	ID      int
	Name    string
	Meaning string // for people
}

// DropoutReasons returns dictionary 5.1.
func DropoutReasons() []DropoutReason {
	return []DropoutReason{
		{16, "DESTRUCTION", "destroyed"},
		{32, "DEFECT", "defective"},
		{33, "EXPIRY", "past its shelf life"},
		{34, "QA_SAMPLES", "laboratory samples"},
		{35, "PRODUCT_RECALL", "recalled from the market"},
		{36, "COMPLAINTS", "returned on complaint"},
		{37, "PRODUCT_TESTING", "used up in a test of the product"},
		{38, "DEMO_SAMPLES", "demonstration samples"},
		{39, "OTHER", "other reasons"},
	}
}

// EncodeDropout returns the body of POST /dropout, the bytes to freeze, or an *Error of kind
// Invalid that says what the document does not allow. The document lets the source document's
// date and number be absent and then makes up its own, by which nobody could find the report
// again: here they are required.
func EncodeDropout(d Dropout) ([]byte, error) {
	const op = "POST /dropout"
	if err := checkDropout(d); err != nil {
		return nil, invalid(op, err)
	}
	var w object
	texts(&w, "sntins", d.Codes)
	w.text("participantId", d.ParticipantID)
	w.text("address", d.Address)
	w.text("dropoutReason", d.Reason)
	w.textIf("productionLineId", d.ProductionLineID)
	w.textIf("productionOrderId", d.ProductionOrderID)
	w.text("sourceDocDate", d.SourceDocDate.Format(time.RFC3339))
	w.text("sourceDocNum", d.SourceDocNum)
	w.flag("withChild", d.WithChild)
	body, err := w.end()
	if err != nil {
		return nil, invalid(op, err)
	}
	return body, nil
}

func checkDropout(d Dropout) error {
	if err := checkAlias(d.Group); err != nil {
		return err
	}
	if n := len(d.Codes); n < 1 || n > MaxDropout {
		return fmt.Errorf("%d codes; it must be 1 to %d", n, MaxDropout)
	}
	if err := distinct("sntins", d.Codes); err != nil {
		return err
	}
	if err := missing(need{"participantId", d.ParticipantID != ""}, need{"address", d.Address != ""},
		need{"dropoutReason", d.Reason != ""}, need{"sourceDocDate", !d.SourceDocDate.IsZero()},
		need{"sourceDocNum", d.SourceDocNum != ""}); err != nil {
		return err
	}
	reasons := DropoutReasons()
	if slices.ContainsFunc(reasons, func(r DropoutReason) bool { return r.Name == d.Reason }) {
		return nil
	}
	names := make([]string, len(reasons))
	for i, r := range reasons {
		names[i] = r.Name
	}
	return fmt.Errorf("dropoutReason is %q, not one of %v", d.Reason, names)
}

// SendDropout sends exactly body, as EncodeDropout made it, and returns the report's id. An
// error that is Lost means that the report may have been taken in.
func (c *Client) SendDropout(ctx context.Context, body []byte) (reportID string, err error) {
	return c.sendReport(ctx, "/dropout", body)
}
