package line

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// A pulse throws out what was read last: a verdict on an older product must not fire it.
func TestP6FailClosed_aRejectionForAnOlderReadingIsTooLate(t *testing.T) {
	w := &wires{}
	p := &place{signals: w, reject: "reject", inbox: make(chan letter, 9)}
	p.post(context.Background(), scans(1, 2))
	if got := p.carryOut(context.Background(), Reject{Seq: 1}); got != any(TooLate{Seq: 1}) || w.pulsed() != 0 {
		t.Errorf("answered %v with %d pulses, want TooLate and none", got, w.pulsed())
	}
	if got := p.carryOut(context.Background(), Reject{Seq: 2}); got != nil || w.pulsed() != 1 {
		t.Errorf("answered %v with %d pulses, want one pulse", got, w.pulsed())
	}
}

type deadWires struct{}

func (deadWires) Pulse(context.Context, string, time.Duration) error { return errDisk }
func (deadWires) Set(context.Context, string, bool) error            { return errDisk }
func (deadWires) Write(context.Context, string, uint64) error        { return errDisk }

func TestRunner_outputsThatFailAreTold(t *testing.T) {
	p := &place{signals: deadWires{}}
	for _, e := range []Effect{Reject{Seq: 1}, StopLine{Cause: "x"}, Answer{Seq: 1}} {
		if f, ok := p.carryOut(context.Background(), e).(Failed); !ok || f.Effect != e || !errors.Is(f.Err, errDisk) {
			t.Errorf("%s was answered with %+v", shown([]Effect{e}), f)
		}
	}
}

func TestRunner_anEffectThatNobodyCarriesOutPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was passed over")
		}
	}()
	(&place{}).carryOut(context.Background(), Tick{})
}

func markAndCheck(p PrintPort, w SignalPort) func(*store) []StationConfig {
	return func(s *store) []StationConfig {
		return []StationConfig{
			{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: p, Ahead: 4},
			{Name: "check", Kind: KindVerify, Signals: w, Reject: "reject", Stop: "stop", Pulse: time.Millisecond, StopAfter: 3, Window: 100},
		}
	}
}

// Marking begins when the products would be seen and could be taken off, and ends with that.
func TestP6FailClosed_permitReachesThePrintStation(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, markAndCheck(p, &wires{}))
		sent := func(want int, when string) {
			t.Helper()
			time.Sleep(2 * tick)
			synctest.Wait()
			if got := len(p.codes()); got != want {
				t.Errorf("%d labels were sent %s, want %d", got, when, want)
			}
		}
		r.post("mark", PrinterUp{Session: 1})
		sent(0, "before scanner and PLC are there")
		r.post("check", ScannerState{Up: true})
		sent(0, "before the PLC is there")
		r.post("check", PLCState{Up: true})
		sent(4, "with both")
		r.post("check", PLCState{Why: "gone"})
		sent(4, "when the PLC has gone")
		r.post("mark", PrintedCount{Session: 1, Count: 4})
		sent(4, "while the PLC is away")
		r.post("check", PLCState{Up: true})
		sent(8, "when the PLC is back")
	})
}

func TestP6FailClosed_everyCheckStationMustPermit(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, func(s *store) []StationConfig {
			all := markAndCheck(p, &wires{})(s)
			second := all[1]
			second.Name = "check-2"
			return append(all, second)
		})
		r.post("mark", PrinterUp{Session: 1})
		r.post("check-2", ScannerState{Up: true}, PLCState{Up: true})
		time.Sleep(time.Second)
		if n := len(p.codes()); n != 0 {
			t.Errorf("%d labels were sent while one of two check stations is blind", n)
		}
		r.post("check", ScannerState{Up: true}, PLCState{Up: true})
		time.Sleep(time.Second)
		if n := len(p.codes()); n != 4 {
			t.Errorf("%d labels were sent with both stations, want 4", n)
		}
	})
}

// Without a check station there is nothing to wait for.
func TestRunner_aLineThatOnlyPrints(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, func(s *store) []StationConfig { return markAndCheck(p, nil)(s)[:1] })
		r.post("mark", PrinterUp{Session: 1})
		time.Sleep(time.Second)
		if !slices.Equal(p.codes(), r.bottles[:4]) {
			t.Errorf("sent %q, want the four oldest codes", p.codes())
		}
		if got, want := p.sent[0].Labels[0], (Label{Code: r.bottles[0], GTIN: r.bottle.GTIN, Serial: "xa93_00000001", Batch: "B1", Number: 1}); got != want {
			t.Errorf("the label is %+v, want %+v", got, want)
		}
	})
}

