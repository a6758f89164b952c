package config

import "strings"

// place is where in a document something stands or is missing.
type place struct {
	parent *place
	path   string // as in positions
	key    string // as shown to people: dotted, without indexes, since the line tells them apart
	item   bool   // an element of an array of tables
}

func (p *place) at(key string) *place {
	shown := key
	if !bare(key) {
		shown = `"` + key + `"`
	}
	if p.key != "" {
		shown = p.key + "." + shown
	}
	return &place{parent: p, path: childPath(p.path, key), key: shown}
}

func (p *place) element(i int) *place {
	return &place{parent: p, path: itemPath(p.path, i), key: p.key, item: true}
}

// header is how a person finds the table: its header line.
func (p *place) header() string {
	switch {
	case p.key == "":
		return "at the top of the file"
	case p.item:
		return "under [[" + p.key + "]]"
	default:
		return "under [" + p.key + "]"
	}
}

func bare(key string) bool {
	return key != "" && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// doc is one file being read: where its keys stand and what is wrong with them.
type doc struct {
	file     string
	lines    positions
	bad      map[string]bool // paths that have a problem: nothing more is said of their value
	secrets  []found         // in the order of the types
	problems Problems
}

// found is a secret's place in the file and in the Config.
type found struct {
	at   *place
	into *Secret
}

func newDoc(file string) *doc {
	if file == "" {
		file = "linemark.toml" // a text from memory
	}
	return &doc{file: file, bad: map[string]bool{}}
}

// add reports a problem at a place; an absent key takes the line of its table.
func (d *doc) add(at *place, what, hint string) {
	d.bad[at.path] = true
	d.problems = append(d.problems, Problem{
		File: d.file,
		Line: d.lines.of(at),
		Key:  at.key,
		What: what,
		Hint: hint,
	})
}

// ok says whether a key is in the file and nothing is wrong with it so far.
func (d *doc) ok(at *place) bool { return d.given(at) && !d.bad[at.path] }

func (d *doc) given(at *place) bool { return d.lines[at.path] != 0 }

// of returns the line of a place, or of what encloses it; 1 when the file has neither.
func (lines positions) of(at *place) int {
	for ; at != nil; at = at.parent {
		if n := lines[at.path]; n != 0 {
			return n
		}
	}
	return 1
}
