// Package sabotage breaks the product on purpose, one promise at a time, and wants the promise's own test
// to find it: a test that nothing can turn red defends nothing.
//
// A sabotage is a file list/<promise>-<name>.txt. Its first line says what it breaks, in words; then come
// the tests that must find it, and the places that are changed:
//
//	P1: codes that a printer had at the agent's end go back to the stock.
//	test: ./internal/ledger TestP1_CopyOfTheFilesGivesNothingTwice
//	-- internal/ledger/claim.go --
//	text that stands in this file exactly once
//	-- becomes --
//	what stands there instead
//
// A test has the promise in its name; a judge is shared by promises and says "P1: " when it finds one
// broken. Both are a package and an expression of -run. The end of a text's last line is no part of it. A
// place whose text is empty is a new file.
//
// The changes reach the compiler as an overlay, also in programs that the tests build themselves: no file of
// the tree is touched.
package sabotage

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"linemark/internal/proof/site"
)

// Sabotage is one change of the product that breaks one promise.
type Sabotage struct {
	Name    string // its file's, without the ending
	Promise string // P1 to P9
	Words   string // what it breaks
	Tests   []Test // all of them must find it
	Changes []site.Change
}

// Test is what must find a sabotage.
type Test struct {
	Package string // from the root of the module: ./internal/ledger
	Run     string // the expression of -run
	Judge   bool   // it has no promise in its name, and says which one is broken
}

func (t Test) String() string { return t.Package + " " + t.Run }

// becomes is the name of the part that has the new text.
const becomes = "becomes"

var firstLine = regexp.MustCompile(`^(P[1-9]): (\S.*\.)$`)

// List reads all sabotages in folder dir, in the order of their names.
func List(dir string) ([]Sabotage, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var all []Sabotage
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		s, err := parse(strings.TrimSuffix(filepath.Base(f), ".txt"), text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(f), err)
		}
		all = append(all, s)
	}
	return all, nil
}

func parse(name string, text []byte) (Sabotage, error) {
	s := Sabotage{Name: name}
	archive := txtar.Parse(text)
	lines := strings.Split(strings.TrimSpace(string(archive.Comment)), "\n")
	first := firstLine.FindStringSubmatch(lines[0])
	if first == nil {
		return s, fmt.Errorf("%q does not say which promise is broken, and how, as a sentence: P1: words", lines[0])
	}
	s.Promise, s.Words = first[1], first[2]
	if !strings.HasPrefix(name, s.Promise+"-") {
		return s, fmt.Errorf("it breaks %s, its name says otherwise", s.Promise)
	}
	for _, l := range lines[1:] {
		f := strings.Fields(l)
		if len(f) != 3 || f[0] != "test:" && f[0] != "judge:" || !strings.HasPrefix(f[1], "./") {
			return s, fmt.Errorf("%q is not test: or judge:, a package and an expression", l)
		}
		s.Tests = append(s.Tests, Test{Package: f[1], Run: f[2], Judge: f[0] == "judge:"})
	}
	for i, part := range archive.Files {
		body := strings.TrimSuffix(string(part.Data), "\n")
		switch {
		case (i%2 == 1) != (part.Name == becomes):
			return s, fmt.Errorf("part %d is %q: a file and what it %s stand by turns", i+1, part.Name, becomes)
		case i%2 == 0:
			s.Changes = append(s.Changes, site.Change{File: part.Name, Was: body})
		default:
			s.Changes[len(s.Changes)-1].Is = body
		}
	}
	if len(archive.Files)%2 == 1 || len(s.Changes) == 0 || len(s.Tests) == 0 {
		return s, fmt.Errorf("it has %d tests and %d parts", len(s.Tests), len(archive.Files))
	}
	return s, nil
}

// own says whether a test has the promise in its name: those that begin it, as in TestP1P2Kill.
func (s Sabotage) own(test string) bool {
	return slices.Contains(promises.FindAllString(beginning.FindString(test), -1), s.Promise)
}

var (
	beginning = regexp.MustCompile(`^Test(P[1-9])+`)
	promises  = regexp.MustCompile(`P[1-9]`)
)
