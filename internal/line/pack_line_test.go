package line

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// benches are a bench for boxes whose labels were printed before, and one for pallets of them.
func benches(p PrintPort, w SignalPort) func(*store) []StationConfig {
	settings := PackSettings{Mode: ModeHand, Refused: "red", Accepted: "green", SignalFor: time.Second, Cards: map[code.Code]Do{"UNDO": Undo}}
	return func(s *store) []StationConfig {
		return []StationConfig{
			{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: p, Ahead: 12},
			{Name: "box", Kind: KindPack, Capacity: 3, Unit: s.box, Signals: w, PackSettings: settings},
			{Name: "pallet", Kind: KindPack, Capacity: 2, Of: "box", SSCCPrefix: "0301234567", Signals: w, PackSettings: settings},
		}
	}
}

// boxCodes are the group codes in stock: labels that were printed elsewhere.
func (s *store) boxCodes() []code.Code {
	var all []code.Code
	fine(s.EachCode(context.Background(), func(h ledger.Held) error {
		if strings.HasPrefix(string(h.Code), "01"+s.box.GTIN) {
			all = append(all, h.Code)
		}
		return nil
	}))
	return all
}

// By hand, over a real ledger: units, the box's own code, boxes, the pallet's; what is refused is
// signalled; and a person's words.
func TestBench_wholeDay(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p, w := &tray{}, &wires{}
		r := run(t, dir, benches(p, w))
		settle := func() {
			time.Sleep(2 * tick)
			synctest.Wait()
		}
		r.post("mark", PrinterUp{Session: 1})
		settle()
		units, own := p.codes(), r.boxCodes()
		seq := 0
		scan := func(station string, c code.Code, signal string) {
			t.Helper()
			seq++
			before := len(w.pulses)
			r.post(station, read(seq, c))
			settle()
			if got := strings.Join(w.pulses[before:], ","); got != signal {
				t.Errorf("%s at %s: signals %q, want %q", code.Visible(c), station, got, signal)
			}
		}
		ask := func(a Ask, want string) {
			t.Helper()
			a.Because = "by N.: test"
			said, err := r.Ask(context.Background(), "box", a)
			var no *RefusedError
			if err != nil && !errors.As(err, &no) {
				t.Fatal(err)
			}
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q, want %q", a.Do, said, want)
			}
		}
		sscc := func(n uint64) code.Code { return must(code.SSCC("0301234567", n)) }

		ask(Ask{Do: Undo}, "nothing is in")
		scan("box", units[0], "green")
		scan("box", units[0], "red") // twice
		scan("box", own[0], "red")   // too early
		scan("box", "UNDO", "green")
		scan("box", units[0], "green")
		scan("box", units[1], "green")
		ask(Ask{Do: TakeOut, Code: units[3]}, "is not in container")
		ask(Ask{Do: Exchange, Code: units[1], For: units[2]}, "not verified") // typed, and never read
		lot := must(r.Lot(context.Background(), "3", r.bottle.ID, "B1"))
		must(r.Verify(context.Background(), "check", lot, must(code.Table{}.Profile("water", code.Unit)), units[2:3]))
		ask(Ask{Do: Exchange, Code: units[1], For: units[2]}, "in its place")
		scan("box", units[1], "green")
		scan("box", units[3], "red") // full
		scan("box", own[0], "green")
		scan("box", own[0], "red") // nothing is open
		for i := range 3 {
			scan("box", units[3+i], "green")
		}
		scan("box", own[0], "red") // used
		scan("box", own[1], "green")
		scan("box", units[0], "red") // in the first box
		scan("box", units[6], "green")
		ask(Ask{Do: CloseNow}, "read its own code now")
		scan("box", own[2], "green") // one unit of three

		scan("pallet", units[7], "red") // no container
		scan("pallet", own[0], "green")
		scan("pallet", own[0], "red")
		scan("pallet", own[3], "red") // of no box
		scan("pallet", sscc(5), "red")
		scan("pallet", own[2], "green")
		scan("pallet", own[1], "red") // full
		scan("pallet", sscc(5), "green")
		scan("pallet", own[1], "green")

		box := must(r.Trace(context.Background(), own[0]))
		if len(box.Children) != 3 || len(box.Parents) != 1 || box.Parents[0] != sscc(5) || box.State != ledger.Verified {
			t.Errorf("the box holds %q on %q, its code is %s", box.Children, box.Parents, box.State)
		}
		if n := r.containers("box", ledger.ContainerClosed); n != 3 {
			t.Errorf("%d boxes are closed", n)
		}
		if v := r.view("pallet"); v.Count["closed"] != 1 || v.Count["refused"] != 5 || !strings.Contains(v.Why, "1 of 2") {
			t.Errorf("the pallet's view is %+v", v)
		}
		if _, err := r.Ask(context.Background(), "mark", Ask{Do: Undo}); !errors.Is(err, ErrNoStation) {
			t.Errorf("a print station: %v", err)
		}
		r.stop()
		if _, err := r.Ask(context.Background(), "box", Ask{Do: Undo}); !errors.Is(err, ErrNoStation) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// After a power cut the bench goes on with its open container, and says what the ledger has in it.
