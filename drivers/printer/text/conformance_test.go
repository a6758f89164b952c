package text_test

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link"
	"linemark/drivers/printer/text"
	"linemark/drivers/printer/text/texttest"
)

// examples returns the configurations of the README by the names of their printers.
func examples(t testing.TB) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for i, piece := range strings.Split(text.README, "```toml\n")[1:] {
		piece, _, _ = strings.Cut(piece, "```")
		var file struct{ Printer []map[string]any }
		if _, err := toml.Decode(piece, &file); err != nil || len(file.Printer) != 1 {
			t.Fatalf("example %d: %v", i+1, err)
		}
		all[file.Printer[0]["name"].(string)] = file.Printer[0]
	}
	if len(all) != 3 {
		t.Fatalf("%d examples", len(all))
	}
	return all
}

func printer(t testing.TB, options map[string]any, dial link.Dialer) drivers.Printer {
	t.Helper()
	own := map[string]any{}
	for k, v := range options {
		if k != "name" && k != "driver" && k != "address" {
			own[k] = v
		}
	}
	p, err := text.New(drivers.Settings{Name: "p", Address: "emulator", Dial: dial, Options: own})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var states = map[texttest.Fault]string{
	texttest.NoFault: "S READY", texttest.HeadOpen: "S ERROR 12", texttest.MediaOut: "S ERROR 3", texttest.Pause: "S PAUSE",
}

// The protocols of the README's examples, and one with a counter.
var (
	ack = texttest.Protocol{
		End: "\x03", Label: "\x02D{code}\n{batch}", GS: "\x1d",
		Commands: map[string]texttest.Command{"\x02C": {Answer: "\x06", Empties: true}, "\x02S": {Answer: "{state}\r\n"}},
		Accepts:  "\x06", Refuses: "\x15", Full: "\x15", Tells: "PRINTED\r\n", States: states, Capacity: 4,
	}
	indexed = texttest.Protocol{
		End: "\r", Label: "ADD|{index}|{code}|{batch}|{expiration_date}|", GS: "~1", FNC1: "~1",
		Stands: map[string]string{"&quot;": `"`, "&lt;": "<", "&amp;": "&"},
		Commands: map[string]texttest.Command{
			"HELLO": {Answer: "VERSION 1.2"}, "CLEAR": {Answer: "OK", Empties: true}, "PING": {Answer: "PONG"},
			"GETLAST": {Answer: "LAST|{index}|"}, "STATUS": {Answer: "STATUS|{state}|job|"},
		},
		AnswerEnd: "\r", Accepts: "OK", Refuses: "ERR|17|", Full: "ERR|18|", Capacity: 8,
		States: map[texttest.Fault]string{texttest.NoFault: "1", texttest.HeadOpen: "9", texttest.MediaOut: "9", texttest.Pause: "2"},
	}
	silent  = texttest.Protocol{End: "\x04", Label: "\x1bT{code}", GS: "\x1d", FNC1: "\xe8"}
	counted = texttest.Protocol{
		End: "#\n", Label: "P{code};{serial}", CodeOnly: true, GS: "{GS}", FNC1: "{FNC1}", Stands: map[string]string{"[[]": "#", "[S]": ";"}, Forgets: true,
		Commands:  map[string]texttest.Command{"N?": {Answer: "N {counter} OF THE DAY"}},
		AnswerEnd: "\r\n", Tells: "HEAD {counter} DONE",
	}
	countedOptions = map[string]any{
		"label": "P{code};{serial}", "end": `#\n`, "gs": "{GS}", "fnc1": "{FNC1}", "escape": map[string]any{"#": "[[]", ";": "[S]"}, "escape_in": "code",
		"answer_end": `\n`, "ahead": int64(8), "emptied_by": "connection", "printed": "N {counter} *", "printed_query": "N?",
		"ignore": []any{"HEAD *"}, "silence": "500ms",
	}
)

// What drivertest demands of every printer driver.
func TestConformance(t *testing.T) {
	for _, c := range configurations(t) {
		t.Run(c.name, func(t *testing.T) { drivertest.Printer(t, c.testCase()) })
	}
}

func BenchmarkWire(b *testing.B) {
	for _, c := range configurations(b) {
		c.options = drivertest.Changed(c.options, map[string]any{"settle": "1ms"})
		b.Run(c.name, func(b *testing.B) { drivertest.Wire(b, c.testCase()) })
	}
}

type configuration struct {
	name     string
	options  map[string]any
	protocol texttest.Protocol
	lines    []string
	told     bool // faults are
	refuses  bool // labels may be refused
	empty    bool // the printer's silence means nothing
}

func configurations(t testing.TB) []configuration {
	readme := examples(t)
	return []configuration{
		{name: "ack", options: readme["ack-1"], protocol: ack, lines: []string{"JET WARM\r\n"}, told: true, refuses: true},
		{name: "index", options: readme["index-1"], protocol: indexed, told: true, refuses: true},
		{name: "silent", options: readme["silent-1"], protocol: silent, empty: true},
		{name: "counter", options: countedOptions, protocol: counted, lines: []string{"HEAD WARM\r\n"}},
	}
}

func (c configuration) testCase() drivertest.Case {
	return drivertest.Case{
		Printer: func(t testing.TB, dial link.Dialer) drivers.Printer { return printer(t, c.options, dial) },
		Emulator: func(testing.TB) drivertest.Emulator {
			e := emulator(c.protocol, c.told, c.refuses)
			e.Lines = c.lines
			return e
		},
		Speechless: c.empty,
	}
}

func emulator(protocol texttest.Protocol, told, refuses bool) drivertest.Emulator {
	e := texttest.New(texttest.Options{Trigger: true, Protocol: protocol})
	codes := func(l texttest.Label) [][]byte {
		if !l.GS1 {
			return [][]byte{l.Frame} // is no code that anybody sent
		}
		return [][]byte{l.Code}
	}
	clear := func() { e.SetFault(texttest.NoFault) }
	raise := func(f texttest.Fault) func() { return func() { e.SetFault(f) } }
	faults := []drivertest.Fault{
		{Name: "head open", Raise: raise(texttest.HeadOpen), Clear: clear, Told: told},
		{Name: "media out", Raise: raise(texttest.MediaOut), Clear: clear, Told: told},
		{Name: "pause", Raise: raise(texttest.Pause), Clear: clear},
		{Name: "power cycle, buffer lost", Raise: func() { e.PowerCycle(false) }, Told: true},
		{Name: "power cycle, buffer kept", Raise: func() { e.PowerCycle(true) }, Told: true},
	}
	if refuses {
		faults = append(faults,
			drivertest.Fault{Name: "refused", Raise: func() { e.Refuse(1) }, Clear: func() { e.Refuse(0) }, Told: true},
			drivertest.Fault{Name: "buffer full", Raise: func() { e.SetCapacity(1) }, Clear: func() { e.SetCapacity(protocol.Capacity) }},
		)
	}
	all := drivertest.Emulated(e, codes)
	all.Faults = faults
	return all
}
