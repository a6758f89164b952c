package zpl

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/printer/template"
)

const unit = "^XA^FO20,20^BXN,4,200,,,,#^FD{code}^FS^PQ1^XZ"

var hash = fieldRule{'#', true}

func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ zpl, problem, hint string }{
		"empty":               {" \r\n", "there is no ^XA", "^XA"},
		"no beginning":        {"^BXN,4,200,,,,#^FD{code}^FS^XZ", "there is no ^XA", "^XA"},
		"no end":              {"^XA^BXN,4,200,,,,#^FD{code}^FS", "there is no ^XZ", "^XZ"},
		"two formats":         {unit + unit, "there are 2 formats", "one ^XA"},
		"end twice":           {unit + "^XZ", "a ^XZ too many", "one ^XA"},
		"no code":             {"^XA^FO1,1^A0N,20^FD{serial}^FS^XZ", "neither {code} nor {sscc}", "{code}"},
		"slip":                {"^XA^BXN,4,200,,,,#^FD{code}^FS^FD{serail}^FS^XZ", "unknown placeholder {serail}", "{serial}"},
		"unknown":             {"^XA^BXN,4,200,,,,#^FD{code}^FS^FD{expiry date}^FS^XZ", "unknown placeholder {expiry date}", "known: {code}"},
		"wrong escape":        {"^XA^BXN,4,200,,,,_^FD{code}^FS^XZ", "names the escape character _", "^BXN,4,200,,,,#"},
		"no escape":           {"^XA^BXN,4,200,,,,^FD{code}^FS^XZ", "names no escape character", "^BXN,4,200,,,,#"},
		"escape left out":     {"^XA^BXN,4,200^FD{code}^FS^XZ", "names no escape character", "^BXN,4,200,,,,#"},
		"quality":             {"^XA^BXN,4,140,,,,#^FD{code}^FS^XZ", "quality", "200"},
		"text field":          {"^XA^A0N,20^FD{code}^FS^XZ", "not in a Data Matrix field", "^BX"},
		"QR":                  {"^XA^BXN,4,200,,,,#^BQN,2,4^FD{code}^FS^XZ", "not in a Data Matrix field", "^BX"},
		"field before":        {"^XA^BXN,4,200,,,,#^FDx^FS^FD{code}^FS^XZ", "not in a Data Matrix field", "^BX"},
		"own FNC1":            {"^XA^BXN,4,200,,,,#^FD#1{code}^FS^XZ", "not the whole data", "FNC1"},
		"line end in field":   {"^XA^BXN,4,200,,,,#^FD{code}\n^FS^XZ", "not the whole data", "FNC1"},
		"copies":              {"^XA^BXN,4,200,,,,#^FD{code}^FS^PQ2^XZ", "^PQ2", "^PQ1"},
		"copies, more":        {"^XA^BXN,4,200,,,,#^FD{code}^FS^pq 10,0,1,Y^XZ", "one code goes on one label", "^PQ1"},
		"copies by value":     {"^XA^BXN,4,200,,,,#^FD{code}^FS^PQ{count}^XZ", "one code goes on one label", "^PQ1"},
		"hexadecimal":         {"^XA^BXN,4,200,,,,#^FH^FD{code}^FS^XZ", "^FH would change", "without ^FH"},
		"hexadecimal text":    {"^XA^BXN,4,200,,,,#^FD{code}^FS^FH\\^FD{batch}^FS^XZ", "{batch}: ^FH", "without ^FH"},
		"reprint":             {"^XA^JZY^BXN,4,200,,,,#^FD{code}^FS^XZ", "^JZY", "^JZN"},
		"caret changed":       {"^XA^CC!^BXN,4,200,,,,#^FD{code}^FS^XZ", "^CC", "leave it out"},
		"outside a field":     {"^XA^FX{code}^BXN,4,200,,,,#^FD{code}^FS^XZ", "{code} stands outside", "^FD"},
		"before everything":   {"{code}" + unit, "{code} stands outside", "^FD"},
		"format of a code":    {"^XA^BXN,4,200,,,,#^FD{code:x}^FS^XZ", "{code:x}: only a date has a format", "write {code}"},
		"format of a date":    {"^XA^BXN,4,200,,,,#^FD{code}^FS^FD{production_date:DD.YY}^FS^XZ", "{production_date:DD.YY}: the format holds no part", "dd.MM.yyyy"},
		"slip in a date":      {"^XA^BXN,4,200,,,,#^FD{code}^FS^FD{expiraton_date:dd.MM.yy}^FS^XZ", "unknown placeholder {expiraton_date:dd.MM.yy}", "{expiration_date}?"},
		"date outside":        {"^XA^PQ1,{production_date:dd.MM.yyyy HH:mm}^BXN,4,200,,,,#^FD{code}^FS^XZ", "{production_date:dd.MM.yyyy HH:mm} stands outside", "^FD"},
		"code beside text":    {"^XA^BXN,4,200,,,,#^FD{code}{batch}^FS^XZ", "not the whole data", "FNC1"},
		"open brace":          {"^XA^BXN,4,200,,,,#^FD{code}^FS^FDA{B^FS^XZ", "the { at character 2 has no }", "{{"},
		"lone brace":          {"^XA^BXN,4,200,,,,#^FD{code}^FS^FDA}B^FS^XZ", "a } without its {", "}}"},
		"fixed columns":       {"^XA^BXN,4,200,10,,,#^FD{code}^FS^XZ", "fixes the columns of the symbol to 10", "leave columns and rows empty: the printer takes the smallest"},
		"fixed rows":          {"^XA^BXN,4,200, , 144,,#^FD{code}^FS^XZ", "fixes the rows of the symbol to 144", "leave columns and rows empty"},
		"rectangle":           {"^XA^BXN,4,200,,,,#,2^FD{code}^FS^XZ", "rectangular", "square"},
		"two symbols":         {"^XA^BXN,4,200,,,,#^FD{code}^FS^FO400,20^BXN,4,200,,,,#^FD{code}^FS^XZ", "more than one {code} field", "leave the second out"},
		"keeps the image":     {"^XA^mcn^BXN,4,200,,,,#^FD{code}^FS^XZ", "^MCN leaves the label before", "leave it out"},
		"reprints":            {"^XA~PR^BXN,4,200,,,,#^FD{code}^FS^XZ", "~PR prints the label before again", "leave it out"},
		"starts anew":         {"~JR^XA^BXN,4,200,,,,#^FD{code}^FS^XZ", "~JR starts the printer anew", "leave it out"},
		"pauses":              {"^XA~JP^BXN,4,200,,,,#^FD{code}^FS^XZ", "~JP pauses", "leave it out"},
		"prints its settings": {"^XA~wc^BXN,4,200,,,,#^FD{code}^FS^XZ", "~WC prints a label", "leave it out"},
		"stores itself":       {"^XA^DFR:A.ZPL^FS^BXN,4,200,,,,#^FD{code}^FS^XZ", "^DF stores the label", `format = "stored"`},
		"lower case commands": {"^xa^bxn,4,200,,,,_^fd{code}^fs^xz", "names the escape character _", "#"},
	} {
		_, faults := compile([]byte(c.zpl), hash)
		found := false
		for _, f := range faults {
			found = found || strings.Contains(f.problem, c.problem) && strings.Contains(f.hint, c.hint)
		}
		if !found {
			t.Errorf("%s: %+v, want %q with %q", name, faults, c.problem, c.hint)
		}
	}
}

