package line

import (
	"context"
	"flag"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// A longer run, such as an hour: go test -run WholeLine -products 36000 -seed 7 -timeout 1h.
var (
	products = flag.Int("products", 1500, "belt steps of the whole-line run")
	seed     = flag.Uint64("seed", 1, "seed of the whole-line run")
)

// boxOf is how many bottles a box holds, palletOf how many boxes a pallet.
const boxOf, palletOf = 6, 4

func wholeLine(s *store, p *plant) Config {
	return Config{Name: "3", Batch: "B1", Ledger: s.Ledger, Log: slog.New(slog.DiscardHandler), Alarm: func(string, string) {}, Stations: []StationConfig{
		{Name: "mark", Kind: KindPrint, Product: s.bottle, Printer: p.unit, Ahead: 6},
		{Name: "check", Kind: KindVerify, Signals: p, Reject: "reject", Stop: "stop", Pulse: 20 * time.Millisecond, StopAfter: 4, Within: 300 * time.Millisecond, Window: 24},
		{Name: "box", Kind: KindPack, Capacity: boxOf, Unit: s.box, Printer: p.box},
		{Name: "pallet", Kind: KindPack, Of: "box", Capacity: palletOf, SSCCPrefix: "0301234567"},
	}}
}

// Production at ten products a second with everything going wrong that can: every code stays
// accounted for (P2), none is handed to a printer twice (P1), no product passes that was not
// verified (P6), and every closed box holds what its label says.
func TestWholeLine(t *testing.T) {
	dir, steps := t.TempDir(), *products
	synctest.Test(t, func(t *testing.T) {
		p := newPlant(*seed, t.Errorf)
		s := newStore(dir, steps+200, steps/boxOf+100, p.now)
		defer s.Close()
		p.fault = s.Fault
		p.line = must(New(context.Background(), wholeLine(s, p)))
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			p.line.Run(ctx)
			close(ended)
		}()
		p.run(ctx, steps)
		time.Sleep(3 * time.Second) // what is under way comes to its end
		for _, status := range p.line.Status() {
			t.Logf("%s: %s (%s) %v", status.Name, status.State, status.Why, status.Count)
		}
		cancel()
		<-ended
		p.audit(t, s)
		fine(s.Close())
		p.afterwards(t, dir)
	})
}

// audit holds the ledger against what really happened.
func (p *plant) audit(t *testing.T, s *store) {
	s.account(t)
	states := map[ledger.State]int{}
	fine(s.EachCode(context.Background(), func(h ledger.Held) error {
		states[h.State]++
		n := p.unit.sent[h.Code] + p.box.sent[h.Code]
		switch {
		case n > 1:
			t.Errorf("%q was handed to a printer %d times", h.Code, n)
		case n == 0 && h.State != ledger.InStock:
			t.Errorf("%q is %s and no printer has had it", h.Code, h.State)
		case n == 1 && h.State == ledger.InStock:
			t.Errorf("%q is in stock and a printer has had it", h.Code)
		case p.wasRead[h.Code] != (h.State == ledger.Verified):
			t.Errorf("%q is %s, it was read on its product: %v", h.Code, h.State, p.wasRead[h.Code])
		case h.Evidence == ledger.ByScan && !p.wasRead[h.Code]:
			t.Errorf("%q has the evidence of a scan and was never read", h.Code)
		}
		return nil
	}))
	t.Logf("%d boxes closed, %d aside; %d pallets closed; codes %v; %v", s.containers("box", ledger.ContainerClosed), s.containers("box", ledger.ContainerAside),
		s.containers("pallet", ledger.ContainerClosed), states, p.happened)
	p.boxes(t, s)
	for _, what := range []string{"rejected", "taken off", "stops", "a copy", "a no-read", "a misreading", "a label falls off", "the disk is slow", "the rejector jams",
		"the PLC goes", "the check camera goes", "the pack camera goes", "the marking printer goes", "the box printer goes"} {
		if p.happened[what] == 0 {
			t.Errorf("it never happened: %s", what)
		}
	}
	if n := len(p.packed); n < *products/3 {
		t.Errorf("only %d of %d products were packed", n, *products)
	}
}

// boxes checks every box that bears a label: its bottles came one behind the other, with none
// between them that was not read.
func (p *plant) boxes(t *testing.T, s *store) {
	place := map[code.Code]int{}
	for i, c := range p.packed {
		place[c] = i
	}
	closed := 0
	for _, label := range p.box.applied {
		life := must(s.Trace(context.Background(), label))
		if len(life.Children) == 0 { // set aside
			continue
		}
		closed++
		var at []int
		for _, unit := range life.Children {
			full := slices.IndexFunc(p.packed, func(c code.Code) bool { return len(c) > len(unit) && c[:len(unit)] == unit })
			if full < 0 {
				t.Fatalf("the box %q holds %q, which never came to the packer", label, unit)
			}
			at = append(at, full)
		}
		slices.Sort(at)
		if len(at) != boxOf || at[boxOf-1]-at[0] != boxOf-1 {
			t.Errorf("the box %q holds the bottles at places %v", label, at)
		}
	}
	if want := s.containers("box", ledger.ContainerClosed); closed != want || closed < len(p.packed)/boxOf/2 {
		t.Errorf("%d boxes are closed, %d labels of closed boxes came out", want, closed)
	}
	if s.containers("pallet", ledger.ContainerClosed) != closed/palletOf {
		t.Errorf("%d pallets are closed of %d boxes", s.containers("pallet", ledger.ContainerClosed), closed)
	}
}

// afterwards starts again as after a power cut: nothing stays claimed, and the account holds (P9).
func (p *plant) afterwards(t *testing.T, dir string) {
	ctx := context.Background()
	s := &store{Ledger: must(ledger.Open(ctx, dir, ledger.Options{Agent: "line-3"}))}
	defer s.Close()
	must(s.Recover(ctx))
	s.account(t)
	for _, b := range must(s.Balance(ctx)) {
		if n := b.States[ledger.Claimed]; n != 0 {
			t.Errorf("%s: %d codes are still claimed after a new start", b.Product.Name, n)
		}
	}
}
