package line

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/ledger"
)

// witness is a printer that looks at the disk, past the line's own ledger, when labels come.
type witness struct {
	tray
	t   *testing.T
	dir string
}

func (w *witness) Send(session int, labels []Label) {
	w.tray.Send(session, labels)
	l := must(ledger.OpenReader(context.Background(), w.dir))
	defer l.Close()
	for _, label := range labels {
		if life := must(l.Trace(context.Background(), label.Code)); life.State != ledger.Claimed {
			w.t.Errorf("%q has come to the printer and is %s on the disk", label.Code, life.State)
		}
	}
}

// At the moment in which a label leaves for the printer, the claim of its code is on the disk.
func TestP1_ClaimIsOnDiskBeforeItsLabelLeaves(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &witness{t: t, dir: dir}
		r := run(t, dir, func(s *store) []StationConfig { return markAndCheck(w, nil)(s)[:1] })
		r.post("mark", PrinterUp{Session: 1})
		for n := range 5 {
			time.Sleep(2 * tick)
			r.post("mark", PrintedCount{Session: 1, Count: 2 * (n + 1)})
		}
		time.Sleep(2 * tick)
		if n := len(w.codes()); n != 4+2*5 {
			t.Errorf("%d labels were sent, want 14", n)
		}
	})
}
