package shipping

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var allRules = Rules{Waybills: true, Documents: true, Box: "box", Print: true}

const pallet = "00030123456700000012"

// What cannot be taken is refused with one line, and a hint.
func TestOrderRefused(t *testing.T) {
	one := func(o Order) Order {
		if o.Name == "" {
			o.Name = "S-1"
		}
		if len(o.Waybills)+len(o.Documents) == 0 {
			o.Waybills = []string{"1"}
		}
		return o
	}
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, c := range []struct {
		order Order
		rules Rules
		want  string
	}{
		{Order{Waybills: []string{"1"}}, allRules, "the shipment has no name"},
		{one(Order{Name: "a/b"}), allRules, `"a/b" cannot be the name of a shipment`},
		{one(Order{Name: ".."}), allRules, `".." cannot be the name of a shipment`},
		{one(Order{Name: "S 1"}), allRules, `"S 1" cannot be the name of a shipment`},
		{one(Order{Name: "S-1."}), allRules, `"S-1." cannot be the name of a shipment`},
		{one(Order{Name: "con.txt"}), allRules, `"con.txt" cannot be the name of a shipment`},
		{one(Order{Name: "Рейс"}), allRules, `"Рейс" cannot be the name of a shipment`},
		{one(Order{Name: strings.Repeat("a", 101)}), allRules, "the shipment's name has 101 characters, more than 100"},
		{Order{Name: "S-1"}, allRules, "there is nothing to fetch for the shipment"},
		{one(Order{}), Rules{Documents: true}, "the shipment names waybills, and their QR codes come from Ediweb, which is not configured"},
		{Order{Name: "S-1", Documents: []Named{{Message: "m", Document: "d"}}}, Rules{Waybills: true}, "the shipment names documents, and their protocols come from Diadoc, which is not configured"},
		{Order{Name: "S-1", Documents: []Named{{Message: "m", Document: "d"}}}, Rules{Documents: true}, `document "d" has no box`},
		{Order{Name: "S-1", Documents: []Named{{Document: "d"}}}, allRules, "the id of a message is empty"},
		{Order{Name: "S-1", Documents: []Named{{Message: "m", Document: strings.Repeat("d", 257)}}}, allRules, `document "` + strings.Repeat("d", 60) + `" has 257 bytes, more than 256`},
		{one(Order{Waybills: []string{strings.Repeat("1", 201)}}), allRules, `waybill "` + strings.Repeat("1", 60) + `" has 201 bytes, more than 200`},
		{one(Order{Waybills: []string{"1,2"}}), allRules, `waybill "1,2" holds a comma, which separates ids`},
		{one(Order{Waybills: []string{" 1"}}), allRules, `waybill " 1" begins or ends with a blank or holds what does not print`},
		{one(Order{Waybills: []string{"1\n2"}}), allRules, `waybill "1\n2" begins or ends with a blank or holds what does not print`},
		{one(Order{Waybills: []string{"\xff"}}), allRules, `waybill "\xff" is not valid UTF-8`},
		{one(Order{Waybills: []string{""}}), allRules, "the id of a waybill is empty"},
		{one(Order{Waybills: many}), allRules, "the shipment has 1001 waybills, more than 1000"},
		{one(Order{Pallets: []string{"123"}}), allRules, `pallet "123" is no SSCC of 18 digits`},
		{one(Order{Pallets: []string{"030123456700000013"}}), allRules, `pallet "030123456700000013": SSCC 00030123456700000013 ends in '3', expected check digit 2`},
		{one(Order{Pallets: []string{"0112345678901234567x"}}), allRules, `pallet "0112345678901234567x": SSCC 0112345678901234567x begins 01, expected 00`},
	} {
		_, err := c.order.check(c.rules)
		var refused *InputError
		if !errors.As(err, &refused) || refused.What != c.want || refused.Hint == "" || strings.Contains(refused.What+refused.Hint, "\n") {
			t.Errorf("%+v: %v, want %s", c.order, err, c.want)
		}
	}
}

// Repeats are left out, SSCCs get their 00, documents their box.
func TestOrderKept(t *testing.T) {
	o, err := Order{Name: "S-1", Pallets: []string{pallet, pallet[2:]}, Waybills: []string{"2", "1", "2"}, Documents: []Named{{Message: "m", Document: "d"}, {Box: "box", Message: "m", Document: "d"}}}.check(allRules)
	if err != nil || fmt.Sprint(o) != "{S-1 ["+pallet+"] [2 1] [{box m d}]}" {
		t.Errorf("%v, %v", o, err)
	}
}

