package zpltest

import (
	"bytes"
	"strconv"
	"strings"

	"linemark/drivers/link/linktest/drawtest"
)

// field is what has been read since the last ^FS.
type field struct {
	barcode  string // "BX", "BC", … or "" for text
	param    string // of the bar code command
	placed   bool   // ^FO or ^FT: it is a field of its own, and no mere value of a numbered one
	hexMark  byte   // of ^FH, 0 without
	data     []byte
	filled   bool // ^FD
	number   int  // of ^FN
	numbered bool
	x, y     int  // of ^FO or ^FT
	onBase   bool // ^FT: y is that of the lower edge
	graphic  []drawtest.Dots
}

// fieldNumber reads the number of ^FN; a prompt in quotes may follow it.
func fieldNumber(text string) int {
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	n, err := strconv.Atoi(text[:end])
	if err != nil || n > 9999 {
		return 0
	}
	return n
}

// endField is ^FS. A field that never meets it is not printed. One with ^FN and ^FD gives its data to every
// field with the same number.
func (f *format) endField() {
	fd := f.field
	f.field = field{}
	f.place(fd)
	if fd.filled {
		data := fd.data[:0]
		for _, c := range fd.data { // line ends between commands are no data
			if c != '\r' && c != '\n' {
				data = append(data, c)
			}
		}
		fd.data = data
		if fd.hexMark != 0 {
			fd.data = unhex(fd.data, fd.hexMark)
		}
		fd.data = fd.data[:min(len(fd.data), maxField)]
		f.marks = true
	}
	if fd.numbered && fd.filled {
		f.values[fd.number] = fd.data
	}
	if value := fd.numbered && !fd.placed && fd.barcode == ""; value || !fd.filled && !fd.numbered {
		return
	}
	f.fields = append(f.fields, fd)
}

// symbols returns the bar codes of the format, once it is whole: the value of a numbered field may stand
// behind it. A field without a value is not printed.
func (f *format) symbols() (all []Symbol) {
	for _, fd := range f.fields {
		data := fd.data
		if !fd.filled {
			if data = f.values[fd.number]; fd.hexMark != 0 {
				data = unhex(data, fd.hexMark)
			}
		}
		var s Symbol
		switch fd.barcode {
		case "BX":
			s = dataMatrix(bytes.Clone(data), fd.param)
		case "BC":
			s = code128(data, fd.param)
		default:
			continue
		}
		if len(s.Data) > 0 {
			all = append(all, s)
		}
	}
	return all
}
