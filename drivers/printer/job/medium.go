package job

import (
	"fmt"
	"strings"
)

// Medium says how a protocol carries the values of fields.
type Medium struct {
	Protocol string     // "Zipher field": what cannot carry a control character
	Device   string     // "printer"
	Job      string     // "job": what the device calls the layout that lies in it
	Value    string     // "field": what the device calls a value's place
	Reserved []Reserved // characters that no value can hold
	ASCII    bool       // a text is of ASCII characters alone
	Filled   bool       // it is not known what the device makes of an empty value

	// Check says what else is wrong with a whole value, be it a code or a text; nil: nothing.
	Check func(value string) error
	// Write returns a value as it goes over the wire; nil: as it is.
	Write func(value string) string
}

// Reserved are characters that mean something to a protocol, and what: "which ends a field of
// the protocol".
type Reserved struct{ Characters, Which string }

// reserved returns what a character means to the protocol; empty: nothing.
func (m Medium) reserved(b byte) string {
	for _, r := range m.Reserved {
		if strings.IndexByte(r.Characters, b) >= 0 {
			return r.Which
		}
	}
	return ""
}

// CheckText returns why a text cannot be part of a value.
func (m Medium) CheckText(text string) error {
	for i := range len(text) {
		b := text[i]
		switch which := m.reserved(b); {
		case b < ' ' || b == 0x7f:
			return fmt.Errorf("byte %d is the control character %02X", i+1, b)
		case b > 0x7f && m.ASCII:
			return fmt.Errorf("byte %d is %02X, which is no ASCII", i+1, b)
		case which != "":
			return fmt.Errorf("byte %d is %02X (%c), %s", i+1, b, b, which)
		}
	}
	return nil
}

// CheckValue returns why a text cannot be a whole value.
func (m Medium) CheckValue(text string) error {
	if err := m.CheckText(text); err != nil {
		return err
	}
	return m.check(text)
}

// check is Check.
func (m Medium) check(value string) error {
	if m.Check == nil {
		return nil
	}
	return m.Check(value)
}

// write is Write.
func (m Medium) write(value string) string {
	if m.Write == nil {
		return value
	}
	return m.Write(value)
}
