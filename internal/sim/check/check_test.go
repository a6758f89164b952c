package check

import (
	"testing"

	"linemark/internal/ledger"
)

func TestJudgeFindsNothingInAGoodShift(t *testing.T) {
	s := newShift(t)
	v := must(Judge(s.ctx, s.plant, s.Ledger))
	if !v.Good() || v.PrintedTwice+v.ReportedWithoutEvidence+v.UnknownToServer != 0 {
		t.Errorf("%+v", v)
	}
	try(s.Close())
	reader := must(ledger.OpenReader(s.ctx, s.data))
	defer reader.Close()
	if v := must(Judge(s.ctx, s.plant, reader)); !v.Good() {
		t.Errorf("read beside no agent: %+v", v)
	}
}

// What cannot be read is an error, never a good verdict.
func TestJudgeFails(t *testing.T) {
	for name, spoil := range map[string]func(*shift){
		"a closed ledger": func(s *shift) { try(s.Close()) },
		"a code that is no hex": func(s *shift) {
			s.log("scanner-cam-1", fields{"event": "read", "code": "xyz"})
		},
		"an event of another kind": func(s *shift) { s.log("izkm", fields{"block": "block-1"}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShift(t)
			spoil(s)
			if v, err := Judge(s.ctx, s.plant, s.Ledger); err == nil || v.Good() {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

// A thousand faults of one kind are counted, and the first ones told.
func TestJudgeBoundsItsFindings(t *testing.T) {
	s := newShift(t)
	many := codesOf(unitGTIN, 1000, 1000)
	s.printed("tij-1", many...)
	v := must(Judge(s.ctx, s.plant, s.Ledger))
	if v.UnknownToServer != 1000 || len(v.Findings) < 10 || len(v.Findings) > 10*maxFindings {
		t.Errorf("%d unknown, %d findings", v.UnknownToServer, len(v.Findings))
	}
}
