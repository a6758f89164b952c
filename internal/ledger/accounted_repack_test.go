package ledger

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// The steps of TestP2_Accounted in which people change what is in containers.

const why = "by N.: the test"

// item is what a container of the model holds.
type item struct {
	own    code.Code
	placed int
	unit   *modelCode
	box    *modelBox
}

func (m *model) ident(c *modelCode) code.Code {
	ident, _, err := c.kind.profile.Ident(c.text)
	try(err)
	return ident
}

func (m *model) own(b *modelBox) code.Code {
	if b.label != nil {
		return m.ident(b.label)
	}
	return b.sscc
}

func (m *model) contents(b *modelBox) []item {
	var all []item
	for _, c := range m.codes {
		if c.box == b {
			all = append(all, item{m.ident(c), c.placed, c, nil})
		}
	}
	for _, inner := range m.boxes {
		if inner.parent == b {
			all = append(all, item{m.own(inner), inner.placed, nil, inner})
		}
	}
	slices.SortFunc(all, func(a, b item) int { return a.placed - b.placed })
	return all
}

func (it item) out() {
	if it.unit != nil {
		it.unit.box = nil
	} else {
		it.box.parent = nil
	}
}

// changeable says whether people may change a container: it is in no report but a denied one.
func (b *modelBox) changeable() bool {
	return (b.state == ContainerOpen || b.state == ContainerClosed) && (b.report == nil || b.report.state == Denied)
}

// changed takes a container and what it is in out of a denied report.
func (b *modelBox) changed() {
	for r, up := b.report, b; r != nil && up != nil; up = up.parent {
		if up.report == r {
			up.report = nil
		}
	}
}

// box picks a container that a step most often may change.
func (s *story) boxIn(rt *rapid.T, states ...ContainerState) *modelBox {
	return prefer(rt, "container", s.boxes, func(b *modelBox) bool {
		return slices.Contains(states, b.state) && b.changeable() && s.holds(b) > 0
	})
}

// inside picks something that is most often in the container.
func (s *story) inside(rt *rapid.T, b *modelBox) (code.Code, *item) {
	in := s.contents(b)
	if len(in) == 0 || oneOf(rt, "another code", false, false, false, true) {
		what := pick(rt, "other", s.codes, nil).text
		if i := slices.IndexFunc(in, func(it item) bool { return it.unit != nil && it.unit.text == what }); i >= 0 {
			return what, &in[i]
		}
		if i := slices.IndexFunc(in, func(it item) bool { return it.box != nil && it.box.label != nil && it.box.label.text == what }); i >= 0 {
			return what, &in[i]
		}
		return what, nil
	}
	it := pick(rt, "thing", in, nil)
	if it.unit != nil && rapid.Bool().Draw(rt, "the full code") {
		return it.unit.text, &it
	}
	return it.own, &it
}

func (s *story) takeOut(rt *rapid.T) {
	b := s.boxIn(rt, ContainerOpen)
	what, it := s.inside(rt, b)
	got, err := s.TakeOut(s.ctx, "box", b.id, what, why)
	if refusal(rt, "take out", err, b.changeable() && b.state == ContainerOpen && it != nil) {
		if got != it.own {
			rt.Errorf("%q came out, want %q", got, it.own)
		}
		it.out()
	}
}

func (s *story) takeLastOut(rt *rapid.T) {
	b := s.boxIn(rt, ContainerOpen)
	in := s.contents(b)
	got, err := s.TakeLastOut(s.ctx, "box", b.id, why)
	if refusal(rt, "take the last out", err, b.changeable() && b.state == ContainerOpen && len(in) > 0) {
		if last := in[len(in)-1]; got != last.own {
			rt.Errorf("%q came out, the last one was %q", got, last.own)
		} else {
			last.out()
		}
	}
}

func (s *story) empty(rt *rapid.T) {
	b := s.boxIn(rt, ContainerOpen)
	in := s.contents(b)
	n, err := s.EmptyContainer(s.ctx, "box", b.id, why)
	if refusal(rt, "empty", err, b.changeable() && b.state == ContainerOpen) {
		if n != len(in) {
			rt.Errorf("%d came out of %d", n, len(in))
		}
		for _, it := range in {
			it.out()
		}
	}
}

func (s *story) dissolve(rt *rapid.T) {
	b := s.boxIn(rt, ContainerClosed)
	in := s.contents(b)
	n, err := s.Dissolve(s.ctx, "box", b.id, why)
	if !refusal(rt, "dissolve", err, b.changeable() && b.state == ContainerClosed && b.parent == nil) {
		return
	}
	if n != len(in) {
		rt.Errorf("%d became loose of %d", n, len(in))
	}
	for _, it := range in {
		it.out()
	}
	if b.label != nil {
		b.label.state = Doubtful
	}
	b.changed()
	b.state = ContainerAside
}

