package code

import (
	"fmt"
	"strings"
)

// FormatError says that a code does not have the structure of its profile.
type FormatError struct {
	Group string
	Type  Type
	Seen  string // what the code has, for people
	Want  string // what the profile expects, for people
}

func (e *FormatError) Error() string {
	if e.Group == "" {
		return fmt.Sprintf("code of an unknown group: seen %s, expected %s", e.Seen, e.Want)
	}
	return fmt.Sprintf("%s %s code: seen %s, expected %s", e.Group, e.Type, e.Seen, e.Want)
}

func (p Profile) refuse(seen, want string) error {
	return &FormatError{Group: p.Group, Type: p.Type, Seen: seen, Want: want}
}

// Ident returns the identification code: the beginning of c without the check part, as
// aggregation reports it. gsLost says that c is a full code whose separators are missing,
// so that it was cut by length. A valid SSCC is its own identification code under every
// known profile. Anything that does not fit is refused with a *FormatError; the cut is
// never found by searching for 91 or 93, which a serial number may contain.
//
// Ident does not allocate unless it refuses.
func (p Profile) Ident(c Code) (ident Code, gsLost bool, err error) {
	if p.KI == 0 {
		return "", false, p.refuse(fmt.Sprintf("%d bytes", len(c)), "the group and type of the order or the line's job")
	}
	if isSSCC(c) {
		return c, false, nil
	}
	if !p.begins(c) {
		seen := fmt.Sprintf("%d bytes, beginning %s", len(c), Visible(c[:min(len(c), len("01")+GTINLength+len("21"))]))
		if !p.AIs {
			return "", false, p.refuse(seen, "14 digits first")
		}
		return "", false, p.refuse(seen, "01, 14 digits and 21 first")
	}
	gs := strings.IndexByte(string(c), GS)
	switch {
	case gs >= 0 && p.AIs && gs == p.KI:
		return c[:p.KI], false, nil
	case gs >= 0 && p.AIs:
		return "", false, p.refuse(fmt.Sprintf("the first GS after %d bytes", gs), fmt.Sprintf("it after %d", p.KI))
	case gs >= 0:
		return "", false, p.refuse(fmt.Sprintf("a GS after %d bytes", gs), "none")
	case len(c) == p.KI:
		return c, false, nil
	case len(c) == p.Lost:
		return c[:p.KI], p.AIs, nil
	case !p.AIs:
		return "", false, p.refuse(fmt.Sprintf("%d bytes", len(c)), fmt.Sprintf("%d, or %d without the check part", p.Full, p.KI))
	}
	return "", false, p.refuse(fmt.Sprintf("%d bytes without GS", len(c)),
		fmt.Sprintf("%d with GS, %d with GS lost, or %d without the check part", p.Full, p.Lost, p.KI))
}

// begins tells whether c starts as the profile demands, up to the serial number.
func (p Profile) begins(c Code) bool {
	at := p.gtinAt()
	if len(c) < p.serialAt() || !digits(string(c[at:at+GTINLength])) {
		return false
	}
	return !p.AIs || c[:at] == "01" && c[at+GTINLength:p.serialAt()] == "21"
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
