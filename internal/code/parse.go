package code

import (
	"fmt"
	"strings"
)

// Element is one value of a code with its application identifier.
type Element struct {
	AI    string // empty where the code has no identifiers or an unexpected piece stands
	Value string
}

// Parts is a code taken apart for people and for checks. Ident followed by Tail is the
// code, byte for byte.
type Parts struct {
	GTIN     string
	Serial   string
	Ident    Code
	Tail     string   // the check part with its separators and identifiers; empty for a bare identification code
	GSLost   bool     // see Profile.Ident
	Warnings []string // what is unusual about the code without making it unusable

	elements [maxElements]Element // an array: Parse of a good code does not allocate
	n        int
}

// maxElements are GTIN, serial number, the fields of a check part, and what is left behind them.
const maxElements = 2 + len(Profile{}.Tail) + 1

// Elements are the code's values in their order. The slice belongs to parts.
func (parts *Parts) Elements() []Element { return parts.elements[:parts.n] }

func (parts *Parts) add(e Element) {
	parts.elements[parts.n] = e
	parts.n++
}

// Parse takes a code apart. It refuses what Ident refuses, with the same *FormatError, and
// an SSCC, which has no GTIN: see ParseSSCC. Whatever is wrong behind the identification
// code, as well as a bad check digit or serial number, is a warning: it is an error where a
// person has typed the code. A code without warnings is parsed without allocation.
func (p Profile) Parse(c Code) (Parts, error) {
	var parts Parts
	err := parts.parse(&p, c)
	return parts, err
}

func (parts *Parts) parse(p *Profile, c Code) error {
	ident, gsLost, err := p.Ident(c)
	if err != nil {
		return err
	}
	if isSSCC(c) {
		return p.refuse("an SSCC", "a code with a GTIN and a serial number")
	}
	at := p.gtinAt()
	parts.GTIN = string(c[at : at+GTINLength])
	parts.Serial = string(ident[p.serialAt():])
	parts.Ident = ident
	parts.Tail = string(c[len(ident):])
	parts.GSLost = gsLost
	gtin, serial := Element{Value: parts.GTIN}, Element{Value: parts.Serial}
	if p.AIs {
		gtin.AI, serial.AI = "01", "21"
	}
	parts.add(gtin)
	parts.add(serial)
	if err := ValidGTIN(parts.GTIN); err != nil {
		parts.warn("%v", err)
	}
	if err := CheckSerial82(parts.Serial); err != nil {
		parts.warn("serial number: %v", err)
	}
	if parts.Tail != "" {
		parts.tail(p)
	}
	return nil
}

func (parts *Parts) warn(format string, args ...any) {
	parts.Warnings = append(parts.Warnings, fmt.Sprintf(format, args...))
}

// tail reads the fields behind the identification code in the profile's order.
func (parts *Parts) tail(p *Profile) {
	rest := parts.Tail
	for i := range p.Tail {
		f := &p.Tail[i]
		if f.Length == 0 {
			break
		}
		if p.AIs && rest != "" {
			var separated bool
			if rest, separated = strings.CutPrefix(rest, string(GS)); !separated {
				parts.warn("GS missing before AI %s", f.AI)
			}
		}
		value, ok := strings.CutPrefix(rest, f.AI)
		if !ok {
			parts.warn("AI %s missing after %d bytes", f.AI, len(parts.Ident)+len(parts.Tail)-len(rest))
			break
		}
		var next Field
		if i+1 < len(p.Tail) {
			next = p.Tail[i+1]
		}
		end := f.end(value, next)
		value, rest = value[:end], value[end:]
		parts.add(Element{AI: f.AI, Value: value})
		if len(value) != f.Length {
			parts.warn("%s has %d bytes, expected %d", f.name(), len(value), f.Length)
		}
		if err := CheckSerial82(value); err != nil {
			parts.warn("%s: %v", f.name(), err)
		}
	}
	if rest != "" {
		parts.add(Element{Value: rest})
		parts.warn("%d bytes more than expected at the end: %s", len(rest), Visible(Code(rest)))
	}
}

func (f Field) name() string {
	if f.AI == "" {
		return "check part"
	}
	return "AI " + f.AI
}

// end is where the value of f stops in s: at the separator, or by its length if exactly
// the next field follows there, as it does when the separator was lost.
func (f Field) end(s string, next Field) int {
	end := strings.IndexByte(s, GS)
	if end < 0 {
		end = len(s)
	}
	if next.Length > 0 && end == f.Length+len(next.AI)+next.Length && strings.HasPrefix(s[f.Length:], next.AI) {
		return f.Length
	}
	return end
}
