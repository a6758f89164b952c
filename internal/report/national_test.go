package report_test

import (
	"context"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/upstream/izkm"
)

// national is IZKM as a Desk needs it. around is called before and after every call but
// NeedsUtilisation: a test that "kills" the agent there cancels its context.
type national struct {
	client *izkm.Client
	around func(call string, after bool)
	fail   error // what the encoder says; nil: it encodes
	blind  bool  // reasons name no code
}

func (n *national) Ready() error { return nil }

func (n *national) begin(call string) func() {
	n.around(call, false)
	return func() { n.around(call, true) }
}

func (n *national) Utilisation(r ledger.Report, codes []code.Code) ([]byte, error) {
	defer n.begin("encode")()
	if n.fail != nil {
		return nil, n.fail
	}
	return izkm.EncodeUtilisation(izkm.Utilisation{Group: r.Group, Codes: codes, UsageType: r.Usage, ProductionLineID: r.Line, ProductionOrderID: r.Batch, SourceReportID: r.UUID})
}

func (n *national) Aggregation(r ledger.Report, units []ledger.AggregationUnit) ([]byte, error) {
	defer n.begin("encode")()
	a := izkm.Aggregation{Group: r.Group, ParticipantID: "301234567", ProductionLineID: r.Line, ProductionOrderID: r.Batch, Date: r.CreatedAt}
	for _, u := range units {
		a.Units = append(a.Units, izkm.AggregationUnit{SerialNumber: u.Serial, Children: u.Children, Capacity: u.Capacity})
	}
	return izkm.EncodeAggregation(a)
}

func (n *national) Dropout(r ledger.Report, d ledger.Drop, codes []code.Code) ([]byte, error) {
	defer n.begin("encode")()
	return izkm.EncodeDropout(izkm.Dropout{Group: r.Group, Codes: codes, ParticipantID: "301234567", Address: "Tashkent", Reason: d.Reason, WithChild: d.WithChild,
		ProductionLineID: r.Line, ProductionOrderID: r.Batch, SourceDocDate: d.DocDate, SourceDocNum: r.UUID})
}

func (n *national) Send(ctx context.Context, r ledger.Report, body []byte) (string, error) {
	defer n.begin("POST " + string(r.Kind))()
	switch r.Kind {
	case ledger.Aggregation:
		return n.client.For(r.Group).SendAggregation(ctx, body)
	case ledger.Dropout:
		return n.client.For(r.Group).SendDropout(ctx, body)
	}
	return n.client.For(r.Group).SendUtilisation(ctx, body)
}

func (n *national) State(ctx context.Context, r ledger.Report) (report.State, string, error) {
	defer n.begin("GET report/info")()
	s, err := n.client.For(r.Group).ReportState(ctx, r.ServerID)
	switch s.Status {
	case izkm.ReportSent:
		return report.Sent, s.Reason, err
	case izkm.ReportRejected:
		if n.blind {
			s.Reason = "the report holds codes in a wrong state"
		}
		return report.Rejected, s.Reason, err
	}
	return report.Working, s.Reason, err
}

func (n *national) NeedsUtilisation(group string) bool {
	rules, ok := code.Table{}.Rules(group)
	return !ok || rules.ManualUtilisation
}
