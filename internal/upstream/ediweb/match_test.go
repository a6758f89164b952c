package ediweb_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"linemark/internal/upstream/ediweb"
	"linemark/internal/upstream/ediweb/ediwebtest"
	"linemark/internal/upstream/ediweb/stack"
)

func TestMatchesByInventoriesOfAnyKind(t *testing.T) {
	for name, o := range map[string]ediwebtest.Options{
		"elements":             {},
		"attributes":           {Inventory: ediwebtest.ByAttributes},
		"inside":               {Inside: true},
		"inside by attributes": {Inside: true, Inventory: ediwebtest.ByAttributes},
		"windows-1251": {Inventory: func(all []ediwebtest.Packed) []byte {
			text := strings.Replace(string(ediwebtest.ByElements(all)), `"UTF-8"`, `"windows-1251"`, 1)
			out, err := charmap.Windows1251.NewEncoder().String(strings.ReplaceAll(text, "Document", "Документ"))
			if err != nil {
				panic(err)
			}
			return []byte(out)
		}},
	} {
		o.Waybills = []ediwebtest.Waybill{{ID: "1", Number: "АТ-7"}, {ID: "2", Number: "b/c"}, {ID: "3", Number: "d_e"}}
		c, s := site(t, o, ediweb.Options{})
		s.SetFault(befalls(ediwebtest.Fault{Omit: []string{"2"}}))
		a := once(t, c, s, ids(3)...)
		if states(a) != "1 found; 2 missing; 3 found" || a.Documents[2].Packets[0].Number != "d_e" || len(a.Strays) != 0 {
			t.Errorf("%s: %s, %d strays, notes %q", name, states(a), len(a.Strays), a.Lots[0].Notes)
		}
		if a.Documents[1].Why != "the answer holds nothing for it" {
			t.Errorf("%s: %q", name, a.Documents[1].Why)
		}
	}
}

// What nobody can assign is kept and told, never guessed: not even the only one asked for.
func TestStrays(t *testing.T) {
	c, s := site(t, ediwebtest.Options{Waybills: []ediwebtest.Waybill{{ID: "1", Number: "AT-7"}}, Inventory: ediwebtest.Unhelpful}, ediweb.Options{})
	a := once(t, c, s, "1")
	if states(a) != "1 missing" || len(a.Strays) != 1 || a.Strays[0].Number != "AT-7" || len(a.Strays[0].Pictures) != 1 {
		t.Errorf("%s, strays %+v", states(a), a.Strays)
	}
	if !strings.Contains(a.Documents[0].Why, "but 1 for nobody") || !strings.Contains(strings.Join(a.Lots[0].Notes, "\n"), "belongs to no document asked for") {
		t.Errorf("%q, %q", a.Documents[0].Why, a.Lots[0].Notes)
	}
	if a = once(t, c, s, "AT-7"); states(a) != "AT-7 missing" { // not known under its number
		t.Error(states(a))
	}
}

