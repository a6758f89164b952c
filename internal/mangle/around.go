package mangle

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"linemark/internal/code"
)

// white is what people and files leave around a code without seeing it.
var white = []string{" ", "\t", "\r", "\n", "\u00a0", "\ufeff", "\u200b"}

func blanks(c code.Code) (code.Code, Finding, bool) {
	s, where := string(c), ""
	for trimmed := true; trimmed; {
		trimmed = false
		for _, w := range white {
			if rest, ok := strings.CutPrefix(s, w); ok {
				s, trimmed, where = rest, true, "before the code"
			}
			if rest, ok := strings.CutSuffix(s, w); ok {
				s, trimmed, where = rest, true, "behind the code"
			}
		}
	}
	return code.Code(s), Finding{
		What: "a blank, a line end or an invisible mark stands " + where,
		Who:  "copying from a document, an editor or a spreadsheet brings it along",
		Do:   "take the characters of the code alone",
	}, where != ""
}

// quoting are the pairs that programs put around a text.
var quoting = [][2]string{{`"`, `"`}, {"'", "'"}, {"“", "”"}, {"„", "“"}, {"«", "»"}, {"`", "`"}}

func quotes(c code.Code) (code.Code, Finding, bool) {
	for _, q := range quoting {
		inner, left := strings.CutPrefix(string(c), q[0])
		inner, right := strings.CutSuffix(inner, q[1])
		if !left || !right || inner == "" {
			continue
		}
		f := Finding{
			What: fmt.Sprintf("the code stands in quotes %s %s", q[0], q[1]),
			Who:  "JSON, CSV and programs that show texts write them",
			Do:   "take what stands between them, as its format says",
		}
		if q[0] == `"` && strings.Contains(inner, `""`) {
			inner = strings.ReplaceAll(inner, `""`, `"`)
			f.What, f.Who = `the code is a field of a CSV file: in quotes, and its own quotes doubled`, "RFC 4180 demands it in the file"
			f.Do = "take the field out of the file with a program that reads CSV"
		}
		return code.Code(inner), f, true
	}
	return "", Finding{}, false
}

func textMark(c code.Code) (code.Code, Finding, bool) {
	rest, ok := strings.CutPrefix(string(c), "'")
	return code.Code(rest), Finding{
		What: "an apostrophe stands before the code",
		Who:  "it makes a spreadsheet's cell a text",
		Do:   "leave it out",
	}, ok
}

func identifier(c code.Code) (code.Code, Finding, bool) {
	if len(c) < 4 || c[0] != ']' || c[1] < 'A' || c[1] > 'z' {
		return "", Finding{}, false
	}
	return c[3:], Finding{
		What: fmt.Sprintf("%q before the code is the AIM identifier of the symbol", string(c[:3])),
		Who:  "the scanner sends it in front of each reading",
		Do:   `leave it out; a scanner of the configuration may send it (aim = "optional" or "require")`,
	}, true
}

func leadingMark(c code.Code) (code.Code, Finding, bool) {
	for _, mark := range append([]string{string(code.GS), "{FNC1}", "<FNC1>", "[FNC1]", "FNC1"}, standInTexts()...) {
		if rest, ok := strings.CutPrefix(string(c), mark); ok && rest != "" {
			return code.Code(rest), Finding{
				What: fmt.Sprintf("%s before the code is the FNC1 that makes a symbol a GS1 symbol", shown(mark)),
				Who:  "decoders give it, it is not part of the code",
				Do:   "leave it out; a scanner of the configuration names it with fnc1 = ...",
			}, true
		}
	}
	return "", Finding{}, false
}

func standInTexts() []string {
	var all []string
	for _, s := range standIns {
		if s.set || s.text == "<GS>" {
			all = append(all, s.text)
		}
	}
	return all
}

// brackets is the form for people's eyes, (01)...(21)...
func brackets(c code.Code) (code.Code, Finding, bool) {
	if !strings.HasPrefix(string(c), "(") {
		return "", Finding{}, false
	}
	elements, err := code.ParseBracketed(string(c))
	if err != nil {
		return "", Finding{}, false
	}
	var b strings.Builder
	for i, e := range elements {
		if ai, ok := code.LookupAI(elements[max(i-1, 0)].AI); i > 0 && ok && !ai.Predefined {
			b.WriteByte(code.GS)
		}
		b.WriteString(e.AI + e.Value)
	}
	return code.Code(b.String()), Finding{
		What: "the application identifiers stand in brackets: this is the text printed beside a symbol, for people",
		Who:  "label programs and scanner tools show codes so",
		Do:   "leave the brackets out and write {GS} before each identifier behind the serial number",
	}, true
}

// beyond are mishaps after which the code cannot be told any more.
func beyond(c code.Code) (Finding, bool) {
	s := string(c)
	switch {
	case strings.ContainsRune(s, utf8.RuneError) && utf8.ValidString(s):
		return Finding{
			What: "U+FFFD stands in place of a byte that a program could not show",
			Who:  "programs that take every text for UTF-8 lose bytes so",
			Do:   "read the symbol again: what stood there is lost",
		}, true
	case scientific(s):
		return Finding{
			What: "this is a number with an exponent",
			Who:  "a spreadsheet took the code for a number and dropped its digits",
			Do:   "export the codes again as text: what stood there is lost",
		}, true
	}
	return Finding{}, false
}

// joined tells two codes in a row.
func joined(c code.Code, fits func(code.Code) bool) (Finding, bool) {
	for i := code.GTINLength; i <= len(c)-code.GTINLength; i++ {
		if fits(c[:i]) && fits(c[i:]) {
			return Finding{
				What: fmt.Sprintf("these are two codes, one after another: the second begins after byte %d", i),
				Who:  "a scanner without a terminator, or one that was triggered twice, sends them so",
				Do:   `look at them one by one; set a terminator, such as "\r\n", in the scanner`,
			}, true
		}
	}
	return Finding{}, false
}

// scientific matches 1.0478E+15 and 1,0478E+15.
func scientific(s string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(s), "E+")
	return ok && mantissa != "" && exponent != "" && strings.Trim(mantissa, "0123456789.,") == "" && strings.Trim(exponent, "0123456789") == ""
}