func (s *story) replace(rt *rapid.T) {
	b := s.boxIn(rt, ContainerOpen, ContainerClosed)
	what, it := s.inside(rt, b)
	lot := s.lots[0]
	by := Replacement{Lot: lot.id, Profile: lot.kind.profile, From: "box"}
	allowed := b.changeable() && it != nil
	if b.pallet {
		child := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerClosed && b.parent == nil && !b.pallet })
		if s.own(child) == "" {
			rt.Skip("it has no code")
		}
		o, err := s.Replace(s.ctx, "pallet", b.id, what, s.own(child), by, why)
		if !refusal(rt, "replace a container", err, allowed) {
			return
		}
		if want := s.fits(b, child); o.Packed != (want == Good) || o.Outcome != want {
			rt.Errorf("container %d for another: %s, packed %v; want %s", child.id, o.Outcome, o.Packed, want)
		} else if o.Packed {
			it.out()
			child.parent, child.placed = b, it.placed
			b.changed()
		}
		return
	}
	sc := s.scans(rt, s.unit)[0]
	if rapid.Bool().Draw(rt, "a loose one") {
		c := prefer(rt, "unit", s.codes, func(c *modelCode) bool { return c.kind == s.unit && c.state == Verified && c.box == nil })
		sc = scan{text: c.text, of: c}
	}
	o, err := s.Replace(s.ctx, "box", b.id, what, sc.text, by, why)
	if !refusal(rt, "replace", err, allowed) {
		return
	}
	s.learn(sc, o.ID)
	want, packed := s.putTyped(b, sc)
	if o.Outcome != want || o.Packed != packed {
		rt.Errorf("%s for another: %s, packed %v; want %s, %v", code.Visible(sc.text), o.Outcome, o.Packed, want, packed)
	}
	if packed {
		sc.of.placed = it.placed
		it.out()
		b.changed()
	}
}

// putTyped says whether a unit whose code is typed goes into the box: it is no reading, so only what is
// verified already does, and nothing is settled by it.
func (s *story) putTyped(b *modelBox, sc scan) (Outcome, bool) {
	switch c := sc.of; {
	case c == nil && len(sc.text) < 20:
		return Unreadable, false
	case c == nil:
		return Unknown, false
	case c.kind != s.unit:
		return Foreign, false
	case sc.mangled:
		return Mangled, false
	case c.state == InStock:
		return NotIssued, false
	case c.state == Rejected || c.state == Dropped:
		return Withdrawn, false
	case c.state != Verified:
		return Unverified, false
	case c.box != nil:
		return Duplicate, false
	}
	s.into(sc.of, b)
	return Good, true
}

// fits says what speaks against putting a container that bears a code into an open one.
func (s *story) fits(parent, child *modelBox) Outcome {
	switch {
	case child.state == ContainerAside:
		return Withdrawn
	case child.pallet: // of another station
		return Foreign
	case child.parent != nil:
		return Duplicate
	}
	return Good
}

func (s *story) stackCoded(rt *rapid.T) {
	parent := prefer(rt, "pallet", s.boxes, func(b *modelBox) bool { return b.pallet && b.state == ContainerOpen && s.holds(b) < boxSize })
	child := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerClosed && b.parent == nil })
	text := s.own(child)
	if child.label != nil && rapid.Bool().Draw(rt, "the full code") {
		text = child.label.text
	}
	if text == "" {
		rt.Skip("it has no code")
	}
	want := s.fits(parent, child)
	o, err := s.PutCoded(s.ctx, parent.id, "box", text)
	if refusal(rt, "stack by code", err, parent.pallet && parent.state == ContainerOpen && (want != Good || s.holds(parent) < boxSize)) {
		if o.Outcome != want || o.Packed != (want == Good) {
			rt.Errorf("container %d: %s, packed %v; want %s", child.id, o.Outcome, o.Packed, want)
		} else if o.Packed {
			s.placing++
			child.parent, child.placed = parent, s.placing
		}
	}
}