func TestCompileTellsEverything(t *testing.T) {
	_, faults := compile([]byte("^BXN,4,200,,,,_^FD{code}^FS^FD{lot}^FS^PQ3"), hash)
	if len(faults) != 5 { // escape, {lot}, ^PQ, ^XA, ^XZ
		t.Errorf("%d faults: %+v", len(faults), faults)
	}
}

func TestRender(t *testing.T) {
	for name, c := range map[string]struct {
		zpl   string
		label drivers.Label
		want  string
	}{
		"the protocol's own bytes": {unit, drivers.Label{Code: []byte(nasty)},
			"^XA^FO20,20^BXN,4,200,,,,#^FD#10104601234567893215\"<&'_1>=,;%/#193dGVz^FS^PQ1^XZ"},
		"lines and spaces stay": {"^XA\r\n^BXN, 4, 200,,,, #\r\n^FD{code}^FS\r\n^XZ\r\n", drivers.Label{Code: []byte("01")},
			"^XA\r\n^BXN, 4, 200,,,, #\r\n^FD#101^FS\r\n^XZ\r\n"},
		"texts": {"^XA^BXN,4,200,,,,#^FD{code}^FS^FDLot {batch}, {count}^FS^XZ",
			drivers.Label{Code: []byte("01"), Fields: map[string]string{"batch": "A_5E", "count": "6"}},
			"^XA^BXN,4,200,,,,#^FD#101^FS^FDLot A_5E, 6^FS^XZ"},
		"no code, but an SSCC": {"^XA^BCN,100^FD>;>800{sscc}^FS^XZ",
			drivers.Label{Fields: map[string]string{"sscc": "003012345670000018"}},
			"^XA^BCN,100^FD>;>800003012345670000018^FS^XZ"},
		"dates": {"^XA^BXN,4,200,,,,#^FD{code}^FS^FDEXP {expiration_date:dd.MM.yyyy}^FS^FD{production_date}^FS^XZ",
			drivers.Label{Code: []byte("01"), Fields: map[string]string{"expiration_date": "2027-03-09", "production_date": "2026-12-31T23:59:00+05:00"}},
			"^XA^BXN,4,200,,,,#^FD#101^FS^FDEXP 09.03.2027^FS^FD261231^FS^XZ"},
		"literal braces": {"^XA^BXN,4,200,,,,#^FD{code}^FS^BQN,2,4^FDQA,{{\"lot\":\"{batch}\"}}^FS^FD{{code}}^FS^FX } {{ ^XZ",
			drivers.Label{Code: []byte("01"), Fields: map[string]string{"batch": "7"}},
			"^XA^BXN,4,200,,,,#^FD#101^FS^BQN,2,4^FDQA,{\"lot\":\"7\"}^FS^FD{code}^FS^FX } {{ ^XZ"},
		"a value like a placeholder": {"^XA^BXN,4,200,,,,#^FD{code}^FS^FD{batch}^FS^XZ",
			drivers.Label{Code: []byte("01{gtin}"), Fields: map[string]string{"batch": "{code}", "gtin": "x"}},
			"^XA^BXN,4,200,,,,#^FD#101{gtin}^FS^FD{code}^FS^XZ"},
	} {
		l, faults := compile([]byte(c.zpl), hash)
		if len(faults) > 0 {
			t.Errorf("%s: %+v", name, faults)
			continue
		}
		got, err := l.render(nil, c.label)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	text := "^XA^BXN,4,200,,,,#^FD{code}^FS^FD{batch}^FS^XZ"
	inBX := "^XA^BXN,4,200,,,,#^FD{code}^FS^BXN,4,200,,,,#^FD{batch}^FS^XZ"
	date := "^XA^BXN,4,200,,,,#^FD{code}^FS^FD{production_date}^FS^XZ"
	both := "^XA^BXN,4,200,,,,#^FD{code}^FS^FD{batch} {batch}^FS^XZ"
	shared := strings.Replace(inBX, "^XZ", "^A0N,20^FD{batch}^FS^XZ", 1)
	shared = strings.Replace(shared, "^XA", "^XA^A0N,20^FD{batch}^FS", 1)
	noCode := "^XA^BCN,100^FD>;>800{sscc}^FS^XZ"
	fields := func(batch string) map[string]string { return map[string]string{"batch": batch, "sscc": "1"} }
	for name, c := range map[string]struct {
		zpl   string
		label drivers.Label
		want  string
	}{
		"no code":          {text, drivers.Label{Fields: fields("A")}, "empty"},
		"bad code":         {text, drivers.Label{Code: []byte("01^"), Fields: fields("A")}, "5E"},
		"no value":         {text, drivers.Label{Code: []byte("01")}, "no value for {batch}"},
		"caret":            {text, drivers.Label{Code: []byte("01"), Fields: fields("A^XZ")}, "byte 2 is ^"},
		"tilde":            {text, drivers.Label{Code: []byte("01"), Fields: fields("~JA")}, "byte 1 is ~"},
		"line end":         {text, drivers.Label{Code: []byte("01"), Fields: fields("A\n")}, "control character 0A"},
		"no date":          {date, drivers.Label{Code: []byte("01"), Fields: fields("A")}, "no value for {production_date}"},
		"bad date":         {date, drivers.Label{Code: []byte("01"), Fields: map[string]string{"production_date": "7.3."}}, "is no date"},
		"too long in all":  {both, drivers.Label{Code: []byte("01"), Fields: fields(strings.Repeat("A", maxField/2))}, "the field with {batch} takes 3073 bytes"},
		"too long":         {text, drivers.Label{Code: []byte("01"), Fields: fields(strings.Repeat("A", maxField+1))}, "3073 bytes"},
		"escape in ^BX":    {inBX, drivers.Label{Code: []byte("01"), Fields: fields("A#1")}, "escape character"},
		"escape, shared":   {shared, drivers.Label{Code: []byte("01"), Fields: fields("A#1")}, "escape character"},
		"code, but no use": {noCode, drivers.Label{Code: []byte("01"), Fields: fields("A")}, "no {code}"},
	} {
		l, faults := compile([]byte(c.zpl), hash)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", name, faults)
		}
		if got, err := l.render(nil, c.label); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

// double writes braces as they stand in a field's data.
var double = strings.NewReplacer("{", "{{", "}", "}}")

// source writes a label down again.
func source(l *label) (zpl []byte) {
	for _, p := range l.pieces {
		if p.command == "^FD" {
			zpl = append(append(zpl, p.literal[:3]...), double.Replace(string(p.literal[3:]))...)
		} else {
			zpl = append(zpl, p.literal...)
		}
		if p.place != nil {
			zpl = fmt.Appendf(zpl, "{picture:%d}", l.picture.Width)
		}
		if p.field == nil {
			continue
		}
		for _, part := range p.field.parts {
			switch {
			case part.Name == "":
				zpl = append(zpl, double.Replace(part.Literal)...)
			case part.Format != "":
				zpl = fmt.Appendf(zpl, "{%s:%s}", part.Name, part.Format)
			default:
				zpl = fmt.Appendf(zpl, "{%s}", part.Name)
			}
		}
	}
	return zpl
}

// Whatever the label is, nothing of it is lost; and one without a fault renders and is stored.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(unit))
	f.Add([]byte("^XA^FO1,1^GFA,8,8,1,FF{serial}FF^FS^BXN,4,200,,,,#^FD{code}^FS^FD{batch}^FS^XZ"))
	f.Add([]byte("^XA\x80"))
	f.Add([]byte("^XA^~^^FD{}{{code}}^BX,^FH^FS"))
	f.Add([]byte("~SD20\r\n^xa^CI28^BXN,4,200,,,,#^fd{code}^FS^CI13^FDLOT {{{batch}}} {production_date}^FS^PQ1,1^XZ\r\n"))
	f.Add([]byte("^XA^BCN^FD{sscc}^FS^FD{sscc}^FS^FD{expiration_date:yyyy.MM}^FS^FN1^XFR:A.ZPL^XZ~HS"))
	f.Add([]byte("SIZE 60 mm,40 mm\r\nCLS\r\nDMATRIX 20,20,300,300,c126,x4,\"{code}\"\r\nPRINT 1,1\r\n"))
	f.Fuzz(func(t *testing.T, zpl []byte) {
		l, faults := compile(zpl, hash)
		if len(faults) > 0 {
			return
		}
		back := source(l)
		if !bytes.Contains(zpl, []byte("_date}")) && !bytes.Equal(back, zpl) {
			t.Errorf("%q came back as %q", zpl, back)
		}
		again, faults := compile(back, hash)
		if len(faults) > 0 || !reflect.DeepEqual(l, again) {
			t.Errorf("%q came back as %q, which is another label: %+v", zpl, back, faults)
		}
		v := drivers.Label{Fields: map[string]string{"production_date": "2026-03-07T10:20:00Z", "expiration_date": "2026-03-07T10:20:00Z"}}
		for _, name := range template.Names() {
			if !template.IsDate(name) {
				v.Fields[name] = "1"
			}
		}
		if l.hasCode {
			v.Code = []byte(nasty)
		}
		whole, err := l.render(nil, v)
		if err != nil {
			return // too long
		}
		recalled, err := l.recall(nil, defaultStore, v)
		if err != nil || len(l.storable()) > 0 {
			return
		}
		if !bytes.HasPrefix(recalled, []byte("^XA^XFR:LM.ZPL^FS")) || !bytes.HasSuffix(recalled, []byte("^XZ")) {
			t.Errorf("%q is recalled by %q", zpl, recalled)
		}
		if n := bytes.Count(l.definition(defaultStore), []byte("^DFR:LM.ZPL^FS")); n != 1 {
			t.Errorf("%q of %q stores %d formats", l.definition(defaultStore), whole, n)
		}
	})
}
