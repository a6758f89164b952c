package modbus

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

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
		"type":             {map[string]any{"inputs": table("a", "holding:1:float16")}, "inputs.a", `"float16" is unknown`},
		"more":             {map[string]any{"inputs": table("a", "holding:1:uint16:x")}, "inputs.a", "cannot be read"},
		"read-only output": {map[string]any{"outputs": table("a", "input:1:uint16")}, "outputs.a", "cannot be written"},
		"discrete output":  {map[string]any{"outputs": table("a", "discrete:1")}, "outputs.a", "cannot be written"},
		"dot":              {map[string]any{"inputs": table("a.b", "coil:0")}, "inputs.a.b", "a dot"},
		"same name":        {map[string]any{"outputs": table("products", "coil:0")}, "outputs.products", "an input has this name"},
		"overlap":          {map[string]any{"outputs": table("speed", "holding:101:uint16")}, "outputs.speed", "lies over inputs.products"},
		"same bit":         {map[string]any{"inputs": map[string]any{"a": "holding:3.5", "b": "holding:3.5"}}, "inputs.b", "lies over inputs.a"},
		"bit in an output": {map[string]any{"outputs": map[string]any{"a": "holding:3:uint32", "b": "holding:4.5"}}, "outputs.b", "lies over outputs.a"},
		"output over bit":  {map[string]any{"outputs": map[string]any{"a": "holding:3.0", "b": "holding:3:uint16"}}, "outputs.b", "lies over outputs.a"},
		"over two":         {map[string]any{"inputs": map[string]any{"a": "holding:0:uint64", "b": "holding:2.1", "c": "holding:3:int16"}}, "inputs.c", "lies over inputs.a"},
		"no bit":           {map[string]any{"inputs": table("a", "holding:1.")}, "inputs.a", `"" is no bit`},
		"bit 16":           {map[string]any{"inputs": table("a", "input:1.16")}, "inputs.a", `"16" is no bit`},
		"bit of a bit":     {map[string]any{"inputs": table("a", "coil:1.1")}, "inputs.a", "no address"},
		"bit and type":     {map[string]any{"inputs": table("a", "holding:1.1:uint16")}, "inputs.a", "no type"},
		"input bit output": {map[string]any{"outputs": table("a", "input:1.1")}, "outputs.a", "cannot be written"},
		"quiet":            {map[string]any{"quiet": "1ms"}, "quiet", "too short"},
		"gap":              {map[string]any{"max_gap": int64(125)}, "max_gap", "out of range"},
		"registers":        {map[string]any{"max_registers": int64(126)}, "max_registers", "out of range"},
		"too few":          {map[string]any{"max_registers": int64(1)}, "max_registers", "inputs.products takes 2"},
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

