package config

import (
	"os"
	"strings"
	"testing"

	"linemark/internal/code"
)

// A [[group]] table changes what it names and nothing else, and adds groups.
func TestGroups(t *testing.T) {
	text, err := os.ReadFile("testdata/example.toml")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, `
[[group]]
name = "water"
production_date = false
manual_utilisation = false
  [group.unit]
  serial = 11
  check = "91:4 92:44"

[[group]]
name = "tobacco"
factory = false
release_method = true
  [group.unit]
  identifiers = false
  serial = 7
  check = "12"

[[group]]
name = "shoes"
contact_person = true
  [group.unit]
  serial = 13
  check = "none"

[[group]]
name = "beer"
  [group.unit]
  serial = 8
  [group.group]
  check = "93:6"
`...)
	cfg, err := Parse("starter/x.toml", text, Lookup{Env: func(string) (string, bool) { return "t", true }})
	if err != nil {
		t.Fatal(err)
	}
	water, _ := cfg.Table.Rules("water")
	if water.ManualUtilisation || !water.Order.ReleaseMethodType || water.Reserve != true {
		t.Errorf("water is %+v", water)
	}
	tobacco, _ := cfg.Table.Rules("tobacco")
	if tobacco.Order.Factory || !tobacco.Order.ReleaseMethodType || !tobacco.Aggregation.ProductionLineID {
		t.Errorf("tobacco is %+v", tobacco)
	}
	shoes, ok := cfg.Table.Rules("shoes")
	if !ok || !shoes.Order.ContactPerson || !shoes.ManualUtilisation {
		t.Errorf("shoes are %v, %+v", ok, shoes)
	}
	for _, c := range []struct {
		group          string
		typ            code.Type
		full, lost, ki int
	}{
		{"water", code.Unit, 29 + 7 + 47, 29 + 6 + 46, 29},
		{"water", code.Group, 38, 37, 31},
		{"tobacco", code.Unit, 33, 33, 21},
		{"shoes", code.Unit, 31, 31, 31},
		{"beer", code.Unit, 33, 32, 26},
		{"beer", code.Group, 34, 33, 25},
	} {
		p, err := cfg.Table.Profile(c.group, c.typ)
		if err != nil || p.Full != c.full || p.Lost != c.lost || p.KI != c.ki {
			t.Errorf("%s %s: %+v, %v", c.group, c.typ, p, err)
		}
	}
	if groups := strings.Join(cfg.Table.Groups(), " "); !strings.HasSuffix(groups, " shoes") || strings.Count(groups, "water") != 1 {
		t.Errorf("groups: %s", groups)
	}
	if standard, _ := (code.Table{}).Profile("water", code.Unit); standard.KI != 31 {
		t.Errorf("the standard table was changed: %+v", standard)
	}
}
