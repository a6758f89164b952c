package codefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"linemark/internal/code"
	"linemark/internal/escape"
)

// Writer writes a file of codes. Its codes are in the file only after Close. It is for one
// goroutine.
type Writer struct {
	w      *bufio.Writer
	format Format
	count  int // codes written
	closed bool
	err    error // what Close said
}

// NewWriter returns a Writer of the format to w. A format that does not exist is the error of
// the first Write, or of Close.
func NewWriter(w io.Writer, f Format) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, bufferSize), format: f}
}

// Write adds one code. It refuses what Read would not give back as this code: an empty one, one
// with a line end, one that begins with a byte order mark, holds _x001D_ (SpreadsheetError) or
// is beyond MaxLine, and, but for plain lines, invalid UTF-8 (*escape.UTF8Error). A refusal
// leaves the file as it was, and writing can go on; after an error of w it cannot.
func (w *Writer) Write(c code.Code) error {
	if w.closed {
		return errors.New("writing a code to a closed file")
	}
	b, err := w.format.encode(c)
	if err != nil {
		return fmt.Errorf("code %d of the file: %w", w.count+1, err)
	}
	before, after := "", "\n"
	switch {
	case w.format == CSV:
		after = "\r\n"
	case w.format == JSON && w.count == 0:
		before, after = "[\n", ""
	case w.format == JSON:
		before, after = ",\n", ""
	}
	_, _ = w.w.WriteString(before) // a bufio.Writer keeps its first error
	_, _ = w.w.Write(b)
	if _, err := w.w.WriteString(after); err != nil {
		return fmt.Errorf("writing code %d: %w", w.count+1, err)
	}
	w.count++
	return nil
}

// encode is the code as it stands in the file, without what separates codes.
func (f Format) encode(c code.Code) ([]byte, error) {
	err := f.check()
	if err == nil {
		err = check(c)
	}
	if err != nil {
		return nil, err
	}
	b := []byte(c)
	switch f {
	case CSV:
		b, err = escape.CSV(c)
	case CSVIzkm:
		b, err = escape.CSVIzkm(c)
	case JSON:
		b, err = escape.JSONString(c)
	}
	if err == nil && len(b) > MaxLine {
		err = ErrTooLong
	}
	return b, err
}

// Close ends the file, with the bracket of JSON, and hands everything to the underlying writer,
// which it does not close. Closing again says what the first Close said.
func (w *Writer) Close() error {
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.err = w.format.check(); w.err != nil {
		return w.err
	}
	if w.format == JSON {
		end := "\n]\n"
		if w.count == 0 {
			end = "[]\n"
		}
		_, _ = w.w.WriteString(end)
	}
	if err := w.w.Flush(); err != nil {
		w.err = fmt.Errorf("writing the end of the file: %w", err)
	}
	return w.err
}
