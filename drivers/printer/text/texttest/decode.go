package texttest

import (
	"bytes"
	"regexp"
	"strings"
)

var braces = regexp.MustCompile(`\{([a-z_]+)\}`)

// grammar recognises the frame of a label.
type grammar struct {
	whole *regexp.Regexp
	names []string
}

// newGrammar makes of "A{code}B" an expression: a value goes up to the first byte of what
// follows it.
func newGrammar(label string) grammar {
	var g grammar
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	last := 0
	for _, m := range braces.FindAllStringSubmatchIndex(label, -1) {
		b.WriteString(regexp.QuoteMeta(label[last:m[0]]))
		g.names = append(g.names, label[m[2]:m[3]])
		switch rest := label[m[1]:]; {
		case rest == "":
			b.WriteString(`(.*)`)
		case rest[0] == '{':
			b.WriteString(`(.*?)`)
		default:
			b.WriteString(`([^` + regexp.QuoteMeta(rest[:1]) + `]*)`)
		}
		last = m[1]
	}
	b.WriteString(regexp.QuoteMeta(label[last:]) + `\z`)
	g.whole = regexp.MustCompile(b.String())
	return g
}

// label reads a frame; false if it is none of a label.
func (g grammar) label(p Protocol, frame []byte) (Label, bool) {
	m := g.whole.FindSubmatch(frame)
	if m == nil {
		return Label{}, false
	}
	l := Label{Frame: bytes.Clone(frame), Values: map[string]string{}}
	for i, name := range g.names {
		written := string(m[i+1])
		switch {
		case name == "code":
			rest, led := strings.CutPrefix(written, p.FNC1)
			l.GS1 = led
			l.Code = []byte(Read(rest, p.Stands, p.GS))
		case p.CodeOnly:
			l.Values[name] = written
		default:
			l.Values[name] = Read(written, p.Stands, "")
		}
	}
	return l, true
}

// Read turns a value as written into what it stands for: the longest mark that fits, gs as GS.
func Read(written string, stands map[string]string, gs string) string {
	var out strings.Builder
	for written != "" {
		if gs != "" && strings.HasPrefix(written, gs) {
			out.WriteByte(0x1D)
			written = written[len(gs):]
			continue
		}
		mark := ""
		for w := range stands {
			if len(w) > len(mark) && strings.HasPrefix(written, w) {
				mark = w
			}
		}
		if mark == "" {
			out.WriteByte(written[0])
			written = written[1:]
			continue
		}
		out.WriteString(stands[mark])
		written = written[len(mark):]
	}
	return out.String()
}
