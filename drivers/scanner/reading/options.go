package reading

import (
	"fmt"
	"strings"

	"linemark/drivers/link/option"
)

// Options reads the settings aim, gs and fnc1 of a device, and notes every mark that could be
// taken for a piece of a code or for another mark.
func Options(k *option.Keys) Form {
	f := Form{
		AIM:  k.OneOf("aim", Optional, Require, None),
		GS:   option.Bytes(k.String("gs", "")),
		FNC1: option.Bytes(k.String("fnc1", "")),
	}
	gsFine := f.check(k, "gs", f.GS)
	if f.FNC1 == f.GS { // the mark of every FNC1, the leading one too
		return f
	}
	if f.check(k, "fnc1", f.FNC1) && gsFine && Confusable(f.FNC1, f.GS) {
		k.Fail("fnc1", "it cannot be told from the stand-in for GS", "set the same mark for both in the scanner, or two with no character in common")
	}
	return f
}

// check reports whether a mark can be told from a code and from an AIM identifier.
func (f Form) check(k *option.Keys, key, mark string) bool {
	const hint = `set a mark in the scanner with another character in it, such as "{GS}", "|" or "~1"`
	switch {
	case mark == "" || mark == string(gs):
		return true
	case key == "gs" && mark == spreadsheet:
		return true
	case strings.EqualFold(mark, spreadsheet) && key == "gs":
		k.Fail(key, fmt.Sprintf("%q consists of characters that a code may hold", mark),
			`what comes out of a spreadsheet file has "`+spreadsheet+`"; otherwise `+hint)
	case option.CodeText(mark):
		k.Fail(key, fmt.Sprintf("%q consists of characters that a code may hold", mark), hint)
	case strings.IndexByte(mark, gs) >= 0:
		k.Fail(key, fmt.Sprintf("%q holds GS, which stands inside codes", mark), hint)
	case f.AIM != None && mark[0] == ']' && identifier([]byte(mark)) != mark:
		k.Fail(key, fmt.Sprintf("at the start of a reading %q cannot be told from an AIM identifier", mark),
			`set another mark in the scanner, or aim = "none" if it sends no identifiers`)
	default:
		return true
	}
	return false
}
