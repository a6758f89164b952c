package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
)

// archived ends the shift's batch and brings it out of the ledger.
func (s *shift) archived() ledger.Archived {
	all := func(string) bool { return true }
	for _, due := range must(s.DueAggregation(s.ctx, all)) {
		r := must(s.BuildAggregation(s.ctx, due, true, 100, func(ledger.Report, []ledger.AggregationUnit) ([]byte, error) { return []byte("{}"), nil }))
		try(s.MarkReport(s.ctx, r.ID, ledger.Sent, "", ""))
	}
	try(s.StartBatch(s.ctx, ledger.Batch{Line: "3", Name: "B1"}))
	must(s.EndBatch(s.ctx, "3"))
	must(s.OpenContainer(s.ctx, ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B2", Capacity: 2}))
	return must(s.Archive(s.ctx, ledger.ArchiveOptions{Before: time.Now().Add(time.Hour), NeedsUtilisation: all}))
}

// TestJudgeReadsArchives: what has left the ledger is judged with it; a journal that lacks what no archive
// has is found.
func TestJudgeReadsArchives(t *testing.T) {
	s := newShift(t)
	a := s.archived()
	if a.Codes != 3 {
		t.Fatalf("%+v", a)
	}
	if v := must(Judge(s.ctx, s.plant, s.Ledger)); !v.Good() {
		t.Errorf("%+v", v)
	}
	s.printed("tij-1", s.units[0])
	if v := must(Judge(s.ctx, s.plant, s.Ledger)); len(v.Findings) != 1 || !strings.Contains(v.Findings[0], "printed 2 times") {
		t.Errorf("a code of the archive printed again: %+v", v)
	}
	s.tamper("DELETE FROM journal WHERE seq = (SELECT MAX(seq) FROM journal) - 1")
	if v := must(Judge(s.ctx, s.plant, s.Ledger)); !strings.Contains(strings.Join(v.Findings, "\n"), "P2: the journal's entry ") {
		t.Errorf("an entry that is in no archive is missing: %+v", v)
	}
	try(os.Remove(filepath.Join(s.data, ledger.ArchiveDir, a.Name)))
	if _, err := Judge(s.ctx, s.plant, s.Ledger); err == nil {
		t.Error("judged without the archive")
	}
}
