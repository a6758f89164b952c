package text

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// minimal is the least that a printer needs.
var minimal = map[string]any{"label": `\x02{code}\x03`, "end": "", "ahead": int64(1), "emptied_by": "nothing"}

// with returns minimal with changes; nil takes a key away.
func with(changes map[string]any) drivers.Settings {
	options := maps.Clone(minimal)
	for k, v := range changes {
		if options[k] = v; v == nil {
			delete(options, k)
		}
	}
	return drivers.Settings{Name: "tij-2", Address: "tcp://127.0.0.1:9100", Options: options}
}

type m = map[string]any

func problems(t *testing.T, err error) (all []*drivers.OptionError) {
	t.Helper()
	if err == nil {
		return nil
	}
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		bad, ok := e.(*drivers.OptionError)
		if !ok || bad.Key == "" || bad.Problem == "" || bad.Hint == "" {
			t.Fatalf("%#v is no whole *drivers.OptionError", e)
		}
		all = append(all, bad)
	}
	return all
}

func TestNewRefuses(t *testing.T) {
	answered := func(changes m) m {
		all := m{"answer_end": `\r`, "emptied_by": "connection"}
		maps.Copy(all, changes)
		return all
	}
	for name, c := range map[string]struct {
		changes      m
		key, problem string
	}{
		"label missing":          {m{"label": nil}, "label", "missing"},
		"end missing":            {m{"end": nil}, "end", "missing"},
		"ahead missing":          {m{"ahead": nil}, "ahead", "missing"},
		"ahead 0":                {m{"ahead": int64(0)}, "ahead", "out of range"},
		"emptied_by missing":     {m{"emptied_by": nil}, "emptied_by", "missing"},
		"emptied_by":             {m{"emptied_by": "hand"}, "emptied_by", "unknown"},
		"emptied_by init":        {m{"emptied_by": "init"}, "init", "no frame"},
		"unknown key":            {m{"lable": "x"}, "lable", "unknown setting"},
		"unknown list":           {m{"inits": []any{}}, "inits", "unknown setting"},
		"silence":                {m{"silence": "1ms"}, "silence", "too short"},
		"placeholder":            {m{"label": `{cod}\r`}, "label", "unknown placeholder {cod}"},
		"no code":                {m{"label": `{batch}\r`}, "label", "neither {code}"},
		"two codes":              {m{"label": `{code}\r{code}\r`}, "label", "twice"},
		"escape in label":        {m{"label": `\x2{code}\r`}, "label", "two hexadecimal digits"},
		"letter in label":        {m{"label": "\u00e8{code}\r"}, "label", "no ASCII"},
		"no end":                 {m{"label": `\x02{code}`}, "label", "nothing follows {code}"},
		"side by side":           {m{"label": `{code}{batch}\r`}, "label", "{batch} follows {code}"},
		"behind a code":          {m{"label": `<{code}>\r`}, "label", "3E (>), which a code may hold"},
		"quotes":                 {m{"label": `"{code}"\r`}, "label", `22 ("), which a code may hold`},
		"end in a code":          {m{"label": `{code}\r{batch}|`, "end": ";"}, "label", "3B (;), which a code may hold"},
		"behind in escape":       {m{"label": `{code};\r`, "escape": m{";": "~;"}, "escape_in": "code"}, "label", "which the escape of \";\" holds"},
		"behind in gs":           {m{"label": `{code}\x1d\r`, "gs": `\x1d`, "fnc1": ""}, "label", "which gs or fnc1 holds"},
		"gs alone":               {m{"gs": `\x1d`}, "fnc1", "missing"},
		"fnc1 alone":             {m{"fnc1": ""}, "gs", "missing"},
		"gs empty":               {m{"gs": "", "fnc1": ""}, "gs", "lost"},
		"gs in a code":           {m{"gs": "_1", "fnc1": ""}, "escape", "5F (_), which a code may hold"},
		"fnc1 in a code":         {m{"gs": `\x1d`, "fnc1": "(01)"}, "escape", "28 ((), which a code may hold"},
		"gs and fnc1":            {m{"gs": "~1", "fnc1": "~10"}, "escape", "cannot be told"},
		"escape of nothing":      {m{"escape": m{"": "x"}, "escape_in": "code"}, "escape", "empty text"},
		"escape to nothing":      {m{"escape": m{"<": ""}, "escape_in": "code"}, "escape", "empty text"},
		"escape no text":         {m{"escape": m{"<": int64(1)}, "escape_in": "code"}, "escape.<", "no text"},
		"escape of GS":           {m{"escape": m{`\x1d`: "~1"}, "escape_in": "code"}, "escape", "GS"},
		"escape not escaped":     {m{"escape": m{"<": "&lt;"}, "escape_in": "code"}, "escape", "26 (&), which a code may hold"},
		"escape twice":           {m{"escape": m{"<": "~a", ">": "~a"}, "escape_in": "code"}, "escape", "cannot be told"},
		"escape begins another":  {m{"escape": m{"<": "~a", ">": "~ab"}, "escape_in": "code"}, "escape", "cannot be told"},
		"escape and refuse":      {m{"escape": m{"<": "~a"}, "escape_in": "code", "refuse": "<"}, "escape", "both"},
		"escape_in missing":      {m{"escape": m{"<": "~a"}}, "escape_in", "missing"},
		"escape_in":              {m{"escape": m{"<": "~a"}, "escape_in": "some"}, "escape_in", "unknown"},
		"answer_end missing":     {m{"accepted": "OK"}, "answer_end", "missing"},
		"refused alone":          {answered(m{"refused": "ERR"}), "accepted", "refused"},
		"printed, not emptied":   {m{"printed": "P", "answer_end": `\r`}, "printed", "earlier connection"},
		"printed empty":          {answered(m{"printed": ""}), "printed", "empty answer"},
		"printed, code":          {answered(m{"printed": "P {code}"}), "printed", "no part of an answer"},
		"printed, two":           {answered(m{"printed": "P {index} {counter}"}), "printed", "more than one number"},
		"number beside *":        {answered(m{"printed": "P*{counter}", "printed_query": "N"}), "printed", "beside *"},
		"number beside a digit":  {answered(m{"printed": "P{counter}1", "printed_query": "N"}), "printed", "beside a digit"},
		"counter, not asked":     {answered(m{"printed": "P{counter}"}), "printed_query", "asked at the start"},
		"query without number":   {answered(m{"printed": "P", "printed_query": "N"}), "printed", "holds no number"},
		"query alone":            {m{"printed_query": "N"}, "printed", "what its answer looks like"},
		"query empty":            {m{"printed_query": ""}, "printed_query", "nothing to send"},
		"index not in label":     {answered(m{"printed": "P{index}"}), "label", "no {index}"},
		"index not told":         {answered(m{"label": `{index}|{code}\r`, "printed": "P", "index_last": int64(9)}), "printed", "tells none"},
		"index_last missing":     {answered(m{"label": `{index}|{code}\r`, "printed": "P{index}"}), "index_last", "missing"},
		"index_last low":         {answered(m{"label": `{index}|{code}\r`, "printed": "P{index}", "index_last": int64(9), "ahead": int64(5)}), "index_last", "too low"},
		"index_last alone":       {m{"index_last": int64(9)}, "index_last", "no {index}"},
		"ready missing":          {m{"status_query": "S"}, "ready", "missing"},
		"ready alone":            {m{"ready": []any{"R"}, "answer_end": `\r`}, "status_query", "no query"},
		"ready no list":          {m{"status_query": "S", "ready": "R", "answer_end": `\r`}, "ready", "no list"},
		"ready no text":          {m{"status_query": "S", "ready": []any{int64(1)}, "answer_end": `\r`}, "ready", "no text"},
		"init no list":           {m{"init": "x"}, "init", "no list"},
		"init no table":          {m{"init": []any{"x"}}, "init", "no table"},
		"init no answer":         {m{"init": []any{m{"send": "x"}}}, "init", "no answer"},
		"init unknown":           {m{"init": []any{m{"send": "x", "answer": "", "wait": "1s"}}}, "init", "unknown wait"},
		"keep_alive every":       {m{"keep_alive": m{"send": "x", "answer": "", "every": "1ms"}}, "keep_alive", "every"},
		"** in an answer":        {m{"ignore": []any{"A**"}, "answer_end": `\r`}, "ignore", "**"},
		"high byte in an answer": {m{"ignore": []any{`\xe8`}, "answer_end": `\r`}, "ignore", "above 7F"},
		"accepted or refused":    {answered(m{"accepted": "O*", "refused": "*K"}), "refused", "could be taken for"},
		"accepted or printed":    {answered(m{"accepted": "OK", "printed": "OK"}), "printed", "could be taken for"},
		"accepted or ready":      {answered(m{"accepted": "OK", "status_query": "S", "ready": []any{"*"}}), "ready", "could be taken for"},
		"fault or ready":         {answered(m{"faults": m{"S1*": "x"}, "status_query": "S", "ready": []any{"S12"}}), "faults", "could be taken for"},
		"init or printed":        {m{"printed": "OK", "init": []any{m{"send": "x", "answer": "O*"}}, "emptied_by": "init", "answer_end": `\r`}, "init", "could be taken for"},
		"number or answer":       {answered(m{"accepted": "1*", "printed": "{counter}", "printed_query": "N"}), "printed", "could be taken for"},
	} {
		_, err := drivers.NewPrinter("text", with(c.changes))
		found := false
		for _, bad := range problems(t, err) {
			found = found || bad.Key == c.key && strings.Contains(bad.Problem, c.problem)
		}
		if !found {
			t.Errorf("%s: %v, want %s: %s", name, err, c.key, c.problem)
		}
	}
}

