package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linemark/internal/code"
	"linemark/internal/ledger/home"
)

// elsewhere is the PC that a copy is brought to.
var elsewhere = home.Home{PC: home.PC{Name: "PC-4", Install: "77b1"}, File: "12 1.0", Path: "/var/lib/linemark/ledger.db"}

// copied goes on with a copy of the files at another place.
func (p *plant) copied(t *testing.T, to home.Home) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range must(os.ReadDir(p.dir)) {
		if f.Name() != lockName {
			try(os.WriteFile(filepath.Join(dir, f.Name()), must(os.ReadFile(filepath.Join(p.dir, f.Name()))), 0o600))
		}
	}
	try(p.Close())
	p.dir, p.lives = dir, to
	p.open()
}

// P1: of a copy nothing leaves, nothing is judged, and nothing is reported; it says so once and for all.
func TestP1_CopyGivesNothing(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 20)
	open := p.claim(p.unit, 2)
	p.verified(p.unit, 3)
	p.copied(t, elsewhere)
	c := p.Copy()
	if c == nil || c.Agent != "line-3" || c.PC != "PC-3" || !strings.Contains(c.Error(), `written on PC "PC-3"`) || c.Taken {
		t.Fatalf("copy %+v", c)
	}
	if n := must(p.Recover(p.ctx)).Codes; n != 2 || p.state(open[0].ID) != Doubtful {
		t.Errorf("%d codes set aside", n)
	}
	refused := func(what string, err error) {
		t.Helper()
		if _, ok := errors.AsType[*CopyError](err); !ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := p.Claim(p.ctx, "mark", p.unit.lot, 1)
	refused("claim", err)
	refused("fault", p.Fault())
	_, err = p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, codes[:1])
	refused("verify", err)
	_, err = p.PlaceOrder(p.ctx, p.unit.id, 10)
	refused("order", err)
	refused("fetch", p.BeginFetch(p.ctx, p.unit.order, 10))
	refused("receive", p.Receive(p.ctx, p.unit.order, "next", p.unit.profile, p.unit.issue(1)))
	_, err = p.Import(p.ctx, p.unit.id, p.unit.profile, "file", func(add func(code.Code) error) error { return add(p.unit.issue(1)[0]) })
	refused("import", err)
	_, err = p.BuildUtilisation(p.ctx, must(p.DueUtilisation(p.ctx, "VERIFIED"))[0], 10, frozen)
	refused("report", err)
	_, err = p.NextSSCC(p.ctx, "0301234567")
	refused("transport code", err)
	_, err = p.ReleaseOrder(p.ctx, "order-water-05", "never printed")
	refused("release", err)
	refused("end of a takeover that was not begun", p.EndTakeover(p.ctx))
	if got := must(p.Balance(p.ctx))[0]; got.Received != 20 || got.States[InStock] != 15 {
		t.Errorf("%+v", got)
	}

	entries := func() (n int) {
		try(p.EachStep(p.ctx, func(s Step) error {
			if strings.HasPrefix(s.Cause, "the ledger is a copy") {
				n++
			}
			return nil
		}))
		return n
	}
	p.reopen()
	if p.Copy() == nil || entries() != 1 {
		t.Errorf("after another start: %v, %d entries", p.Copy(), entries())
	}
	p.lives = atHome // a copy stays one wherever it goes
	p.reopen()
	if p.Copy() == nil || entries() != 1 {
		t.Errorf("back on the old PC: %v, %d entries", p.Copy(), entries())
	}
}

// A crash, a cut and a changed card of the same PC make no copy.
func TestSamePlaceIsNoCopy(t *testing.T) {
	p := newPlant(t)
	p.lives.PC.Cards = []string{"00:0b:ab:00:00:01", "00:0b:ab:00:00:02"}
	p.reopen()
	p.stock(p.unit, 9)
	for _, change := range []func(){
		func() {},
		func() { p.lives.PC.Cards = []string{"00:0b:ab:00:00:02", "00:0b:ab:00:00:03"} },
		func() { p.lives.PC.Cards = []string{"00:0b:ab:00:00:03"}; p.lives.PC.Install = "new" },
		func() { p.lives.PC.Cards = nil }, // not there yet
		func() { p.lives.PC.Cards = []string{"00:0b:ab:00:00:03"} },
		func() { p.lives.Path = "/data/linemark/ledger.db" },
	} {
		change()
		p.reopen()
		if p.Copy() != nil {
			t.Fatal(p.Copy())
		}
		p.claim(p.unit, 1)
	}
	p.lives.PC.Cards = []string{"00:0b:ab:00:00:01"} // the one that was taken out long ago
	p.reopen()
	if p.Copy() == nil {
		t.Error("a disk that was cloned into another PC is at home there")
	}
}