// No name that is taken leads out of the folder, or is another one's on a system that knows no cases.
func TestNamesOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("aB1-._/\\ :é")), 1, 8, -1)).Draw(t, "name")
		if checkName(name) == nil && (strings.ContainsAny(name, `/\: `) || strings.HasPrefix(name, ".") || name == "") {
			t.Fatalf("%q is taken", name)
		}
	})
}

func TestReadOrder(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"S-1.json", `{"pallets": ["1"], "waybills": ["2"], "documents": [{"message": "m", "document": "d"}]}`, "{S-1 [1] [2] [{ m d}]}"},
		{"x.JSON", "\xef\xbb\xbf{\"name\": \"S-2\", \"waybills\": [\"2\"]}\r\n", "{S-2 [] [2] []}"},
		{"S-3.csv", "kind,id\r\npallet,1\r\nwaybill,2\r\n\r\nwaybill,3\r\ndocument,m,d\r\ndocument,m,d,b\r\n", "{S-3 [1] [2 3] [{ m d} {b m d}]}"},
		{"x.csv", "shipment;S-4;;\nPallet;1;;\nwaybill;\"2;3\";;\n;;;\n", "{S-4 [1] [2;3] []}"},
	} {
		if o, err := ReadOrder(c.file, []byte(c.text)); err != nil || fmt.Sprint(o) != c.want {
			t.Errorf("%s: %v, %v, want %s", c.file, o, err, c.want)
		}
	}
	for _, c := range []struct{ file, text, want string }{
		{"a.json", "", "the file is empty"},
		{"a.json", " \n", "the file is empty"},
		{"a.json", "{", "line 1: the file is not the JSON that is expected: unexpected EOF"},
		{"a.json", `{"waybils": []}`, `line 1: the file is not the JSON that is expected: json: unknown field "waybils"`},
		{"a.json", "{\"name\": \"S-1\",\n\"waybils\": [],\n\"pallets\": []\n}", `line 2: the file is not the JSON that is expected: json: unknown field "waybils"`},
		{"a.json", "{\"name\": \"S-1\",\n\"waybills\": [1\n}", "line 3: the file is not the JSON that is expected: invalid character '}' after array element"},
		{"a.json", "{\"waybills\": [\"1\"],\n\"pallets\": [],\n\"Waybills\": [\"2\"]}", `line 3: "waybills" stands there a second time`},
		{"a.json", "{\"documents\": [{\"message\": \"m\", \"document\": \"d\"}, {\"message\": \"m\",\n\"document\": \"d\", \"document\": \"e\"}]}", `line 2: "document" stands there a second time`},
		{"a.json", `{"waybills": [21966959]}`, `line 1: in "waybills" stands a number, which does not belong there`},
		{"a.json", `{} {}`, "the file is more than one JSON object"},
		{"a.json", "{\"name\": \"\xff\"}", "the file is not UTF-8"},
		{"a.json", strings.Repeat(" ", 1<<20+1), "the file is longer than 1048576 bytes"},
		{"a.xml", "<a/>", `"a.xml" is neither JSON nor CSV by its name`},
		{"a.csv", "waybill", "line 1: a waybill has 2 fields, not 1 fields"},
		{"a.csv", "waybill,1\ndocument,m", "line 2: a document has 3 or 4 fields, not 2 fields"},
		{"a.csv", "wagon,1", `line 1: "wagon" is no kind: shipment, pallet, waybill or document`},
		{"a.csv", "shipment,a\nshipment,b", "line 2: the shipment has a second name"},
		{"a.csv", "waybill,\"1", `the file is no CSV: parse error on line 1, column 11: extraneous or missing " in quoted-field`},
	} {
		_, err := ReadOrder(c.file, []byte(c.text))
		var refused *InputError
		if !errors.As(err, &refused) || refused.What != c.want || refused.Hint == "" {
			t.Errorf("%s %q: %v, want %s", c.file, c.text[:min(len(c.text), 40)], err, c.want)
		}
	}
}

// Whatever is in a file, it is an order or refused with one line.
func FuzzReadOrder(f *testing.F) {
	f.Add("a.json", []byte(`{"name": "S-1", "pallets": ["1"], "waybills": ["2"], "documents": [{"message": "m", "document": "d"}]}`))
	f.Add("a.csv", []byte("kind;id\npallet;1\nwaybill;2\ndocument;m;d;b\n"))
	f.Fuzz(func(t *testing.T, file string, text []byte) {
		o, err := ReadOrder(file, text)
		var refused *InputError
		if err != nil && (!errors.As(err, &refused) || strings.Contains(refused.What, "\n")) {
			t.Fatalf("%v", err)
		}
		if err == nil {
			_, err = o.check(allRules)
		}
		if err != nil && (!errors.As(err, &refused) || strings.Contains(refused.What, "\n")) {
			t.Fatalf("%v", err)
		}
	})
}
