package code

import (
	"fmt"
	"iter"
	"strings"
)

// AI is one row of the GS1 application identifier table: a single identifier, or a range whose
// last digit tells how many decimals the value has or which of several the value is.
type AI struct {
	First      string // such as "3100"
	Last       string // such as "3105"; First if there is only one
	Title      string // the data title of the GS1 General Specifications; empty for 8110 and 8112, which have none
	Predefined bool   // the length is known from the first two digits, so no GS follows the value
	parts      []part
}

// part is a piece of a value. Only the last part may vary in length, and what follows an
// optional part is optional too.
type part struct {
	set      byte // 'N' digits, 'X' set 82, 'Y' set 39, 'Z' base64url (set 64)
	min, max int
	optional bool
	rules    []rule
}

func fix(set byte, length int, rules ...rule) part {
	return part{set: set, min: length, max: length, rules: rules}
}

func upTo(set byte, length int, rules ...rule) part {
	return part{set: set, min: 1, max: length, rules: rules}
}

func opt(p part) part {
	p.optional = true
	return p
}

// aiGroup is where the rows of identifiers with the same first two digits stand in the table. All
// of them have the same number of digits (GS1 General Specifications, figure 7.8.1-1).
type aiGroup struct {
	digits   int // of the whole identifier; zero: there is none
	from, to int
}

var aiGroups = indexAIs()

func indexAIs() (g [100]aiGroup) {
	for i, row := range aiTable {
		n := 10*(row.First[0]-'0') + row.First[1] - '0'
		last := 10*(row.Last[0]-'0') + row.Last[1] - '0'
		for ; n <= last; n++ {
			if g[n].digits == 0 {
				g[n].digits, g[n].from = len(row.First), i
			}
			g[n].to = i + 1
		}
	}
	return g
}

// leading finds the identifier that s begins with.
func leading(s string) (row *AI, ai string) {
	if len(s) < 2 || !digits(s[:2]) {
		return nil, ""
	}
	g := aiGroups[10*(s[0]-'0')+s[1]-'0']
	if g.digits == 0 || len(s) < g.digits {
		return nil, ""
	}
	ai = s[:g.digits]
	for i := g.from; i < g.to; i++ {
		if aiTable[i].First <= ai && ai <= aiTable[i].Last {
			return &aiTable[i], ai
		}
	}
	return nil, ""
}

// LookupAI finds an application identifier of two to four digits in the table, and false if it
// has none such. It does not allocate.
func LookupAI(ai string) (AI, bool) {
	row, found := leading(ai)
	if row == nil || found != ai {
		return AI{}, false
	}
	return *row, true
}

// AIs goes through the whole table in the order of the identifiers.
func AIs() iter.Seq[AI] {
	return func(yield func(AI) bool) {
		for _, a := range aiTable {
			if !yield(a) {
				return
			}
		}
	}
}

// Format says for people what a value looks like: "N14, check digit", "X..20",
// "N13, check digit; optional X..17". N are digits, X characters of set 82, Y of set 39,
// Z base64url.
func (a AI) Format() string {
	var b strings.Builder
	for i, p := range a.parts {
		if i > 0 {
			b.WriteString("; ")
		}
		if p.optional {
			b.WriteString("optional ")
		}
		b.WriteByte(p.set)
		if p.min != p.max {
			b.WriteString("..")
		}
		fmt.Fprint(&b, p.max)
		for _, r := range p.rules {
			b.WriteString(", " + r.name)
		}
	}
	return b.String()
}

// Check checks a value: characters, length, check digit or check characters, date, time, and
// what else GS1 itself fixes about its parts. Lists that other bodies keep are not consulted:
// countries, currencies, package and media types, assigned company prefixes; nor is the inside
// of a coupon code (8110, 8112) looked at. The error is an *ElementError.
func (a AI) Check(value string) error {
	if at, problem := a.fault(value); problem != "" {
		ai := a.First
		if a.Last != a.First {
			ai += "-" + a.Last
		}
		return &ElementError{AI: ai, Pos: at, Problem: problem}
	}
	return nil
}

// fault finds the first thing that is wrong with a value; an empty problem means nothing is.
func (a *AI) fault(value string) (at int, problem string) {
	for _, p := range a.parts {
		if p.optional && at == len(value) {
			break
		}
		piece := value[at:min(len(value), at+p.max)]
		if i, problem := p.foreign(piece); problem != "" {
			return at + i, problem
		}
		if len(piece) < p.min {
			return len(value), a.length(value)
		}
		for _, r := range p.rules {
			if i, problem := r.fault(piece); problem != "" {
				return at + i, problem
			}
		}
		at += len(piece)
	}
	if at < len(value) {
		return at, a.length(value)
	}
	return 0, ""
}

func (a *AI) length(value string) string {
	return fmt.Sprintf("%d characters, expected %s", len(value), a.Format())
}

// foreign finds the first character outside the part's set.
func (p part) foreign(s string) (at int, problem string) {
	for i := range len(s) {
		var ok bool
		var want string
		switch p.set {
		case 'N':
			ok, want = isDigit(s[i]), "a digit"
		case 'X':
			ok, want = in82(s[i]), "a character of GS1 set 82"
		case 'Y':
			ok, want = in39(s[i]), "a character of GS1 set 39"
		case 'Z':
			padding := len(s)-i <= 2 && strings.Trim(s[i:], "=") == ""
			ok, want = in64(s[i]) || padding, "a character of GS1 set 64"
		}
		if !ok {
			return i, fmt.Sprintf("%s, expected %s", seenByte(s[i]), want)
		}
	}
	return 0, ""
}

func seenByte(b byte) string {
	if b > ' ' && b < 0x7f {
		return fmt.Sprintf("%q (0x%02X)", b, b)
	}
	return fmt.Sprintf("0x%02X", b)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isCapital(b byte) bool { return 'A' <= b && b <= 'Z' }

// in39 is GS1 character set 39 (GS1 General Specifications, figure 7.11-2).
func in39(b byte) bool {
	return isDigit(b) || isCapital(b) || b == '#' || b == '-' || b == '/'
}

// in64 is GS1 character set 64, the alphabet of base64url (figure 7.11-3).
func in64(b byte) bool {
	return isDigit(b) || isCapital(b) || 'a' <= b && b <= 'z' || b == '-' || b == '_'
}