// P1: whatever was laid over the folder, file upon file, the newer note stays and tells.
func TestP1_OldFolderOverTheNewOne(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 20)
	p.claim(p.unit, 3)
	p.reopen()
	old := map[string][]byte{}
	try(p.Close())
	for _, f := range must(os.ReadDir(p.dir)) {
		old[f.Name()] = must(os.ReadFile(filepath.Join(p.dir, f.Name())))
	}
	p.open()
	p.claim(p.unit, 3)
	try(p.Close())
	for name, text := range old {
		try(os.WriteFile(filepath.Join(p.dir, name), text, 0o600))
	}
	if l, err := Open(p.ctx, p.dir, Options{Agent: "line-3", Home: homely}); err == nil {
		try(l.Close())
		t.Error("an older ledger was taken for the newest")
	} else if _, ok := errors.AsType[*LostError](err); !ok {
		t.Error(err)
	}
	for _, name := range must(matching(p.dir, reachedName+"*")) {
		try(os.Remove(name))
	}
	p.open()
}

// TestP1_Takeover: the old PC goes on after the copy; whatever it does, the new one gives out nothing that it
// may have printed.
func TestP1_Takeover(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 30)
	p.stock(p.box, 5)
	p.claim(p.unit, 2)
	p.verified(p.unit, 4)
	id, _ := p.container(2)
	try(p.Fill(p.ctx, id))
	try(p.CloseWithSSCC(p.ctx, id, must(p.NextSSCC(p.ctx, "0301234567"))))
	p.container(2) // open
	sent := must(p.BuildUtilisation(p.ctx, must(p.DueUtilisation(p.ctx, "VERIFIED"))[0], 3, frozen))
	waiting := must(p.BuildUtilisation(p.ctx, must(p.DueUtilisation(p.ctx, "VERIFIED"))[0], 2, frozen))
	try(p.MoveReport(p.ctx, sent.ID, Frozen, Accepted, "s", ""))
	at := must(p.LastEntry(p.ctx))

	p.copied(t, elsewhere)
	for range 2 { // the second time after an interruption
		if _, err := p.BeginTakeover(p.ctx, Word{}); err == nil {
			t.Error("without a reason")
		}
		v := must(p.BeginTakeover(p.ctx, Word{Reason: "A. Karimov: the disk has burnt"}))
		if v.PC != "PC-3" || !v.Since.Equal(at) {
			t.Errorf("%+v", v)
		}
		if p.Stock(p.unit.id) != 0 || p.Stock(p.box.id) != 0 {
			t.Errorf("%d and %d in stock", p.Stock(p.unit.id), p.Stock(p.box.id))
		}
		p.reopen()
		if c := p.Copy(); c == nil || !c.Taken || p.Fault() == nil {
			t.Errorf("interrupted: %v, %v", c, p.Fault())
		}
	}
	v := must(p.BeginTakeover(p.ctx, Word{Reason: "A. Karimov: the disk has burnt"}))
	if v.Codes != 0 || v.Skipped != nil {
		t.Errorf("again: %+v", v)
	}
	for _, r := range must(p.Reports(p.ctx)) {
		if want := map[int64]ReportStatus{sent.ID: Accepted, waiting.ID: InDoubt}[r.ID]; r.State != want || !r.Doubted {
			t.Errorf("report %d is %s, doubted %v", r.ID, r.State, r.Doubted)
		}
	}
	due := must(p.DueUtilisation(p.ctx, "VERIFIED"))
	held := must(p.HoldUtilisation(p.ctx, due[0], 100, frozen))
	if held.State != Unclear || held.Codes != due[0].Count {
		t.Errorf("%+v", held)
	}
	try(p.EndTakeover(p.ctx))
	p.reopen()
	if p.Copy() != nil || p.Fault() != nil {
		t.Fatalf("taken over: %v, %v", p.Copy(), p.Fault())
	}
	if again := must(p.NextSSCC(p.ctx, "0301234567")); again[12:19] < "0001002" {
		t.Errorf("transport code %s", again)
	}
	p.claim0()
	if n := must(p.ReleaseOrder(p.ctx, "order-water-05", "A. Karimov: the belt stood since the backup")); n != 20 {
		t.Errorf("%d released", n)
	}
	p.claim(p.unit, 20)
}

// A stock of more than one commit is set aside whole.
func TestP1_TakeoverOfMany(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 2*slice+1)
	p.copied(t, elsewhere)
	if v := must(p.BeginTakeover(p.ctx, Word{Reason: "x"})); v.Codes != 2*slice+1 || p.Stock(p.unit.id) != 0 {
		t.Errorf("%d set aside, %d in stock", v.Codes, p.Stock(p.unit.id))
	}
	try(p.EndTakeover(p.ctx))
	p.claim0()
}

