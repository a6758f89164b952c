// Package rights knows who may do what on the page and its API: people with a password or PIN, programs with a
// token, and the commands on the PC itself.
package rights

import "slices"

// Role is what a person is to the line.
type Role string

// The roles. Each may do what those before it may.
const (
	Viewer   Role = "viewer"   // looks
	Operator Role = "operator" // starts and ends batches, settles reports, undoes boxes
	Engineer Role = "engineer" // tests devices, reloads the configuration
)

// Roles returns all roles, from the least on.
func Roles() []Role { return []Role{Viewer, Operator, Engineer} }

// Known says whether there is such a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Right is what a request needs.
type Right int

// The rights, from the least on.
const (
	Open     Right = iota // nothing: whether the agent lives, and the page's own style
	Look                  // everything that is shown
	Operate               // what a line's shift does
	Maintain              // what its engineer does
)

// String is the word of a right, as a token's scope and an answer have it.
func (r Right) String() string { return []string{"open", "look", "operate", "maintain"}[r] }

// ParseRight reads a scope.
func ParseRight(word string) (Right, bool) {
	for r := Look; r <= Maintain; r++ {
		if r.String() == word {
			return r, true
		}
	}
	return Open, false
}

// Has says whether a role includes a right.
func (r Role) Has(need Right) bool {
	switch need {
	case Open:
		return true
	case Look:
		return r.Known()
	case Operate:
		return r == Operator || r == Engineer
	}
	return r == Engineer
}

// Who is the one that asks for something.
type Who struct {
	Name  string // of the user, of a token, or "this PC"
	Role  Role   // of a user; empty for a token
	scope Right  // of a token
	CSRF  string // what a form of this session must bring along; empty where no cookie lets it in
}

// ThisPC is whoever can read what the agent keeps in its data folder: its administrators.
func ThisPC() Who { return Who{Name: "this PC", Role: Engineer} }

// Nobody may look where looking is free.
func Nobody() Who { return Who{} }

// May says whether this one has a right.
func (w Who) May(need Right) bool { return need == Open || w.Role.Has(need) || w.scope >= need }

// Known says whether it is somebody at all.
func (w Who) Known() bool { return w.Name != "" }
