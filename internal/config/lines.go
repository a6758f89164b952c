package config

import (
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// positions maps every table, key and array element of a document to its line. A path is
// made with childPath and itemPath; the document itself has the empty path.
type positions map[string]int

// childPath quotes the key, since a quoted TOML key may hold dots and brackets.
func childPath(path, key string) string { return path + "." + strconv.Quote(key) }

func itemPath(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// lineScanner finds the lines of keys, which the TOML decoder does not tell. It reads only
// what the decoder has accepted, so it looks for no errors; on any text it comes to an end.
type lineScanner struct {
	text  string
	pos   int
	line  int
	lines positions
	items map[string]int // arrays of tables: elements so far
}

func keyLines(text string) positions {
	text = strings.TrimPrefix(text, "\ufeff")
	s := &lineScanner{text: text, line: 1, lines: positions{}, items: map[string]int{}}
	table := ""
	for s.blank(); !s.end(); s.blank() {
		if s.peek() == '[' {
			table = s.header()
		} else {
			s.keyValue(table)
		}
	}
	return s.lines
}

func (s *lineScanner) end() bool { return s.pos >= len(s.text) }

// peek returns the next byte, 0 at the end.
func (s *lineScanner) peek() byte {
	if s.end() {
		return 0
	}
	return s.text[s.pos]
}

func (s *lineScanner) skip(n int) {
	for ; n > 0 && !s.end(); n-- {
		if s.text[s.pos] == '\n' {
			s.line++
		}
		s.pos++
	}
}

// skipIf skips the byte if it is the next one.
func (s *lineScanner) skipIf(c byte) bool {
	if s.peek() != c || s.end() {
		return false
	}
	s.skip(1)
	return true
}

// until skips to the next byte of the set.
func (s *lineScanner) until(set string) {
	n := strings.IndexAny(s.text[s.pos:], set)
	if n < 0 {
		n = len(s.text) - s.pos
	}
	s.skip(n)
}

// blank skips white space, line ends and comments.
func (s *lineScanner) blank() {
	for {
		switch s.peek() {
		case ' ', '\t', '\r', '\n':
			s.skip(1)
		case '#':
			s.until("\n")
		default:
			return
		}
	}
}

func (s *lineScanner) space() {
	for s.peek() == ' ' || s.peek() == '\t' {
		s.skip(1)
	}
}

// header reads [a.b] or [[a.b]] and returns the path of the table that begins.
func (s *lineScanner) header() string {
	line := s.line
	s.skip(1)
	array := s.skipIf('[')
	keys := s.dottedKey()
	s.until("\n")

	last := len(keys) - 1
	path := s.into("", keys[:last], line)
	path = childPath(path, keys[last])
	if !array {
		s.lines[path] = line
		return path
	}
	s.mention(path, line)
	s.items[path]++
	path = itemPath(path, s.items[path]-1)
	s.lines[path] = line
	return path
}

// into follows keys; through an array of tables the way goes by its latest element.
func (s *lineScanner) into(path string, keys []string, line int) string {
	for _, key := range keys {
		path = childPath(path, key)
		s.mention(path, line)
		if n := s.items[path]; n > 0 {
			path = itemPath(path, n-1)
		}
	}
	return path
}

// mention gives a table its line for as long as no header of its own does.
func (s *lineScanner) mention(path string, line int) {
	if s.lines[path] == 0 {
		s.lines[path] = line
	}
}

func (s *lineScanner) keyValue(table string) {
	line := s.line
	keys := s.dottedKey()
	last := len(keys) - 1
	path := childPath(s.into(table, keys[:last], line), keys[last])
	s.lines[path] = line
	s.space()
	s.skipIf('=')
	s.space()
	s.value(path)
}

// dottedKey returns at least one key and consumes at least one byte.
func (s *lineScanner) dottedKey() []string {
	var keys []string
	for {
		s.space()
		keys = append(keys, s.key())
		s.space()
		if !s.skipIf('.') {
			return keys
		}
	}
}

func (s *lineScanner) key() string {
	start := s.pos
	if c := s.peek(); c == '"' || c == '\'' {
		s.quoted(c, 1)
		var k struct{ K string }
		if toml.Unmarshal([]byte("K = "+s.text[start:s.pos]), &k) == nil {
			return k.K
		}
	} else {
		s.until(" \t\r\n.=]#\"'")
		if s.pos == start {
			s.skip(1)
		}
	}
	return s.text[start:s.pos]
}

func (s *lineScanner) value(path string) {
	switch c := s.peek(); c {
	case '"', '\'':
		if strings.HasPrefix(s.text[s.pos:], strings.Repeat(string(c), 3)) {
			s.quoted(c, 3)
		} else {
			s.quoted(c, 1)
		}
	case '[':
		s.array(path)
	case '{':
		s.inlineTable(path)
	default: // a number, a date, true: none holds any of these bytes
		s.until(",]}#\n")
	}
}

// quoted skips a string with its quotes, n of them at each side. A string in three
// quotes may end in one or two quotes of its own.
func (s *lineScanner) quoted(quote byte, n int) {
	s.skip(n)
	closing := strings.Repeat(string(quote), n)
	for !s.end() {
		switch {
		case quote == '"' && s.peek() == '\\':
			s.skip(2)
		case strings.HasPrefix(s.text[s.pos:], closing):
			s.skip(n)
			for more := n - 1; more > 0 && s.skipIf(quote); more-- {
			}
			return
		default:
			s.skip(1)
		}
	}
}

func (s *lineScanner) array(path string) {
	s.skip(1)
	for i := 0; ; i++ {
		s.blank()
		if s.end() || s.skipIf(']') {
			return
		}
		s.lines[itemPath(path, i)] = s.line
		start := s.pos
		s.value(itemPath(path, i))
		s.blank()
		if !s.skipIf(',') && s.pos == start {
			s.skip(1)
		}
	}
}

func (s *lineScanner) inlineTable(path string) {
	s.skip(1)
	for {
		s.blank()
		if s.end() || s.skipIf('}') {
			return
		}
		s.keyValue(path)
		s.blank()
		s.skipIf(',')
	}
}
