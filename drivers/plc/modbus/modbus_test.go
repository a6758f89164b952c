package modbus

import (
	"maps"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "plc-1", Address: "tcp://127.0.0.1:1502", Options: map[string]any{
		"inputs": map[string]any{"products": "holding:100:uint32"},
	}}
	maps.Copy(s.Options, options)
	return s
}

func table(name, place string) map[string]any { return map[string]any{name: place} }

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		options      map[string]any
		key, problem string
	}{
		"unit":             {map[string]any{"unit": int64(256)}, "unit", "out of range"},
		"poll":             {map[string]any{"poll": "fast"}, "poll", "no duration"},
		"timeout":          {map[string]any{"timeout": "1ms"}, "timeout", "too short"},
		"word order":       {map[string]any{"word_order": "BACD"}, "word_order", "unknown"},
		"unknown":          {map[string]any{"input": "x"}, "input", "unknown"},
		"nothing":          {map[string]any{"inputs": map[string]any{}}, "inputs", "neither inputs nor outputs"},
		"no table":         {map[string]any{"outputs": "coil:0"}, "outputs", "no table"},
		"no text":          {map[string]any{"outputs": map[string]any{"stop": int64(0)}}, "outputs.stop", "no text"},
		"space":            {map[string]any{"inputs": table("a", "register:1:uint16")}, "inputs.a", `"register" is unknown`},
		"no address":       {map[string]any{"inputs": table("a", "coil")}, "inputs.a", "address is missing"},
		"empty address":    {map[string]any{"inputs": table("a", "coil:")}, "inputs.a", "no address"},
		"negative":         {map[string]any{"inputs": table("a", "coil:-1")}, "inputs.a", "no address"},
		"too high":         {map[string]any{"inputs": table("a", "coil:65536")}, "inputs.a", "no address"},
		"behind the last":  {map[string]any{"inputs": table("a", "holding:65533:uint64")}, "inputs.a", "behind the last"},
		"bit with type":    {map[string]any{"inputs": table("a", "coil:1:uint16")}, "inputs.a", "no type"},
		"no type":          {map[string]any{"inputs": table("a", "holding:1")}, "inputs.a", "type is missing"},
		"type":             {map[string]any{"inputs": table("a", "holding:1:float32")}, "inputs.a", `"float32" is unknown`},
		"more":             {map[string]any{"inputs": table("a", "holding:1:uint16:x")}, "inputs.a", "cannot be read"},
		"read-only output": {map[string]any{"outputs": table("a", "input:1:uint16")}, "outputs.a", "cannot be written"},
		"discrete output":  {map[string]any{"outputs": table("a", "discrete:1")}, "outputs.a", "cannot be written"},
		"dot":              {map[string]any{"inputs": table("a.b", "coil:0")}, "inputs.a.b", "a dot"},
		"same name":        {map[string]any{"outputs": table("products", "coil:0")}, "outputs.products", "an input has this name"},
		"overlap":          {map[string]any{"outputs": table("speed", "holding:101:uint16")}, "outputs.speed", "lies over inputs.products"},
		"same place":       {map[string]any{"inputs": map[string]any{"a": "coil:3", "b": "coil:3"}}, "inputs.b", "lies over inputs.a"},
	} {
		_, err := drivers.NewPLC("modbus", settings(c.options))
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) != 1 {
			t.Errorf("%s: %v, want one problem", name, err)
			continue
		}
		bad, ok := joined.Unwrap()[0].(*drivers.OptionError)
		if !ok || bad.Key != c.key || !strings.Contains(bad.Problem, c.problem) || bad.Hint == "" {
			t.Errorf("%s: %#v, want %s: %s", name, bad, c.key, c.problem)
		}
	}
}

func TestNewRefusesOtherLinks(t *testing.T) {
	for _, address := range []string{"rtu:///dev/ttyS1?baud=19200", "serial://COM3?baud=19200", "tcp://plc"} {
		s := settings(nil)
		s.Address = address
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), "address: ") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestNeighboursMayTouch(t *testing.T) {
	if _, err := New(settings(map[string]any{"inputs": map[string]any{
		"a": "holding:100:uint32", "b": "holding:102:uint16", "c": "input:100:uint32", "d": "coil:100", "e": "discrete:100", "f": "holding:65532:uint64",
	}})); err != nil {
		t.Error(err)
	}
}

func TestSpan(t *testing.T) {
	for want, got := range map[string]string{
		"coil 0 (00001)":                      span(coil, 0, 1),
		"discrete 3 (10004)":                  span(discrete, 3, 1),
		"input 9 to 10 (30010 to 30011)":      span(input, 9, 2),
		"holding 9998 (49999)":                span(holding, 9998, 1),
		"holding 9999 (410000)":               span(holding, 9999, 1),
		"holding 65535 (465536)":              span(holding, 65535, 1),
		"holding 100 to 103 (40101 to 40104)": span(holding, 100, 4),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
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
		var file struct{ PLC []map[string]any }
		if _, err := toml.Decode(text, &file); err != nil || len(file.PLC) != 1 {
			t.Fatalf("%v in\n%s", err, text)
		}
		options := maps.Clone(file.PLC[0])
		s := drivers.Settings{Address: options["address"].(string), Options: options}
		driver := options["driver"].(string)
		for _, key := range []string{"name", "driver", "address"} {
			delete(options, key)
		}
		p, err := drivers.NewPLC(driver, s)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
		} else if n := len(p.(*PLC).plan); n != 2 {
			t.Errorf("%d requests for five neighbours in two spaces", n)
		}
	}
	for _, key := range []string{"unit", "poll", "timeout", "word_order", "inputs", "outputs"} {
		if !strings.Contains(Sample, key) || !strings.Contains(README, "`"+key+"`") {
			t.Errorf("%s is not in the sample or not in the README", key)
		}
	}
}

var _ drivers.PLC = (*PLC)(nil)

func TestPoints(t *testing.T) {
	p, err := New(drivers.Settings{Name: "p", Address: "tcp://plc:502", Options: map[string]any{
		"inputs":  map[string]any{"a": "holding:100:uint16", "b": "holding:101:int32", "c": "input:7:uint64", "d": "discrete:16"},
		"outputs": map[string]any{"e": "coil:3"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]drivers.Point{
		"a": {Bits: 16, Where: "holding 100 (40101)"},
		"b": {Bits: 32, Signed: true, Where: "holding 101 to 102 (40102 to 40103)"},
		"c": {Bits: 64, Where: "input 7 to 10 (30008 to 30011)"},
		"d": {Bits: 1, Where: "discrete 16 (10017)"},
		"e": {Output: true, Bits: 1, Where: "coil 3 (00004)"},
	}
	if got := p.Points(); !maps.Equal(got, want) {
		t.Errorf("points %+v", got)
	}
}
