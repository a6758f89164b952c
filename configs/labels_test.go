package configs

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"linemark/drivers"
	_ "linemark/drivers/all"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/printer/graphics"
	"linemark/internal/code"
)

const (
	gtin   = "04780012345677"
	prefix = "3301234567" // of transport codes: extension digit and company part
)

// kinds are the labels that every language has, with the values that each of them shows.
var kinds = map[string]struct {
	of     code.Type // of the codes that it is for; empty: a transport code
	values []string
}{
	"unit":        {code.Unit, []string{"code", "gtin", "serial", "batch", "expiration_date"}},
	"unit-small":  {code.Unit, []string{"code"}},
	"box":         {code.Group, []string{"code", "gtin", "serial", "batch", "count", "production_date", "expiration_date"}},
	"box-sscc":    {"", []string{"sscc", "batch", "count"}},
	"pallet-sscc": {"", []string{"sscc", "batch", "count", "production_date", "expiration_date"}},
	"shipment":    {"", []string{"shipment", "waybill", "pallets", "picture"}},
}

// shows tells whether a language's label has a value: a text in TSPL cannot hold the quotation
// mark that a serial may have.
func shows(language, value string) bool { return language != "tspl" || value != "serial" }

var placeholder = regexp.MustCompile(`\{([a-z_]+)(:[^}]*)?\}`)

func read(t *testing.T, language, kind string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("labels", language, kind+"."+language))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// each runs a test for every label file.
func each(t *testing.T, test func(t *testing.T, language, kind string)) {
	for language := range languages {
		for kind := range kinds {
			t.Run(language+"/"+kind, func(t *testing.T) {
				t.Parallel()
				test(t, language, kind)
			})
		}
	}
}

// There is a file for every kind and language, and none that these tests do not know.
func TestFiles(t *testing.T) {
	var got, want []string
	for language := range languages {
		all, err := os.ReadDir(filepath.Join("labels", language))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			got = append(got, language+"/"+f.Name())
		}
		for kind := range kinds {
			want = append(want, language+"/"+kind+"."+language)
		}
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

func TestValues(t *testing.T) {
	each(t, func(t *testing.T, language, kind string) {
		got := map[string]bool{}
		for _, m := range placeholder.FindAllStringSubmatch(read(t, language, kind), -1) {
			got[m[1]] = true
		}
		want := map[string]bool{}
		for _, value := range kinds[kind].values {
			if shows(language, value) {
				want[value] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("it holds %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	})
}

// content is what one label must show.
type content struct {
	label   drivers.Label
	symbols []symbol
	texts   []string
}

// contents are labels of a kind for sample codes of every group, those with application
// identifiers or those without.
func contents(t *testing.T, language, kind string, ais bool) []content {
	t.Helper()
	var all []content
	add := func(c content, sscc string, p code.Profile) {
		f := map[string]string{"batch": "LOT-2026/11 A", "count": strconv.Itoa(len(all) + 1), "production_date": "2026-11-22",
			"expiration_date": "2027-05-21T00:00:00+05:00", "gtin": "", "serial": "", "sscc": sscc}
		if sscc == "" {
			f["gtin"] = gtin
			parts, err := p.Parse(code.Code(c.label.Code))
			if err != nil {
				t.Fatal(err)
			}
			f["serial"] = parts.Serial
		}
		for _, value := range kinds[kind].values {
			switch {
			case value == "code" || !shows(language, value):
			case value == "sscc":
				c.texts = append(c.texts, "(00)"+sscc)
			case value == "production_date":
				c.texts = append(c.texts, "22.11.2026")
			case value == "expiration_date":
				c.texts = append(c.texts, "21.05.2027")
			default:
				c.texts = append(c.texts, f[value])
			}
		}
		c.label.Fields = f
		all = append(all, c)
	}
	of := kinds[kind].of
	if kind == "shipment" {
		fields := map[string]string{"shipment": "АТ-000123", "waybill": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "pallets": "12"}
		return []content{{
			label: drivers.Label{Fields: fields, Picture: drivertest.QR(t, "https://edi.example/waybill/"+fields["waybill"], "M", 300)},
			texts: slices.Collect(maps.Values(fields)),
		}}
	}
	if of == "" {
		for _, serial := range []uint64{0, 1, 42, 1234567, 9999999} {
			sscc, err := code.SSCC(prefix, serial)
			if err != nil {
				t.Fatal(err)
			}
			c := content{symbols: []symbol{{"code128", string(sscc), true}}}
			if kind == "box-sscc" && language != "sbpl" {
				c.symbols = []symbol{{"datamatrix", string(sscc), true}, {"code128", string(sscc), true}}
			}
			add(c, strings.TrimPrefix(string(sscc), "00"), code.Profile{})
		}
		return all
	}
	for _, p := range (code.Table{}).Profiles() {
		if p.Type != of || p.AIs != ais {
			continue
		}
		for _, sample := range code.Samples(p, gtin) {
			add(content{label: drivers.Label{Code: []byte(sample)}, symbols: []symbol{{"datamatrix", string(sample), ais}}}, "", p)
		}
	}
	return all
}

// Every label prints every code of every group byte for byte, as a GS1 symbol where the code is a
// GS1 element string, and shows its values as text.
func TestPrint(t *testing.T) {
	each(t, func(t *testing.T, language, kind string) {
		for _, ais := range []bool{true, false} {
			want := contents(t, language, kind, ais)
			if len(want) == 0 && !ais && kinds[kind].of == code.Group {
				continue // every group's codes of group packs have identifiers
			}
			compare(t, prints(t, language, kind, ais, want, nil), want)
			if language == "zpl" && kind != "shipment" {
				compare(t, prints(t, language, kind, ais, want, map[string]any{"format": "stored"}), want)
			}
		}
	})
}

func compare(t *testing.T, got []printed, want []content) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("the printer was given %d labels, want %d", len(got), len(want))
	}
	for i, w := range want {
		if !slices.Equal(got[i].symbols, w.symbols) {
			t.Errorf("label %d: the symbols are %q, want %q", i, got[i].symbols, w.symbols)
		}
		if p := w.label.Picture; p != nil {
			scaled, err := graphics.Scale(p, 40, 203)
			if err != nil {
				t.Fatal(err)
			}
			drivertest.WantDrawn(t, got[i].drawn, 40, 264, scaled)
			if text, err := drivertest.ReadQR(drivertest.Paper(drawtest.Join(got[i].drawn))); err != nil || !strings.HasSuffix(text, w.label.Fields["waybill"]) {
				t.Errorf("label %d: its QR code reads %q, %v", i, text, err)
			}
		} else if len(got[i].drawn) > 0 {
			t.Errorf("label %d: something is drawn", i)
		}
		for _, text := range w.texts {
			if !bytes.Contains(got[i].raw, []byte(text)) {
				t.Errorf("label %d: %q is not in\n%q", i, text, got[i].raw)
			}
		}
	}
}

func (s symbol) String() string { return fmt.Sprintf("%s %q, GS1 %v", s.kind, s.data, s.gs1) }
