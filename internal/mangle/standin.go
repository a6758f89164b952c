package mangle

import (
	"fmt"
	"strings"

	"linemark/internal/code"
)

// standIn is what is found in the place of the separator byte 1D.
type standIn struct {
	text string
	who  string
	set  bool // a scanner's gs setting takes it: it cannot be part of a code
}

// standIns are those that were met in the field.
var standIns = []standIn{
	{"{GS}", "readers set to name control characters, and this program on the screen", true},
	{"[GS]", "readers set to name control characters", true},
	{"<GS>", "readers and editors that name control characters", false},
	{"(GS)", "a person, or a reader set to name control characters", false},
	{"^]", "terminals, and readers set to show control characters", true},
	{"␝", "terminals and editors that show control characters as pictures", true},
	{"↔", "the Windows console, whose old font has an arrow at 1D", true},
	{`\x1D`, "programs that print bytes as hexadecimal", true},
	{`\x1d`, "programs that print bytes as hexadecimal", true},
	{`\u001d`, "JSON, when its text is copied out of a file", true},
	{`\u001D`, "JSON, when its text is copied out of a file", true},
	{`\035`, "shells and C programs", true},
	{`\F`, "label programs, which mean FNC1 by it", true},
	{"_x001D_", "a spreadsheet", false},
	{"_x001d_", "a spreadsheet", false},
	{"&#29;", "XML and web pages", true},
	{"&#x1D;", "XML and web pages", true},
	{"&#x1d;", "XML and web pages", true},
	{"%1D", "a URL", false},
	{"%1d", "a URL", false},
	{"~1", "printers and label programs, which mean FNC1 by it", true},
	{"]C1", "readers that put the identifier between two symbols", true},
	{"|", "readers with a substitute for GS", true},
	{"#", "readers with a substitute for GS", true},
	{"\xe8", "readers that give the FNC1 codeword 232 as a byte", true},
	{"è", "readers that give the FNC1 codeword 232 as a character", true},
	{"\x1e", "readers that confuse separators (1E)", true},
	{"\x1c", "readers that confuse separators (1C)", true},
	{"\t", "readers and spreadsheets", true},
	{"{FNC1}", "label programs", true},
	{"<FNC1>", "label programs", true},
	{"{gs}", "readers set to name control characters", true},
	{"<gs>", "readers and editors that name control characters", false},
	{`\x{1D}`, "programs that print bytes as hexadecimal", true},
	{" ", "readers set to replace what does not print", true},
	{"GS", "a person, or a reader set to name control characters", false},
	{"_", "documents that show GS as an underscore", false},
	{"!", "printers' manuals that show GS so", false},
}

func (s standIn) undo(c code.Code) (code.Code, Finding, bool) {
	at := strings.Index(string(c), s.text)
	if at <= 0 {
		return "", Finding{}, false
	}
	f := Finding{
		What: fmt.Sprintf("%s after byte %d stands where the separator GS (byte 1D) belongs", shown(s.text), at),
		Who:  "it is written so by " + s.who,
		Do:   "in an argument write {GS} in its place",
	}
	switch {
	case s.text == "_x001D_":
		f.Do = `do not pass codes through a spreadsheet: export them again as text; a scanner that sends it so needs gs = "_x001D_"`
	case s.set:
		f.Do += fmt.Sprintf("; if the scanner sends it, set gs = %s in its part of the configuration", toml(s.text))
	default:
		f.Do += "; if the scanner sends it, set another mark in the scanner: a code may hold these characters itself"
	}
	return code.Code(strings.ReplaceAll(string(c), s.text, string(code.GS))), f, true
}

// shown is a text for people: in quotes, or as a byte.
func shown(s string) string {
	if len(s) == 1 && (s[0] < ' ' || s[0] > '~') {
		return fmt.Sprintf("byte %02X", s[0])
	}
	if s == " " {
		return "a blank"
	}
	return `"` + s + `"`
}

// toml writes a text as a TOML string with every byte that does not print as \u00XX.
func toml(s string) string {
	if strings.Contains(s, `\`) {
		return "'" + s + "'"
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] < ' ' || len(s) == 1 && s[i] > '~' {
			fmt.Fprintf(&b, `\u%04x`, s[i])
			continue
		}
		b.WriteByte(s[i])
	}
	if s == "è" { // two bytes of UTF-8, each written as what stands for it
		return `"\u00c3\u00a8"`
	}
	return `"` + b.String() + `"`
}
