package text

import (
	"bytes"
	"fmt"
	"strings"
)

// maxAnswer bounds what is gathered without a whole answer in it.
const maxAnswer = 4096

// answers takes the printer's bytes apart. The result does not depend on how they were cut
// on their way.
type answers struct {
	end    string // of an answer; empty: no answer is expected at all
	single string // bytes that are an answer each, where one could begin
	buf    []byte
}

// lineEnd reports whether answers end with CR, LF or both: printers mix them more freely
// than their manuals say, so then any run of the two ends an answer.
func (a *answers) lineEnd() bool { return strings.Trim(a.end, "\r\n") == "" }

func (a *answers) add(b []byte) { a.buf = append(a.buf, b...) }

// next takes one whole answer out; ok is false where more bytes are needed.
func (a *answers) next() (answer []byte, ok bool, err error) {
	if a.end == "" && len(a.buf) > 0 && a.single == "" {
		return nil, false, fmt.Errorf("the printer sent %s, and no answer of it is described", quote(a.buf))
	}
	if a.lineEnd() {
		a.buf = bytes.TrimLeft(a.buf, "\r\n")
	}
	if len(a.buf) == 0 {
		return nil, false, nil
	}
	if strings.IndexByte(a.single, a.buf[0]) >= 0 {
		return a.take(1, 0), true, nil
	}
	var at, skip int
	switch {
	case a.end == "":
		return nil, false, fmt.Errorf("the printer sent %s, which no setting explains", quote(a.buf))
	case a.lineEnd():
		at, skip = bytes.IndexAny(a.buf, "\r\n"), 1
	default:
		at, skip = bytes.Index(a.buf, []byte(a.end)), len(a.end)
	}
	if at > maxAnswer || at < 0 && len(a.buf) > maxAnswer {
		return nil, false, fmt.Errorf("the printer sent %d bytes without an end, beginning with %s", len(a.buf), quote(a.buf))
	}
	if at < 0 {
		return nil, false, nil
	}
	return a.take(at, skip), true, nil
}

func (a *answers) take(n, skip int) []byte {
	answer := bytes.Clone(a.buf[:n])
	a.buf = a.buf[n+skip:]
	return answer
}

// quote writes an answer for a message, shortened.
func quote(b []byte) string {
	if len(b) > 40 {
		return fmt.Sprintf("%q...", b[:40])
	}
	return fmt.Sprintf("%q", b)
}
