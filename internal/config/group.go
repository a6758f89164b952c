package config

import (
	"fmt"
	"strconv"
	"strings"

	"linemark/internal/code"
)

// Group changes a product group of the standard table, or adds one: for rules that the state
// has changed before this program knew of it. What it does not name stays as it is.
type Group struct {
	Name              string    `toml:"name,required"`      // the alias in the addresses of requests
	ManualUtilisation Choice    `toml:"manual_utilisation"` // applied codes are reported
	ReleaseMethod     Choice    `toml:"release_method"`     // orders carry it
	ContactPerson     Choice    `toml:"contact_person"`     // orders need it
	Factory           Choice    `toml:"factory"`            // orders need it
	ProductionDate    Choice    `toml:"production_date"`    // utilisation reports need it
	ExpirationDate    Choice    `toml:"expiration_date"`    // utilisation reports need it
	Series            Choice    `toml:"series"`             // utilisation reports need it
	ProductionLineID  Choice    `toml:"production_line_id"` // aggregation reports need it
	Unit              Structure `toml:"unit"`
	Group             Structure `toml:"group"`
}

// Structure is what the codes of a group consist of.
type Structure struct {
	Identifiers Choice `toml:"identifiers"` // GS1 application identifiers; default true
	Serial      int    `toml:"serial"`      // characters of the serial number
	Check       string `toml:"check"`       // fields of the check part, "91:4 92:44"; "8" without identifiers
}

// Choice is a boolean that may be absent.
type Choice int

// The choices.
const (
	Unset Choice = iota
	Yes
	No
)

// over is the choice, or what holds without one.
func (c Choice) over(standard bool) bool { return c == Yes || c == Unset && standard }

// groups makes the table of product groups.
func (c *checker) groups() {
	if at := c.root.at("izkm"); c.ok(at) {
		c.oneOf(at.at("group_table"), c.cfg.IZKM.GroupTable, groupTables...)
	}
	if c.cfg.IZKM.GroupTable == tableFirst {
		c.cfg.Table = code.FirstTable()
	}
	seen := map[string]*place{}
	for i, g := range c.cfg.Groups {
		at := c.root.at("group").element(i)
		here := at.at("name")
		if !c.ok(here) {
			continue
		}
		if !alias(g.Name) {
			c.add(here, fmt.Sprintf("%q is no alias of a product group", g.Name), "write it as in the addresses of the national system, such as water")
			continue
		}
		c.unique(seen, here, g.Name, "a group's name")
		r, known := c.cfg.Table.Rules(g.Name)
		if !known {
			r = code.Rules{Group: g.Name, ManualUtilisation: true, Order: code.OrderFields{ReleaseMethodType: true}}
		}
		r.ManualUtilisation = g.ManualUtilisation.over(r.ManualUtilisation)
		r.Order.ReleaseMethodType = g.ReleaseMethod.over(r.Order.ReleaseMethodType)
		r.Order.ContactPerson = g.ContactPerson.over(r.Order.ContactPerson)
		r.Order.Factory = g.Factory.over(r.Order.Factory)
		r.Utilisation.ProductionDate = g.ProductionDate.over(r.Utilisation.ProductionDate)
		r.Utilisation.ExpirationDate = g.ExpirationDate.over(r.Utilisation.ExpirationDate)
		r.Utilisation.SeriesNumber = g.Series.over(r.Utilisation.SeriesNumber)
		r.Aggregation.ProductionLineID = g.ProductionLineID.over(r.Aggregation.ProductionLineID)
		var own []code.Profile
		for _, s := range []struct {
			key  string
			typ  code.Type
			what Structure
		}{{"unit", code.Unit, g.Unit}, {"group", code.Group, g.Group}} {
			if s.what == (Structure{}) {
				continue
			}
			if p, ok := c.structure(at.at(s.key), g.Name, s.typ, s.what); ok {
				own = append(own, p)
				r.GroupPacks = r.GroupPacks || s.typ == code.Group
			}
		}
		if !known && g.Unit == (Structure{}) && g.Group == (Structure{}) {
			hint := "say what the codes of a new group consist of: [group.unit] with serial and check"
			if near := nearest(g.Name, code.Table{}.Groups()); near != "" {
				hint = fmt.Sprintf("did you mean %q? Else %s", near, hint)
			}
			c.add(here, fmt.Sprintf("%q is no group that this linemark knows", g.Name), hint)
		}
		c.cfg.Table = c.cfg.Table.With(r, own...)
	}
	if c.given(c.root.at("smartone")) {
		for _, name := range c.cfg.Table.Groups() {
			r, _ := c.cfg.Table.Rules(name)
			c.cfg.Table = c.cfg.Table.With(ofNoReport(r))
		}
	}
}

// alias tells whether s can stand in the path of a request as it is.
func alias(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// structure makes what the codes of a group consist of, from what the table has.
func (c *checker) structure(at *place, group string, t code.Type, s Structure) (code.Profile, bool) {
	if c.bad[at.at("identifiers").path] || c.bad[at.at("serial").path] || c.bad[at.at("check").path] {
		return code.Profile{}, false
	}
	base, err := c.cfg.Table.Profile(group, t)
	if err != nil {
		base = code.Profile{AIs: true}
	}
	ais := s.Identifiers.over(base.AIs)
	if s.Serial == 0 {
		s.Serial = base.Serial
	}
	tail, problem := checkPart(s.Check, ais)
	if s.Check == "" && ais == base.AIs {
		for _, f := range base.Tail {
			if f.Length > 0 {
				tail = append(tail, f)
			}
		}
	}
	if problem == "" && len(tail) == 0 && s.Check != noCheck {
		problem = "what the check part is must be said"
	}
	if problem != "" {
		c.add(at.at("check"), problem, `write "93:4" for AI 93 with 4 characters, more of them with a space between; only the length, "8", with identifiers = false; "none" without a check part`)
		return code.Profile{}, false
	}
	p, err := code.NewProfile(group, t, ais, s.Serial, tail...)
	if err != nil {
		key := "check"
		if s.Serial < 1 || s.Serial > maxSerial {
			key = "serial"
		}
		c.add(at.at(key), err.Error(), "a code is GTIN, serial number (1 to 20 characters), check part; compare it with the rules of the group")
		return code.Profile{}, false
	}
	return p, true
}

// maxSerial is how long the serial number of a code may be.
const maxSerial = 20

// noCheck says that the codes of a group have no check part.
const noCheck = "none"

// checkPart reads the fields of a check part, or says what is wrong with them.
func checkPart(text string, ais bool) (tail []code.Field, problem string) {
	if text == noCheck {
		return nil, ""
	}
	for _, word := range strings.Fields(text) {
		ai, length, identified := strings.Cut(word, ":")
		if !identified {
			ai, length = "", word
		}
		n, err := strconv.ParseUint(length, 10, 8)
		if err != nil || identified != ais || length[0] == '+' {
			return nil, fmt.Sprintf("%q cannot be read", text)
		}
		if _, known := code.LookupAI(ai); identified && !known || ai == "01" || ai == "21" || ai == "00" {
			return nil, fmt.Sprintf("AI %q cannot stand in a check part", ai)
		}
		for _, f := range tail {
			if identified && f.AI == ai {
				return nil, fmt.Sprintf("AI %s stands in it twice", ai)
			}
		}
		tail = append(tail, code.Field{AI: ai, Length: int(n)})
	}
	return tail, ""
}
