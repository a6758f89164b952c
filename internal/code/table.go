package code

import (
	"fmt"
	"slices"
	"strings"
)

// Table is the product groups that a site works with. The zero Table is the standard one: the
// formats and rules of this package's data. A table is never changed, With makes another.
type Table struct {
	own []group // what differs from the standard, or stands beside it
}

type group struct {
	rules    Rules
	profiles []Profile
}

// With returns a table in which the group of r has these rules, and codes of these structures:
// those of the types given, for the others what the table had. So a site can go on when the
// rules of a group have changed, or there is a new group, before this program knows of it.
func (t Table) With(r Rules, profiles ...Profile) Table {
	g := group{rules: r, profiles: slices.Clone(profiles)}
	for _, typ := range []Type{Unit, Group} {
		if p, err := t.Profile(r.Group, typ); err == nil && !slices.ContainsFunc(profiles, func(p Profile) bool { return p.Type == typ }) {
			g.profiles = append(g.profiles, p)
		}
	}
	own := slices.DeleteFunc(slices.Clone(t.own), func(o group) bool { return o.rules.Group == r.Group })
	return Table{own: append(own, g)}
}

// Rules returns the rules of a product group, and false for an unknown group.
func (t Table) Rules(alias string) (Rules, bool) {
	for _, g := range t.own {
		if g.rules.Group == alias {
			return g.rules, true
		}
	}
	for _, r := range rules {
		if r.Group == alias {
			return r, true
		}
	}
	return Rules{}, false
}

// Profile returns the structure of the codes of a group and type. The error is an
// *UnknownProfileError. A code's group is never taken from the code: equal lengths and
// beginnings occur in several groups.
func (t Table) Profile(alias string, typ Type) (Profile, error) {
	for _, g := range t.own {
		if g.rules.Group != alias {
			continue
		}
		for _, p := range g.profiles {
			if p.Type == typ {
				return p, nil
			}
		}
		return Profile{}, &UnknownProfileError{Group: alias, Type: typ, Known: t.Groups()}
	}
	for i := range profiles {
		if profiles[i].Group == alias && profiles[i].Type == typ {
			return profiles[i], nil
		}
	}
	return Profile{}, &UnknownProfileError{Group: alias, Type: typ, Known: t.Groups()}
}

// Groups returns the aliases of all product groups, those of the document first.
func (t Table) Groups() []string {
	names := make([]string, len(rules), len(rules)+len(t.own))
	for i, r := range rules {
		names[i] = r.Group
	}
	for _, g := range t.own {
		if !slices.Contains(names, g.rules.Group) {
			names = append(names, g.rules.Group)
		}
	}
	return names
}

// Profiles returns the structures of all groups and types of the table.
func (t Table) Profiles() []Profile {
	var all []Profile
	for _, alias := range t.Groups() {
		for _, typ := range []Type{Unit, Group} {
			if p, err := t.Profile(alias, typ); err == nil {
				all = append(all, p)
			}
		}
	}
	return all
}

// UnknownProfileError says that a group does not exist or has no codes of the type.
type UnknownProfileError struct {
	Group string
	Type  Type
	Known []string // the groups that there are
}

func (e *UnknownProfileError) Error() string {
	if !slices.Contains(e.Known, e.Group) {
		return fmt.Sprintf("product group %q is unknown, expected one of %s", e.Group, strings.Join(e.Known, ", "))
	}
	return fmt.Sprintf("product group %s has no codes of type %q", e.Group, string(e.Type))
}
