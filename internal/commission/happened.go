package commission

import (
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/mangle"
)

// happened turns what is known of a mangled code into what to set in the reader's part of the configuration.
func (r *reader) happened(c, was code.Code, found []mangle.Finding) []Advice {
	if len(found) == 1 {
		if mark := standIn(c, was); mark != "" {
			return []Advice{r.mark("gs", mark, fmt.Sprintf("%s stands where the separator GS (byte 1D) belongs (%s)", quoted(mark), found[0].Who))}
		}
		if mark, ok := strings.CutSuffix(string(c), string(was)); ok && mark != "" && mark[0] != ']' && strings.TrimSpace(mark) != "" {
			return []Advice{r.mark("fnc1", mark, fmt.Sprintf("%s stands before the code: the FNC1 that makes a symbol a GS1 symbol", quoted(mark)))}
		}
		if mark, ok := strings.CutSuffix(string(c), string(was)); ok && len(mark) == 3 && mark[0] == ']' {
			return []Advice{{Key: "aim", What: fmt.Sprintf("the reader sends the AIM identifier %s before the code, and none is expected", mark), Do: `set aim = "optional" or "require"`}}
		}
	}
	var all []Advice
	for _, f := range found {
		do := f.Do
		if _, scanner, ok := strings.Cut(f.Do, "if the scanner sends it, "); ok {
			do = scanner
		}
		all = append(all, Advice{Key: f.Who, What: f.What + " (" + f.Who + ")", Do: do})
	}
	return all
}

// quoted shows a mark to people.
func quoted(mark string) string {
	if len(mark) == 1 && (mark[0] <= ' ' || mark[0] > '~') {
		return fmt.Sprintf("byte %02X", mark[0])
	}
	return `"` + visible(mark) + `"`
}

// standIn is the text that stands in c wherever was has GS; empty if that is not all of the difference.
func standIn(c, was code.Code) string {
	n := strings.Count(string(was), string(code.GS))
	if n == 0 || (len(c)-len(was))%n != 0 {
		return ""
	}
	at, length := strings.IndexByte(string(was), code.GS), (len(c)-len(was))/n+1
	if length < 1 || at+length > len(c) {
		return ""
	}
	mark := string(c[at : at+length])
	if strings.ReplaceAll(string(was), string(code.GS), mark) != string(c) {
		return ""
	}
	return mark
}

// mark advises the setting that names a mark, if the driver takes it.
func (r *reader) mark(key, mark, what string) Advice {
	a := Advice{Key: key, What: what, Do: fmt.Sprintf("set %s = %s for this scanner", key, setting(mark))}
	if r.takes == nil {
		return a
	}
	if err := r.takes(key, text(mark)); err != nil {
		a.Do = fmt.Sprintf("set the reader to send GS as it is, or another mark: this one cannot be told from a code (%v)", err)
		if key != "gs" {
			a.Do = fmt.Sprintf("set the reader not to send it (%v)", err)
		}
	}
	return a
}

// most bytes that are looked at before and behind a code.
const mostAround = 24

// around looks for a code with something before or behind it.
func (r *reader) around(c code.Code) []Advice {
	for extra := 1; extra <= 2*mostAround && extra < len(c); extra++ {
		for before := min(extra, mostAround); before >= 0; before-- {
			behind := extra - before
			if behind > mostAround || before+behind >= len(c) {
				continue
			}
			inner := c[before : len(c)-behind]
			if !r.fits(inner) && !r.lost(inner) {
				continue
			}
			return r.beside(string(c[:before]), string(c[len(c)-behind:]), r.lost(inner))
		}
	}
	return nil
}

func (r *reader) beside(before, behind string, gsLost bool) []Advice {
	var all []Advice
	if gsLost {
		all = append(all, lostGS)
	}
	if before != "" {
		a := Advice{Key: "prefix", What: fmt.Sprintf("%s stands before the code", quoted(before)), Do: "set the reader to send nothing before the code, or prefix = " + setting(before)}
		if r.takes != nil && r.takes("prefix", text(before)) != nil {
			a.Do = "set the reader to send nothing before the code"
		}
		all = append(all, a)
	}
	if behind != "" {
		template := "{code}" + strings.NewReplacer("{", "{{", "}", "}}").Replace(text(behind))
		a := Advice{Key: "suffix", What: fmt.Sprintf("%s stands behind the code", quoted(behind)),
			Do: "set the reader to send nothing behind the code but the terminator; if it is the print quality or a place, template names it, such as \"{code}@{grade}\""}
		if r.takes != nil && r.takes("template", template) == nil {
			a.Do += "; if it is always the same, template = " + setting("{code}"+behind)
		}
		all = append(all, a)
	}
	return all
}

// changed says how a code differs from the control code that it was.
func (r *reader) changed(c code.Code) []Advice {
	noGS := func(c code.Code) string { return strings.ReplaceAll(string(c), string(code.GS), "") }
	for k := range r.known {
		if k == c || noGS(k) == noGS(c) {
			return nil
		}
	}
	for k := range r.known {
		if strings.EqualFold(noGS(k), noGS(c)) {
			return []Advice{{Key: "case", What: "capital and small letters of the control code came changed", Do: "switch case conversion, and Caps Lock in keyboard mode, off in the reader"}}
		}
	}
	for k := range r.known {
		serial := strings.Index(noGS(k), tricky[:2]) // no layout changes these two
		if n := differ(noGS(k), noGS(c)); n > 0 && serial > 0 && strings.HasPrefix(noGS(c), noGS(k)[:serial+2]) {
			return []Advice{{Key: "layout", What: fmt.Sprintf("%d characters of the control code came changed, the first: %s", n, first(noGS(k), noGS(c))),
				Do: "a reader in keyboard mode and a PC with another layout do so: connect it as USB serial, or set its country to that of the PC"}}
		}
	}
	return nil
}

// differ counts the bytes in which two texts of the same length differ; -1: they have different lengths.
func differ(a, b string) int {
	if len(a) != len(b) {
		return -1
	}
	n := 0
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

func first(want, got string) string {
	for i := range len(want) {
		if want[i] != got[i] {
			return fmt.Sprintf("%s in place of %s", quoted(got[i:i+1]), quoted(want[i:i+1]))
		}
	}
	return ""
}

// word explains a short text that is no code.
func (r *reader) word(c code.Code) []Advice {
	if len(c) >= code.GTINLength {
		return []Advice{{Key: "no code", What: visible(string(c)) + " is no code of this configuration", Do: "linemark code parse tells more of it; see which symbol the reader has read"}}
	}
	return []Advice{{Key: "word " + string(c), What: quoted(string(c)) + " is no code",
		Do: fmt.Sprintf("if the reader says so when it sees a product and no code, set no_read = %s; if it says so without a product, heartbeat = %[1]s", setting(string(c)))}}
}
