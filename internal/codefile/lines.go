package codefile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"linemark/internal/code"
)

// readLines reads a file with one code a line. What parse takes is a line without its end. The
// error is why the reading ended before the file did, unless yield wanted no more.
func readLines(in *bufio.Reader, f Format, parse func([]byte) (code.Code, error), yield func(Line, error) bool) error {
	for number := 1; ; number++ {
		b, err := nextLine(in)
		switch {
		case errors.Is(err, errEnd):
			return nil
		case err != nil && !errors.Is(err, ErrTooLong):
			return fmt.Errorf("reading line %d: %w", number, err)
		}
		line := Line{Number: number, Index: number}
		if err == nil {
			line.Code, err = parseLine(b, parse)
		}
		if err != nil {
			line.Err = lineError(number, 0, f, err)
		}
		if !yield(line, nil) {
			return nil
		}
	}
}

func parseLine(b []byte, parse func([]byte) (code.Code, error)) (code.Code, error) {
	if len(b) == 0 {
		return "", ErrEmpty
	}
	if bytes.HasPrefix(b, []byte(byteOrderMark)) { // in CSV it stands before the quote
		return "", ErrByteOrderMark
	}
	c, err := parse(b)
	if err != nil {
		return "", err
	}
	return c, check(c)
}

// nextLine returns the next line without its end, valid until the next call. A line beyond
// MaxLine is passed over as ErrTooLong. Behind the last line comes errEnd.
func nextLine(in *bufio.Reader) ([]byte, error) {
	b, err := in.ReadSlice('\n')
	long := false
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		b, err = in.ReadSlice('\n')
	}
	switch {
	case err == io.EOF && len(b) == 0 && !long:
		return nil, errEnd
	case err != nil && err != io.EOF:
		return nil, err
	}
	// A CR belongs to the line's end only before an LF: one at the end of the file stays.
	if ended := len(b) > 0 && b[len(b)-1] == '\n'; ended {
		b = bytes.TrimSuffix(b[:len(b)-1], []byte("\r"))
	}
	if long || len(b) > MaxLine {
		return nil, ErrTooLong
	}
	return b, nil
}
