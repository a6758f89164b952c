package code

import "fmt"

// GTINLength is the number of digits of the GTIN in every marking code.
const GTINLength = 14

// Field is one element behind the identification code: the check part or a piece of it.
type Field struct {
	AI     string // application identifier; empty in a code without identifiers
	Length int    // bytes of the value, without the identifier; 0 means no field
}

// Profile is the structure of the codes of one product group and type. All lengths are in
// bytes. The zero Profile stands for an unknown group and refuses every code.
type Profile struct {
	Group  string // alias of the product group, as in the address of a request
	Type   Type
	AIs    bool // a GS1 element string (01, 21, ...); false: the values alone, without GS
	Serial int
	Tail   [3]Field // what follows the identification code, each field led by GS if AIs
	Full   int      // full code with every GS
	Lost   int      // full code when a reader dropped every GS
	KI     int      // identification code: the full code without its check part
}

// profiles holds the formats that the operator publishes per group on help.crpt-turon.uz.
// The lengths are stated, not computed, so that a test can hold them against the structure.
var profiles = [...]Profile{
	// A cigarette pack bears no identifiers: 14 + 7 + 8 characters.
	{Group: "tobacco", Type: Unit, AIs: false, Serial: 7, Tail: [3]Field{{"", 8}}, Full: 29, Lost: 29, KI: 21},
	// The tail with 8005 (price) stands in the samples of the LEGACY-API document only.
	{Group: "tobacco", Type: Group, AIs: true, Serial: 7, Tail: [3]Field{{"8005", 6}, {"93", 4}}, Full: 43, Lost: 41, KI: 25},
	// For group packs of alcohol and beer nobody publishes the tail: taken to be the unit's.
	{Group: "alcohol", Type: Unit, AIs: true, Serial: 7, Tail: [3]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "alcohol", Type: Group, AIs: true, Serial: 7, Tail: [3]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "beer", Type: Unit, AIs: true, Serial: 7, Tail: [3]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "beer", Type: Group, AIs: true, Serial: 7, Tail: [3]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "water", Type: Unit, AIs: true, Serial: 13, Tail: [3]Field{{"93", 4}}, Full: 38, Lost: 37, KI: 31},
	{Group: "water", Type: Group, AIs: true, Serial: 13, Tail: [3]Field{{"93", 4}}, Full: 38, Lost: 37, KI: 31},
	{Group: "pharma", Type: Unit, AIs: true, Serial: 13, Tail: [3]Field{{"91", 4}, {"92", 44}}, Full: 85, Lost: 83, KI: 31},
	{Group: "appliances", Type: Unit, AIs: true, Serial: 20, Tail: [3]Field{{"91", 4}, {"92", 44}}, Full: 92, Lost: 90, KI: 38},
}

// NewProfile makes the structure of a group's codes for a table that differs from the
// standard one. tail is the fields of the check part in their order, without it a code is
// its identification code; a code without identifiers has one field at most.
func NewProfile(group string, t Type, ais bool, serial int, tail ...Field) (Profile, error) {
	p := Profile{Group: group, Type: t, AIs: ais, Serial: serial, KI: GTINLength + serial}
	switch {
	case t != Unit && t != Group:
		return Profile{}, fmt.Errorf("type %q is neither %s nor %s", string(t), Unit, Group)
	case serial < 1 || serial > maxSerial:
		return Profile{}, fmt.Errorf("a serial number of %d characters, expected 1 to %d", serial, maxSerial)
	case len(tail) > len(p.Tail), !ais && len(tail) > 1:
		return Profile{}, fmt.Errorf("%d fields in the check part are too many", len(tail))
	}
	if ais {
		p.KI += len("01") + len("21")
	}
	p.Full, p.Lost = p.KI, p.KI
	for i, f := range tail {
		switch {
		case f.Length < 1 || f.Length > maxField:
			return Profile{}, fmt.Errorf("a check field of %d bytes, expected 1 to %d", f.Length, maxField)
		case ais && (len(f.AI) < 2 || len(f.AI) > 4 || !digits(f.AI)):
			return Profile{}, fmt.Errorf("application identifier %q, expected 2 to 4 digits", f.AI)
		case !ais && f.AI != "":
			return Profile{}, fmt.Errorf("application identifier %s in a code without identifiers", f.AI)
		}
		p.Tail[i] = f
		p.Lost += len(f.AI) + f.Length
		p.Full += len(f.AI) + f.Length
		if ais {
			p.Full++ // its GS
		}
	}
	return p, nil
}

// Bounds of GS1: AI 21 has up to 20 characters, the internal AIs 91 to 99 up to 90.
const (
	maxSerial = 20
	maxField  = 90
)

// gtinAt is the offset of the GTIN, serialAt that of the serial number.
func (p Profile) gtinAt() int {
	if p.AIs {
		return len("01")
	}
	return 0
}

func (p Profile) serialAt() int { return p.KI - p.Serial }
