// Package codefile reads and writes files of marking codes: plain lines, CSV in both dialects,
// JSON. A file is what its format says and nothing else: no header is guessed, no separator
// sniffed, nothing trimmed or replaced. Files are read and written as they stream; what does not
// hold a code is reported with its line, and what Write takes Read gives back byte for byte.
//
// Whether a code fits its product group is the caller's check. So is what to do with a file that
// has bad lines; a file whose reading ended in an error was not read to its end.
package codefile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"linemark/internal/code"
	"linemark/internal/escape"
)

// Format is how codes stand in a file. It is agreed with the other side, for a reader of the
// wrong format may find other codes without an error.
type Format string

// The formats.
const (
	// Lines is one code a line, as its bare bytes, which need not be UTF-8. The line ends in LF,
	// read also in CR LF; the last one may lack it.
	Lines Format = "lines"
	// CSV is one field a record by RFC 4180, UTF-8. Written always in quotes with CR LF, as the
	// RFC has it; read also without quotes and with LF.
	CSV Format = "csv"
	// CSVIzkm is one field a record in the dialect of the LEGACY-API document, chapter 2.3: in
	// quotes, apostrophes doubled, quotes as they are, UTF-8. Written with LF, the document
	// speaking of UNIX; read also with CR LF.
	CSVIzkm Format = "csv-izkm"
	// JSON is one array of strings (RFC 8259), UTF-8. Written with one string a line.
	JSON Format = "json"
)

// Formats lists all formats.
func Formats() []Format { return []Format{Lines, CSV, CSVIzkm, JSON} }

func (f Format) check() error {
	if slices.Contains(Formats(), f) {
		return nil
	}
	var names []string
	for _, known := range Formats() {
		names = append(names, string(known))
	}
	return fmt.Errorf("%q is no format of a code file: they are %s", string(f), strings.Join(names, ", "))
}

// MaxLine is the longest line, in bytes without its line end, or string of JSON with its quotes,
// that is looked at. The longest code has about 100 characters.
const MaxLine = 4096

// bufferSize is how much of a file is in memory at a time.
const bufferSize = 64 << 10

// Line is what one line, or one string of the JSON array, holds.
type Line struct {
	Number int       // of the line in the file, from 1; in JSON of the line where the string begins
	Index  int       // among the file's lines, or the array's strings, from 1
	Code   code.Code // with an Err empty, or what could be read
	Err    error     // a *LineError: why this is no code
}

// Read reads codes from r as they come, in constant memory. The sequence can be walked once. A
// bad line does not end it; an error does: reading failed, the file is UTF-16, or it is no JSON
// array of strings. The Line beside an error is empty.
func Read(r io.Reader, f Format) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		if err := f.check(); err != nil {
			yield(Line{}, err)
			return
		}
		in := bufio.NewReaderSize(r, bufferSize)
		start, failed := in.Peek(len(byteOrderMark))
		switch {
		case failed != nil && failed != io.EOF:
			yield(Line{}, fmt.Errorf("reading line 1: %w", failed))
			return
		case bytes.HasPrefix(start, []byte(utf16LE)), bytes.HasPrefix(start, []byte(utf16BE)):
			yield(Line{}, lineError(1, 0, f, ErrUTF16))
			return
		}
		var err error
		switch f {
		case Lines:
			err = readLines(in, f, func(b []byte) (code.Code, error) { return code.Code(b), nil }, yield)
		case CSV:
			err = readLines(in, f, escape.ParseCSV, yield)
		case CSVIzkm:
			err = readLines(in, f, escape.ParseCSVIzkm, yield)
		case JSON:
			if string(start) == byteOrderMark {
				if !yield(Line{Number: 1, Err: lineError(1, 0, f, ErrByteOrderMark)}, nil) {
					return
				}
				_, _ = in.Discard(len(byteOrderMark)) // has been peeked at
			}
			err = (&jsonReader{in: in, line: 1}).read(yield)
		}
		if err != nil {
			yield(Line{}, err)
		}
	}
}
