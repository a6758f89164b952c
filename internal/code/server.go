package code

import (
	"fmt"
	"unicode/utf8"
)

// CheckServer judges a code of a received block. A hard error means that the block must be
// kept apart and not be acknowledged: the code is of another GTIN than the one asked for, or
// its bytes were damaged on the way (a control byte other than GS, U+FFFD, invalid UTF-8; the
// last as a *CharError). Length, separators, check digit and characters outside set 82 are
// warnings, for the national system's own samples break these rules.
func CheckServer(p Profile, gtin string, c Code) (hard error, warnings []string) {
	if p.KI == 0 {
		return p.refuse(fmt.Sprintf("%d bytes", len(c)), "the group and type of the order"), nil
	}
	if err := intact(c); err != nil {
		return err, nil
	}
	at := p.gtinAt()
	lead := "01"[:at]
	if len(c) < at+GTINLength || string(c[:at]) != lead || string(c[at:at+GTINLength]) != gtin {
		return fmt.Errorf("code begins %s, expected GTIN %s", Visible(c[:min(len(c), at+GTINLength)]), lead+gtin), nil
	}
	parts, err := p.Parse(c)
	if err == nil {
		warnings = parts.Warnings
		if len(c) != p.Full && !parts.GSLost {
			warnings = append(warnings, fmt.Sprintf("%d bytes, expected %d", len(c), p.Full))
		}
		return nil, warnings
	}
	warnings = append(warnings, err.Error())
	if err := ValidGTIN(gtin); err != nil {
		warnings = append(warnings, err.Error())
	}
	for i := at + GTINLength; i < len(c); i++ {
		if c[i] != GS && !in82(c[i]) {
			e := &CharError{Byte: c[i], Pos: i, Rule: "a character of GS1 set 82"}
			return nil, append(warnings, e.Error())
		}
	}
	return nil, warnings
}

// intact finds the traces of a damaged transfer.
func intact(c Code) error {
	for i := 0; i < len(c); {
		r, size := utf8.DecodeRuneInString(string(c[i:]))
		switch {
		case r == utf8.RuneError && size == 1:
			return &CharError{Byte: c[i], Pos: i, Rule: "valid UTF-8"}
		case r == utf8.RuneError:
			return &CharError{Byte: c[i], Pos: i, Rule: "a character, not U+FFFD in place of one"}
		case r < ' ' && r != GS, r == 0x7f:
			return &CharError{Byte: c[i], Pos: i, Rule: "no control byte but GS"}
		}
		i += size
	}
	return nil
}
