package all

import (
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// Three drivers print pictures. Every other one says so of a text that wants one, in one line.
func TestNoPictures(t *testing.T) {
	refused := 0
	for _, m := range drivers.Manuals() {
		if m.Kind != "printer" || slices.Contains([]string{"zpl", "tspl", "sbpl"}, m.Name) {
			continue
		}
		var sample struct{ Printer []map[string]any }
		if _, err := toml.Decode(m.Sample, &sample); err != nil {
			t.Fatal(err)
		}
		options := sample.Printer[0]
		address := options["address"].(string)
		for _, key := range []string{"name", "driver", "address"} {
			delete(options, key)
		}
		if fields, ok := options["fields"].(map[string]any); ok {
			fields["P"] = "{picture:40}"
		} else {
			options["label"] = options["label"].(string) + "{picture:40}"
		}
		_, err := drivers.NewPrinter(m.Name, drivers.Settings{Name: "p", Address: address, Options: options})
		if err == nil || strings.Count(err.Error(), "{picture:40}: this driver prints no pictures") != 1 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", m.Name, err)
		}
		refused++
	}
	if refused < 5 {
		t.Errorf("%d drivers were asked", refused)
	}
}
