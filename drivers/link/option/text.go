package option

import (
	"strings"
	"unicode"
)

// cset82 is GS1 character set 82: all that the values of a GS1 element string may consist
// of (GS1 General Specifications, figure 7.11-1).
const cset82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`

// CodeByte reports whether b may be part of a value in a GS1 code (GS, which stands
// between values, is not).
func CodeByte(b byte) bool { return strings.IndexByte(cset82, b) >= 0 }

// CodeText reports whether the whole text could be a part of a GS1 value, so that a
// device's mark of this form could not be told from a piece of a code.
func CodeText(s string) bool {
	for i := range len(s) {
		if !CodeByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// Bytes turns a text of the configuration into the bytes that a device sends. TOML holds
// only Unicode: a character from U+0080 to U+00FF ("\u00e8") means that single byte.
func Bytes(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar && s[i] != 0xEF:
			b.WriteByte(s[i]) // a raw byte, from a caller that is not TOML
		case r >= 0x80 && r <= 0xFF:
			b.WriteByte(byte(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Nearest returns the candidate that word is most likely a slip of, or "" if none is near.
func Nearest(word string, candidates []string) string {
	best, found := 1+len(word)/3, ""
	for _, c := range candidates {
		if d := distance(word, c); d <= best && (found == "" || d < best) {
			best, found = d, c
		}
	}
	return found
}

// distance counts the letters to insert, delete or replace (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
