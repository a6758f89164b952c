package office_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// benchPlant is a plant whose box station is a bench, with a station for pallets of its boxes.
func benchPlant(t *testing.T) *plant {
	p := newPlant(t, "water")
	s := &p.Config.Lines[0].Stations
	(*s)[1].PackMode = config.PackHand
	*s = append(*s, config.Station{Name: "belt", Kind: "pack", PackMode: config.PackStream}, config.Station{Name: "pallet", Kind: "pack", PackMode: config.PackHand, Of: "box"})
	return p
}

// open begins a box with n units at a station.
func (p *plant) open(station string, n int) (ledger.ContainerID, []code.Code) {
	id := must(p.Ledger.OpenContainer(p.ctx, ledger.NewContainer{Line: "3", Station: station, Group: p.group, Batch: "B", Capacity: n + 1}))
	units := p.verified("B", n)
	must(p.Ledger.Put(p.ctx, "3/"+station, id, p.lot(p.unit, "B"), p.unit.profile, units))
	return id, units
}

func word(do string, codes ...code.Code) office.Repack {
	r := office.Repack{Do: do, Line: "3", Station: "box", By: "N.", Reason: "wrong unit"}
	if len(codes) > 0 {
		r.Code = codes[0]
	}
	if len(codes) > 1 {
		r.For = codes[1]
	}
	return r
}

// TestRepackIdle: while no agent runs a bench's open container is changed in the ledger itself.
func TestRepackIdle(t *testing.T) {
	p := benchPlant(t)
	_, err := p.Repack(p.ctx, word("undo"))
	input(t, err, "no container is open at station box")
	id, units := p.open("box", 4)
	spare := p.verified("B", 1)[0]
	holds := func(r office.Repacked, err error, said string, want ...code.Code) {
		t.Helper()
		if err != nil || !contains(r.Said, said) || r.Container.ID != id || strings.Join(strs(r.Container.In), " ") != strings.Join(strs(idents(want)), " ") {
			t.Errorf("%v: %q, in it %q", err, r.Said, r.Container.In)
		}
	}
	old := word("empty")
	old.Container = id + 1
	_, err = p.Repack(p.ctx, old)
	input(t, err, "is open here no more")
	r, err := p.Repack(p.ctx, word("undo"))
	holds(r, err, "is out", units[0], units[1], units[2])
	r, err = p.Repack(p.ctx, word("out", units[1]))
	holds(r, err, "is out", units[0], units[2])
	r, err = p.Repack(p.ctx, word("replace", ident(units[0]), spare))
	holds(r, err, "in its place", spare, units[2])
	_, err = p.Repack(p.ctx, word("replace", spare, units[2]))
	input(t, err, "in this container already")
	_, err = p.Repack(p.ctx, word("replace", spare, p.claim(p.unit, "B", 1)[0].Code))
	input(t, err, "not verified")
	_, err = p.Repack(p.ctx, word("close"))
	input(t, err, "no agent runs")
	_, err = p.Repack(p.ctx, word("out", units[0]))
	input(t, err, "is in no container")
	another := p.verified("B", 1)
	must(p.Ledger.Put(p.ctx, "3/box", id, p.lot(p.unit, "B"), p.unit.profile, another)) // after the person has looked
	old = word("undo", units[2])
	old.Container = id
	r, err = p.Repack(p.ctx, old)
	holds(r, err, code.Visible(ident(units[2]))+" is out", spare, another[0])
	_, err = p.Repack(p.ctx, old)
	input(t, err, "")
	r, err = p.Repack(p.ctx, word("empty"))
	holds(r, err, "2 taken out")
	life := must(p.Ledger.Trace(p.ctx, spare))
	if last := life.Journal[len(life.Journal)-1]; !contains(last.Cause, "by N.: wrong unit") || last.Place != "office" {
		t.Errorf("the journal says %+v", last)
	}
	_, belt := p.open("belt", 1)
	_, err = p.Repack(p.ctx, word("out", belt[0]))
	input(t, err, "was open when the agent stopped")
}