func TestAddress(t *testing.T) {
	for address, want := range map[string]wire{
		"tcp://plc:502":                                  {address: "tcp://plc:502"},
		"rtu+tcp://10.0.0.7:4001":                        {address: "tcp://10.0.0.7:4001", rtu: true},
		"rtu:///dev/ttyS1?baud=19200":                    {"serial:///dev/ttyS1?baud=19200&parity=even", true, 572916},
		"rtu://COM3?baud=9600&parity=none":               {"serial://COM3?baud=9600&parity=none&stop=2", true, 1145833},
		"rtu://COM3?baud=9600&parity=none&stop=1":        {"serial://COM3?baud=9600&parity=none&stop=1", true, 1145833},
		"rtu://COM3?baud=115200&parity=odd":              {"serial://COM3?baud=115200&parity=odd", true, 95486},
		"rtu:///dev/serial/by-id/usb-1-if00?baud=110":    {"serial:///dev/serial/by-id/usb-1-if00?baud=110&parity=even", true, 100 * time.Millisecond},
		"rtu:///dev/ttyS1?baud=19200&parity=even&stop=2": {"serial:///dev/ttyS1?baud=19200&parity=even&stop=2", true, 572916},
	} {
		if got := wireOf(address); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
		s := settings(nil)
		s.Address = address
		if _, err := New(s); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for address, want := range map[string]string{
		"rtu:///dev/ttyS1":              "the speed is missing",
		"rtu:///dev/ttyS1?baud=fast":    "baud=fast is no speed",
		"rtu:///dev/ttyS1?baud=1&%":     "cannot be read",
		"rtu://?baud=9600":              "the port is missing",
		"rtu://COM3?baud=9600&rtscts=1": "flow control",
		"rtu+tcp://plc":                 "the port is missing",
		"rtu+tcp://plc:502/1":           "may follow rtu+tcp://",
		"tcp://plc":                     "the port is missing",
		"udp://plc:502":                 "udp:// is not served",
		"serial://COM3?baud=9600":       "serial:// is not served",
		"plc":                           "no scheme",
	} {
		s := settings(nil)
		s.Address = address
		_, err := New(s)
		bad, ok := errors.AsType[*drivers.OptionError](err)
		if !ok || bad.Key != "address" || !strings.Contains(bad.Problem, want) || bad.Hint == "" {
			t.Errorf("%s: %#v, want %s", address, bad, want)
		} else if strings.Contains(bad.Hint, "serial://") {
			t.Errorf("%s: the hint %q is not of this driver", address, bad.Hint)
		}
	}
}

func TestSilence(t *testing.T) {
	for address, want := range map[string]time.Duration{
		"rtu://COM3?baud=1000":   38500 * time.Microsecond, // 3.5 of eleven bits
		"rtu://COM3?baud=115200": 1750 * time.Microsecond,
		"rtu+tcp://plc:502":      1750 * time.Microsecond,
	} {
		if got := wireOf(address).silence(); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// Unit 0 speaks to all units of a bus, and none of them answers.
func TestUnitOnABus(t *testing.T) {
	for _, c := range []struct {
		address string
		unit    int64
		ok      bool
	}{
		{"rtu://COM3?baud=9600", 0, false}, {"rtu://COM3?baud=9600", 248, false}, {"rtu+tcp://plc:1", 0, false},
		{"rtu://COM3?baud=9600", 1, true}, {"rtu://COM3?baud=9600", 247, true}, {"tcp://plc:1", 0, true}, {"tcp://plc:1", 255, true},
	} {
		s := settings(map[string]any{"unit": c.unit})
		s.Address = c.address
		if _, err := New(s); (err == nil) != c.ok {
			t.Errorf("%s unit %d: %v", c.address, c.unit, err)
		}
	}
}

func TestNeighboursMayTouch(t *testing.T) {
	if _, err := New(settings(map[string]any{"inputs": map[string]any{
		"a": "holding:100:uint32", "b": "holding:102:uint16", "c": "input:100:uint32", "d": "coil:100", "e": "discrete:100", "f": "holding:65532:uint64",
		"g": "holding:110.0", "h": "holding:110.15", "i": "holding:110:int16", "j": "holding:101.3", "k": "input:0.0", "l": "holding:0.0",
	}, "outputs": map[string]any{"o": "holding:110.7", "p": "holding:100.0"}})); err != nil {
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
		open.WriteString(strings.TrimPrefix(strings.TrimSpace(l), "# ") + "\n")
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
	for _, key := range []string{"unit", "poll", "timeout", "quiet", "word_order", "max_gap", "max_registers", "inputs", "outputs"} {
		if !strings.Contains(Sample, key) || !strings.Contains(README, "`"+key+"`") {
			t.Errorf("%s is not in the sample or not in the README", key)
		}
	}
}

var _ drivers.PLC = (*PLC)(nil)

func TestPoints(t *testing.T) {
	p, err := New(drivers.Settings{Name: "p", Address: "tcp://plc:502", Options: map[string]any{
		"inputs":  map[string]any{"a": "holding:100:uint16", "b": "holding:101:int32", "c": "input:7:uint64", "d": "discrete:16", "g": "holding:22:float64"},
		"outputs": map[string]any{"e": "coil:3", "f": "holding:20:float32", "h": "holding:99.15"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]drivers.Point{
		"a": {Bits: 16, Where: "holding 100 (40101)"},
		"b": {Bits: 32, Signed: true, Where: "holding 101 to 102 (40102 to 40103)"},
		"f": {Output: true, Bits: 32, Float: true, Where: "holding 20 to 21 (40021 to 40022)"},
		"g": {Bits: 64, Float: true, Where: "holding 22 to 25 (40023 to 40026)"},
		"h": {Output: true, Bits: 1, Where: "holding 99 (40100) bit 15"},
		"c": {Bits: 64, Where: "input 7 to 10 (30008 to 30011)"},
		"d": {Bits: 1, Where: "discrete 16 (10017)"},
		"e": {Output: true, Bits: 1, Where: "coil 3 (00004)"},
	}
	if got := p.Points(); !maps.Equal(got, want) {
		t.Errorf("points %+v", got)
	}
}
