package frame

import (
	"fmt"
	"strings"

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/scanner/reading"
)

const (
	gs         = "\x1d"
	gtinLength = 14
)

// Different is the hint for two marks that can be taken for each other.
const Different = "set marks in the scanner that have no character in common"

// ReadCodes reads the settings separator, no_read, aim, gs and fnc1 of a device. Check says
// whether they go with the ends of its frames.
func ReadCodes(k *option.Keys) Codes {
	return Codes{
		Separator: option.Bytes(k.String("separator", "")),
		NoRead:    option.Bytes(k.String("no_read", "")),
		Form:      reading.Options(k),
	}
}

// Options reads and checks the same settings for a device whose frames end with line ends, and
// whose readings have this terminator; "" is none. The no-read text is a setting in every scanner
// and in none by heart, so no_read must be given; it may be empty.
func Options(k *option.Keys, s drivers.Settings, terminator string) Codes {
	c := ReadCodes(k)
	if _, given := s.Options["no_read"]; !given {
		k.Fail("no_read", "the text that the scanner sends when it found no code is missing",
			`write the one that is set in the scanner, or "" if it then sends nothing`)
	}
	cut := Cutter{Ends: LineEnds}
	if !LineEnd(terminator) {
		cut.End = terminator
	}
	c.Check(k, cut)
	switch {
	case cut.Holds(c.Separator):
		cut.CheckWithin(k, "separator", c.Separator)
	case reading.Confusable(c.Separator, cut.End):
		k.Fail("separator", "it cannot be told from the terminator", Different)
	case c.Separator != "" && strings.Contains(c.NoRead, c.Separator):
		k.Fail("no_read", "it holds the separator of codes", Different)
	}
	return c
}

// Check refuses every mark that could be taken for a piece of a code or for another mark, or that
// holds an end of frames. Whether a separator goes with the ends is checked by those who know
// which of them separate.
func (c Codes) Check(k *option.Keys, cut Cutter) {
	c.checkCut(k, "terminator", cut.End, `"\r\n"`)
	c.checkCut(k, "separator", c.Separator, `"|"`)
	switch {
	case reading.Confusable(c.Separator, c.Form.GS):
		k.Fail("separator", "it cannot be told from the stand-in for GS", Different)
	case reading.Confusable(c.Separator, c.Form.FNC1):
		k.Fail("separator", "it cannot be told from the mark of the leading FNC1", Different)
	}
	cut.CheckWithin(k, "no_read", c.NoRead)
	for _, m := range []struct{ key, text string }{{"gs", c.Form.GS}, {"fnc1", c.Form.FNC1}} {
		if cut.CheckWithin(k, m.key, m.text) && reading.Confusable(m.text, cut.End) {
			k.Fail(m.key, "it cannot be told from the terminator", Different)
		}
	}
	if n := min(len(c.NoRead), gtinLength); n == gtinLength && strings.Trim(c.NoRead[:n], "0123456789") == "" {
		k.Fail("no_read", fmt.Sprintf("%q begins as codes do", c.NoRead), "set a word in the scanner, such as NOREAD")
	}
}

// checkCut refuses a mark at which readings are cut if it cannot be told from a piece of a code.
func (c Codes) checkCut(k *option.Keys, key, mark, such string) {
	switch {
	case option.CodeText(mark):
		k.Fail(key, fmt.Sprintf("%q consists of characters that a code may hold", mark),
			"set a mark in the scanner with another character in it, such as "+such)
	case strings.Contains(mark, gs):
		k.Fail(key, "GS stands inside codes", "set another mark in the scanner, such as "+such)
	case c.Form.AIM != reading.None && strings.HasPrefix(mark, "]"):
		k.Fail(key, "an AIM identifier begins with ]", `set another mark in the scanner, or aim = "none" if it sends no identifiers`)
	}
}

// CheckWithin refuses a text that stands in frames if they would be cut in it, or lose a part of
// it. It is true if the text is none of this.
func (c *Cutter) CheckWithin(k *option.Keys, key, text string) bool {
	switch {
	case strings.ContainsAny(text, c.Ends):
		k.Fail(key, fmt.Sprintf("%q holds the terminator or another line end, at which frames end", text),
			"write it without the line end, or set another in the scanner")
	case c.Holds(text):
		k.Fail(key, fmt.Sprintf("%q holds the terminator, at which frames end", text), "write it without the terminator")
	case strings.ContainsAny(text, c.Between):
		k.Fail(key, fmt.Sprintf("%q holds the separator or a part of it", text), Different)
	default:
		return true
	}
	return false
}
