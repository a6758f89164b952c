package escape

import (
	"strings"
	"testing"

	"linemark/internal/code"
)

// all is the longest way a code can go: every character that one may hold, and two GS.
var all = code.Code(alphabet + "\x1d")

// escapes are all the ways out.
func escapes() map[string]func(code.Code) ([]byte, error) {
	x, err := NewXML("{GS}")
	if err != nil {
		panic(err)
	}
	return map[string]func(code.Code) ([]byte, error){
		"CSV": CSV, "CSVIzkm": CSVIzkm, "JSONString": JSONString, "XMLText": x.Text, "XMLAttr": x.Attr,
	}
}

func urls() map[string]func(code.Code) string {
	return map[string]func(code.Code) string{
		"URLCode": URLCode, "JSONGet": JSONGet, "URLParam": func(c code.Code) string { return URLParam(string(c)) },
	}
}

// An escape makes its answer and no other garbage.
func TestEscapesAllocateOnce(t *testing.T) {
	for name, f := range escapes() {
		for _, c := range []code.Code{all, code.Code(strings.Repeat("\x1d\"'<", 50))} {
			if n := testing.AllocsPerRun(100, func() { _, _ = f(c) }); n > 1 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}
	}
	for name, f := range urls() {
		if n := testing.AllocsPerRun(100, func() { _ = f(all) }); n > 1 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkEscape(b *testing.B) {
	const c = code.Code("010487021676000721qKkdi+S,'\"<&\x1d93U3g5")
	for name, f := range escapes() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, f := range urls() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f(c)
			}
		})
	}
}
