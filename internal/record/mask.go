package record

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"linemark/internal/code"
)

// mask replaces the check parts of marking codes: without them nobody can print the code. In place of
// a check part stand as many characters that were made from it with a key that nobody keeps. So two
// equal ones stay equal, and the others different.
type mask struct {
	key   []byte
	codes []Codes
}

func newMask() *mask {
	key := make([]byte, sha256.Size)
	rand.Read(key) //nolint:errcheck // it never fails
	return &mask{key: key}
}

// learn takes over what codes look like.
func (m *mask) learn(about About) {
	for _, c := range about.Codes {
		if !slices.ContainsFunc(m.codes, func(o Codes) bool { return reflect.DeepEqual(o, c) }) {
			m.codes = append(m.codes, c)
		}
	}
}

const standIns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// standIn is what stands in place of a secret, byte for byte.
func (m *mask) standIn(secret []byte) []byte {
	h := hmac.New(sha256.New, m.key)
	out := make([]byte, 0, len(secret))
	for block := byte(0); len(out) < len(secret); block++ {
		h.Reset()
		h.Write([]byte{block})
		h.Write(secret)
		for _, b := range h.Sum(nil) {
			out = append(out, standIns[int(b)%len(standIns)])
		}
	}
	return out[:len(secret)]
}

// span is a part of a text that must not be seen.
type span struct{ from, to int }

// apply returns the text with stand-ins; it may be b itself.
func (m *mask) apply(b []byte, spans []span) []byte {
	if len(spans) == 0 {
		return b
	}
	out := bytes.Clone(b)
	for _, s := range spans {
		copy(out[s.from:s.to], m.standIn(b[s.from:s.to]))
	}
	return out
}

// text masks a text in which codes stand as they are, as code.Visible shows them, or as a device or
// a URL takes them.
func (m *mask) text(b []byte) []byte { return m.apply(b, m.find(b)) }

const (
	identAt    = len("01") + code.GTINLength + len("21") // where the serial number begins
	mostApart  = 8                                       // bytes between serial number and check part, whatever stands for GS
	mostBloat  = 64                                      // and when characters of the serial number were escaped
	leastCheck = 4                                       // no check part is shorter
)

// find returns the check parts in b. What may be one and cannot be told is taken for one.
func (m *mask) find(b []byte) (spans []span) {
	add := func(s span) {
		if s.to > s.from {
			spans = append(spans, s)
		}
	}
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '0' && startsIdent(b[i:]):
			to := 0
			for _, s := range m.behindIdent(b, i) {
				add(s)
				to = max(to, s.to)
			}
			if to > i {
				i = to - 1
			} else {
				i += identAt - 1
			}
		case b[i] == '\\' || b[i] == '{' || b[i] == code.GS:
			for _, gs := range []string{"\x1d", "{GS}", `\u001d`, `\u001D`, `\x1D`, `\x1d`} {
				if bytes.HasPrefix(b[i:], []byte(gs)) {
					add(behindGS(b, i+len(gs)))
				}
			}
		case digit(b[i]) && (i == 0 || !digit(b[i-1])):
			add(m.withoutAIs(b, i))
		}
	}
	return spans
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// plain says whether a code's own characters are of this kind.
func plain(b byte) bool { return b > ' ' && b < 0x7f && strings.IndexByte(code.Set82, b) >= 0 }

// startsIdent says whether the identification code of a code with identifiers may begin here.
func startsIdent(b []byte) bool {
	return len(b) > identAt && b[1] == '1' && allDigits(b[2:identAt-2]) && b[identAt-2] == '2' && b[identAt-1] == '1'
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if !digit(c) {
			return false
		}
	}
	return true
}

// behindIdent finds the check part of the code at i: as the codes of its product are made, else as any
// others are, else in whatever stands behind what may be its identification code.
func (m *mask) behindIdent(b []byte, i int) []span {
	gtin := string(b[i+2 : i+identAt-2])
	end := i + identAt
	for end < len(b) && end-i < 3*mostBloat && (plain(b[end]) || b[end] == code.GS) {
		end++
	}
	least, own := mostBloat, false // own: what its product's codes look like is known
	for _, of := range []string{gtin, ""} {
		var kinds []Codes
		for _, c := range m.codes {
			if c.AIs && c.GTIN == of {
				kinds = append(kinds, c)
			}
		}
		for _, most := range []int{mostApart, mostBloat} {
			var longest []span
			for _, c := range kinds {
				if s := tailAt(b, i+identAt+c.Serial, c.Tail, most); len(s) > 0 && (longest == nil || s[len(s)-1].to > longest[len(longest)-1].to) {
					longest = s
				}
			}
			if longest != nil {
				return longest
			}
		}
		for _, c := range kinds {
			if end == i+identAt+c.Serial {
				return nil // an identification code and nothing else
			}
			if of == gtin || !own {
				least = min(least, c.Serial)
			}
			own = own || of == gtin
		}
	}
	if least == mostBloat {
		least = 1 // nothing is known
	}
	if from := i + identAt + least; end-from >= leastCheck {
		return []span{{from, end}}
	}
	return nil
}