func TestNewAccepts(t *testing.T) {
	for name, changes := range map[string]m{
		"minimal":              nil,
		"doubled quotes":       {"escape": m{`"`: `\x22`}, "escape_in": "code"},
		"fixed side by side":   {"label": `{gtin}{production_date}{code}\r`},
		"the same answer":      {"init": []any{m{"send": "x", "answer": "OK"}}, "accepted": "OK", "keep_alive": m{"send": "x", "answer": "OK", "every": "1s"}, "answer_end": `\r`},
		"ready and keep alive": {"keep_alive": m{"send": "S", "answer": "S*", "every": "1s"}, "status_query": "S", "ready": []any{"S1*", "S2*"}, "answer_end": `\r`},
		"answers apart":        {"accepted": "OK", "printed": "OK{counter}", "printed_query": "N", "emptied_by": "connection", "answer_end": `\r`},
		"single alone":         {"accepted": `\x06`, "refused": `\x15`, "single": `\x06\x15`},
		"sscc":                 {"label": `{sscc}\r`},
	} {
		if _, err := New(with(changes)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewChecksTheAddress(t *testing.T) {
	s := with(m{"colour": "red"})
	s.Address = "tcp://127.0.0.1"
	_, err := New(s)
	if all := problems(t, err); len(all) != 2 || all[0].Key != "address" || all[1].Key != "colour" {
		t.Errorf("New = %v", err)
	}
}

func TestTraits(t *testing.T) {
	for name, c := range map[string]struct {
		changes m
		want    drivers.Confirms
	}{
		"nothing": {nil, drivers.ConfirmsNothing},
		"event":   {m{"printed": "P", "emptied_by": "connection", "answer_end": `\r`}, drivers.ConfirmsCount},
		"counter": {m{"printed": "P{counter}", "printed_query": "N", "emptied_by": "connection", "answer_end": `\r`}, drivers.ConfirmsCount},
		"index":   {m{"label": `{index}|{code}\r`, "printed": "P{index}", "index_last": int64(99), "emptied_by": "connection", "answer_end": `\r`}, drivers.ConfirmsIdentity},
	} {
		p, err := New(with(c.changes))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := p.Traits(); got.Confirms != c.want || got.MaxAhead != 1 || got.Poll != 20*time.Millisecond {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}

// The sample is a working configuration, with and without its comments' keys.
func TestSample(t *testing.T) {
	var open strings.Builder
	for l := range strings.Lines(Sample) {
		open.WriteString(strings.TrimPrefix(l, "# "))
	}
	for _, text := range []string{Sample, open.String()} {
		var file struct{ Printer []map[string]any }
		if _, err := toml.Decode(text, &file); err != nil || len(file.Printer) != 1 {
			t.Fatalf("%v in\n%s", err, text)
		}
		device := file.Printer[0]
		s := drivers.Settings{Name: "p", Address: device["address"].(string), Options: device}
		driver := device["driver"].(string)
		for _, key := range []string{"name", "driver", "address"} {
			delete(device, key)
		}
		if _, err := drivers.NewPrinter(driver, s); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

// Every setting that the README names is one, and it names all that the driver knows.
func TestREADMENamesEverySetting(t *testing.T) {
	s := with(m{"?": 1})
	_, err := New(s)
	all := problems(t, err)
	known, found := strings.CutPrefix(all[len(all)-1].Hint, "known: ")
	if !found {
		t.Fatalf("%v", err)
	}
	for key := range strings.SplitSeq(known, ", ") {
		if !strings.Contains(README, "`"+key+"`") || !strings.Contains(Sample, key) && key != "printed_query" && key != "index_last" {
			t.Errorf("%s is in README: %v, in the sample: %v", key, strings.Contains(README, "`"+key+"`"), strings.Contains(Sample, key))
		}
	}
}
