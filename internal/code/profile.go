package code

import (
	"fmt"
	"strings"
)

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
	Tail   [2]Field // what follows the identification code, each field led by GS if AIs
	Full   int      // full code with every GS
	Lost   int      // full code when a reader dropped every GS
	KI     int      // identification code: the full code without its check part
}

// profiles holds the formats that the operator publishes per group on help.crpt-turon.uz.
// The lengths are stated, not computed, so that a test can hold them against the structure.
var profiles = [...]Profile{
	// A cigarette pack bears no identifiers: 14 + 7 + 8 characters.
	{Group: "tobacco", Type: Unit, AIs: false, Serial: 7, Tail: [2]Field{{"", 8}}, Full: 29, Lost: 29, KI: 21},
	// The tail with 8005 (price) stands in the samples of the LEGACY-API document only.
	{Group: "tobacco", Type: Group, AIs: true, Serial: 7, Tail: [2]Field{{"8005", 6}, {"93", 4}}, Full: 43, Lost: 41, KI: 25},
	// For group packs of alcohol and beer nobody publishes the tail: taken to be the unit's.
	{Group: "alcohol", Type: Unit, AIs: true, Serial: 7, Tail: [2]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "alcohol", Type: Group, AIs: true, Serial: 7, Tail: [2]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "beer", Type: Unit, AIs: true, Serial: 7, Tail: [2]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "beer", Type: Group, AIs: true, Serial: 7, Tail: [2]Field{{"93", 4}}, Full: 32, Lost: 31, KI: 25},
	{Group: "water", Type: Unit, AIs: true, Serial: 13, Tail: [2]Field{{"93", 4}}, Full: 38, Lost: 37, KI: 31},
	{Group: "water", Type: Group, AIs: true, Serial: 13, Tail: [2]Field{{"93", 4}}, Full: 38, Lost: 37, KI: 31},
	{Group: "pharma", Type: Unit, AIs: true, Serial: 13, Tail: [2]Field{{"91", 4}, {"92", 44}}, Full: 85, Lost: 83, KI: 31},
	{Group: "appliances", Type: Unit, AIs: true, Serial: 20, Tail: [2]Field{{"91", 4}, {"92", 44}}, Full: 92, Lost: 90, KI: 38},
}

// UnknownProfileError says that a group does not exist or has no codes of the type.
type UnknownProfileError struct {
	Group string
	Type  Type
}

func (e *UnknownProfileError) Error() string {
	if _, ok := RulesOf(e.Group); !ok {
		return fmt.Sprintf("product group %q is unknown, expected one of %s", e.Group, strings.Join(Groups(), ", "))
	}
	return fmt.Sprintf("product group %s has no codes of type %q", e.Group, string(e.Type))
}

// ProfileOf returns the structure of the codes of a group and type. The error is an
// *UnknownProfileError. A code's group is never taken from the code: equal lengths and
// beginnings occur in several groups.
func ProfileOf(group string, t Type) (Profile, error) {
	for i := range profiles {
		if profiles[i].Group == group && profiles[i].Type == t {
			return profiles[i], nil
		}
	}
	return Profile{}, &UnknownProfileError{Group: group, Type: t}
}

// Groups returns the aliases of all product groups in the order of the document.
func Groups() []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.Group
	}
	return names
}

// gtinAt is the offset of the GTIN, serialAt that of the serial number.
func (p Profile) gtinAt() int {
	if p.AIs {
		return len("01")
	}
	return 0
}

func (p Profile) serialAt() int { return p.KI - p.Serial }
