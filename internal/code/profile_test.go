package code

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The stated lengths must be those of the stated structure.
func TestProfileLengths(t *testing.T) {
	for _, p := range profiles {
		ki, lost, full := GTINLength+p.Serial, 0, 0
		if p.AIs {
			ki += len("01") + len("21")
		}
		lost, full = ki, ki
		for _, f := range p.Tail {
			if f.Length == 0 {
				continue
			}
			lost += len(f.AI) + f.Length
			full += len(f.AI) + f.Length
			if p.AIs {
				full += len("\x1d")
			}
		}
		if p.KI != ki || p.Lost != lost || p.Full != full {
			t.Errorf("%s %s: stated KI %d, lost %d, full %d; the structure gives %d, %d, %d",
				p.Group, p.Type, p.KI, p.Lost, p.Full, ki, lost, full)
		}
	}
}

// The lengths as published, apart from the table in the code.
func TestProfileOf(t *testing.T) {
	for _, tc := range []struct {
		group    string
		typ      Type
		lengths  string // full/lost/KI; empty: no such profile
		contains string
	}{
		{"tobacco", Unit, "29/29/21", ""},
		{"tobacco", Group, "43/41/25", ""},
		{"alcohol", Unit, "32/31/25", ""},
		{"alcohol", Group, "32/31/25", ""},
		{"beer", Unit, "32/31/25", ""},
		{"beer", Group, "32/31/25", ""},
		{"water", Unit, "38/37/31", ""},
		{"water", Group, "38/37/31", ""},
		{"pharma", Unit, "85/83/31", ""},
		{"appliances", Unit, "92/90/38", ""},
		{"pharma", Group, "", `pharma has no codes of type "GROUP"`},
		{"appliances", Group, "", `appliances has no codes of type "GROUP"`},
		{"water", "BOX", "", `water has no codes of type "BOX"`},
		{"Water", Unit, "", `"Water" is unknown, expected one of tobacco, alcohol, pharma, appliances, water, beer`},
	} {
		p, err := Table{}.Profile(tc.group, tc.typ)
		if tc.lengths != "" {
			if got := fmt.Sprintf("%d/%d/%d", p.Full, p.Lost, p.KI); err != nil || got != tc.lengths || p.Group != tc.group || p.Type != tc.typ {
				t.Errorf("%s %s: %s (%s %s), %v; want %s", tc.group, tc.typ, got, p.Group, p.Type, err, tc.lengths)
			}
			continue
		}
		var unknown *UnknownProfileError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), tc.contains) {
			t.Errorf("%s %s: error %v, want %q", tc.group, tc.typ, err, tc.contains)
		}
		if p != (Profile{}) {
			t.Errorf("%s %s: a profile beside the error", tc.group, tc.typ)
		}
	}
}

func TestGroupPacksAgreeWithProfiles(t *testing.T) {
	for _, g := range (Table{}).Groups() {
		r, ok := Table{}.Rules(g)
		if !ok {
			t.Fatalf("%s has no rules", g)
		}
		if _, err := (Table{}).Profile(g, Unit); err != nil {
			t.Errorf("%s: %v", g, err)
		}
		if _, err := (Table{}).Profile(g, Group); (err == nil) != r.GroupPacks {
			t.Errorf("%s: rules say group packs %v, profiles say %v", g, r.GroupPacks, err)
		}
	}
}

// The rows of the document's dictionary 5.2, second table, with the fields of 4.2, 4.4, 4.5.
func TestRulesOf(t *testing.T) {
	const rows = `
tobacco    |  3 | no  | application | no  | yes | yes | order: factory; aggregation: productionLineId
beer       | 15 | no  | application | no  | yes | yes | order: releaseMethodType; utilisation: productionDate
alcohol    | 11 | yes | receipt     | no  | yes | yes | order: releaseMethodType contactPerson; utilisation: productionDate
pharma     |  7 | yes | receipt     | no  | yes | no  | order: releaseMethodType; utilisation: productionDate expirationDate seriesNumber
water      | 13 | yes | receipt     | no  | yes | yes | order: releaseMethodType
appliances | 18 | yes | receipt     | yes | no  | no  | order: releaseMethodType`
	yes := map[bool]string{true: "yes", false: "no"}
	seen := 0
	for _, row := range strings.Split(strings.TrimSpace(rows), "\n") {
		group := strings.Fields(row)[0]
		r, ok := Table{}.Rules(group)
		if !ok {
			t.Errorf("%s has no rules", group)
			continue
		}
		var needs []string
		add := func(report string, fields ...string) {
			if list := strings.Join(strings.Fields(strings.Join(fields, " ")), " "); list != "" {
				needs = append(needs, report+": "+list)
			}
		}
		if1 := func(b bool, s string) string { return map[bool]string{true: s}[b] }
		add("order", if1(r.Order.Factory, "factory"), if1(r.Order.ReleaseMethodType, "releaseMethodType"), if1(r.Order.ContactPerson, "contactPerson"))
		add("utilisation", if1(r.Utilisation.ProductionDate, "productionDate"), if1(r.Utilisation.ExpirationDate, "expirationDate"),
			if1(r.Utilisation.SeriesNumber, "seriesNumber"))
		add("aggregation", if1(r.Aggregation.ProductionLineID, "productionLineId"))
		got := fmt.Sprintf("%-10s | %2d | %-3s | %-11s | %-3s | %-3s | %-3s | %s", r.Group, r.ID, yes[r.Reserve], r.PayAt,
			yes[r.AutoUtilisation], yes[r.ManualUtilisation], yes[r.GroupPacks], strings.Join(needs, "; "))
		if got != row {
			t.Errorf("rules\n got %s\nwant %s", got, row)
		}
		seen++
	}
	if seen != len(Table{}.Groups()) {
		t.Errorf("%d rows for %d groups", seen, len(Table{}.Groups()))
	}
	if _, ok := (Table{}).Rules("shoes"); ok {
		t.Error("rules of an unknown group")
	}
}