// A label says the batch that its code was claimed in, and its number there.
func TestRunner_labelsAreNumberedInTheirBatch(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, func(s *store) []StationConfig { return markAndCheck(p, nil)(s)[:1] })
		r.post("mark", PrinterUp{Session: 1})
		time.Sleep(time.Second)
		if err := r.SetBatch(t.Context(), ledger.Batch{Name: "B2", ExpirationDate: "2027-01-01"}, ""); err != nil {
			t.Fatal(err)
		}
		r.post("mark", PrintedCount{Session: 1, Count: 3})
		time.Sleep(time.Second)
		synctest.Wait()
		var got []string
		for _, s := range p.sent {
			for _, l := range s.Labels {
				got = append(got, fmt.Sprintf("%s/%d/%s", l.Batch, l.Number, l.ExpirationDate))
			}
		}
		want := []string{"B1/1/", "B1/2/", "B1/3/", "B1/4/", "B2/1/2027-01-01", "B2/2/2027-01-01", "B2/3/2027-01-01"}
		if !slices.Equal(got, want) {
			t.Errorf("the labels are %v, want %v", got, want)
		}
	})
}

// With its ledger gone the line marks nothing more, rejects and stops.
func TestP6FailClosed_withoutTheLedger(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p, w := &tray{}, &wires{}
		r := run(t, dir, markAndCheck(p, w))
		r.post("mark", PrinterUp{Session: 1})
		r.post("check", ScannerState{Up: true}, PLCState{Up: true})
		time.Sleep(time.Second)
		printed := p.codes()
		r.account(t)
		fine(r.Close())
		r.post("mark", PrintedCount{Session: 1, Count: 4})
		r.post("check", read(1, printed[0]))
		time.Sleep(time.Second)
		if w.pulsed() != 1 || !w.stands("stop") {
			t.Errorf("%d rejections, stop %v: want the product rejected and the line stopped", w.pulsed(), w.stands("stop"))
		}
		if n := len(p.codes()); n != len(printed) {
			t.Errorf("%d labels more were sent", n-len(printed))
		}
		if v := r.view("mark"); v.State != "stopped" {
			t.Errorf("the print station is %q (%s)", v.State, v.Why)
		}
		r.stop()
		r.store.Ledger = must(ledger.Open(context.Background(), dir, ledger.Options{Agent: "line-3"}))
	})
}

func TestRunner_postsToAStoppedLineDoNotBlock(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := run(t, dir, markAndCheck(&tray{}, &wires{}))
		r.stop()
		for range 1000 { // more than an inbox holds: a post that blocked would be a deadlock of the bubble
			r.post("check", noRead(1))
			r.post("mark", Tick{})
			r.post("nobody", Tick{})
		}
	})
}

// A slow PLC takes the pulse after the next product was read: its edge may have met that one.
func TestP6FailClosed_aRejectionThatComesLateStops(t *testing.T) {
	w := &wires{hold: make(chan struct{})}
	p := &place{signals: w, reject: "reject"}
	p.newest.Store(1)
	answer := make(chan Event)
	go func() { answer <- p.carryOut(context.Background(), Reject{Seq: 1}) }()
	for w.pulsed() == 0 {
		runtime.Gosched()
	}
	p.newest.Store(2)
	close(w.hold)
	if got := <-answer; got != any(TooLate{Seq: 1}) {
		t.Errorf("answered %v, want TooLate", got)
	}
}

// The next reading comes in right behind the rejection: its product may have been at the rejector before the
// edge. A reading that comes in when the pulse is over is of a product that was not.
func TestP6FailClosed_aRejectionThatMayHaveMetTheNextProductStops(t *testing.T) {
	for after, stops := range map[time.Duration]bool{-time.Millisecond: true, 0: true, 900 * time.Microsecond: true, time.Millisecond: false, time.Second: false} {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			w := &wires{}
			r := run(t, dir, markAndCheck(&tray{}, w)) // its pulse is a millisecond long
			r.post("check", ScannerState{Up: true}, PLCState{Up: true}, noRead(1))
			synctest.Wait()
			at := time.Now().Add(after)
			time.Sleep(after)
			r.post("check", Scans{Scans: []Scan{{Seq: 2, NoRead: true, At: at}}})
			synctest.Wait()
			if w.stands("stop") != stops {
				t.Errorf("read %v behind the rejection: stopped %v, want %v", after, w.stands("stop"), stops)
			}
			r.stop()
		})
	}
}

// Run gives an event that has begun its grace, even while an output takes its time, and no more; the bubble and TestMain see to it that
// no goroutine stays behind.
func TestRunner_runEndsPromptly(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &wires{hold: make(chan struct{})}
		r := run(t, dir, markAndCheck(&tray{}, w))
		r.post("check", noRead(1))
		synctest.Wait()
		if w.pulsed() != 1 {
			t.Fatal("no pulse is under way")
		}
		began := time.Now()
		r.stop()
		if took := time.Since(began); took < grace || took > grace+tick {
			t.Errorf("the line took %s to end", took)
		}
	})
}

