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

// Options reads the settings separator, no_read, aim, gs and fnc1 of a device. The no-read text is
// a setting in every scanner and in none by heart, so no_read must be given; it may be empty. Every
// mark is refused that could be taken for a piece of a code, for another mark, or that holds one
// of the ends: the marks, by the names of their settings, at which a frame ends. Line ends are
// among them always.
func Options(k *option.Keys, s drivers.Settings, ends map[string]string) Codes {
	c := Codes{
		Separator: option.Bytes(k.String("separator", "")),
		NoRead:    option.Bytes(k.String("no_read", "")),
		Form:      reading.Options(k),
	}
	if _, given := s.Options["no_read"]; !given {
		k.Fail("no_read", "the text that the scanner sends when it found no code is missing",
			`write the one that is set in the scanner, or "" if it then sends nothing`)
	}
	for key, end := range ends {
		CheckCut(k, key, end, c.Form)
	}
	CheckCut(k, "separator", c.Separator, c.Form)
	c.checkWithin(k, ends)
	if n := min(len(c.NoRead), gtinLength); n == gtinLength && strings.Trim(c.NoRead[:n], "0123456789") == "" {
		k.Fail("no_read", fmt.Sprintf("%q begins as codes do", c.NoRead), "set a word in the scanner, such as NOREAD")
	}
	return c
}

// CheckCut refuses a mark at which frames are cut if it cannot be told from a piece of a code.
func CheckCut(k *option.Keys, key, mark string, form reading.Form) {
	switch {
	case option.CodeText(mark):
		k.Fail(key, fmt.Sprintf("%q consists of characters that a code may hold", mark),
			`set a mark in the scanner with another character in it, such as "|"`)
	case strings.Contains(mark, gs):
		k.Fail(key, "GS stands inside codes", `set another mark in the scanner, such as "|"`)
	case form.AIM != reading.None && strings.HasPrefix(mark, "]"):
		k.Fail(key, "an AIM identifier begins with ]", `set another mark in the scanner, or aim = "none" if it sends no identifiers`)
	}
}

const different = "set marks in the scanner that have no character in common"

// checkWithin refuses marks that hold an end of frames, or cannot be told from each other.
func (c Codes) checkWithin(k *option.Keys, ends map[string]string) {
	for _, m := range []struct{ key, text string }{
		{"separator", c.Separator}, {"no_read", c.NoRead}, {"gs", c.Form.GS}, {"fnc1", c.Form.FNC1},
	} {
		if strings.ContainsAny(m.text, LineEnds) {
			k.Fail(m.key, fmt.Sprintf("%q holds a line end, at which frames end", m.text), "write it without the line end, or set another in the scanner")
			continue
		}
		for key, end := range ends {
			switch {
			case end != "" && strings.Contains(m.text, end):
				k.Fail(m.key, fmt.Sprintf("%q holds the %s, at which the frame ends", m.text, key), "write it without the "+key)
			case m.key != "no_read" && reading.Confusable(m.text, end):
				k.Fail(m.key, "it cannot be told from the "+key, different)
			}
		}
	}
	switch {
	case reading.Confusable(c.Separator, c.Form.GS):
		k.Fail("separator", "it cannot be told from the stand-in for GS", different)
	case reading.Confusable(c.Separator, c.Form.FNC1):
		k.Fail("separator", "it cannot be told from the mark of the leading FNC1", different)
	case c.Separator != "" && strings.Contains(c.NoRead, c.Separator):
		k.Fail("no_read", "it holds the separator of codes", different)
	}
}