// picture reads some units at once: they are one full container, or none of them is packed.
func (s *story) picture(rt *rapid.T) {
	lot := s.lots[0]
	var scans []scan
	for range oneOf(rt, "units", boxSize, boxSize, boxSize, 1, boxSize+1) {
		c := prefer(rt, "unit", s.codes, func(c *modelCode) bool {
			return c.kind == s.unit && c.state == Verified && c.box == nil && !slices.ContainsFunc(scans, func(sc scan) bool { return sc.of == c })
		})
		scans = append(scans, scan{text: c.text, of: c})
	}
	if oneOf(rt, "damage", false, false, true) {
		scans[0] = s.scans(rt, s.unit)[0]
	}
	whole := len(scans) == boxSize
	var texts []code.Code
	for i, sc := range scans {
		texts = append(texts, sc.text)
		c := sc.of
		whole = whole && c != nil && c.kind == s.unit && !sc.mangled && c.box == nil && c.lot != nil &&
			(c.state == Verified || c.state == Claimed || c.state == Printed || c.state == Doubtful) &&
			!slices.ContainsFunc(scans[:i], func(other scan) bool { return other.of == c })
	}
	id, outs, err := s.PackFrame(s.ctx, "box", NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: boxSize}, lot.id, lot.kind.profile, texts, false)
	if err != nil || (id != 0) != whole || len(outs) != len(scans) {
		rt.Errorf("a picture of %d made container %d, want one: %v (%v)", len(scans), id, whole, err)
		return
	}
	if !whole {
		for i, sc := range scans {
			s.learn(sc, outs[i].ID)
			if c := sc.of; c != nil && c.kind == s.unit && !sc.mangled && c.state == InStock {
				c.state = Doubtful
			}
			if outs[i].Packed {
				rt.Errorf("unit %d of a refused picture is packed", i)
			}
		}
		return
	}
	b := &modelBox{id: id}
	for i, sc := range scans {
		if o, packed := s.put(lot.kind, b, sc); !packed || !outs[i].Packed || outs[i].Outcome != o {
			rt.Errorf("unit %d of a picture: %+v, want %s", i, outs[i], o)
		}
	}
	b.state = ContainerFull
	s.boxes = append(s.boxes, b)
}

// closeRead closes an open container with the code of a label that was printed before.
func (s *story) closeRead(rt *rapid.T) {
	b := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerOpen && s.holds(b) > 0 })
	able := b.state == ContainerOpen && s.holds(b) > 0
	if rapid.Bool().Draw(rt, "sscc") {
		s.placing++
		sscc := must(code.SSCC("0301234567", uint64(5_000_000+s.placing)))
		if oneOf(rt, "an old one", false, false, true) {
			sscc = s.own(pick(rt, "owner", s.boxes, func(b *modelBox) bool { return b.sscc != "" }))
		}
		used := slices.ContainsFunc(s.boxes, func(o *modelBox) bool { return o.sscc == sscc })
		same := b.sscc == sscc && b.state == ContainerClosed
		if refusal(rt, "close with a read SSCC", s.CloseWithReadSSCC(s.ctx, b.id, sscc), same || able && !used) && !same {
			b.state, b.sscc = ContainerClosed, sscc
		}
		return
	}
	lot := s.lots[2]
	c := prefer(rt, "label", s.codes, func(c *modelCode) bool { return c.kind == s.box && c.state != Rejected })
	used := slices.ContainsFunc(s.boxes, func(o *modelBox) bool { return o.label == c })
	same := b.label == c && b.state == ContainerClosed
	err := s.CloseWithReadCode(s.ctx, "box", b.id, lot.id, lot.kind.profile, c.text)
	if !refusal(rt, "close with a read code", err, same || able && !used && c.kind == s.box && c.state != Rejected) || same {
		return
	}
	b.state, b.label = ContainerClosed, c
	c.state, c.ev = Verified, ByScan
	if c.lot == nil {
		c.lot = lot
		try(s.reads.QueryRow("SELECT id, claim FROM code WHERE raw = ?", []byte(c.text)).Scan(&c.id, &c.seq))
	}
}

// look holds every container as people see it against the model.
func (s *story) look(rt *rapid.T) {
	for _, b := range s.boxes {
		c := must(s.Container(s.ctx, b.id))
		var want []code.Code
		for _, it := range s.contents(b) {
			want = append(want, it.own)
		}
		var parent ContainerID
		if b.parent != nil {
			parent = b.parent.id
		}
		if fmt.Sprint(c.In) != fmt.Sprint(want) || c.Parent != parent || c.Code != s.own(b) || c.OfContainers != b.pallet || (c.Report != 0) != (b.report != nil) {
			rt.Errorf("container %d is %+v, want %q in it, in %d, with code %q", b.id, c, want, parent, s.own(b))
		}
		if own := s.own(b); own != "" {
			if found, is, err := s.FindContainer(s.ctx, own); err != nil || !is || found.ID != b.id {
				rt.Errorf("the code %q finds container %d (%v), want %d", own, found.ID, err, b.id)
			}
		}
		for _, it := range s.contents(b) {
			if found, is, err := s.FindContainer(s.ctx, it.own); it.unit != nil && (err != nil || is || found.ID != b.id) {
				rt.Errorf("the unit %q finds container %d (%v), want %d", it.own, found.ID, err, b.id)
			}
		}
	}
}
