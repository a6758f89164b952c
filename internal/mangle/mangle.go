// Package mangle tells what happened to a code on its way to us: which terminal, spreadsheet,
// keyboard or reader made which bytes of it. It explains to people. Nothing is ever mended by
// it: a code that was mangled is not the code.
package mangle

import (
	"linemark/internal/code"
)

// Finding is one thing that happened to a code.
type Finding struct {
	What string // what is seen, and where
	Who  string // who does so
	Do   string // what to do about it
}

// mishap is one known way to mangle a code. undo returns what the code was before, if this
// mishap can have happened to it.
type mishap struct {
	undo func(code.Code) (was code.Code, found Finding, ok bool)
}

// depth is how many mishaps one after another are tried.
const depth = 4

// tries bounds the work on one code.
const tries = 500

// longest is the length of a text that is looked at, in bytes: a code in hexadecimal form has 300.
const longest = 400

// Explain looks for the fewest known mishaps that may have made c of a code that fits. None
// are found for a code that fits already, and for one that nothing known explains: then ok is
// false, except for findings that say that the code is lost.
func Explain(c code.Code, fits func(code.Code) bool) (was code.Code, found []Finding, ok bool) {
	if fits(c) {
		return c, nil, false
	}
	if len(c) > longest {
		return "", nil, false
	}
	if f, lost := beyond(c); lost {
		return "", []Finding{f}, false
	}
	if f, two := joined(c, fits); two {
		return "", []Finding{f}, false
	}
	type state struct {
		code  code.Code
		found []Finding
	}
	seen := map[code.Code]bool{c: true}
	level := []state{{code: c}}
	for range depth {
		var next []state
		for _, s := range level {
			for _, m := range mishaps {
				was, f, ok := m.undo(s.code)
				if !ok || seen[was] {
					continue
				}
				if len(seen) > tries {
					return "", nil, false
				}
				seen[was] = true
				all := append(append([]Finding(nil), s.found...), f)
				if fits(was) {
					return was, all, true
				}
				next = append(next, state{was, all})
			}
		}
		level = next
	}
	return "", nil, false
}

// mishaps are all that are known, those that happen around a code first: the fewest are
// looked for, and of equally many the first.
var mishaps = func() []mishap {
	all := []mishap{{blanks}, {quotes}, {textMark}, {identifier}, {leadingMark}, {brackets}, {jsonEscapes}, {urlEscapes}, {xmlEscapes},
		{layout}, {lookalikes}, {leadingZero}, {base64Text}, {hexText}}
	for _, s := range standIns {
		all = append(all, mishap{s.undo})
	}
	return all
}()
