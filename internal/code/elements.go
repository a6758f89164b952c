package code

import (
	"fmt"
	"strings"
)

// ElementError says what is wrong with an element of a GS1 element string.
type ElementError struct {
	AI      string // empty where none was read
	Pos     int    // offset from zero: in the code or text that was parsed, else in the value
	Problem string // what was seen and what was expected, for people
}

func (e *ElementError) Error() string {
	if e.AI == "" {
		return fmt.Sprintf("byte %d: %s", e.Pos, e.Problem)
	}
	return fmt.Sprintf("AI %s: byte %d: %s", e.AI, e.Pos, e.Problem)
}

// ParseElements takes a GS1 element string apart by the whole table of identifiers. It must not
// begin with an FNC1 or GS. A value of predefined length ends by its length, any other at the
// next GS or at the end of the code, and each must pass AI.Check.
//
// A GS behind a value of predefined length is not needed. The GS1 General Specifications (7.8)
// say that it should not be there, not that it must not, so it is passed over; the code is
// then not the one that JoinElements makes of the result. A GS at the very end separates
// nothing and is an error, and so are two in a row.
//
// The error is an *ElementError; the elements before it, for a GS at the end all of them,
// are returned too. Which identifiers go together is not checked. A tobacco pack's code is no
// element string: see Profile.Parse.
func ParseElements(c Code) ([]Element, error) {
	s := string(c)
	var elements []Element
	for pos := 0; pos < len(s) || pos == 0; {
		row, ai := leading(s[pos:])
		if row == nil {
			return elements, &ElementError{Pos: pos, Problem: unknownAI(s[pos:])}
		}
		start := pos + len(ai)
		end := len(s)
		if gs := strings.IndexByte(s[start:], GS); gs >= 0 {
			end = start + gs
		}
		if row.Predefined {
			end = min(end, start+row.longest())
		}
		if at, problem := row.fault(s[start:end]); problem != "" {
			return elements, &ElementError{AI: ai, Pos: start + at, Problem: problem}
		}
		elements = append(elements, Element{AI: ai, Value: s[start:end]})
		pos = end
		if pos < len(s) && s[pos] == GS {
			if pos++; pos == len(s) {
				return elements, &ElementError{AI: ai, Pos: end, Problem: "GS behind the last element, expected none"}
			}
		}
	}
	return elements, nil
}

func unknownAI(s string) string {
	if s == "" {
		return "nothing, expected an AI"
	}
	return fmt.Sprintf("%q, expected an AI of the GS1 table", Visible(Code(s[:min(len(s), 4)])))
}

// longest is the greatest length of a value.
func (a *AI) longest() (n int) {
	for _, p := range a.parts {
		n += p.max
	}
	return n
}

// JoinElements makes the element string, without a leading FNC1: GS stands behind every element
// but the last and those of predefined length. Every value must pass AI.Check, so none holds
// a GS. No elements at all, and whatever else is wrong, is an *ElementError.
func JoinElements(elements []Element) (Code, error) {
	if len(elements) == 0 {
		return "", &ElementError{Problem: "no elements, expected at least one"}
	}
	var b strings.Builder
	for i, e := range elements {
		row, ai := leading(e.AI)
		if row == nil || ai != e.AI {
			return "", &ElementError{AI: Visible(Code(e.AI)), Problem: "expected an AI of the GS1 table"}
		}
		if at, problem := row.fault(e.Value); problem != "" {
			return "", &ElementError{AI: ai, Pos: at, Problem: problem}
		}
		b.WriteString(ai)
		b.WriteString(e.Value)
		if !row.Predefined && i < len(elements)-1 {
			b.WriteByte(GS)
		}
	}
	return Code(b.String()), nil
}

// ParseBracketed reads the human readable form, such as (01)04780012345670(21)5abc.
//
// It is for what a person types or copies, never for a device or a file: a value of set 82 may
// itself hold brackets, so the form is ambiguous. A bracket inside a value begins an element
// only if the digits in it are an AI of the table: a value that holds such as (10) is cut
// there. Nothing is trimmed. The error is an *ElementError; the elements before it are returned
// too.
func ParseBracketed(s string) ([]Element, error) {
	var elements []Element
	for pos := 0; pos < len(s) || pos == 0; {
		row, ai := bracketed(s[pos:])
		if row == nil {
			return elements, &ElementError{Pos: pos, Problem: fmt.Sprintf("%q, expected an AI of the GS1 table in brackets", Visible(Code(s[pos:min(len(s), pos+6)])))}
		}
		start := pos + len(ai) + len("()")
		for pos = start; pos < len(s); pos++ {
			if next, _ := bracketed(s[pos:]); next != nil {
				break
			}
		}
		if at, problem := row.fault(s[start:pos]); problem != "" {
			return elements, &ElementError{AI: ai, Pos: start + at, Problem: problem}
		}
		elements = append(elements, Element{AI: ai, Value: s[start:pos]})
	}
	return elements, nil
}

// bracketed finds the identifier in the brackets that s begins with.
func bracketed(s string) (row *AI, ai string) {
	if s == "" || s[0] != '(' {
		return nil, ""
	}
	row, ai = leading(s[1:])
	if row == nil || !strings.HasPrefix(s[1+len(ai):], ")") {
		return nil, ""
	}
	return row, ai
}
