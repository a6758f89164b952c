package text

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/printer/text/texttest"
)

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

const set82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`

// The bytes on the wire for a code with everything that breaks parsers.
func TestRender(t *testing.T) {
	fields := map[string]string{"gtin": "04601234567893", "batch": "L\"1", "production_date": "2026-03-07T00:00:00Z"}
	entities := m{`"`: "&quot;", "<": "&lt;", "&": "&amp;"}
	for name, c := range map[string]struct {
		changes m
		want    string
	}{
		"raw":            {m{"gs": `\x1d`, "fnc1": ""}, "\x02" + nasty + "\x03"},
		"raw with FNC1":  {m{"gs": `\x1d`, "fnc1": `\xe8`}, "\x02\xe8" + nasty + "\x03"},
		"marks":          {m{"gs": "~1", "fnc1": "~1"}, "\x02~10104601234567893215\"<&'_1>=,;%/~193dGVz\x03"},
		"escape, code":   {m{"gs": "~1", "fnc1": "", "escape": entities, "escape_in": "code", "label": `{code}|{batch}\r`}, "0104601234567893215&quot;&lt;&amp;'_1>=,;%/~193dGVz|L\"1\r"},
		"escape, all":    {m{"gs": "~1", "fnc1": "", "escape": entities, "escape_in": "all", "label": `{code}|{batch}\r`}, "0104601234567893215&quot;&lt;&amp;'_1>=,;%/~193dGVz|L&quot;1\r"},
		"escape of text": {m{"gs": "~1", "fnc1": "", "escape": m{"_1": "~u"}, "escape_in": "code"}, "\x020104601234567893215\"<&'~u>=,;%/~193dGVz\x03"},
		"braces":         {m{"gs": "~1", "fnc1": "", "label": "{{{code}}}", "end": `\r\n`}, "{0104601234567893215\"<&'_1>=,;%/~193dGVz}\r\n"},
		"date":           {m{"gs": "~1", "fnc1": "", "label": `{gtin}{production_date:dd.MM.yy}{code}\r`}, "0460123456789307.03.260104601234567893215\"<&'_1>=,;%/~193dGVz\r"},
	} {
		p, err := New(with(c.changes))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := p.label.render(drivers.Label{Code: []byte(nasty), Fields: fields}, 0)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		changes m
		code    string
		batch   string
		want    string
	}{
		"empty":            {nil, "", "", "the code is empty"},
		"GS in front":      {m{"gs": `\x1d`, "fnc1": ""}, "\x1d01", "", "begins with GS"},
		"GS unset":         {nil, "01\x1d93", "", "byte 3 of the code is GS (1D), and the settings gs and fnc1"},
		"control":          {nil, "01\x0a", "", "byte 3 of the code is 0A"},
		"end":              {nil, "01\x03", "", "byte 3 of the code is 03"},
		"high":             {nil, "01\xe8", "", "byte 3 of the code is E8"},
		"refused":          {m{"refuse": `_`}, "01_", "", "byte 3 of the code is 5F (_): refused by the setting refuse"},
		"behind":           {m{"label": `{code}|{batch}\r`}, "01|", "", "byte 3 of the code is 7C (|): what follows a value begins with it"},
		"mark":             {m{"gs": "~1", "fnc1": ""}, "01~1", "", "byte 3 of the code is 7E (~): gs begins with it"},
		"in front":         {m{"label": "~{code}|", "end": "^"}, "01~", "", "a frame begins with it"},
		"end of the frame": {m{"label": "~{code}|", "end": "^"}, "01^", "", "what follows a value"},
		"batch":            {m{"label": `{code}|{batch}\r`}, "01", "L|1", "{batch}: byte 2 of the value is 7C (|)"},
		"batch, letter":    {m{"label": `{code}|{batch}\r`}, "01", "Л", "byte 1 of the value is D0"},
		"batch, GS":        {m{"label": `{code}|{batch}\r`, "gs": "~1", "fnc1": ""}, "01", "L\x1d", "byte 2 of the value is GS"},
		"no value":         {m{"label": `{code}|{serial}\r`}, "01", "", "no value for {serial}"},
		"no code in label": {m{"label": `{sscc}\r`}, "01", "", "the label has no {code}"},
	} {
		p, err := New(with(c.changes))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = p.label.render(drivers.Label{Code: []byte(c.code), Fields: map[string]string{"batch": c.batch}}, 0)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if c.batch == "" && c.want != "no value for {serial}" && p.Traits().CheckCode([]byte(c.code)) == nil {
			t.Errorf("%s: CheckCode accepts it", name)
		}
	}
}

// P8: whatever configuration is accepted, what the printer reads is the code, or CheckCode
// refused it.
func TestP8CodesArriveOrAreRefused(t *testing.T) {
	written := rapid.SampledFrom([]string{"~1", "~a", "~ab", "~1B", "~;", "&lt;", "&amp;", "~~", "|", "[", `""`, "~"})
	rapid.Check(t, func(t *rapid.T) {
		changes := m{"label": rapid.SampledFrom([]string{"A{code}B", `\x02{code}\x03`, "|{code}|", "~{code};"}).Draw(t, "label"),
			"end": rapid.SampledFrom([]string{"", `\r`, "#", "~"}).Draw(t, "end")}
		stands, escape := map[string]string{}, m{}
		for from, to := range rapid.MapOfN(rapid.SampledFrom([]string{`"`, "<", "&", "_", "_1", "B", ";", "~", "#", "x", "&"}), written, 0, 4).Draw(t, "escape") {
			escape[from], stands[to] = to, from
		}
		if len(escape) > 0 {
			changes["escape"], changes["escape_in"] = escape, "code"
		}
		gs, fnc1 := "", ""
		if rapid.Bool().Draw(t, "GS1") {
			gs, fnc1 = written.Draw(t, "gs"), rapid.OneOf(written, rapid.Just("")).Draw(t, "fnc1")
			changes["gs"], changes["fnc1"] = gs, fnc1
		}
		p, err := New(with(changes))
		if err != nil {
			return
		}
		code := "01" + rapid.StringOfN(rapid.RuneFrom([]rune(set82+"\x1d\x1d\x1d~#|&&_1\"<;")), 0, 40, -1).Draw(t, "code")
		frame, err := p.label.render(drivers.Label{Code: []byte(code)}, 0)
		if refused := p.Traits().CheckCode([]byte(code)); (refused == nil) != (err == nil) {
			t.Fatalf("CheckCode says %v, render %v", refused, err)
		}
		if err != nil {
			return
		}
		whole, _ := plain(changes["label"].(string) + changes["end"].(string))
		from, to, _ := strings.Cut(whole, "{code}")
		// The value as every printer cuts it out: up to the first byte of what follows.
		value, rest, _ := strings.Cut(strings.TrimPrefix(string(frame), from), to[:1])
		if rest != to[1:] {
			t.Fatalf("%q does not end where the frame does", frame)
		}
		if got := texttest.Read(strings.TrimPrefix(value, fnc1), stands, gs); got != code {
			t.Fatalf("%q was sent as %q and is read as %q", code, frame, got)
		}
	})
}
