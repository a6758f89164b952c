package words

import (
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// room is a folder whose sentences end up before people.
type room struct {
	folder string
	// without are files whose sentences only commands and the log speak.
	without string
	// errors says that every error of the room may be shown, not only those that it tells a person.
	errors bool
}

var rooms = []room{
	// account.go and account_compare.go put their sentences together out of parts: TestSay has them whole.
	{"../line", "account.go account_compare.go", true},
	{"../supply", "", true},
	{"../report", "", true},
	{"../office", "", true},
	{"../rights", "", true},
	{"../shipping", "", true},
	{"../retry", "", true},
	{"../agent", "takeover.go recover.go izkm.go access.go record.go", true},
	{"../page", "", true},
	{"../web", "look.go shell.go shipping.go trend.go web.go", true},
	{"../ledger", "archive_file.go archive_pack.go archive_read.go archive_select.go backup.go backup_archives.go chain.go copying.go log.go migrate.go moved.go prove.go prove_error.go prove_gap.go prove_shelf.go restore.go takeover.go", false},
}

// Nobody adds a sentence to these rooms without its translation.
func TestEverySentenceIsTranslated(t *testing.T) {
	for _, r := range rooms {
		found := sentencesOf(t, r)
		if len(found) == 0 {
			t.Errorf("%s speaks no sentence: has it moved?", r.folder)
		}
		for _, s := range found {
			if left := untranslated(s.text); len(left) > 0 {
				t.Errorf("%s: no pattern of en.txt has %q (left over: %q)", s.at, s.text, left)
			}
		}
	}
}

// untranslated returns what of a sentence no pattern has.
func untranslated(sentence string) []string {
	var left []string
	Of("ru").lines(sentence, func(part string) {
		if worded(part) && part != "shipment.json" {
			left = append(left, part)
		}
	})
	return left
}

// worded says whether a text has a word in it.
func worded(text string) bool { return strings.ContainsFunc(text, unicode.IsLetter) }

// sentence is one found in the source.
type sentence struct{ at, text string }

// told are functions and methods that tell a person something, and which of their arguments do: from 0, or from
// the end when below it.
var told = map[string][]int{
	"stopLine": {1}, "spoil": {0}, "fence": {0}, "no": {1}, "refused": {1}, "rejected": {1}, "lost": {0}, "reply": {-1, -2},
	"alarm": {-1}, "Alarm": {-1}, "alarmed": {0}, "doing": {0}, "does": {0}, "giveUp": {-1}, "quarantine": {-1}, "insist": {2},
	"failed": {0, 1}, "trouble": {1, 2}, "refuse": {3, 4}, "Refused": {3, 4}, "showLogin": {4}, "asInput": {1}, "oneRow": {2}, "newHandheld": {1},
	"event": {1}, "note": {-1}, "move": {-1}, "journal": {-1}, "doubtAll": {1}, "aside": {-1}, "Aside": {-1}, "SetOrder": {-1}, "MoveReport": {-1},
}

// shown are fields and variables whose text is shown.
var shown = strings.Fields("Why why cause Cause against said Said Note Trouble Doing Told Aside Hint What reason Reason away text what stop Error")

func sentencesOf(t *testing.T, r room) []sentence {
	t.Helper()
	set, files := sources(t, r.folder)
	outer := constants{}
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				outer.declare(g, nil)
			}
		}
	}
	var all []sentence
	for name, f := range files {
		if slices.Contains(strings.Fields(r.without), filepath.Base(name)) {
			continue
		}
		for _, d := range f.Decls {
			s := search{room: r, known: outer, set: set}
			if fn, ok := d.(*ast.FuncDecl); ok {
				s.fn = fn.Name.Name
				s.known = outer.within(fn)
			}
			ast.Inspect(d, func(n ast.Node) bool {
				s.look(n)
				return true
			})
			all = append(all, s.found...)
		}
	}
	slices.SortFunc(all, func(a, b sentence) int { return strings.Compare(a.at+a.text, b.at+b.text) })
	return slices.Compact(all)
}

// search looks through one declaration.
type search struct {
	room  room
	fn    string // the function's name; empty outside of functions
	known constants
	set   *token.FileSet
	found []sentence
}

func (s *search) take(e ast.Expr) {
	text := s.known.text(e)
	if rest := strings.TrimLeft(text, place); rest != "" && unicode.IsLetter(rune(rest[0])) {
		text = rest // the rest of a sentence that begins in a variable
	}
	if worded(text) {
		at := s.set.Position(e.Pos())
		s.found = append(s.found, sentence{fmt.Sprintf("%s:%d", filepath.ToSlash(at.Filename), at.Line), text})
	}
}

func (s *search) look(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		s.call(n)
	case *ast.CompositeLit:
		s.composite(n)
	case *ast.AssignStmt:
		if len(n.Lhs) == len(n.Rhs) {
			for i, to := range n.Lhs {
				if slices.Contains(shown, lastName(to)) {
					s.take(n.Rhs[i])
				}
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i >= len(n.Values) {
				continue
			}
			if slices.Contains(shown, name.Name) {
				s.take(n.Values[i])
			}
			if list, ok := n.Values[i].(*ast.CompositeLit); ok && strings.HasSuffix(name.Name, "Words") {
				for _, e := range list.Elts {
					s.take(e)
				}
			}
		}
	case *ast.ReturnStmt:
		if s.room.errors && s.fn != "plural" || s.fn == "Error" {
			for _, e := range n.Results {
				if text := s.known.text(e); strings.Contains(strings.TrimSpace(text), " ") {
					s.take(e)
				}
			}
		}
	}
}

func (s *search) call(c *ast.CallExpr) {
	name := lastName(c.Fun)
	argument := func(at int) {
		if at < 0 {
			at += len(c.Args)
		}
		if at >= 0 && at < len(c.Args) {
			s.take(c.Args[at])
		}
	}
	for _, at := range told[name] {
		argument(at)
	}
	switch of, _ := c.Fun.(*ast.SelectorExpr); {
	case name == "set" && len(c.Args) == 3:
		argument(2)
	case name == "add" && of != nil && lastName(of.X) == "alarms":
		argument(1)
	case name == "New" && of != nil && lastName(of.X) == "errors":
		argument(0)
	case name == "Errorf" && s.room.errors:
		s.take(c)
	case name == "input" && len(c.Args) > 1: // of shipping: the hint, then a format
		argument(0)
		formatted := *c
		formatted.Args = c.Args[1:]
		formatted.Fun = ast.NewIdent("Sprintf")
		s.take(&formatted)
	}
}

func (s *search) composite(c *ast.CompositeLit) {
	name := lastName(c.Type)
	for i, e := range c.Elts {
		switch e := e.(type) {
		case *ast.KeyValueExpr:
			if key := lastName(e.Key); slices.Contains(shown, key) || key == "Text" && name == "Alarm" {
				s.take(e.Value)
			}
		default:
			if name == "InputError" || name == "StateError" && i == 0 || c.Type == nil && s.room.folder == "../office" && i > 1 {
				s.take(e)
			}
		}
	}
}
