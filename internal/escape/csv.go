package escape

import (
	"bytes"
	"strings"

	"linemark/internal/code"
)

const (
	mediumCSV  = "CSV"
	mediumIzkm = "CSV with doubled apostrophes"
)

// CSV writes c as one field by RFC 4180, section 2: always in quotes, a quote within doubled,
// all else as it is. A line end (CR or LF) is refused with a *CharError, for no code holds one
// and a record must stay a line; invalid UTF-8 with a *UTF8Error. GS stands bare: the RFC's
// grammar lists only printable ASCII, every reader takes more.
func CSV(c code.Code) ([]byte, error) { return quoted(c, mediumCSV, '"') }

// CSVIzkm writes c as one field of the document's own dialect: in quotes, an apostrophe within
// doubled, quotes and all else as they are. It refuses what CSV refuses. Which dialect a file
// has must be agreed: a reader of the other one finds another code, often without an error.
//
// Chapter 2.3 names RFC 4180 (once "rfc180") and contradicts it, for that doubles quotes and
// leaves apostrophes (section 2, rule 7); CSV follows the RFC, CSVIzkm the chapter. The chapter
// prints a quotation mark where it says "double apostrophe"; its example shows two apostrophes.
// The spaces around those are a slip of the print: without them, and read as one apostrophe, the
// example's serial still has 14 characters, the length of no group, so it is nobody's code.
func CSVIzkm(c code.Code) ([]byte, error) { return quoted(c, mediumIzkm, '\'') }

// quoted writes c in quotes with the byte double doubled.
func quoted(c code.Code, medium string, double byte) ([]byte, error) {
	if at := strings.IndexAny(string(c), "\r\n"); at >= 0 {
		return nil, &CharError{Medium: medium, Char: rune(c[at]), Pos: at, Problem: "a line end would break the record in two"}
	}
	if err := checkUTF8(c); err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(c)+strings.Count(string(c), string(rune(double)))+len(`""`))
	out = append(out, '"')
	for i := range len(c) {
		if c[i] == double {
			out = append(out, double)
		}
		out = append(out, c[i])
	}
	return append(out, '"'), nil
}

// ParseCSV reads one whole record of one field by RFC 4180, without its line end, in quotes or
// not. Nothing is trimmed. A comma that ends the field, a quote within a field that does not
// begin with one, a lone quote within one that does, and a line end are refused with a
// *SyntaxError, invalid UTF-8 with a *UTF8Error. An empty record is an empty code.
func ParseCSV(field []byte) (code.Code, error) {
	if len(field) == 0 || field[0] != '"' {
		if at := bytes.IndexAny(field, "\",\r\n"); at >= 0 {
			problem := "a line end in the field"
			switch field[at] {
			case ',':
				problem = moreFields
			case '"':
				problem = "a quote in a field that is not in quotes"
			}
			return "", &SyntaxError{Medium: mediumCSV, Pos: at, Problem: problem}
		}
		if err := checkUTF8(field); err != nil {
			return "", err
		}
		return code.Code(field), nil
	}
	out := make([]byte, 0, len(field))
	for i := 1; ; {
		n := bytes.IndexByte(field[i:], '"')
		if n < 0 {
			return "", &SyntaxError{Medium: mediumCSV, Pos: len(field), Problem: noClosingQuote}
		}
		out = append(out, field[i:i+n]...)
		i += n + 1 // behind the quote
		switch {
		case i == len(field):
			return unquoted(mediumCSV, field, out)
		case field[i] == '"':
			out = append(out, '"')
			i++
		case field[i] == ',':
			return "", &SyntaxError{Medium: mediumCSV, Pos: i, Problem: moreFields}
		default:
			return "", &SyntaxError{Medium: mediumCSV, Pos: i, Problem: "text after the closing quote, or a quote within the field that is not doubled"}
		}
	}
}

// ParseCSVIzkm reads one whole record of the document's dialect, without its line end. The
// outer quotes must be there: as quotes within are not escaped, a field without them could not
// be told from one with them. For the same reason a record is always one field: commas and
// quotes within belong to the code. A lone apostrophe and a line end are refused with a
// *SyntaxError, invalid UTF-8 with a *UTF8Error.
func ParseCSVIzkm(field []byte) (code.Code, error) {
	if len(field) == 0 || field[0] != '"' {
		return "", &SyntaxError{Medium: mediumIzkm, Problem: "the field is not in quotes"}
	}
	end := len(field) - 1
	if end == 0 || field[end] != '"' {
		return "", &SyntaxError{Medium: mediumIzkm, Pos: len(field), Problem: noClosingQuote}
	}
	out := make([]byte, 0, len(field))
	for i := 1; ; {
		n := bytes.IndexByte(field[i:end], '\'')
		if n < 0 {
			return unquoted(mediumIzkm, field, append(out, field[i:end]...))
		}
		i += n
		if field[i+1] != '\'' {
			return "", &SyntaxError{Medium: mediumIzkm, Pos: i, Problem: "an apostrophe that is not doubled"}
		}
		out = append(out, field[i-n:i+1]...)
		i += 2
	}
}

const (
	moreFields     = "more than one field"
	noClosingQuote = "closing quote missing"
)

// unquoted checks the bytes of a field, and returns what was read out of it.
func unquoted(medium string, field, out []byte) (code.Code, error) {
	if at := bytes.IndexAny(field, "\r\n"); at >= 0 {
		return "", &SyntaxError{Medium: medium, Pos: at, Problem: "a line end in the field"}
	}
	if err := checkUTF8(field); err != nil {
		return "", err
	}
	return code.Code(out), nil
}
