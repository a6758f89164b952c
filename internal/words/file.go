package words

import (
	"fmt"
	"strings"
)

// line is one line of a file.
type line struct {
	key  string
	text template
}

// parse reads a file: `key = text`, comments that begin with #, and blank lines.
func parse(file string) ([]line, error) {
	var all []line
	seen := map[string]bool{}
	for i, one := range strings.Split(file, "\n") {
		one = strings.TrimSuffix(one, "\r")
		if blank := strings.TrimSpace(one); blank == "" || blank[0] == '#' {
			continue
		}
		key, text, ok := strings.Cut(one, " = ")
		if !ok || !keyed(key) || strings.TrimSpace(text) == "" {
			return nil, fmt.Errorf("line %d is none of key = text", i+1)
		}
		if seen[key] {
			return nil, fmt.Errorf("line %d: %s stands there a second time", i+1, key)
		}
		seen[key] = true
		t, err := parseTemplate(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		all = append(all, line{key, t})
	}
	return all, nil
}

// keyed says whether a text is a key: words of small letters, digits and underscores with dots between.
func keyed(text string) bool {
	for _, word := range strings.Split(text, ".") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
	}
	return true
}

// template is a text taken apart: literals[0] {places[0]} literals[1] {places[1]} ... literals[n].
type template struct {
	literals []string
	places   []int
}

// parseTemplate takes a text apart. A brace that begins no {digit} is itself.
func parseTemplate(text string) (template, error) {
	var t template
	from := 0
	for i := 0; i+2 < len(text); i++ {
		if text[i] != '{' || text[i+1] < '0' || text[i+1] > '9' || text[i+2] != '}' {
			continue
		}
		if i == from && len(t.places) > 0 {
			return t, fmt.Errorf("nothing stands between two places in %q", text)
		}
		t.literals = append(t.literals, text[from:i])
		t.places = append(t.places, int(text[i+1]-'0'))
		from = i + 3
		i += 2
	}
	t.literals = append(t.literals, text[from:])
	return t, nil
}

// fill writes the text with args in its places; a place without one stays.
func (t template) fill(args []string) string {
	var b strings.Builder
	for i, place := range t.places {
		b.WriteString(t.literals[i])
		if place < len(args) {
			b.WriteString(args[place])
		} else {
			fmt.Fprintf(&b, "{%d}", place)
		}
	}
	b.WriteString(t.literals[len(t.places)])
	return b.String()
}
