package config

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"pgregory.net/rapid"
)

func TestKeyLines(t *testing.T) {
	tests := []struct {
		name, text string
		want       positions
	}{
		{"empty", "", positions{}},
		{"key", "a = 1", positions{`."a"`: 1}},
		{"byte order mark", "\ufeffa = 1\r\nb = 2\r\n", positions{`."a"`: 1, `."b"`: 2}},
		{"dotted", "\na.b.c = 1\na.b.d = 2", positions{`."a"`: 2, `."a"."b"`: 2, `."a"."b"."c"`: 2, `."a"."b"."d"`: 3}},
		{"table after its sub-table", "[a.b]\n[a]\n", positions{`."a"`: 2, `."a"."b"`: 1}},
		{"array of tables", "[[a]]\nk = 1\n[a.s]\n[[a.t]]\n[[a.t]]\n[[a]]\n[[a.t]]\nk = 1", positions{
			`."a"`: 1, `."a"[0]`: 1, `."a"[0]."k"`: 2, `."a"[0]."s"`: 3,
			`."a"[0]."t"`: 4, `."a"[0]."t"[0]`: 4, `."a"[0]."t"[1]`: 5,
			`."a"[1]`: 6, `."a"[1]."t"`: 7, `."a"[1]."t"[0]`: 7, `."a"[1]."t"[0]."k"`: 8,
		}},
		{"text that looks like keys", "a = \"\"\"\nb = 1\n[c]\\\"\"\"\n\"\"\"\"\nd = '''\n[e]'''", positions{`."a"`: 1, `."d"`: 5}},
		{"array over lines", "a = [ # ]\n 1,\n # 2\n [ 'x]' ],\n]\nb = 1", positions{
			`."a"`: 1, `."a"[0]`: 2, `."a"[1]`: 4, `."a"[1][0]`: 4, `."b"`: 6,
		}},
		{"inline tables", "a = { b.c = [\n1, {d = 2}], 'e.f' = 3 }", positions{
			`."a"`: 1, `."a"."b"`: 1, `."a"."b"."c"`: 1, `."a"."b"."c"[0]`: 2,
			`."a"."b"."c"[1]`: 2, `."a"."b"."c"[1]."d"`: 2, `."a"."e.f"`: 2,
		}},
		{"quoted keys", "\"a\\u0062.]\" . 'c' = 1\n[ \"x=\" . y ] # [z]\n\"\" = 1", positions{
			`."ab.]"`: 1, `."ab.]"."c"`: 1, `."x="`: 2, `."x="."y"`: 2, `."x="."y".""`: 3,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := keyLines(tt.text); !maps.Equal(got, tt.want) {
				t.Errorf("keyLines(%q)\n got %v\nwant %v", tt.text, got, tt.want)
			}
		})
	}
}

// Every document that can be written has, for each key, the line it was written on.
func TestKeyLinesOfAnyDocument(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &writer{t: t, want: positions{}}
		g.document()
		text := g.b.String()
		var decoded map[string]any
		if err := toml.Unmarshal([]byte(text), &decoded); err != nil {
			t.Fatalf("the generator wrote no TOML: %v\n%s", err, text)
		}
		if got := keyLines(text); !maps.Equal(got, g.want) {
			t.Fatalf("got %v\nwant %v\n%s", got, g.want, text)
		}
	})
}

// FuzzKeyLines holds the scanner against the decoder: what one sees, the other has a line for.
// The scanner may know more, since the decoder lets a table take the place of an array.
func FuzzKeyLines(f *testing.F) {
	f.Add(string(example))
	f.Add("a.b = [1, {c = 2}]\n[a.b]")
	f.Add("a.b = [1, {c = '''\n'''}]\n[[d]]\n[d.e]\n[[d]]\n\"x\\\"\" = \"\"\"\\\"\"\"\"\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := keyLines(text) // comes to an end on any text
		table, problem := decode([]byte(text))
		if problem != nil || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
			return
		}
		want := positions{}
		pathsOf(table, "", want)
		last := 1 + strings.Count(text, "\n")
		for path := range want {
			if strings.Contains(path, `.""`) { // with an empty key the decoder forgets the elements before it
				return
			}
		}
		for path := range want {
			if got[path] < 1 || got[path] > last {
				t.Errorf("%s: line %d of %d", path, got[path], last)
			}
		}
	})
}

func pathsOf(v any, path string, into positions) {
	if path != "" {
		into[path] = 1
	}
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			pathsOf(e, childPath(path, key), into)
		}
	case []map[string]any:
		for i, e := range v {
			pathsOf(e, itemPath(path, i), into)
		}
	case []any:
		for i, e := range v {
			pathsOf(e, itemPath(path, i), into)
		}
	}
}

// writer writes a random document and remembers on which line each key went.
type writer struct {
	t    *rapid.T
	b    strings.Builder
	want positions
	keys int
}

func (w *writer) pick(from ...string) string { return rapid.SampledFrom(from).Draw(w.t, "text") }

func (w *writer) upTo(n int) int { return rapid.IntRange(0, n).Draw(w.t, "n") }

