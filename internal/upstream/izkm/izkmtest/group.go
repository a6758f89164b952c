package izkmtest

// group is a row of the document's table 5.2 (state from May 2023) with the structure of
// the group's codes.
type group struct {
	alias string
	// byHand: applied codes are reported by the participant; if not, codes count as
	// applied once they are issued.
	byHand bool
	dated  bool // utilisation needs productionDate
	series bool // utilisation needs expirationDate and seriesNumber
	unit   layout
	pack   *layout // nil: the group has no GROUP codes
}

// layout is the structure of a full code: identification code, then the check part.
type layout struct {
	plain  bool // GTIN and serial number without application identifiers, no GS
	serial int
	check  []element
}

// element is one element of the check part, behind a GS unless the layout is plain.
type element struct {
	prefix   string
	length   int // characters after the prefix, end included
	alphabet string
	end      string
}

const (
	digits      = "0123456789"
	upper       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	letters     = upper + "abcdefghijklmnopqrstuvwxyz"
	base64Chars = letters + digits + "+/"
	// serialChars is GS1 character set 82.
	serialChars = letters + digits + "!\"%&'()*+,-./:;<=>?_"
)

// kiLengths are the lengths that an identification code of any group can have.
var kiLengths = [...]int{21, 25, 31, 38}

// ki is the length of the identification code.
func (l layout) ki() int {
	if l.plain {
		return 14 + l.serial
	}
	return len("01") + 14 + len("21") + l.serial
}

// layout of the group's codes of a cisType; false if the group has none.
func (g group) layout(cisType string) (layout, bool) {
	switch {
	case cisType == "UNIT":
		return g.unit, true
	case cisType == "GROUP" && g.pack != nil:
		return *g.pack, true
	}
	return layout{}, false
}

// groupOf finds a product group by its alias in the address.
func groupOf(alias string) (group, bool) {
	short := []element{{prefix: "93", length: 4, alphabet: base64Chars}}
	long := []element{
		{prefix: "91", length: 4, alphabet: upper + digits},
		{prefix: "92", length: 44, alphabet: base64Chars, end: "="},
	}
	seven := layout{serial: 7, check: short}
	thirteen := layout{serial: 13, check: short}
	g := group{alias: alias, byHand: true}
	switch alias {
	case "tobacco":
		g.unit = layout{plain: true, serial: 7, check: []element{{length: 8, alphabet: base64Chars}}}
		g.pack = &layout{serial: 7, check: append([]element{{prefix: "8005", length: 6, alphabet: digits}}, short...)}
	case "alcohol", "beer":
		g.unit, g.pack, g.dated = seven, &seven, true
	case "water":
		g.unit, g.pack = thirteen, &thirteen
	case "pharma":
		g.unit, g.dated, g.series = layout{serial: 13, check: long}, true, true
	case "appliances":
		g.unit, g.byHand = layout{serial: 20, check: long}, false
	default:
		return group{}, false
	}
	return g, true
}

// validSSCC reports whether s is 00 and 18 digits with the right check digit.
func validSSCC(s string) bool {
	if len(s) != 20 || s[:2] != "00" || !allDigits(s) {
		return false
	}
	sum := 0
	for i := range 17 {
		weight := 3 - 2*(i%2) // 3,1,3… both from the left and from the right of 17 digits
		sum += weight * int(s[2+i]-'0')
	}
	return (10-sum%10)%10 == int(s[19]-'0')
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
