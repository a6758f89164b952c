package ledger

import (
	"slices"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// The steps of TestP2_Accounted that concern containers, reports and the agent itself.

// holds says how many units and containers lie in a container.
func (m *model) holds(b *modelBox) int {
	n := 0
	for _, c := range m.codes {
		if c.box == b {
			n++
		}
	}
	for _, inner := range m.boxes {
		if inner.parent == b {
			n++
		}
	}
	return n
}

// refusal holds an error against what the model allows, and says whether the step was taken.
func refusal(rt *rapid.T, what string, err error, allowed bool) bool {
	if (err == nil) != allowed {
		rt.Errorf("%s: %v, the model allows it: %v", what, err, allowed)
	}
	return allowed
}

func (s *story) stack(rt *rapid.T) {
	parent := prefer(rt, "pallet", s.boxes, func(b *modelBox) bool { return b.pallet && b.state == ContainerOpen })
	child := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerClosed && b.parent == nil })
	allowed := parent.pallet && parent.state == ContainerOpen && child.state == ContainerClosed && child.parent == nil && s.holds(parent) < boxSize
	if refusal(rt, "stack", s.PutContainer(s.ctx, parent.id, child.id), allowed) {
		s.placing++
		child.parent, child.placed = parent, s.placing
	}
}

func (s *story) fill(rt *rapid.T) {
	b := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerOpen && s.holds(b) > 1 })
	if refusal(rt, "fill", s.Fill(s.ctx, b.id), b.state == ContainerOpen) {
		b.state = ContainerFull
	}
}

func (s *story) closeBox(rt *rapid.T) {
	b := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerFull })
	if rapid.Bool().Draw(rt, "sscc") {
		sscc := must(s.NextSSCC(s.ctx, "0301234567"))
		if refusal(rt, "close with an SSCC", s.CloseWithSSCC(s.ctx, b.id, sscc), b.state == ContainerFull) {
			b.state, b.sscc = ContainerClosed, sscc
		}
		return
	}
	c := pick(rt, "label", s.codes, func(c *modelCode) bool { return c.kind == s.box && c.id != 0 })
	ev := oneOf(rt, "evidence", ByIdentity, ByScan, ByCount)
	used := slices.ContainsFunc(s.boxes, func(o *modelBox) bool { return o.label == c })
	fit := c.lot != nil && (c.state == Claimed || c.state == Printed || c.state == Verified || c.state == Doubtful && ev == ByScan)
	if !refusal(rt, "close with a code", s.CloseWithCode(s.ctx, "box", b.id, c.id, ev), b.state == ContainerFull && ev != ByCount && fit && !used) {
		return
	}
	b.state, b.label = ContainerClosed, c
	switch {
	case c.state == Verified:
	case ev == ByScan:
		c.state, c.ev = Verified, ByScan
	default:
		c.state, c.ev = Printed, ByIdentity
	}
}

func (s *story) aside(rt *rapid.T) {
	b := pick(rt, "box", s.boxes, nil)
	if refusal(rt, "aside", s.Aside(s.ctx, "box", b.id, "by hand"), b.state == ContainerOpen || b.state == ContainerFull) {
		s.asided(b)
	}
}

func (s *story) utilisation(rt *rapid.T) {
	units := oneOf(rt, "usage", "PRINTED", "VERIFIED", "USED_FOR_PRODUCTION")
	type set struct {
		lot   LotID
		usage string
	}
	want := map[set]int{}
	for _, c := range s.codes {
		if u := c.usage(units); u != "" {
			want[set{c.lot.id, u}]++
		}
	}
	dues := must(s.DueUtilisation(s.ctx, units))
	for _, d := range dues {
		if n := want[set{d.Lot, d.Usage}]; n != d.Count {
			rt.Errorf("%d due of lot %d as %s, want %d", d.Count, d.Lot, d.Usage, n)
		}
	}
	if len(dues) != len(want) {
		rt.Errorf("due %+v, want %v", dues, want)
	}
	d := pick(rt, "due", dues, nil)
	limit := oneOf(rt, "limit", 1, 3, 30)
	r := &modelReport{state: Frozen}
	built := must(s.BuildUtilisation(s.ctx, d, limit, func(rep Report, codes []code.Code) ([]byte, error) {
		r.codes = len(codes)
		for _, text := range codes {
			i := slices.IndexFunc(s.codes, func(c *modelCode) bool { return c.text == text })
			if c := s.codes[i]; c.usage(units) != d.Usage || c.lot.id != d.Lot {
				rt.Errorf("reported as %s without evidence: %+v", d.Usage, c)
			}
			s.codes[i].report = r
		}
		return []byte("x"), nil
	}))
	if r.id = built.ID; r.codes != min(limit, d.Count) {
		rt.Errorf("%d codes in the report, want %d of %d", r.codes, limit, d.Count)
	}
	s.reports = append(s.reports, r)
}

func (s *story) aggregation(rt *rapid.T) {
	needs := rapid.Bool().Draw(rt, "needs utilisation")
	var due []*modelBox
	for _, b := range s.boxes {
		if s.due(b, needs) {
			due = append(due, b)
		}
	}
	dues := must(s.DueAggregation(s.ctx, func(string) bool { return needs }))
	if n := len(dues); n > 1 || n == 1 && dues[0].Containers != len(due) || n == 0 && len(due) > 0 {
		rt.Errorf("due %+v, want %d containers", dues, len(due))
	}
	if len(due) == 0 {
		rt.Skip("nothing due")
	}
	counted := 0
	for more := due; len(more) > 0; { // what holds them goes along, level by level
		var outer []*modelBox
		for _, b := range more {
			if p := b.parent; p != nil && !slices.Contains(due, p) && !slices.Contains(outer, p) && s.dueWith(p, needs, due) {
				outer = append(outer, p)
			}
		}
		if counted == 0 {
			counted = len(due)
		}
		due, more = append(due, outer...), outer
	}
	r := &modelReport{state: Frozen}
	built := must(s.BuildAggregation(s.ctx, dues[0], needs, 1000, func(rep Report, units []AggregationUnit) ([]byte, error) {
		for i, u := range units {
			r.codes += 1 + len(u.Children)
			if u.id != due[i].id {
				rt.Errorf("unit %d is container %d, want %d", i, u.id, due[i].id)
			}
		}
		return []byte("x"), nil
	}))
	r.id = built.ID
	for _, b := range due {
		b.report = r
	}
	if built.Codes != r.codes || r.codes < dues[0].Codes || r.codes == dues[0].Codes && counted != len(due) {
		rt.Errorf("%d codes in the report, %d due", r.codes, dues[0].Codes)
	}
	s.reports = append(s.reports, r)
}

func (s *story) mark(rt *rapid.T) {
	r := prefer(rt, "report", s.reports, func(r *modelReport) bool { return r.state != Sent })
	to := oneOf(rt, "to", Sent, Sent, Sent, Sending, InDoubt, Accepted, Denied, Building)
	if refusal(rt, "mark", s.MarkReport(s.ctx, r.id, to, "", ""), r.state != Sent && to != Building) {
		r.state = to
	}
}

// stop ends the agent, in good order or not, and starts it again.
func (s *story) stop(rt *rapid.T) {
	if rapid.Bool().Draw(rt, "crash") {
		s.crash(s.fresh())
	} else {
		s.reopen()
	}
	if oneOf(rt, "without recovery", true, true, false) {
		return // only for a model: the agent always does
	}
	want := s.recovered()
	if got := must(s.Recover(s.ctx)); got != want {
		rt.Errorf("recovered %+v, want %+v", got, want)
	}
}
