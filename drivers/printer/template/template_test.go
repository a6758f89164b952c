package template

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
)

func TestParse(t *testing.T) {
	for text, want := range map[string][]Part{
		"":                                  nil,
		"plain":                             {{Literal: "plain"}},
		"{code}":                            {{Name: "code"}},
		"A{gtin}{serial}B":                  {{Literal: "A"}, {Name: "gtin"}, {Name: "serial"}, {Literal: "B"}},
		"{{code}}":                          {{Literal: "{code}"}},
		"{{{code}}}":                        {{Literal: "{"}, {Name: "code"}, {Literal: "}"}},
		"{{~JU|{batch}|}}":                  {{Literal: "{~JU|"}, {Name: "batch"}, {Literal: "|}"}},
		"{production_date}":                 {{Name: "production_date", Format: "yyMMdd"}},
		"{expiration_date:dd.MM.yyyy}":      {{Name: "expiration_date", Format: "dd.MM.yyyy"}},
		"{expiration_date:HH:mm}":           {{Name: "expiration_date", Format: "HH:mm"}},
		"\x02\xff\x1d{sscc}\r\n{count}\x03": {{Literal: "\x02\xff\x1d"}, {Name: "sscc"}, {Literal: "\r\n"}, {Name: "count"}, {Literal: "\x03"}},
		"{index}":                           {{Name: "index"}},
		"{shipment} {waybill}":              {{Name: "shipment"}, {Literal: " "}, {Name: "waybill"}},
		"{pallets}":                         {{Name: "pallets"}},
		"at {picture:40}":                   {{Literal: "at "}, {Name: "picture", Format: "40"}},
		"{picture:200}{{picture:1}}":        {{Name: "picture", Format: "200"}, {Literal: "{picture:1}"}},
	} {
		if got, err := Parse(text, "index", Picture); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]struct{ problem, hint string }{
		"{cod}":                           {"unknown placeholder {cod}", "{code}?"},
		"{serail}":                        {"unknown placeholder {serail}", "{serial}?"},
		"{~JU0||0}":                       {"unknown placeholder {~JU0||0}", "{{"},
		"{}":                              {"unknown placeholder {}", "known: {code} {gtin}"},
		"{ code }":                        {"unknown placeholder", "{code}"},
		"{index}":                         {"unknown placeholder {index}", "known"},
		"{code":                           {"the { at character 1 has no }", "{{"},
		"A{code{batch}":                   {"the { at character 2 has no }", "{{"},
		"code}":                           {"without its { at character 5", "}}"},
		"{{code}":                         {"without its { at character 7", "}}"},
		"{batch:5}":                       {"only a date has a format", "write {batch}"},
		"{code:}":                         {"only a date has a format", "write {code}"},
		"{production_date:}":              {"no part of a date", "dd.MM.yyyy"},
		"{production_date:DD.YY}":         {"no part of a date", "dd.MM.yyyy"},
		"{production_date:dd.mm.yyyy}":    {"mm is the minute", "MM"},
		"{expiration_dat}":                {"unknown placeholder", "{expiration_date}?"},
		"{production_date:dd}{prod_date}": {"unknown placeholder {prod_date}", ""},
		"{picture:40}":                    {"{picture:40}: this driver prints no pictures", `"zpl", "tspl" and "sbpl"`},
		"{picture}":                       {"{picture}: this driver prints no pictures", `"zpl"`},
		"{shipment:8}":                    {"only a date has a format", "write {shipment}"},
		"{waybil}":                        {"unknown placeholder", "{waybill}?"},
		"{palets}":                        {"unknown placeholder", "{pallets}?"},
	} {
		parts, err := Parse(text)
		bad, ok := errors.AsType[*Error](err)
		if !ok || parts != nil || !strings.Contains(bad.Problem, want.problem) || !strings.Contains(bad.Hint, want.hint) || bad.Hint == "" {
			t.Errorf("%q: %v, %v, want %+v", text, parts, err, want)
		}
	}
}

func TestPictureRefuses(t *testing.T) {
	for _, inside := range []string{"picture", "picture:", "picture:0", "picture:201", "picture:-4", "picture:+4", "picture:040", "picture:4.5", "picture: 40", "picture:40mm", "picture:40:2", "picture:99999999999999999999"} {
		parts, err := Parse("A{"+inside+"}", Picture)
		bad, ok := errors.AsType[*Error](err)
		if !ok || parts != nil || bad.Problem != "{"+inside+"} does not say how wide the picture is" || !strings.Contains(bad.Hint, "{picture:40}") {
			t.Errorf("%s: %v, %v", inside, parts, err)
		}
	}
	parts, err := Parse("{picture:40}", Picture)
	if err != nil || Millimetres(parts[0]) != 40 {
		t.Errorf("%+v, %v", parts, err)
	}
}

