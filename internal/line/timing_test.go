package line

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/ledger"
)

// A label is timed once, and an older one gives way to those that came later.
func TestHanded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHanded()
		h.give([]ledger.Claim{{Seq: 1}, {Seq: 2}})
		time.Sleep(time.Second)
		h.give([]ledger.Claim{{Seq: 2 + int64(len(h.ring))}}) // in the place of 2
		time.Sleep(time.Second)
		for _, c := range []struct {
			claim int64
			want  time.Duration
		}{{1, 2 * time.Second}, {1, 0}, {2, 0}, {2 + int64(len(h.ring)), time.Second}, {0, 0}, {-5, 0}, {7, 0}} {
			if d, ok := h.take(c.claim); d != c.want || ok != (c.want > 0) {
				t.Errorf("claim %d took %v, %v", c.claim, d, ok)
			}
		}
		var none *handed
		none.give([]ledger.Claim{{Seq: 1}})
		if d, ok := none.take(1); ok {
			t.Errorf("a line without a printer has timed %v", d)
		}
	})
}

// Two products go from the printer to the camera, and one reading has no code: each reading's verdict is timed, and
// the way of the good ones.
func TestTiming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var verdicts, ways []time.Duration
		s := newStore(t.TempDir(), 40, 10, nil)
		printer := &tray{}
		l := must(New(context.Background(), Config{Name: "3", Batch: "B1", Ledger: s.Ledger, Log: slog.New(slog.DiscardHandler), Alarm: func(string, string) {},
			Timing: func(station string, kind Kind) Timing {
				if kind != KindVerify {
					return Timing{}
				}
				return Timing{Verdict: func(d time.Duration) { verdicts = append(verdicts, d) }, PrintToScan: func(d time.Duration) { ways = append(ways, d) }}
			},
			Stations: []StationConfig{{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: printer, Ahead: 2, Alone: true},
				{Name: "check", Kind: KindVerify, Signals: &wires{}, Reject: "reject", Stop: "stop", Pulse: 20 * time.Millisecond, StopAfter: 3, Window: 64}}}))
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			l.Run(ctx)
			close(ended)
		}()
		post := func(station string, ev Event) { l.Post(ctx, station, ev) }
		post("check", ScannerState{Up: true})
		post("check", PLCState{Up: true})
		post("mark", PrinterUp{Session: 1})
		time.Sleep(time.Second)
		synctest.Wait()
		codes := printer.codes()
		if len(codes) != 2 {
			t.Fatalf("%d labels were sent", len(codes))
		}
		began := time.Now()
		post("check", Scans{Scans: []Scan{{Seq: 1, Code: codes[0], At: began.Add(-3 * time.Millisecond)}}})
		time.Sleep(time.Second)
		post("check", Scans{Scans: []Scan{{Seq: 2, NoRead: true, At: time.Now()}}})
		time.Sleep(time.Second)
		post("check", Scans{Scans: []Scan{{Seq: 3, Code: codes[1]}}}) // by whom nobody knows when it came in
		time.Sleep(time.Second)
		cancel()
		<-ended
		if len(verdicts) != 2 || verdicts[0] != 3*time.Millisecond || verdicts[1] != 0 {
			t.Errorf("the verdicts took %v", verdicts)
		}
		if len(ways) != 2 || ways[0] < 900*time.Millisecond || ways[1]-ways[0] != 2*time.Second {
			t.Errorf("the ways took %v", ways)
		}
		fine(s.Close())
	})
}
