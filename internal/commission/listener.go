package commission

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
	"linemark/internal/code"
	"linemark/internal/config"
	flight "linemark/internal/record"
)

// listener judges what comes from a scanner: its bytes, and what its driver makes of them.
type listener struct {
	reader  *reader
	device  config.Device
	options map[string]any
	result  ScannerResult

	told    map[string]bool
	bytes   int // that came in all
	odd     int // of them no text
	nuls    int
	burst   []byte // since the last silence
	began   int    // readings before it
	since   time.Time
	judged  bool
	last    code.Code // of the last reading
	lastAt  time.Time
	doubles []time.Duration
}

// ScannerResult is what a test of a scanner found.
type ScannerResult struct {
	Frames  int // readings of any kind
	Good    int // whole codes
	NoReads int
	Bad     int      // readings that are neither
	Advice  []Advice // that something must be put right
	Notes   []Advice // worth knowing
}

// Passed says whether the scanner may be used as it is set.
func (r ScannerResult) Passed() bool { return r.Good > 0 && len(r.Advice) == 0 }

func (l *listener) advise(all ...Advice) (fresh []Advice) {
	for _, a := range all {
		if l.told[a.Key] {
			continue
		}
		l.told[a.Key] = true
		fresh = append(fresh, a)
		if a.Note {
			l.result.Notes = append(l.result.Notes, a)
		} else {
			l.result.Advice = append(l.result.Advice, a)
		}
	}
	return fresh
}

// heard takes in bytes as they came.
func (l *listener) heard(at time.Time, b []byte) {
	if at.Sub(l.since) > settled || l.judged {
		l.burst, l.began, l.judged = nil, l.result.Frames, false
	}
	l.since = at
	l.burst = append(l.burst, b...)
	l.bytes += len(b)
	for _, c := range b {
		if c == 0 {
			l.nuls++
		}
		if c > '~' || c < ' ' && flight.Control(c) == "" {
			l.odd++
		}
	}
}

// settled is how long after the last byte a frame must have ended.
const settled = 400 * time.Millisecond

// twice is how soon the same code again is the same product again.
const twice = 500 * time.Millisecond

// scan judges one reading, and returns what it is in words.
func (l *listener) scan(at time.Time, s drivers.Scan) (lines []string, advice []Advice) {
	l.result.Frames++
	c := code.Code(s.Code)
	switch {
	case s.NoRead:
		l.result.NoReads++
		return []string{"no-read: the reader saw a product and no code"}, nil
	case s.Bad != "":
		l.result.Bad++
		return []string{"bad: " + s.Bad}, l.advise(l.bad(s)...)
	}
	m := l.reader.of(c)
	if m.good {
		l.result.Good++
	} else {
		l.result.Bad++
	}
	lines = append(lines, "code "+code.Visible(c), "     "+m.text)
	if beside := beside(s); beside != "" {
		lines = append(lines, "     "+beside)
	}
	all := append(m.advice, l.symbol(s, m)...)
	if c == l.last && at.Sub(l.lastAt) < twice {
		l.doubles = append(l.doubles, at.Sub(l.lastAt))
		lines = append(lines, fmt.Sprintf("     the same code again, %d ms after the last", at.Sub(l.lastAt).Milliseconds()))
		all = append(all, l.double())
	}
	l.last, l.lastAt = c, at
	return lines, l.advise(all...)
}

func beside(s drivers.Scan) string {
	var parts []string
	if name, _, known := reading.Symbology(s.AIM); known {
		parts = append(parts, "AIM "+s.AIM+" "+name)
	} else if s.AIM != "" {
		parts = append(parts, "AIM "+s.AIM)
	}
	if s.Grade != "" {
		parts = append(parts, "grade "+s.Grade)
	}
	if s.Place != "" {
		parts = append(parts, "place "+s.Place)
	}
	if s.More {
		parts = append(parts, "another code of the same frame follows")
	}
	return strings.Join(parts, ", ")
}

// symbol judges the kind of symbol that a code came in.
func (l *listener) symbol(s drivers.Scan, m meaning) []Advice {
	_, gs1, known := reading.Symbology(s.AIM)
	switch {
	case !m.good || !m.ais:
		return nil
	case s.AIM == "" && l.option("aim") != reading.None:
		return []Advice{{Key: "no aim", Note: true, What: "the reader sends no AIM identifier, so a symbol of the wrong kind is not seen",
			Do: `switch on "transmit AIM identifier" in it and set aim = "require"`}}
	case known && !gs1:
		return []Advice{{Key: "plain symbol", What: s.AIM + " on a GS1 code: the symbol has no leading FNC1, and the check station refuses it",
			Do: "set the printer's label to write a GS1 symbol (see the printer's gs1 and fnc1 settings); plain_symbol = true at the station lets it pass"}}
	}
	return nil
}

