package line

import (
	"fmt"
	"slices"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// shift watches the order of the products. One printer hands its codes out in a known order and a
// belt keeps it, so a code that is skipped while those behind it are read will not come any more:
// its product was taken off, or its label was never printed. Only the codes in between are set
// aside, after a few readings, and the line goes on. What a product bears is never taken from its
// place: the order says only what is missing.
type shift struct {
	after    int     // good readings behind a gap that confirm it; 0: nobody knows the order
	expected []int64 // claim numbers given to the printer and not read yet, ascending
	gaps     []gap
	last     code.Code // identification code of the last good reading
	unread   int       // products since then that could not be read
}

// gap is a run of codes that were passed over.
type gap struct {
	missing  []int64
	before   int64 // the claim that was read in their place
	from, to code.Code
	unread   int // products in their place that could not be read
	behind   int // readings in order since
}

// mostExpected bounds what is remembered where nothing is read: the oldest are then found as
// overtaken by the wide window.
const mostExpected = 100_000

func (s *shift) given(claims []int64) {
	if s.after == 0 {
		return
	}
	s.expected = append(s.expected, claims...)
	s.expected = s.expected[max(0, len(s.expected)-mostExpected):]
}

// missed notes a product that shows no code of the line.
func (s *shift) missed() { s.unread++ }

// found notes a product that shows a code of the line, and returns what is to be set aside now.
func (s *shift) found(v ledger.Verdict) []Effect {
	if s.after == 0 || v.Claim == 0 {
		return nil
	}
	at, ok := slices.BinarySearch(s.expected, v.Claim)
	if !ok {
		s.late(v.Claim) // it confirms nothing: one that was put further forward makes all before it late
		return nil
	}
	if at > 0 {
		s.gaps = append(s.gaps, gap{missing: slices.Clone(s.expected[:at]), before: v.Claim, from: s.last, to: v.Ident, unread: s.unread})
	}
	s.expected = slices.Clone(s.expected[at+1:])
	s.last, s.unread = v.Ident, 0
	return s.confirm()
}

// late takes a product out of its gap that has come after all.
func (s *shift) late(claim int64) {
	for i := range s.gaps {
		if at, ok := slices.BinarySearch(s.gaps[i].missing, claim); ok {
			s.gaps[i].missing = slices.Delete(s.gaps[i].missing, at, at+1)
		}
	}
	s.gaps = slices.DeleteFunc(s.gaps, func(g gap) bool { return len(g.missing) == 0 })
}

// confirm sets the codes of gaps aside that enough products have passed behind.
func (s *shift) confirm() []Effect {
	var effects []Effect
	for i := range s.gaps {
		s.gaps[i].behind++
	}
	for len(s.gaps) > 0 && s.gaps[0].behind > s.after {
		g := s.gaps[0]
		s.gaps = s.gaps[1:]
		effects = append(effects, OvertakenBefore{Claim: g.before, Cause: overtaken, Told: g.String()})
	}
	return effects
}

// overtaken is what the journal says of a code that was passed over.
const overtaken = "never read while the products behind it were"

// String explains a gap to a person; it is empty where the rejected products explain it.
func (g gap) String() string {
	n := len(g.missing)
	if n <= g.unread {
		return ""
	}
	where := "before " + code.Visible(g.to)
	if g.from != "" {
		where = fmt.Sprintf("between %s and %s", code.Visible(g.from), code.Visible(g.to))
	}
	text := fmt.Sprintf("%s %s never read: taken off the belt before the scanner, or not printed", plural(n, "code"), where)
	if g.unread > 0 {
		text += fmt.Sprintf("; %s there could not be read", plural(g.unread, "product"))
	}
	return text
}