func TestText(t *testing.T) {
	label := drivers.Label{Code: []byte("01"), Fields: map[string]string{
		"gtin": "04601234567893", "batch": "", "shipment": "AT-7", "waybill": "", "pallets": "3 of 4", "production_date": "2026-03-07T23:59:58+05:00", "expiration_date": "2027-12-31",
	}}
	for text, want := range map[string]string{
		"literal":                          "literal",
		"{gtin}":                           "04601234567893",
		"{batch}":                          "",
		"{shipment}":                       "AT-7",
		"{waybill}":                        "",
		"{pallets}":                        "3 of 4",
		"{production_date}":                "260307",
		"{production_date:yyyy-MM-dd}":     "2026-03-07",
		"{production_date:dd.MM.yy HH:mm}": "07.03.26 23:59",
		"{production_date:yyyyyy}":         "202626",
		"{expiration_date:MM/yy}":          "12/27",
		"{expiration_date:EXP dd}":         "EXP 31",
	} {
		parts, err := Parse(text)
		if err != nil || len(parts) != 1 {
			t.Fatalf("%q: %v, %v", text, parts, err)
		}
		if got, err := Text(parts[0], label); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	if got, err := Text(Part{Name: "production_date"}, label); got != "260307" || err != nil {
		t.Errorf("without a format: %q, %v", got, err)
	}
}

func TestTextRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		part   Part
		fields map[string]string
		want   string
	}{
		"code":       {Part{Name: "code"}, map[string]string{"code": "01"}, "no plain text"},
		"picture":    {Part{Name: Picture, Format: "40"}, map[string]string{"picture": "x"}, "no plain text"},
		"waybill":    {Part{Name: "waybill"}, nil, "no value for {waybill}"},
		"absent":     {Part{Name: "sscc"}, nil, "no value for {sscc}"},
		"no date":    {Part{Name: "expiration_date"}, nil, "no value for {expiration_date}"},
		"empty date": {Part{Name: "expiration_date"}, map[string]string{"expiration_date": ""}, "no value"},
		"wrong date": {Part{Name: "production_date"}, map[string]string{"production_date": "07.03.2026"}, `no date: "07.03.2026"`},
		"no time":    {Part{Name: "production_date", Format: "HH:mm"}, map[string]string{"production_date": "2026-03-07"}, "no time of day"},
	} {
		if got, err := Text(c.part, drivers.Label{Fields: c.fields}); err == nil || got != "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

// Whatever is written with its braces doubled comes out as it was.
func TestLiteralsComeBack(t *testing.T) {
	double := strings.NewReplacer("{", "{{", "}", "}}")
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.StringOf(rapid.RuneFrom([]rune("{}ab:\x02\u00e8"))).Draw(t, "text")
		parts, err := Parse(double.Replace(want))
		got := ""
		for _, p := range parts {
			got += p.Literal
		}
		if err != nil || got != want || len(parts) > 1 {
			t.Fatalf("%q: %+v, %v", want, parts, err)
		}
	})
}

func TestNames(t *testing.T) {
	for i, name := range Names() {
		parts, err := Parse("{" + name + "}")
		if err != nil || parts[0].Name != name {
			t.Errorf("%s: %+v, %v", name, parts, err)
		}
		Names()[i] = "changed"
	}
	if slices.Contains(Names(), "changed") {
		t.Error("Names gives its own list away")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "{code}", "{{{code}}}", "{production_date:dd.MM.yyyy}", "{", "}", "{code}{", "\xff{batch}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parts, err := Parse(text)
		if err != nil {
			if bad, ok := errors.AsType[*Error](err); !ok || bad.Problem == "" || bad.Hint == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		again := ""
		for i, p := range parts {
			if (p.Name == "") == (p.Literal == "") || i > 0 && p.Name == "" && parts[i-1].Name == "" {
				t.Fatalf("%q: %+v", text, parts)
			}
			switch {
			case p.Name == "":
				again += strings.NewReplacer("{", "{{", "}", "}}").Replace(p.Literal)
			case p.Format != "":
				again += "{" + p.Name + ":" + p.Format + "}"
			default:
				again += "{" + p.Name + "}"
			}
		}
		if second, err := Parse(again); err != nil || !slices.Equal(parts, second) {
			t.Fatalf("%q: %+v, written again %q: %+v, %v", text, parts, again, second, err)
		}
	})
}

func TestCheckSerial(t *testing.T) {
	write := func(text string) error {
		if strings.ContainsAny(text, "\"\x1d") {
			return errors.New("no")
		}
		return nil
	}
	for code, want := range map[string]string{
		"": "", "01\x1d93": "", "01\x1d9\"3": `byte 5 of the code is 22 (")`, "\"": "byte 1 of",
	} {
		if err := CheckSerial([]byte(code), write); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", code, err, want)
		}
	}
	parts, _ := Parse("SN {serial}")
	if !Shows(parts, "serial") || Shows(parts, "code") || Shows(nil, "serial") {
		t.Errorf("%+v", parts)
	}
}