func TestOddAnswers(t *testing.T) {
	const at = "_03052023133944.zip"
	inner := func(files ...string) string { return string(archive(t, files...)) }
	for name, c := range map[string]struct {
		files  []string
		want   string // states of 1, 2
		strays int
		says   string // in Why or in a note
	}{
		"by number":          {[]string{"QR_1" + at, qr(t, "a"), "QR_2" + at, qr(t, "b")}, "1 found; 2 found", 0, ""},
		"in a folder":        {[]string{"out/QR_1" + at, qr(t, "a")}, "1 found; 2 missing", 0, ""},
		"empty":              {nil, "1 missing; 2 missing", 0, "nothing for it"},
		"more than asked":    {[]string{"QR_1" + at, qr(t, "a"), "QR_3" + at, qr(t, "c")}, "1 found; 2 missing", 1, "but 1 for nobody"},
		"twice":              {[]string{"QR_1" + at, qr(t, "a"), "QR_1" + at, qr(t, "a")}, "1 found; 2 missing", 0, `document "1" came 2 times`},
		"twice, one broken":  {[]string{"QR_1" + at, qr(t, "a"), "QR_1" + at, "text"}, "1 error; 2 missing", 0, "named .zip, but not a ZIP"},
		"inner is no ZIP":    {[]string{"QR_1" + at, "sorry", "QR_2" + at, qr(t, "b")}, "1 error; 2 found", 0, "named .zip, but not a ZIP"},
		"inner is empty":     {[]string{"QR_1" + at, inner(), "QR_2" + at, qr(t, "b")}, "1 error; 2 found", 0, "it holds no picture"},
		"picture is empty":   {[]string{"QR_1" + at, inner("qr.png", "")}, "1 error; 2 missing", 0, `"qr.png" in it is empty`},
		"strange picture":    {[]string{"QR_1" + at, inner("qr.webp", "RIFF....WEBP")}, "1 found; 2 missing", 0, `"qr.webp" of "QR_1_03052023133944.zip" is no picture of a known format, it begins "RIFF....WEBP"`},
		"picture not packed": {[]string{"QR_1_03052023133944.png", string(ediwebtest.PNG("a"))}, "1 found; 2 missing", 0, ""},
		"deeper":             {[]string{"QR_1" + at, inner("more.zip", qr(t, "a"))}, "1 error; 2 missing", 0, `"more.zip" in it: an archive within 2 others`},
		"path inside":        {[]string{"QR_1" + at, inner("../../qr.png", "x"), "QR_2" + at, qr(t, "b")}, "1 error; 2 found", 0, "folder above"},
		"absolute":           {[]string{"/QR_1" + at, qr(t, "a")}, "1 error; 2 missing", 0, "absolute"},
		"inventory broken":   {[]string{"Inventory.xml", "<a>", "QR_1" + at, qr(t, "a")}, "1 found; 2 missing", 0, `the inventory "Inventory.xml" cannot be read`},
		"inventory disagrees": {[]string{"Inventory.xml", `<a><d i="2" f="QR_1` + at + `"/></a>`, "QR_1" + at, qr(t, "a")},
			"1 error; 2 error", 1, `may belong to each of ["1" "2"]`},
		"inner inventory disagrees": {[]string{"QR_1" + at, inner("Inventory.xml", "<a><b>2</b></a>", "qr.png", "x")}, "1 error; 2 error", 1, "may belong to each"},
		"two ids in one record": {[]string{"Inventory.xml", `<a><d i="1" j="2" f="QR_A` + at + `"/></a>`, "QR_A" + at, qr(t, "a")},
			"1 missing; 2 missing", 1, "for nobody"},
		"two names in one record": {[]string{"Inventory.xml", `<a i="1"><f>QR_A` + at + `</f><f>QR_B` + at + `</f></a>`, "QR_A" + at, qr(t, "a"), "QR_B" + at, qr(t, "b")},
			"1 missing; 2 missing", 2, "for nobody"},
		"one name in two folders": {[]string{"Inventory.xml", `<a><d i="1" f="qr.png"/></a>`, "a/qr.png", string(ediwebtest.PNG("a")), "b/qr.png", string(ediwebtest.PNG("b"))},
			"1 missing; 2 missing", 2, "for nobody"},
		"list of ids, then records": {[]string{"Inventory.xml", `<a><q>1</q><q>2</q><d><i>1</i><n>A</n></d><d><i>2</i><n>B</n></d></a>`, "QR_A" + at, qr(t, "a"), "QR_B" + at, qr(t, "b")},
			"1 found; 2 found", 0, ""},
		"an id as a count": {[]string{"Inventory.xml", `<a count="2"><d><i>1</i><n>A</n></d><d><i>2</i><n>B</n></d></a>`, "QR_A" + at, qr(t, "a"), "QR_B" + at, qr(t, "b")},
			"1 found; 2 found", 0, ""},
		"deep record": {[]string{"Inventory.xml", `<a><d><x><i>1</i></x><y><z f="QR_A_03052023133944"/></y></d></a>`, "QR_A" + at, qr(t, "a")},
			"1 found; 2 missing", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			client, s := site(t, ediwebtest.Options{}, ediweb.Options{})
			s.SetFault(befalls(ediwebtest.Fault{Body: archive(t, c.files...)}))
			a := once(t, client, s, "1", "2")
			if states(a) != c.want || len(a.Strays) != c.strays {
				t.Fatalf("%s, %d strays, notes %q", states(a), len(a.Strays), a.Lots[0].Notes)
			}
			said := strings.Join(a.Lots[0].Notes, "\n")
			for _, d := range a.Documents {
				said += "\n" + d.Why
				if (d.State == ediweb.Found) != (d.Why == "") || strings.Contains(d.Why, "\n") {
					t.Errorf("%s because %q", d.State, d.Why)
				}
			}
			if !strings.Contains(said, c.says) || c.says == "" && strings.Trim(strings.ReplaceAll(said, "the answer holds nothing for it", ""), "\n") != "" {
				t.Errorf("said %q, not %q", said, c.says)
			}
		})
	}
}

func TestNamesInTheAlphabetOfTheSettings(t *testing.T) {
	table := charmap.Windows1251
	name, err := table.NewEncoder().String("QR_АТ-1_03052023133944.zip")
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range []stack.Charset{stack.Windows1251, stack.CP866} {
		c, s := site(t, ediwebtest.Options{}, ediweb.Options{Limits: stack.Limits{Names: names}})
		s.SetFault(befalls(ediwebtest.Fault{Body: archive(t, name, qr(t, "a"))}))
		a := once(t, c, s, "АТ-1")
		if want := map[stack.Charset]string{stack.Windows1251: "АТ-1 found", stack.CP866: "АТ-1 missing"}[names]; states(a) != want {
			t.Errorf("names in %s: %s", names, states(a))
		}
	}
}

// Safe names differ over all lots, or one packet would be stored over another.
func TestSafeNamesDifferOverLots(t *testing.T) {
	bills := waybills(101)
	bills[0].Number, bills[100].Number = "a/b", "A:B"
	c, s := site(t, ediwebtest.Options{Waybills: bills}, ediweb.Options{})
	a := once(t, c, s, ids(101)...)
	seen := map[string]bool{}
	for _, d := range a.Documents {
		name := strings.ToLower(d.Packets[0].SafeName)
		if seen[name] {
			t.Errorf("%q twice", name)
		}
		seen[name] = true
	}
	if a.Lots[0].SafeName == a.Lots[1].SafeName {
		t.Error("two lots of one name")
	}
}
