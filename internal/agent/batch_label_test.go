package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
)

// TestP1LabelThatTheBatchCannotFill: a label with a date, and a batch without one. No code is taken for
// it; the station says what is missing, and goes on when a batch brings it.
func TestP1LabelThatTheBatchCannotFill(t *testing.T) {
	inSite(t, func(s *site) {
		dir := t.TempDir()
		s.cfg = configIn(t, dir, siteConfig)
		const dated = "^XA^FO20,20^BXN,4,200,,,,#^FD{code}^FS^FO20,200^A0N,20^FD{expiration_date:dd.MM.yyyy}^FS^PQ1^XZ"
		if err := os.WriteFile(filepath.Join(dir, "labels", "unit.zpl"), []byte(dated), 0o600); err != nil {
			t.Error(err)
			return
		}
		s.start()
		s.until("what is missing", func() bool { return strings.Contains(s.station("mark").Why, "no value for {expiration_date}") })
		time.Sleep(time.Minute)
		if st := s.status().Products[0].States; st[ledger.Doubtful.String()] != 0 || st[ledger.Claimed.String()] != 0 || len(s.tij.Received()) != 0 {
			t.Errorf("meanwhile %v, and %d labels were sent", st, len(s.tij.Received()))
		}
		if err := s.agent.lines[0].SetBatch(s.t.Context(), ledger.Batch{Name: "B2", ExpirationDate: "2027-03-01"}, ""); err != nil {
			t.Error(err)
		}
		s.until("labels", func() bool { return s.tij.Waiting() == 4 })
		if st := s.status().Products[0].States; st[ledger.Doubtful.String()] != 0 {
			t.Errorf("then %v", st)
		}
	})
}
