package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/code"
)

// TestP2_Accounted lives random histories, crashes included, and after each step holds the
// ledger against a model that knows nothing but the promises.
func TestP2_Accounted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(t.TempDir())
		defer func() { unbroken(t, m.Ledger); try(m.Close()) }()
		s := &story{model: m, fresh: t.TempDir}
		steps := map[string]func(*rapid.T){
			"":               func(rt *rapid.T) { m.check(rt) },
			"receive":        s.receive,
			"receive again":  s.receiveAgain,
			"box pack":       s.pack,
			"claim":          s.claim,
			"printed":        s.confirm,
			"doubt":          s.doubt,
			"set aside":      s.setAside,
			"fill box":       s.fill,
			"check":          s.verify,
			"open container": s.openContainer,
			"pack again":     s.pack,
			"check again":    s.verify,
			"load pallet":    s.stack,
			"close box":      s.closeBox,
			"throw aside":    s.aside,
			"report use":     s.utilisation,
			"report boxes":   s.aggregation,
			"mark report":    s.mark,
			"mark more":      s.mark,
			"stop":           s.stop,
			"take out":       s.takeOut,
			"take last out":  s.takeLastOut,
			"empty":          s.empty,
			"replace":        s.replace,
			"replace more":   s.replace,
			"dissolve":       s.dissolve,
			"picture":        s.picture,
			"read its code":  s.closeRead,
			"stack by code":  s.stackCoded,
			"look":           s.look,
		}
		s.begin()
		for range 3 { // long enough for boxes to be closed and reported
			rt.Repeat(steps)
		}
	})
}

// story takes the steps of a history on both, the ledger and its model.
type story struct {
	*model
	fresh func() string // an empty folder
}

