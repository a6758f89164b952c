package zpl

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"linemark/drivers"
)

const unit = "^XA^FO20,20^BXN,4,200,,,,#^FD{code}^FS^PQ1^XZ"

var hash = fieldRule{'#', true}

func TestCompileRefuses(t *testing.T) {
	for name, c := range map[string]struct{ zpl, problem, hint string }{
		"empty":               {"", "there is no ^XA", "^XA"},
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
		"too long":         {text, drivers.Label{Code: []byte("01"), Fields: fields(strings.Repeat("A", maxField+1))}, "3073 bytes"},
		"escape in ^BX":    {inBX, drivers.Label{Code: []byte("01"), Fields: fields("A#1")}, "escape character"},
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

// Whatever the label is, rendering it changes nothing but the places of values.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(unit))
	f.Add([]byte("^XA^FO1,1^GFA,8,8,1,FF{serial}FF^FS^BXN,4,200,,,,#^FD{code}^FS^FD{batch}^FS^XZ"))
	f.Add([]byte("^\x80"))
	f.Add([]byte("^~^^FD{}{{code}}^BX,^FH^FS"))
	f.Fuzz(func(t *testing.T, zpl []byte) {
		l, _ := compile(zpl, hash)
		var back []byte
		for _, p := range l.parts {
			if p.name != "" {
				p.literal = fmt.Appendf(nil, "{%s}", p.name)
			}
			back = append(back, p.literal...)
		}
		if !bytes.Equal(back, zpl) {
			t.Errorf("%q came back as %q", zpl, back)
		}
	})
}
