package secrets

// right is one entry of a Windows access list that grants something.
type right struct {
	sid  string // whom, such as S-1-1-0
	mask uint32
}

// others are the accounts that stand for many people, by their well-known identifiers.
var others = map[string]string{
	"S-1-1-0":      "Everyone",
	"S-1-2-0":      "everybody who is logged on at this machine",
	"S-1-5-2":      "everybody who comes over the network",
	"S-1-5-4":      "everybody who is logged on at this machine",
	"S-1-5-7":      "everybody, without a name",
	"S-1-5-11":     "Authenticated Users",
	"S-1-5-32-545": "Users",
	"S-1-5-32-546": "Guests",
}

// domainWide are the ends of identifiers that stand for everybody of a domain: its users and its guests.
var domainWide = map[string]string{"513": "the domain's users", "514": "the domain's guests"}

// What an entry grants that counts: reading, writing, or changing the list itself.
const (
	mayRead  = 0x0000_0001 | 0x8000_0000 | 0x1000_0000
	mayWrite = 0x0000_0002 | 0x0000_0004 | 0x4000_0000 | 0x1000_0000 | 0x0004_0000 | 0x0008_0000
)

// openTo says which of the many can read or change a file with this access list, in one clause, or "".
// What the list denies is not looked at: a list that grants and denies the same is not worth trusting.
func openTo(list []right) string {
	for _, r := range list {
		who := others[r.sid]
		if who == "" {
			who = ofDomain(r.sid)
		}
		switch {
		case who == "":
		case r.mask&mayRead != 0:
			return who + " can read it"
		case r.mask&mayWrite != 0:
			return who + " can change it"
		}
	}
	return ""
}

// ofDomain knows S-1-5-21-X-Y-Z-513 and its like.
func ofDomain(sid string) string {
	const prefix = "S-1-5-21-"
	if len(sid) <= len(prefix) || sid[:len(prefix)] != prefix {
		return ""
	}
	for i := len(sid) - 1; i >= 0; i-- {
		if sid[i] == '-' {
			return domainWide[sid[i+1:]]
		}
	}
	return ""
}