func (l *listener) option(key string) string {
	s, _ := l.options[key].(string)
	return s
}

// double advises on readings that come twice.
func (l *listener) double() Advice {
	return Advice{Key: "double", What: fmt.Sprintf("the same code came twice, %d ms apart", l.doubles[0].Milliseconds()),
		Do: fmt.Sprintf("set the reader to read each product once; if it cannot, duplicate_window = \"%dms\"", (l.doubles[0].Milliseconds()/50+1)*100)}
}

// bad advises on a frame that the driver refuses.
func (l *listener) bad(s drivers.Scan) []Advice {
	if l.option("aim") == reading.Require && !bytes.HasPrefix(s.Raw, []byte("]")) {
		return []Advice{{Key: "aim", What: `aim = "require", and the reader sends no AIM identifier: the frame begins ` + quoted(string(s.Raw[:min(3, len(s.Raw))])),
			Do: `switch on "transmit AIM identifier" in it, or set aim = "optional"`}}
	}
	if l.told["terminator"] || l.told["garbage"] {
		return nil
	}
	if l.unended(s.Raw) {
		return []Advice{l.terminator(s.Raw)}
	}
	return []Advice{{Key: "bad " + s.Bad, What: "the reader's frame " + quoted(string(s.Raw)) + " is bad", Do: s.Bad}}
}

// ends is what ends a frame by the settings.
func (l *listener) ends() string {
	if t := l.option("terminator"); t != "" {
		b := make([]byte, 0, len(t))
		for _, r := range t { // a character up to U+00FF means that one byte
			b = append(b, byte(r))
		}
		return string(b)
	}
	return "\r\n"
}

// unended says whether a burst does not end as a frame ends.
func (l *listener) unended(burst []byte) bool {
	const lineEnds = "\r\n\x03\x00"
	ends := l.ends()
	if strings.Trim(ends, lineEnds) == "" {
		return !strings.ContainsAny(string(burst[max(0, len(burst)-1):]), lineEnds)
	}
	return !bytes.HasSuffix(burst, []byte(ends))
}

// terminator advises on frames that do not end.
func (l *listener) terminator(burst []byte) Advice {
	seen := burst[len(bytes.TrimRightFunc(burst, func(r rune) bool { return r != code.GS && !strings.ContainsRune(code.Set82, r) })):]
	a := Advice{Key: "terminator", What: fmt.Sprintf("bytes come and no frame ends: the frames end with %s, and terminator is %s", quoted(string(seen)), setting(l.ends())),
		Do: "set terminator = " + setting(seen)}
	switch {
	case len(seen) == 0:
		a.What = fmt.Sprintf("bytes come and no frame ends: the reader sends nothing behind the code, and terminator is %s", setting(l.ends()))
		a.Do = "set the reader's suffix to CR LF"
	case l.reader.takes != nil && l.reader.takes("terminator", text(seen)) != nil:
		a.Do = "set the reader's suffix to CR LF"
	}
	return a
}

// quiet looks at what came before a silence.
func (l *listener) quiet(now time.Time) []Advice {
	if l.judged || len(l.burst) == 0 || now.Sub(l.since) < settled {
		return nil
	}
	l.judged = true
	switch {
	case l.bytes >= 8 && l.nuls*3 > l.bytes:
		return l.advise(Advice{Key: "garbage", What: "every other byte is 00: the reader sends UTF-16", Do: "set its encoding to ASCII, ISO 8859-1 or UTF-8"})
	case l.bytes >= 8 && l.odd*4 > l.bytes:
		return l.advise(l.garbage())
	case l.result.Frames == l.began && l.unended(l.burst):
		return l.advise(l.terminator(l.burst))
	}
	return nil
}

func (l *listener) garbage() Advice {
	a := Advice{Key: "garbage", What: "what comes is no text", Do: "see that this is the reader's port for text, and that nothing else stands at this address"}
	if strings.HasPrefix(l.device.Address, "serial:") {
		a.Do = "set the baud rate, parity and stop bits in the address to those of the reader"
	}
	return a
}

// end says what can only be said at the end.
func (l *listener) end(triggered bool) []Advice {
	if l.bytes > 0 || l.result.Frames > 0 {
		return nil
	}
	do := "see the address, the cable and the reader's interface (a reader in keyboard mode types into the window in front), and that its sensor or a person triggers it"
	if triggered {
		do = "see the address and the cable, and that the reader takes this trigger"
	}
	return l.advise(Advice{Key: "silence", What: "not one byte came", Do: do})
}