// TestRepackClosed: what is in a closed container may be replaced, or all of it let go, as long as no
// report holds it.
func TestRepackClosed(t *testing.T) {
	p := benchPlant(t)
	units, own := p.box("B", 2)
	spare := p.verified("B", 1)[0]
	_, err := p.Repack(p.ctx, word("out", units[0]))
	input(t, err, "is closed: its label says what is in it")
	r := must(p.Repack(p.ctx, word("replace", units[0], spare)))
	if r.Container.In[0] != ident(spare) || r.Container.Code != ident(own) || r.Container.State != ledger.ContainerClosed {
		t.Errorf("%+v", r)
	}
	pallet := must(p.Ledger.OpenContainer(p.ctx, ledger.NewContainer{Line: "3", Station: "pallet", Group: p.group, Batch: "B", Capacity: 2, OfContainers: true}))
	must(p.Ledger.PutCoded(p.ctx, pallet, "box", own))
	_, err = p.Repack(p.ctx, word("dissolve", own))
	input(t, err, "is in container")
	if r := must(p.Repack(p.ctx, word("out", own))); r.Container.ID != pallet || len(r.Container.In) != 0 {
		t.Errorf("off the pallet: %+v", r)
	}
	_, err = p.Repack(p.ctx, word("dissolve", spare))
	input(t, err, "is on no container")
	if r := must(p.Repack(p.ctx, word("dissolve", own))); r.Container.State != ledger.ContainerAside || !contains(r.Said, "2 loose again") || !contains(r.Container.Reason, "by N.") {
		t.Errorf("%+v", r)
	}
	more, reported := p.box("B", 2)
	sent := p.aggregation()
	for _, r := range []office.Repack{word("dissolve", reported), word("replace", more[0], spare), word("out", more[0])} {
		_, err := p.Repack(p.ctx, r)
		input(t, err, "is in aggregation report 1 (frozen)")
		var in *office.InputError
		if errors.As(err, &in) && !contains(in.Hint, "drop --with-child") {
			t.Errorf("the hint is %q", in.Hint)
		}
	}
	p.mark(sent.ID, ledger.Denied)
	must(p.Repack(p.ctx, word("replace", more[0], spare)))
	if c := must(p.Container(p.ctx, spare)); c.Report != 0 || c.Code != ident(reported) {
		t.Errorf("after the denial %+v", c)
	}
}

// TestRepackAsks: while an agent runs its station changes what is open, and says what it did.
func TestRepackAsks(t *testing.T) {
	p := benchPlant(t)
	id, units := p.open("belt", 2)
	var asked []office.Repack
	no := &office.InputError{What: "no", Hint: "hint"}
	p.Ask = func(_ context.Context, line, station string, r office.Repack) (string, error) {
		if asked = append(asked, r); line != "3" || station != "belt" || r.Because() != "by N.: wrong unit" {
			t.Errorf("asked of %s/%s: %+v", line, station, r)
		}
		if r.Do == "undo" {
			return "", no
		}
		return "done", nil
	}
	r := must(p.Repack(p.ctx, word("out", units[0])))
	if r.Said != "done" || r.Container.ID != id || asked[0].Code != units[0] {
		t.Errorf("%+v", r)
	}
	undo := word("undo")
	undo.Station = "belt"
	_, err := p.Repack(p.ctx, undo)
	input(t, err, "no")
}

func TestRepackRefuses(t *testing.T) {
	p := benchPlant(t)
	p.open("box", 1)
	for what, change := range map[string]func(*office.Repack){
		"a name is needed":          func(r *office.Repack) { r.By = "" },
		"a reason is needed":        func(r *office.Repack) { r.Reason = " x" },
		`no line "9"`:               func(r *office.Repack) { r.Line = "9" },
		`no pack station "mark"`:    func(r *office.Repack) { r.Station = "mark" },
		"nothing that can be done":  func(r *office.Repack) { r.Do = "burn" },
		"is in no container and on": func(r *office.Repack) { r.Do = "out"; r.Code = "0104780012345677215" },
		"no container is open at":   func(r *office.Repack) { r.Station = "pallet" },
	} {
		r := word("empty")
		change(&r)
		_, err := p.Repack(p.ctx, r)
		input(t, err, what)
	}
	if c := must(p.OpenContainer(p.ctx, "3", "box")); len(c.In) != 1 {
		t.Errorf("in it are %q", c.In)
	}
	_, err := p.Container(p.ctx, "0104780012345677215")
	input(t, err, "is in no container")
}

func strs(codes []code.Code) []string {
	all := make([]string, len(codes))
	for i, c := range codes {
		all[i] = string(c)
	}
	return all
}
