package zpltest

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
)

const (
	maxField  = 3072       // bytes of field data that a printer takes; it cuts off the rest
	maxCopies = 99_999_999 // of ^PQ
)

// format is what has been read between ^XA and ^XZ.
type format struct {
	raw     []byte
	symbols []Symbol
	marks   bool // something is printed: a format of settings only brings no label out
	copies  int
	field   field
}

// field is what has been read since the last ^FS.
type field struct {
	barcode string // "BX", "BC", … or "" for text
	param   string // of the bar code command
	hexMark byte   // of ^FH, 0 without
	data    []byte
	filled  bool
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

// endField is ^FS. A field that never meets it is not printed.
func (f *format) endField() {
	fd := f.field
	f.field = field{}
	if !fd.filled {
		return
	}
	f.marks = true
	data := fd.data[:0]
	for _, c := range fd.data { // line ends between commands are no data
		if c != '\r' && c != '\n' {
			data = append(data, c)
		}
	}
	if fd.hexMark != 0 {
		data = unhex(data, fd.hexMark)
	}
	data = data[:min(len(data), maxField)]
	var s Symbol
	switch fd.barcode {
	case "BX":
		s = dataMatrix(data, fd.param)
	case "BC":
		s = code128(data, fd.param)
	default:
		return
	}
	if len(s.Data) > 0 {
		f.symbols = append(f.symbols, s)
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
