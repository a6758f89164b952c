package codefile

import (
	"errors"
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/escape"
)

// What no code of a file may be, whatever its format.
var (
	ErrEmpty         = errors.New("it is empty")
	ErrTooLong       = fmt.Errorf("it is longer than %d bytes, as no code is", MaxLine)
	ErrLineEnd       = errors.New("a line end (CR or LF) stands within the code")
	ErrByteOrderMark = errors.New("it begins with a byte order mark (EF BB BF)")
	ErrUTF16         = errors.New("it begins as a UTF-16 file does (FF FE or FE FF)")
)

const (
	byteOrderMark = "\ufeff"
	utf16LE       = "\xff\xfe"
	utf16BE       = "\xfe\xff"
)

// SpreadsheetError means that a spreadsheet had the code and wrote its GS as the seven
// characters _x001D_ (the escape of Office Open XML, ST_Xstring; some programs write the hex
// digit small). They are legal characters of a serial number, and so a true code could hold
// them; but none was ever likely to (one serial of 13 characters in some 10^12), and a lost GS
// is. So it is always refused, in reading and in writing.
type SpreadsheetError struct {
	Pos int // of the first one in the code, in bytes from zero
}

func (e *SpreadsheetError) Error() string {
	return fmt.Sprintf("at byte %d of the code a spreadsheet has written GS as _x001D_", e.Pos)
}

// LineError is why a line holds no code, or why the file cannot be read beyond it.
type LineError struct {
	Number int    // of the line, from 1
	Index  int    // of the JSON array's string, from 1; 0 in other formats
	Err    error  // what is wrong
	Hint   string // what to do, in one clause
}

func (e *LineError) Error() string {
	at := fmt.Sprintf("line %d", e.Number)
	if e.Index > 0 {
		at += fmt.Sprintf(", string %d", e.Index)
	}
	return fmt.Sprintf("%s: %v (hint: %s)", at, e.Err, e.Hint)
}

func (e *LineError) Unwrap() error { return e.Err }

func lineError(number, index int, f Format, err error) *LineError {
	return &LineError{Number: number, Index: index, Err: err, Hint: hint(f, err)}
}

// errEnd is the true end of the file: io.EOF itself, which some reader below may also wrap to
// say that it was cut short.
var errEnd = errors.New("end of the file")

// errNotArray is the cause of every error of JSON that ends the reading.
var errNotArray = errors.New("not a JSON array of strings")

func hint(f Format, err error) string {
	var sheet *SpreadsheetError
	var utf8 *escape.UTF8Error
	switch {
	case errors.As(err, &sheet):
		return "export the codes again from where they came, and do not open the file in a spreadsheet"
	case errors.As(err, &utf8):
		return "save the file as UTF-8; only plain lines may hold other bytes"
	case errors.Is(err, ErrByteOrderMark):
		return "save the file as UTF-8 without a byte order mark"
	case errors.Is(err, ErrUTF16):
		return "save the file as UTF-8"
	case errors.Is(err, ErrEmpty):
		return "take it out, or export the codes again if one is missing here"
	case errors.Is(err, errNotArray):
		return `the file must be one array, like ["code","code"]`
	}
	switch f {
	case CSV:
		return "write one code a line, in quotes, with each quote within doubled, without a header or a second column"
	case CSVIzkm:
		return "write one code a line, in quotes, with each apostrophe within doubled, without a header or a second column"
	case JSON:
		return "write each code as one string, with quotes, backslashes and control characters escaped"
	}
	return "write one code a line, each line ended by LF or CR LF"
}

// check returns why c is no code of any file.
func check(c code.Code) error {
	switch {
	case c == "":
		return ErrEmpty
	case strings.HasPrefix(string(c), byteOrderMark):
		return ErrByteOrderMark
	case strings.HasPrefix(string(c), utf16LE), strings.HasPrefix(string(c), utf16BE):
		return ErrUTF16
	case strings.IndexByte(string(c), '\r') >= 0, strings.IndexByte(string(c), '\n') >= 0:
		return ErrLineEnd
	}
	if at := spreadsheetGS(string(c)); at >= 0 {
		return &SpreadsheetError{Pos: at}
	}
	return nil
}

// spreadsheetGS finds _x001D_, or _x001d_, in s; -1 if there is none.
func spreadsheetGS(s string) int {
	const before, after = "_x001", "D_"
	for from := 0; ; {
		n := strings.Index(s[from:], before)
		if n < 0 {
			return -1
		}
		at := from + n
		from = at + len(before)
		if len(s) >= from+len(after) && s[from]|0x20 == 'd' && s[from+1] == '_' {
			return at
		}
	}
}
