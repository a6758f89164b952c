package codefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"linemark/internal/code"
	"linemark/internal/escape"
)

// jsonReader reads one JSON array of strings as it comes. encoding/json is not asked, for it
// replaces invalid UTF-8 and half surrogate pairs without an error and so makes other codes.
type jsonReader struct {
	in    *bufio.Reader
	line  int // where the reader stands, from 1
	index int // of the string last begun, from 1
	buf   []byte
}

// read walks the array. The error is why the reading ended before the file did, unless yield
// wanted no more.
func (j *jsonReader) read(yield func(Line, error) bool) error {
	if b, err := j.next(); err != nil || b != '[' {
		return j.broken(b, err, "[")
	}
	b, err := j.next()
	if err == nil && b == ']' {
		return j.end()
	}
	for {
		if err != nil || b != '"' {
			return j.broken(b, err, "a string in quotes")
		}
		line, broken := j.element()
		if broken != nil {
			return broken
		}
		if !yield(line, nil) {
			return nil
		}
		b, err = j.next()
		if err == nil && b == ']' {
			return j.end()
		}
		if err != nil || b != ',' {
			return j.broken(b, err, "a comma or ]")
		}
		b, err = j.next()
	}
}

// end checks that nothing comes behind the closing bracket.
func (j *jsonReader) end() error {
	if b, err := j.next(); !errors.Is(err, errEnd) {
		return j.broken(b, err, "nothing behind the array")
	}
	return nil
}

// next passes over white space and returns the byte behind it; at the end of the file errEnd.
func (j *jsonReader) next() (byte, error) {
	for {
		b, err := j.in.ReadByte()
		switch {
		case err == io.EOF:
			return 0, errEnd
		case err != nil:
			return 0, err
		case b == '\n':
			j.line++
		case b != ' ' && b != '\t' && b != '\r':
			return b, nil
		}
	}
}

// broken is the error that ends the reading, where b, or err, came and not what was expected.
func (j *jsonReader) broken(b byte, err error, expected string) error {
	if err != nil && !errors.Is(err, errEnd) {
		return fmt.Errorf("reading line %d: %w", j.line, err)
	}
	found := "the end of the file"
	if err == nil {
		found = fmt.Sprintf("%q", b)
		if b >= 0x7f {
			found = fmt.Sprintf("byte 0x%02X", b)
		}
	}
	return lineError(j.line, j.index, JSON, fmt.Errorf("%w: found %s, expected %s", errNotArray, found, expected))
}

// element reads the string whose opening quote has been read.
func (j *jsonReader) element() (Line, error) {
	j.index++
	line := Line{Number: j.line, Index: j.index}
	j.buf = append(j.buf[:0], '"')
	long := false
	slashes := 0 // backslashes in a row before where the reader stands
	for closed := false; !closed; {
		b, err := j.in.ReadSlice('"')
		if err == io.EOF {
			err = errEnd
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			j.line = line.Number
			return Line{}, j.broken(0, err, "the closing quote of this string")
		}
		j.line += bytes.Count(b, []byte{'\n'})
		if long = long || len(j.buf)+len(b) > MaxLine; !long {
			j.buf = append(j.buf, b...)
		}
		text, quote := bytes.CutSuffix(b, []byte{'"'})
		before := bytes.TrimRight(text, `\`)
		if len(before) > 0 {
			slashes = 0
		}
		slashes += len(text) - len(before)
		if quote {
			closed = slashes%2 == 0
			slashes = 0
		}
	}
	err := error(ErrTooLong)
	if !long {
		line.Code, err = parseString(j.buf)
	}
	if err != nil {
		line.Err = lineError(line.Number, line.Index, JSON, err)
	}
	return line, nil
}

func parseString(b []byte) (code.Code, error) {
	c, err := escape.ParseJSONString(b)
	if err != nil {
		return "", err
	}
	return c, check(c)
}