// tailAt finds the fields of a check part behind at, each after something that stands for GS.
func tailAt(b []byte, at int, fields []Tail, most int) []span {
	var spans []span
	from := at
	for n, f := range fields {
		found := false
		for apart := 0; apart <= most && !found; apart++ {
			value := at + apart + len(f.AI)
			if value+f.Length > len(b) {
				break
			}
			if apart > 0 && b[at+apart-1] <= ' ' && b[at+apart-1] != code.GS {
				break // a blank or a control character ends what a device is told
			}
			if found = string(b[at+apart:value]) == f.AI && allPlain(b[value:value+f.Length]); found {
				if at = value + f.Length; n > 0 || apart <= mostApart {
					from = value
				}
			}
		}
		if !found {
			return nil
		}
		if n == len(fields)-1 {
			for at < len(b) && at-from < 2*mostBloat && goesOn(b[at]) {
				at++ // escaped characters make it longer
			}
		}
		spans = append(spans, span{from, at})
		from = at
	}
	return spans
}

// goesOn says whether what follows a check part may still be of it, since characters in it were escaped.
func goesOn(b byte) bool {
	return digit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || strings.IndexByte("+/=%&;#_", b) >= 0
}

func allPlain(b []byte) bool {
	for _, c := range b {
		if !plain(c) {
			return false
		}
	}
	return true
}

// behindGS finds a field of a check part behind a separator, whatever stands before that.
func behindGS(b []byte, at int) span {
	for _, ai := range []string{"91", "92", "93", "94", "95", "96", "97", "98", "99", "8005"} {
		if !bytes.HasPrefix(b[at:], []byte(ai)) {
			continue
		}
		from := at + len(ai)
		to := from
		for to < len(b) && to-from < 90 && goesOn(b[to]) {
			to++
		}
		if to-from >= leastCheck {
			return span{from, to}
		}
	}
	return span{}
}

// withoutAIs finds the check part of a code without identifiers: only those of known products, since
// such a code looks like any number.
func (m *mask) withoutAIs(b []byte, i int) span {
	for _, c := range m.codes {
		if c.AIs || c.GTIN == "" || len(c.Tail) == 0 || !bytes.HasPrefix(b[i:], []byte(c.GTIN)) {
			continue
		}
		from := i + len(c.GTIN) + c.Serial
		to := from
		for to < len(b) && to-from < mostBloat && (to-from < c.Tail[0].Length && plain(b[to]) || goesOn(b[to])) {
			to++
		}
		if to-from >= leastCheck {
			return span{from, to}
		}
	}
	return span{}
}

// json masks every text of a JSON document, also of the beginning of one.
func (m *mask) json(b []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(b); i++ {
		if b[i] != '"' {
			continue
		}
		end := i + 1
		for end < len(b) && b[end] != '"' {
			if b[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(b) {
			return append(append(out, b[done:i]...), m.text(b[i:])...) // cut off in the middle
		}
		var s string
		if json.Unmarshal(b[i:end+1], &s) != nil || !utf8.ValidString(s) {
			s = string(b[i+1 : end])
		}
		if masked := m.inner(s); masked != s {
			out = AppendText(append(out, b[done:i]...), masked)
			done = end + 1
		}
		i = end
	}
	return append(out, b[done:]...)
}

// inner masks a text of a document, which may be a document itself.
func (m *mask) inner(s string) string {
	if t := strings.TrimSpace(s); strings.HasPrefix(t, "{") && strings.Contains(t, `"`) || strings.HasPrefix(t, "[") {
		return string(m.json([]byte(s)))
	}
	return string(m.text([]byte(s)))
}

// record masks a record that has all of its bytes in itself.
func (m *mask) record(r Record) Record {
	switch r.Kind {
	case KindMark, KindCall, KindState, KindStep:
		r.Data = m.json(r.Data)
	case KindFault:
		r.Data = m.text(r.Data)
	}
	return r
}

// AppendText appends a text to a JSON document.
func AppendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
