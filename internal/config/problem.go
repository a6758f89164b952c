package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration file.
type Problem struct {
	File string // as the user named it
	Line int    // of the key, or of its table's header when the key is absent; the first line is 1
	Key  string // in dotted form, such as printer.address
	What string // what is wrong, in one clause; never the value of a secret
	Hint string // what to do, in one clause

	// Printer names the printer whose label is wrong: its station stays stopped, and the rest can
	// run. It is empty for what keeps the agent from starting.
	Printer string
	// Secret says that a secret could not be had: what calls nobody outside can do without it.
	Secret bool
}

// String returns FILE:LINE: KEY: what is wrong (hint: what to do), always one line.
func (p Problem) String() string {
	return oneLine(fmt.Sprintf("%s:%d: %s: %s (hint: %s)", p.File, p.Line, p.Key, p.What, p.Hint))
}

// Problems are all problems of a file in the order of its lines. Parse, Load and
// Reachable return at least one or none at all.
type Problems []Problem

// Error returns one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Blocking returns those that keep the agent from starting.
func (ps Problems) Blocking() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Printer != "" })
}

// sorted orders the problems by line and leaves out repetitions.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key), cmp.Compare(a.What, b.What))
	})
	return slices.CompactFunc(ps, func(a, b Problem) bool {
		return a.Line == b.Line && a.Key == b.Key && a.What == b.What
	})
}

// oneLine keeps a quoted key or a system's message from breaking the line or the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