// Labels that came printed are there once, whichever PC reads them: they stay in stock.
func TestTakeoverKeepsLabels(t *testing.T) {
	p := newPlant(t)
	of := p.unit.Product
	of.Preprinted = true
	must(p.Product(p.ctx, of))
	codes := p.stock(p.unit, 3)
	p.copied(t, elsewhere)
	if _, err := p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, codes[:1]); err == nil {
		t.Error("a copy has judged a label")
	}
	must(p.BeginTakeover(p.ctx, Word{Reason: "x"}))
	try(p.EndTakeover(p.ctx))
	if v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, codes[:1])); v[0].Outcome != Good {
		t.Errorf("%+v", v)
	}
}

// A takeover that has begun at one place has not begun at another.
func TestTakeoverElsewhere(t *testing.T) {
	p := newPlant(t)
	must(p.NextSSCC(p.ctx, "0301234567"))
	p.stock(p.unit, 1)
	p.copied(t, elsewhere)
	must(p.BeginTakeover(p.ctx, Word{Reason: "x"}))
	third := elsewhere
	third.PC.Install, third.PC.Name = "0000", "PC-5"
	p.copied(t, third)
	if c := p.Copy(); c == nil || c.Taken {
		t.Errorf("%+v", c)
	}
	if v := must(p.BeginTakeover(p.ctx, Word{Reason: "x"})); len(v.Skipped) != 1 {
		t.Errorf("%+v", v)
	}
	try(p.EndTakeover(p.ctx))
}

func TestMoved(t *testing.T) {
	sameDisk := atHome
	sameDisk.File, sameDisk.Path = "99 2.0", "/data/ledger.db"
	for _, c := range []struct {
		name string
		to   home.Home
		with func(p *plant)
		why  string
	}{
		{"moved", sameDisk, nil, ""},
		{"to another PC", elsewhere, nil, "another one"},
		{"without its note", sameDisk, func(p *plant) {
			for _, n := range must(matching(p.dir, reachedName+"*")) {
				try(os.Remove(n))
			}
			p.w.reached.dir = t.TempDir() // nor under another name
		}, "did not come with it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlant(t)
			p.stock(p.unit, 3)
			if c.with != nil {
				c.with(p)
			}
			p.copied(t, c.to)
			err := p.Moved(p.ctx, "A. Karimov: a larger disk")
			var e *MovedError
			if c.why == "" {
				if err != nil || p.Copy() != nil {
					t.Fatalf("%v, %v", err, p.Copy())
				}
				p.reopen()
				p.claim(p.unit, 3)
			} else if !errors.As(err, &e) || !strings.Contains(e.Why, c.why) || p.Copy() == nil {
				t.Errorf("%v, %v", err, p.Copy())
			}
		})
	}
	t.Run("the old one stays", func(t *testing.T) {
		for _, gone := range []int{0, 1} {
			p := &plant{ctx: t.Context(), dir: t.TempDir(), commits: newPlant(t).commits}
			l := must(Open(p.ctx, p.dir, Options{Agent: "line-3"}))
			must(l.Product(p.ctx, bottle))
			order := must(l.PlaceOrder(p.ctx, 1, 1))
			try(l.SetOrder(p.ctx, order, "o", Active, ""))
			try(l.Close())
			dir := t.TempDir()
			for _, f := range must(os.ReadDir(p.dir)) {
				try(os.WriteFile(filepath.Join(dir, f.Name()), must(os.ReadFile(filepath.Join(p.dir, f.Name()))), 0o600))
			}
			if gone == 1 {
				l := must(Open(p.ctx, p.dir, Options{Agent: "line-3"}))
				try(l.SetOrder(p.ctx, order, "", Exhausted, ""))
				if err := moveTo(t, dir); !strings.Contains(err, "an agent works on") {
					t.Error(err)
				}
				try(l.Close())
			}
			err := moveTo(t, dir)
			if gone == 1 != strings.Contains(err, "ends with entry") || gone == 0 && err != "" {
				t.Errorf("gone on %d: %q", gone, err)
			}
			if gone == 0 && exists(file(p.dir, "")) {
				t.Error("the old ledger is still in use")
			}
		}
	})
}

func moveTo(t *testing.T, dir string) string {
	t.Helper()
	l := must(Open(t.Context(), dir, Options{Agent: "line-3"}))
	defer func() { try(l.Close()) }()
	if l.Copy() == nil {
		t.Fatal("a copied folder is at home")
	}
	if err := l.Moved(t.Context(), "a larger disk"); err != nil {
		return err.Error()
	}
	return ""
}