func TestP9_BenchGoesOn(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p, w := &tray{}, &wires{}
		r := run(t, dir, benches(p, w))
		r.post("mark", PrinterUp{Session: 1})
		time.Sleep(2 * tick)
		synctest.Wait()
		units, own := p.codes(), r.boxCodes()
		r.post("box", read(1, units[0]), read(2, units[1]))
		time.Sleep(2 * tick)
		r.stop()
		must(r.Recover(context.Background(), ledger.Bench{Line: "3", Station: "box"}))
		again := must(New(context.Background(), Config{Name: "3", Batch: "B1", Ledger: r.Ledger, Log: r.Line.cfg.Log, Alarm: func(_, text string) { p.heard(text) }, Stations: benches(p, w)(r.store)}))
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { again.Run(ctx); close(ended) }()
		time.Sleep(2 * tick)
		synctest.Wait()
		if !strings.Contains(p.last, "2 of 3 in it, compare") {
			t.Errorf("the alarm is %q", p.last)
		}
		for i, c := range []code.Code{units[1], units[2], own[0]} { // the first of them is in it already
			again.Post(ctx, "box", read(10+i, c))
		}
		time.Sleep(2 * tick)
		synctest.Wait()
		if box := must(r.Trace(ctx, own[0])); len(box.Children) != 3 {
			t.Errorf("the box holds %q", box.Children)
		}
		cancel()
		<-ended
	})
}

// A camera that sees whole boxes: over a real ledger a good picture is a closed box, a bad one nothing.
func TestFrame_overALedger(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p, w := &tray{}, &wires{}
		r := run(t, dir, func(s *store) []StationConfig {
			return []StationConfig{
				{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: p, Ahead: 12},
				{Name: "box", Kind: KindPack, Capacity: 2, SSCCPrefix: "0301234567", Signals: w, PackSettings: PackSettings{Mode: ModeFrame, Refused: "red"}},
			}
		})
		r.post("mark", PrinterUp{Session: 1})
		time.Sleep(2 * tick)
		synctest.Wait()
		units := p.codes()
		picture := func(codes ...code.Code) Scans {
			s := Scans{}
			for i, c := range codes {
				s.Scans = append(s.Scans, Scan{Code: c, More: i < len(codes)-1})
			}
			return s
		}
		r.post("box", picture(units[0], units[1]), picture(units[1], units[2]), picture(units[2]), picture(units[2], units[3]))
		time.Sleep(2 * tick)
		synctest.Wait()
		if n := r.containers("box", ledger.ContainerClosed); n != 2 || w.pulsed() != 2 {
			t.Errorf("%d boxes are closed, %d were refused", n, w.pulsed())
		}
		if life := must(r.Trace(context.Background(), units[2])); life.State != ledger.Verified || len(life.Parents) != 1 {
			t.Errorf("the unit of a refused picture: %s in %q", life.State, life.Parents)
		}
	})
}
