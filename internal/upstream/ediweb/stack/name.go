package stack

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Charset is how names are written that do not say that they are UTF-8.
type Charset string

// The two that programs of this part of the world write: DOS's by the older packers, and the
// one of Windows by some.
const (
	CP866       Charset = "cp866"
	Windows1251 Charset = "windows-1251"
)

var tables = map[Charset]*charmap.Charmap{CP866: charmap.CodePage866, Windows1251: charmap.Windows1251}

// unicodePath is the extra field in which Info-ZIP repeats a name in UTF-8 (APPNOTE 4.6.9).
const unicodePath = 0x7075

// entryName reads the name of an entry: marked as UTF-8, repeated in UTF-8, or without a mark.
// A name without one that is valid UTF-8 is taken for that: letters of the two charsets hardly
// ever form it. A byte that the charset does not have is written as %NN.
func entryName(h *zip.FileHeader, c Charset) string {
	if name, ok := repeatedName(h); ok {
		return name
	}
	if utf8.ValidString(h.Name) {
		return h.Name
	}
	var b strings.Builder
	for i := range len(h.Name) {
		if r := tables[c].DecodeByte(h.Name[i]); r != utf8.RuneError {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "%%%02x", h.Name[i])
		}
	}
	return b.String()
}

// repeatedName finds the name in the extra field; it counts only for the name whose sum it holds.
func repeatedName(h *zip.FileHeader) (string, bool) {
	const head = 1 + 4 // version, sum of the other name
	for extra := h.Extra; len(extra) >= 4; {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		field := extra[:size]
		extra = extra[size:]
		if id == unicodePath && size > head && field[0] == 1 && utf8.Valid(field[head:]) &&
			binary.LittleEndian.Uint32(field[1:]) == crc32.ChecksumIEEE([]byte(h.Name)) {
			return string(field[head:]), true
		}
	}
	return "", false
}

// SafeNames makes names for files from names that others chose, each of them once.
type SafeNames struct {
	used map[string]bool
	last map[string]int // number of the last name that had to have one, so that many of one name are not tried one by one
}

// longestName, in bytes, with a number leaves room under the 255 of usual file systems.
const longestName = 200

// Make returns a name that is one component of a path on Linux and Windows, differs from all
// that this SafeNames has made in more than capitals, and keeps letters and digits of any
// alphabet.
func (s *SafeNames) Make(name string) string {
	safe := safe(name)
	end := path.Ext(safe)
	if len(end) > 10 {
		end = ""
	}
	stem := cut(strings.TrimSuffix(safe, end), longestName-len(end))
	safe = stem + end
	if s.used == nil {
		s.used, s.last = map[string]bool{}, map[string]int{}
	}
	for first := folded(safe); s.used[folded(safe)]; {
		s.last[first]++
		safe = fmt.Sprintf("%s~%d%s", stem, s.last[first]+1, end)
	}
	s.used[folded(safe)] = true
	return safe
}

// safe replaces what has a meaning to a file system or hides from the eye.
func safe(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError: // also every byte that is not UTF-8
			return '_'
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), strings.ContainsRune("-_.+=,()~", r):
			return r
		}
		return '_'
	}, name)
	name = strings.TrimRight(name, ".") // Windows drops them
	if stem, _, _ := strings.Cut(name, "."); stem == "" || reserved(stem) {
		name = "_" + name
	}
	return name
}

// reserved tells the names that are devices on Windows, whatever follows their first dot.
func reserved(stem string) bool {
	switch stem = strings.ToUpper(stem); stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	device, number := stem[:max(len(stem)-1, 0)], stem[max(len(stem)-1, 0):]
	return (device == "COM" || device == "LPT") && number >= "0" && number <= "9"
}

// cut shortens s to at most n bytes between two letters.
func cut(s string, n int) string {
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// folded is the same for names that differ in capitals only.
func folded(name string) string { return strings.ToLower(strings.ToUpper(name)) }
