package configs

import (
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// jobs are the drivers whose layout lives in the printer, with what each needs besides the fields.
var jobs = map[string]map[string]any{
	"zipher":   {"fnc1_form": "", "gs_form": "raw", "records": int64(50)},
	"sppl":     {"fnc1_form": "", "gs_form": "raw"},
	"ngpcl":    {"fnc1_form": "", "gs_form": "raw", "job": "unit.job", "idle": "NOCODE"},
	"dynamark": {"fnc1_form": "", "gs_form": "raw"},
}

// The fields that README.md names are taken by every driver whose layout lives in the printer.
func TestFieldsOfJobs(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(readme)) {
		if !strings.HasPrefix(line, "fields = ") {
			continue
		}
		n++
		var settings map[string]any
		if _, err := toml.Decode(line, &settings); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for driver, options := range jobs {
			all := maps.Clone(settings)
			maps.Copy(all, options)
			if _, err := drivers.NewPrinter(driver, drivers.Settings{Name: "p", Address: "tcp://127.0.0.1:1", Options: all}); err != nil {
				t.Errorf("%s: %s: %v", driver, line, err)
			}
		}
	}
	if n != 4 {
		t.Errorf("%d lines of fields, want 4", n)
	}
}

// The files that README.md tells of exist.
func TestFilesOfREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind := range kinds {
		if !strings.Contains(string(readme), "| `"+kind+"` |") {
			t.Errorf("README.md does not tell of %s", kind)
		}
	}
	if _, err := os.Stat("labels/text.toml"); err != nil {
		t.Error(err)
	}
}
