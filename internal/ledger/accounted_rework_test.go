package ledger

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// ready is when a code was made ready for the check station: the state that it stood in then, and the
// newest claim of that moment.
type ready struct {
	state State
	seq   int64 // 0: it was not
}

// since says whether the code was made ready after the claim of another one.
func (r ready) since(c, other *modelCode) bool {
	return r.seq != 0 && r.state == c.state && other.seq <= r.seq
}

// TestP2_DroppedAndReworked lives random histories in which people withdraw codes and bring products
// back, crashes included, against the model.
func TestP2_DroppedAndReworked(t *testing.T) {
	reached := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(t.TempDir())
		defer func() { unbroken(t, m.Ledger); try(m.Close()) }()
		s := &reworkStory{story: &story{model: m, fresh: t.TempDir}, dropped: map[*modelBox]bool{}, reached: reached}
		s.begin()
		steps := map[string]func(*rapid.T){
			"": func(rt *rapid.T) { m.check(rt) }, "claim": s.claim, "printed": s.confirm, "doubt": s.doubt, "set aside": s.setAside,
			"check": s.verify, "check again": s.verify, "pack": s.pack, "fill": s.fill, "close box": s.closeBox, "open container": s.openContainer,
			"drop": s.drop, "drop again": s.drop, "rework": s.rework, "rework more": s.rework, "report use": s.utilisation, "stop": s.stop,
		}
		for range 3 {
			rt.Repeat(steps)
		}
	})
	t.Log(reached)
	for _, what := range []string{"dropped", "dropped a box", "kept", "back from rejection", "ready again", "duplicate", "withdrawn code", "verification part differs"} {
		if reached[what] == 0 && !t.Failed() && reached["steps"] > 500 {
			t.Errorf("no history has reached %q", what)
		}
	}
}

type reworkStory struct {
	*story
	dropped map[*modelBox]bool
	reached map[string]int
}

// reworkedAs says what a scan at a rework place means, and settles it.
func (s *reworkStory) reworkedAs(k *kind, sc scan, again bool) Outcome {
	c := sc.of
	switch {
	case c == nil:
		return s.settled(k, sc)
	case c.kind != k:
		return Foreign
	case sc.mangled:
		return Mangled
	case c.state == Rejected && c.lot == nil:
		return NotIssued
	case c.state == Rejected && !again:
		s.reached["back from rejection"]++
		c.state, c.ev = Verified, ByScan
		return Good
	case again && (c.state == Rejected || c.lot != nil && (c.state == Doubtful || c.state == Printed || c.state == Claimed)):
		if c.state != Claimed {
			c.state = Printed
		}
		c.ready.state = c.state
		for _, o := range s.codes {
			c.ready.seq = max(c.ready.seq, o.seq)
		}
		s.reached["ready again"]++
		return Good
	}
	return s.settled(k, sc)
}

func (s *reworkStory) rework(rt *rapid.T) {
	s.reached["steps"]++
	lot, again := s.lotOf(rt), rapid.Bool().Draw(rt, "before the check station")
	scans := s.scans(rt, lot.kind)
	c := prefer(rt, "reworked", s.codes, func(c *modelCode) bool { return c.kind == lot.kind && (c.state == Rejected || c.state == Doubtful) })
	scans = append(scans, scan{text: c.text, of: c})
	var texts []code.Code
	for _, sc := range scans {
		texts = append(texts, sc.text)
	}
	for i, v := range must(s.Rework(s.ctx, "rework", lot.id, lot.kind.profile, texts, again)) {
		s.learn(scans[i], v.ID)
		want := s.reworkedAs(lot.kind, scans[i], again)
		if s.reached[want.String()]++; v.Outcome != want {
			rt.Errorf("scan %d of %s: %s, want %s", i, code.Visible(texts[i]), v.Outcome, want)
		}
	}
}

func (s *reworkStory) drop(rt *rapid.T) {
	s.reached["steps"]++
	d := defect
	d.WithChild, d.Read = rapid.Bool().Draw(rt, "with what is in it"), rapid.Bool().Draw(rt, "read on a product")
	var texts []code.Code
	for range oneOf(rt, "codes", 1, 2, 3) {
		if b := pick(rt, "box", s.boxes, nil); b.sscc != "" && rapid.Bool().Draw(rt, "a transport code") {
			texts = append(texts, b.sscc)
			continue
		}
		c := pick(rt, "code", s.codes, nil)
		texts = append(texts, oneOf(rt, "text", c.text, c.text, bare(c.text), mangle(c.text), c.text[:strings.IndexByte(string(c.text), code.GS)], "0104780012345677215nobody"))
	}
	for i, o := range must(s.Drop(s.ctx, "by hand", d, texts)) {
		want, goes := s.mayDrop(d, texts[i])
		if o.Codes != want || (o.Why == "") != goes {
			rt.Errorf("%s: %d codes dropped (%s), want %d, %v", code.Visible(texts[i]), o.Codes, o.Why, want, goes)
		}
		switch {
		case want > 1:
			s.reached["dropped a box"]++
		case goes:
			s.reached["dropped"]++
		default:
			s.reached["kept"]++
		}
	}
}

// mayDrop says how many codes a text withdraws, and withdraws them.
func (s *reworkStory) mayDrop(d Drop, text code.Code) (n int, goes bool) {
	var c *modelCode
	var box *modelBox
	for _, b := range s.boxes {
		if b.sscc != "" && b.sscc == text && b.state != ContainerAside {
			box = b
		}
	}
	right, ident := false, false
	for _, o := range s.codes {
		if own, _, _ := strings.Cut(string(o.text), string(code.GS)); strings.HasPrefix(string(text), own) {
			c, right, ident = o, text == o.text || text == bare(o.text), string(text) == own
		}
	}
	for _, b := range s.boxes {
		if c != nil && b.label == c && b.state != ContainerAside {
			box = b
		}
	}
	switch {
	case box != nil && (!d.WithChild || box.state != ContainerClosed || box.parent != nil), box == nil && c == nil:
		return 0, false
	case c == nil:
	case c.state == Dropped, d.Read && !right && (box == nil && (c.state == Verified || c.state == InStock) || box != nil && !ident):
		return 0, false
	case c.state == InStock:
		if d.Read {
			c.state = Doubtful
		}
		return 0, false
	case c.state == Claimed && !d.Read, c.box != nil:
		return 0, false
	}
	if box != nil && s.dropped[box] {
		return 0, false
	}
	if c != nil {
		c.state = Dropped
		n++
	}
	if box != nil {
		s.dropped[box] = true
		for _, in := range s.codes {
			if in.box == box && in.state != Dropped {
				in.state = Dropped
				n++
			}
		}
	}
	return n, true
}