func pick[T any](rt *rapid.T, name string, from []T, where func(T) bool) T {
	var fit []T
	for _, v := range from {
		if where == nil || where(v) {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		rt.Skip("none to pick from")
	}
	return rapid.SampledFrom(fit).Draw(rt, name)
}

// oneOf draws one of the values, the first ones a little more often.
func oneOf[T any](rt *rapid.T, name string, values ...T) T {
	return rapid.SampledFrom(values).Draw(rt, name)
}

// prefer picks what fits three times out of four, where there is such, else whatever comes.
func prefer[T any](rt *rapid.T, name string, from []T, where func(T) bool) T {
	if slices.ContainsFunc(from, where) && oneOf(rt, "fit", true, true, true, false) {
		return pick(rt, name, from, where)
	}
	return pick(rt, name, from, nil)
}

func (s *story) lotOf(rt *rapid.T) *modelLot { return pick(rt, "lot", s.lots, nil) }

func (s *story) known(rt *rapid.T) []*modelCode {
	k := s.lotOf(rt).kind
	c := pick(rt, "code", s.codes, func(c *modelCode) bool { return c.id != 0 && c.kind == k })
	some := []*modelCode{c}
	if rapid.Bool().Draw(rt, "two") {
		some = append(some, pick(rt, "second", s.codes, func(o *modelCode) bool { return o.id != 0 && o != c }))
	}
	return some
}

func idsOf(codes []*modelCode) (ids []int64) {
	for _, c := range codes {
		ids = append(ids, c.id)
	}
	return ids
}

// begin gives a history units and labels to begin with.
func (s *story) begin() {
	for _, k := range []*kind{s.unit, s.unit, s.box} {
		s.received(k, 8)
	}
	s.boxes = append(s.boxes, &modelBox{id: s.openBox(boxSize)}, &modelBox{id: s.openPallet(boxSize), pallet: true})
}

func (s *story) received(k *kind, n int) {
	for _, text := range s.stock(k, n) {
		s.codes = append(s.codes, &modelCode{text: text, kind: k})
	}
	if k == s.unit {
		s.blocks = append(s.blocks, fmt.Sprintf("block-%d", k.blocks))
	}
}

func (s *story) receive(rt *rapid.T) {
	s.received(s.lotOf(rt).kind, oneOf(rt, "codes", 1, 2, 8))
}

func (s *story) receiveAgain(rt *rapid.T) {
	old := pick(rt, "old", s.codes, nil)
	codes := append(s.unit.issue(2), old.text)
	var repeated *RepeatedCode
	if err := s.Receive(s.ctx, s.unit.order, "again", s.unit.profile, codes); !errors.As(err, &repeated) {
		rt.Errorf("a code a second time: %v", err)
	}
	if s.unit.blocks > 0 {
		block := fmt.Sprintf("block-%d", rapid.IntRange(1, s.unit.blocks).Draw(rt, "block"))
		if err := s.Receive(s.ctx, s.unit.order, block, s.unit.profile, s.unit.issue(1)); !errors.Is(err, ErrBlockKnown) {
			rt.Errorf("a block a second time: %v", err)
		}
	}
}

func (s *story) claim(rt *rapid.T) {
	lot, n := s.lotOf(rt), oneOf(rt, "codes", 1, 2, 3, 5)
	claims := must(s.Claim(s.ctx, "mark", lot.id, n))
	for _, c := range s.codes {
		if len(claims) == 0 || n == 0 {
			break
		}
		if c.kind == lot.kind && c.state == InStock {
			if claims[0].Code != c.text {
				rt.Errorf("claimed %s, want %s", code.Visible(claims[0].Code), code.Visible(c.text))
			}
			c.state, c.lot, c.id, c.seq = Claimed, lot, claims[0].ID, claims[0].Seq
			claims, n = claims[1:], n-1
		}
	}
	left := slices.ContainsFunc(s.codes, func(c *modelCode) bool { return c.kind == lot.kind && c.state == InStock })
	if len(claims) > 0 || n > 0 && left {
		rt.Errorf("%d claims too many, %d too few", len(claims), n)
	}
}

func (s *story) confirm(rt *rapid.T) {
	some, ev := s.known(rt), oneOf(rt, "evidence", ByCount, ByIdentity)
	try(s.Confirm(s.ctx, "mark", idsOf(some), ev))
	for _, c := range some {
		if c.state == Claimed {
			c.state, c.ev = Printed, ev
		}
	}
}

func (s *story) doubt(rt *rapid.T) {
	some := s.known(rt)
	try(s.Doubt(s.ctx, "mark", idsOf(some), "fault"))
	for _, c := range some {
		if c.state == Claimed || c.state == Printed {
			c.state = Doubtful
		}
	}
}

func (s *story) setAside(rt *rapid.T) {
	lot := s.lotOf(rt)
	c := pick(rt, "overtaker", s.codes, func(c *modelCode) bool { return c.lot == lot })
	n := must(s.SetAside(s.ctx, "check", lot.id, c.seq, "overtaken"))
	for _, o := range s.codes {
		if o.lot != nil && o.lot.kind == lot.kind && o.seq < c.seq && (o.state == Claimed || o.state == Printed) && !o.ready.since(o, c) { // of any batch
			o.state = Doubtful
			n--
		}
	}
	if n != 0 {
		rt.Errorf("%d set aside too many", n)
	}
}

func (s *story) scans(rt *rapid.T, k *kind) []scan {
	var all []scan
	for range oneOf(rt, "scans", 1, 2, 3) {
		kind := oneOf(rt, "scan", 4, 5, 6, 3, 2, 1, 0)
		if kind == 0 {
			all = append(all, scan{text: "NOREAD"})
			continue
		}
		if kind == 1 {
			all = append(all, scan{text: s.unit.issue(1)[0]})
			continue
		}
		c := prefer(rt, "scanned", s.codes, func(c *modelCode) bool { return c.kind == k && (c.state == Claimed || c.state == Printed) })
		switch kind {
		case 2:
			all = append(all, scan{mangle(c.text), c, true})
		case 3:
			all = append(all, scan{bare(c.text), c, false})
		default:
			all = append(all, scan{c.text, c, false})
		}
	}
	return all
}

func (s *story) verify(rt *rapid.T) {
	lot := s.lotOf(rt)
	scans := s.scans(rt, lot.kind)
	var texts []code.Code
	for _, sc := range scans {
		texts = append(texts, sc.text)
	}
	for i, v := range must(s.Verify(s.ctx, "check", lot.id, lot.kind.profile, texts)) {
		s.learn(scans[i], v.ID)
		if want := s.settled(lot.kind, scans[i]); v.Outcome != want {
			rt.Errorf("scan %d of %s: %s, want %s", i, code.Visible(texts[i]), v.Outcome, want)
		}
	}
}

// learn keeps the number of a code that was never claimed.
func (s *story) learn(sc scan, id int64) {
	if sc.of != nil && sc.of.id == 0 {
		sc.of.id = id
	}
}

func (s *story) openContainer(rt *rapid.T) {
	b := &modelBox{pallet: rapid.Bool().Draw(rt, "pallet")}
	if b.pallet {
		b.id = s.openPallet(boxSize)
	} else {
		b.id = s.openBox(boxSize)
	}
	s.boxes = append(s.boxes, b)
}

func (s *story) pack(rt *rapid.T) {
	b := prefer(rt, "box", s.boxes, func(b *modelBox) bool { return b.state == ContainerOpen && !b.pallet })
	lot, scans := s.lots[0], s.scans(rt, s.unit)
	for range oneOf(rt, "units", 3, 2, 1, 0) {
		c := prefer(rt, "unit", s.codes, func(c *modelCode) bool { return c.kind == s.unit && c.state == Verified && c.box == nil })
		scans = append(scans, scan{text: c.text, of: c})
	}
	var texts []code.Code
	for _, sc := range scans {
		texts = append(texts, sc.text)
	}
	outs, err := s.Put(s.ctx, "box", b.id, lot.id, lot.kind.profile, texts)
	s.putSettled(rt, lot, b, scans, outs, err)
}

// putSettled holds the outcomes of a call of Put against the model. What does not fit undoes it all.
func (s *story) putSettled(rt *rapid.T, lot *modelLot, b *modelBox, scans []scan, outs []PutOutcome, err error) {
	allowed := b.state == ContainerOpen && !b.pallet
	was := map[*modelCode]modelCode{}
	var outcomes []Outcome
	var packed []bool
	for _, sc := range scans {
		if sc.of != nil && was[sc.of].text == "" {
			was[sc.of] = *sc.of
		}
		if !allowed {
			break
		}
		o, in := s.put(lot.kind, b, sc)
		outcomes, packed = append(outcomes, o), append(packed, in)
	}
	if s.holds(b) > boxSize {
		allowed = false
		for c, old := range was {
			*c = old
		}
	}
	if !refusal(rt, "put", err, allowed) {
		return
	}
	for i, o := range outs {
		s.learn(scans[i], o.ID)
		if o.Outcome != outcomes[i] || o.Packed != packed[i] {
			rt.Errorf("scan %d of %s: %s, packed %v; want %s, %v", i, code.Visible(scans[i].text), o.Outcome, o.Packed, outcomes[i], packed[i])
		}
	}
}
