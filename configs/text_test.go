package configs

import (
	"maps"
	"slices"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
	"linemark/drivers/printer/text/texttest"
	"linemark/internal/code"
)

// protocols are the printers that the frames of labels/text.toml are for.
var protocols = map[string]texttest.Protocol{
	"line-1":   {End: "\r\n", Label: "{code}\t{batch}\t{expiration_date}", GS: "\x1d"},
	"framed-1": {End: "\x03", Label: "\x02{code}", GS: "\x1d"},
	"acked-1":  {End: "\x03", Label: "\x02{code}\n{batch}", GS: "\x1d", Accepts: "\x06", Refuses: "\x15"},
}

// Every frame of labels/text.toml brings every code of every group that is a GS1 element string to
// the printer that it is for, byte for byte.
func TestTextFrames(t *testing.T) {
	var file struct {
		Printer []map[string]any `toml:"printer"`
	}
	if _, err := toml.DecodeFile("labels/text.toml", &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Printer) != len(protocols) {
		t.Errorf("there are %d frames, want %d", len(file.Printer), len(protocols))
	}
	for _, settings := range file.Printer {
		name, _ := settings["name"].(string)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			protocol, ok := protocols[name]
			if !ok || settings["driver"] != "text" || settings["address"] == nil {
				t.Fatalf("the settings begin with %q %q %q", name, settings["driver"], settings["address"])
			}
			e, out := texttest.New(texttest.Options{Protocol: protocol}), make(chan struct{}, 1000)
			e.OnPrinted(func(texttest.Label) { out <- struct{}{} })
			p := printer{emulator: e, out: out, options: maps.Clone(settings)}
			for _, key := range []string{"name", "driver", "address"} {
				delete(p.options, key)
			}
			p.options["settle"] = "0s"

			var all []content
			for _, profile := range (code.Table{}).Profiles() {
				for _, sample := range code.Samples(profile, gtin) {
					if profile.AIs {
						all = append(all, content{label: drivers.Label{Code: []byte(sample), Fields: map[string]string{
							"batch": "LOT-2026/11 A", "expiration_date": "2027-05-21"}}})
					}
				}
			}
			send(t, "text", p, all)
			got := e.Received()
			if len(got) != len(all) {
				t.Fatalf("the printer was given %d labels, want %d", len(got), len(all))
			}
			values := map[string]string{"batch": "LOT-2026/11 A", "expiration_date": "21.05.2027"}
			for i, l := range got {
				if !slices.Equal(l.Code, all[i].label.Code) {
					t.Errorf("the printer reads %q, want %q", l.Code, all[i].label.Code)
				}
				for value, text := range l.Values {
					if text != values[value] {
						t.Errorf("the printer reads {%s} as %q", value, text)
					}
				}
			}
		})
	}
}
