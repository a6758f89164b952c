package zpltest

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"

	"linemark/drivers/link/linktest/drawtest"
)

const (
	maxField  = 3072       // bytes of field data that a printer takes; it cuts off the rest
	maxCopies = 99_999_999 // of ^PQ
)

// format is what has been read between ^XA and ^XZ.
type format struct {
	raw    []byte
	fields []field        // those that are printed, or would be if they had a value, in order
	values map[int][]byte // of numbered fields
	field  field
	drawn  []drawtest.Dots
	homeX  int // of ^LH
	homeY  int
	marks  bool // something is printed: a format of settings only brings no label out
	copies int

	storing  bool   // ^DF: the format is kept as text, and nothing of it is printed
	name     []byte // under which it is kept
	from     int    // where its text begins in raw
	recalled int    // bytes that ^XF has put in so far
}

func newFormat() *format {
	return &format{raw: []byte("^XA"), copies: 1, values: map[int][]byte{}}
}

// labels returns how many labels the format asks for.
func (f *format) labels() int {
	if !f.marks {
		return 0
	}
	return f.copies
}

// command takes one command with its parameters. Those that only move or size things change no symbol and
// are ignored.
func (f *format) command(name string, param []byte) {
	text := strings.TrimSpace(string(param))
	switch {
	case name == "FS":
		f.endField()
	case name == "FN":
		f.field.number, f.field.numbered = fieldNumber(text), true
	case name == "LH":
		f.homeX, f.homeY = coordinate(text, 0, f.homeX), coordinate(text, 1, f.homeY)
	case name == "FO" || name == "FT":
		f.field.placed = true
		f.field.x, f.field.y, f.field.onBase = coordinate(text, 0, 0), coordinate(text, 1, 0), name == "FT"
	case name == "GF":
		f.marks = true
		if d, ok := graphic(text); ok {
			f.field.graphic = append(f.field.graphic, d)
		}
	case name == "FD" || name == "FV":
		f.field.data = bytes.Clone(param)
		f.field.filled = true
	case name == "FH":
		f.field.hexMark = '_'
		if text != "" {
			f.field.hexMark = text[0]
		}
	case name == "PQ":
		first, _, _ := strings.Cut(text, ",")
		if n, err := strconv.Atoi(first); err == nil && n >= 1 && n <= maxCopies {
			f.copies = n
		}
	case name == "BY": // the size of modules, no bar code
	case name[0] == 'B':
		f.field.barcode, f.field.param = name, text
	case name[0] == 'G' || name == "XG":
		f.marks = true
	}
}

// store makes the format one that is stored (^DF).
func (f *format) store(name []byte) {
	f.storing, f.name, f.from = true, bytes.Clone(name), len(f.raw)
}

// recall puts the text of a stored format in the place of ^XF. It is text: its commands are read as if they
// stood there. Recalling and storing in it have no meaning.
func (f *format) recall(text []byte) {
	if f.recalled += len(text); f.recalled > maxFormat {
		return
	}
	for _, c := range bytes.Split(text, []byte("^"))[1:] {
		if len(c) < 2 {
			continue
		}
		if name := strings.ToUpper(string(c[:2])); name != "XF" && name != "DF" {
			f.command(name, c[2:])
		}
	}
}

// unhex replaces the mark and two hex digits by the byte they name (^FH). Anything else stays as it is.
func unhex(data []byte, mark byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		if data[i] == mark && i+2 < len(data) {
			var b [1]byte
			if _, err := hex.Decode(b[:], data[i+1:i+3]); err == nil {
				out = append(out, b[0])
				i += 2
				continue
			}
		}
		out = append(out, data[i])
	}
	return out
}

// parameter returns the n-th parameter of a list, from 0, and "" where it is absent.
func parameter(list string, n int) string {
	all := strings.Split(list, ",")
	if n >= len(all) {
		return ""
	}
	return strings.TrimSpace(all[n])
}
