package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/upstream/izkm"
)

// papers make the exact bytes of reports for IZKM. What they say of a batch is what was written
// down at its start.
type papers struct {
	cfg    *config.Config
	ledger *ledger.Ledger
}

// Papers makes reports without a connection to the national system.
func Papers(cfg *config.Config, l *ledger.Ledger) report.Papers {
	if cfg.OnSmartOne() {
		return onePapers{cfg, l}
	}
	return papers{cfg, l}
}

// Utilisation implements report.Papers.
func (p papers) Utilisation(r ledger.Report, codes []code.Code) ([]byte, error) {
	u := izkm.Utilisation{Group: r.Group, Groups: p.cfg.Table, Codes: codes, UsageType: r.Usage, ProductionLineID: r.Line, ProductionOrderID: r.Batch, SourceReportID: r.UUID}
	b, err := p.batch(r)
	if err != nil {
		return nil, err
	}
	u.SeriesNumber = b.Series
	if u.ProductionDate, err = date(b.ProductionDate); err != nil {
		return nil, err
	}
	if u.ExpirationDate, err = date(b.ExpirationDate); err != nil {
		return nil, err
	}
	return izkm.EncodeUtilisation(u)
}

// batch is what is known of a report's batch; nothing, for a line that runs without batches.
func (p papers) batch(r ledger.Report) (ledger.Batch, error) {
	b, err := p.ledger.BatchOf(context.Background(), r.Line, r.Batch)
	if errors.Is(err, ledger.ErrNotFound) {
		return ledger.Batch{}, nil
	}
	return b, err
}

// date reads what StartBatch has checked; an empty one is not sent.
func date(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("the batch's date: %w", err)
	}
	return t, nil
}

// Aggregation implements report.Papers.
func (p papers) Aggregation(r ledger.Report, units []ledger.AggregationUnit) ([]byte, error) {
	a := izkm.Aggregation{Group: r.Group, Groups: p.cfg.Table, ParticipantID: p.cfg.IZKM.ParticipantID, ProductionLineID: r.Line, ProductionOrderID: r.Batch, Date: r.CreatedAt}
	for _, u := range units {
		a.Units = append(a.Units, izkm.AggregationUnit{SerialNumber: u.Serial, Children: u.Children, Capacity: u.Capacity})
	}
	return izkm.EncodeAggregation(a)
}

// Dropout implements report.Papers. The document's number must be another for each report, and one
// document may go in several: the beginning of the report's own id is added to it.
func (p papers) Dropout(r ledger.Report, d ledger.Drop, codes []code.Code) ([]byte, error) {
	number := r.UUID
	if d.DocNum != "" {
		number = d.DocNum + "/" + r.UUID[:8]
	}
	return izkm.EncodeDropout(izkm.Dropout{
		Group: r.Group, Groups: p.cfg.Table, Codes: codes, ParticipantID: p.cfg.IZKM.ParticipantID, Address: p.cfg.IZKM.Address, Reason: d.Reason,
		WithChild: d.WithChild, ProductionLineID: r.Line, ProductionOrderID: r.Batch, SourceDocDate: d.DocDate, SourceDocNum: number,
	})
}

// NeedsUtilisation implements report.System.
func (p papers) NeedsUtilisation(group string) bool {
	rules, ok := p.cfg.Table.Rules(group)
	return !ok || rules.ManualUtilisation
}