func (w *writer) put(s string) { w.b.WriteString(s) }

func (w *writer) line() int { return 1 + strings.Count(w.b.String(), "\n") }

func (w *writer) mention(path string) {
	if w.want[path] == 0 {
		w.want[path] = w.line()
	}
}

// key returns a new key as written and as meant.
func (w *writer) key() (written, meant string) {
	w.keys++
	forms := [][2]string{
		{"k%d", "k%d"}, {"%d", "%d"}, {"-_%d", "-_%d"}, {`"k.%d"`, "k.%d"}, {"'k]#=%d'", "k]#=%d"},
		{`"k\"\t%d"`, "k\"\t%d"}, {`"\u006B\\%d é"`, `k\%d é`}, {`'\%d"'`, `\%d"`},
	}
	form := forms[w.upTo(len(forms)-1)]
	return fmt.Sprintf(form[0], w.keys), fmt.Sprintf(form[1], w.keys)
}

func (w *writer) document() {
	w.put(w.pick("", "\ufeff", "# [x]\n\n", "\r\n"))
	w.body("")
	for range w.upTo(3) {
		if written, meant := w.key(); w.upTo(1) == 0 {
			w.table(written, childPath("", meant))
		} else {
			w.array(written, childPath("", meant), 2)
		}
	}
}

func (w *writer) table(written, path string) {
	if w.upTo(1) == 0 { // a sub-table before its table
		subWritten, subMeant := w.key()
		w.header("[", written+" . "+subWritten, "]")
		w.want[childPath(path, subMeant)] = w.line() - 1
		w.body(childPath(path, subMeant))
	}
	w.header("[", written, "]")
	w.want[path] = w.line() - 1
	w.body(path)
}

func (w *writer) array(written, path string, depth int) {
	for i := range 1 + w.upTo(2) {
		w.mention(path)
		w.want[itemPath(path, i)] = w.line()
		w.header("[[", written, "]]")
		w.body(itemPath(path, i))
		if depth == 0 || w.upTo(1) == 0 {
			continue
		}
		subWritten, subMeant := w.key()
		w.array(written+"."+subWritten, childPath(itemPath(path, i), subMeant), depth-1)
		subWritten, subMeant = w.key()
		w.want[childPath(itemPath(path, i), subMeant)] = w.line()
		w.header("[", written+"."+subWritten, "]")
		w.body(childPath(itemPath(path, i), subMeant))
	}
}

// header ends its line, so what it names stands on the line before.
func (w *writer) header(open, name, closing string) {
	w.put(w.pick("", " ", "\t") + open + w.pick("", " ") + name + w.pick("", "\t") + closing)
	w.put(w.pick("\n", " # ]]\n", " \r\n"))
}

func (w *writer) body(path string) {
	for range w.upTo(3) {
		w.put(w.pick("", "  ", "\n", "# k = '''\n", "\t"))
		w.keyValue(path, 2)
		w.put(w.pick("\n", " # \"\n", "\r\n", "\n\n"))
	}
}

func (w *writer) keyValue(path string, depth int) {
	written, meant := w.key()
	w.put(written)
	path = childPath(path, meant)
	w.want[path] = w.line()
	if w.upTo(3) == 0 {
		written, meant = w.key()
		w.put(w.pick(".", " . ") + written)
		path = childPath(path, meant)
		w.want[path] = w.line()
	}
	w.put(w.pick("=", " = ", "\t="))
	w.value(path, depth)
}

func (w *writer) value(path string, depth int) {
	kind := w.upTo(5)
	switch {
	case kind == 0 && depth > 0:
		w.put("[" + w.gap())
		n := w.upTo(3)
		for i := range n {
			w.want[itemPath(path, i)] = w.line()
			w.value(itemPath(path, i), depth-1)
			w.put(w.gap())
			if i < n-1 || w.upTo(1) == 0 {
				w.put("," + w.gap())
			}
		}
		w.put("]")
	case kind == 1 && depth > 0:
		w.put("{" + w.pick("", " "))
		for i := range w.upTo(3) {
			if i > 0 {
				w.put(w.pick(",", " , "))
			}
			w.keyValue(path, depth-1)
		}
		w.put(w.pick("", " ") + "}")
	default:
		w.put(w.pick("1", "-0.5e3", "0xFF", "true", "1979-05-27 07:32:00", "1979-05-27T07:32:00Z", "07:32:00", "nan",
			`""`, "''", `"a # = [b]"`, `'[x]\'`, `"\"q\" \\"`, `"'''"`,
			"\"\"\"\nx = 1\n[t]\n\"\"\"", "'''a\n\"\"\"\n'''", `"""a"""""`, "\"\"\"\\\n  b\\\\\"\"\"",
			"\"\"\"\\\"\"\"\n\"\"\"", "'''\n'a' '' \\'''", "\"\"\"\"\"\"", "''''''"))
	}
}

// gap is what may stand between the elements of an array.
func (w *writer) gap() string { return w.pick("", " ", "\n", " # ], '''\n\t", "\r\n") }