func TestRunner_alive(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &wires{hold: make(chan struct{})}
		r := run(t, dir, markAndCheck(&tray{}, w))
		alive := func(want bool, when string) {
			t.Helper()
			if got := r.Alive(time.Now()); got != want {
				t.Errorf("alive is %v %s", got, when)
			}
		}
		alive(false, "before any station has taken an event")
		time.Sleep(time.Second)
		alive(true, "while all stations work")
		r.post("check", noRead(1)) // the pulse hangs
		time.Sleep(900 * time.Millisecond)
		alive(true, "while a station is slow")
		time.Sleep(200 * time.Millisecond)
		alive(false, "while a station hangs")
		close(w.hold)
		time.Sleep(2 * tick)
		alive(true, "when it works again")
	})
}

// stubborn is a PLC that takes no stop until it has been asked some times.
type stubborn struct {
	wires
	refusals int
}

func (s *stubborn) Set(ctx context.Context, output string, on bool) error {
	if s.refusals > 0 {
		s.refusals--
		return errDisk
	}
	return s.wires.Set(ctx, output, on)
}

// While the PLC does not take a stop, the beat ends: the watchdog must hold the line.
func TestP6FailClosed_noBeatWhileAStopIsOwed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &stubborn{refusals: 20} // asked again at every tick: a second
		r := run(t, dir, markAndCheck(&tray{}, w))
		r.post("check", ScannerState{Up: true}, PLCState{Up: true})
		time.Sleep(tick / 2)
		r.post("check", ScannerState{Why: "gone"})
		synctest.Wait()
		if r.Alive(time.Now()) || w.stands("stop") {
			t.Errorf("alive although the line should stand and does not")
		}
		time.Sleep(2 * time.Second)
		if !r.Alive(time.Now()) || !w.stands("stop") {
			t.Errorf("the stop was not set again, or the beat does not go on with it")
		}
	})
}

func TestRunner_closedBoxesReachThePallet(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &tray{}
		r := run(t, dir, func(s *store) []StationConfig {
			return []StationConfig{
				{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: p, Ahead: 8},
				{Name: "box", Kind: KindPack, Capacity: 2, SSCCPrefix: "0301234567"},
				{Name: "pallet", Kind: KindPack, Of: "box", Capacity: 2, SSCCPrefix: "1301234567"},
			}
		})
		r.post("mark", PrinterUp{Session: 1})
		time.Sleep(time.Second)
		for i, c := range p.codes() {
			r.post("box", read(i+1, c))
		}
		time.Sleep(time.Second)
		if boxes, pallets := r.containers("box", ledger.ContainerClosed), r.containers("pallet", ledger.ContainerClosed); boxes != 4 || pallets != 2 {
			t.Fatalf("%d boxes and %d pallets are closed, want 4 and 2", boxes, pallets)
		}
		life := must(r.Trace(context.Background(), p.codes()[7]))
		if len(life.Parents) != 2 || life.Parents[0][2:12] != "0301234567" || life.Parents[1][2:12] != "1301234567" {
			t.Errorf("the last bottle is in %q, want its box and its pallet", life.Parents)
		}
	})
}

// A pack scan is settled after the check scan of the same product, even if the latter is slow:
// else it would verify the product itself, and the check scan would look like a copy.
func TestRunner_aPackScanWaitsForTheVerdict(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p, w := &tray{}, &wires{hold: make(chan struct{})}
		r := run(t, dir, func(s *store) []StationConfig {
			return append(markAndCheck(p, w)(s), StationConfig{Name: "box", Kind: KindPack, Capacity: 9, SSCCPrefix: "0301234567"})
		})
		r.post("mark", PrinterUp{Session: 1})
		r.post("check", ScannerState{Up: true}, PLCState{Up: true})
		time.Sleep(time.Second)
		good := p.codes()[0]
		r.post("check", noRead(1)) // its pulse holds the check station
		synctest.Wait()
		r.post("check", read(2, good))
		r.post("box", read(1, good))
		time.Sleep(time.Second)
		if n := r.view("box").Count["read"]; n != 0 {
			t.Errorf("%d pack scans were settled before the verdict", n)
		}
		close(w.hold)
		time.Sleep(time.Second)
		box := r.view("box").Count
		if box["packed"] != 1 || box["verified_here"] != 0 || r.view("check").Count["verified"] != 1 {
			t.Errorf("the box counts %v, the check %v", box, r.view("check").Count)
		}
	})
}

func TestNew_refuses(t *testing.T) {
	s := newStore(t.TempDir(), 0, 0, nil)
	defer s.Close()
	stranger := s.bottle
	stranger.Group = "bread"
	for _, c := range []struct {
		name    string
		station StationConfig
	}{
		{"a kind that does not exist", StationConfig{Name: "x", Kind: "weigh", Product: s.bottle}},
		{"a group without codes", StationConfig{Name: "x", Kind: KindPrint, Product: stranger}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mark := StationConfig{Name: "mark", Kind: KindPrint, Product: s.bottle}
			_, err := New(context.Background(), Config{Name: "3", Ledger: s.Ledger, Stations: []StationConfig{mark, c.station}})
			if err == nil {
				t.Fatal("no error")
			}
			var unknown *code.UnknownProfileError
			if c.station.Kind == KindPrint && !errors.As(err, &unknown) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
