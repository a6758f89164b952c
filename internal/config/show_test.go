package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// unmarked is a configuration as it is shown, without what says that a setting is a default or a secret.
func unmarked(shown []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(shown)) {
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "  # ")
		b.WriteString(line + "\n")
	}
	return b.String()
}

// What is shown loads again, and says the same once more: a default that is written out changes nothing.
func again(t *testing.T, name string, cfg *Config) {
	t.Helper()
	shown := cfg.TOML()
	second, err := Parse(cfg.File, shown, testLookup)
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, shown)
	}
	if got, want := unmarked(second.TOML()), unmarked(shown); got != want {
		t.Errorf("%s: shown again\n%s\nwant\n%s", name, got, want)
	}
	if n := strings.Count(string(second.TOML()), "# default"); n > 0 {
		t.Errorf("%s: %d settings are shown as defaults though all were written out\n%s", name, n, second.TOML())
	}
	first, err := cfg.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		Settings map[string]any
		Defaults []string
	}
	if err := json.Unmarshal(first, &object); err != nil {
		t.Fatal(err)
	}
	var table map[string]any
	if err := toml.Unmarshal(shown, &table); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(object.Settings, want) {
		t.Errorf("%s: in JSON\n%s\nin TOML\n%s", name, first, shown)
	}
	if n := strings.Count(string(shown), "  # default\n"); n != len(object.Defaults) {
		t.Errorf("%s: %d defaults in TOML, %d in JSON", name, n, len(object.Defaults))
	}
}

func TestShownLoadsAgain(t *testing.T) {
	t.Setenv("LINEMARK_IZKM_TOKEN", "t0k3n")
	files := []string{"starter/linemark.toml"}
	for _, pattern := range []string{"testdata/*.toml", "../../configs/*.toml"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.ReplaceAll(string(text), "${LINEMARK_IZKM_TOKEN}", "${TOKEN}"))
		from := file
		if strings.HasPrefix(file, "testdata") {
			from = "starter/" + filepath.Base(file) // its labels
		}
		cfg, err := Parse(from, text, testLookup)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		again(t, file, cfg)
	}
	for _, driver := range manualsOf("printer") {
		files, err := Starter{Group: "tobacco", Printer: StarterDevice{Driver: driver}, BoxPrinter: StarterDevice{Driver: "sbpl"}, Boxes: 6, Pallets: 2}.Files()
		if driver == "dynamark" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := lay(t, files)
		if err != nil {
			t.Fatal(err)
		}
		again(t, driver, cfg)
	}
	// A driver's sample with one of its defaults written out is what it was.
	for _, m := range drivers.Manuals() {
		sample := readSample(m)
		for _, d := range settingsOfDriver(m) {
			if d.Default == nil || d.Default == "" || sample.options[d.Key] != nil {
				continue
			}
			options := map[string]any{}
			for k, v := range sample.options {
				options[k] = v
			}
			var text map[string]any
			if err := toml.Unmarshal([]byte("v = "+literal(written(d.Default))), &text); err != nil {
				t.Fatal(err)
			}
			options[d.Key] = text["v"]
			if err := askDriver(m.Kind, m.Name, sample.settings(options), nil); speaksOf(err, d.Key) {
				t.Errorf("%s %s does not take its own default of %s: %v", m.Kind, m.Name, d.Key, err)
			}
		}
	}
}

func TestShown(t *testing.T) {
	cfg := parseGood(t)
	shown := string(cfg.TOML())
	for _, want := range []string{
		"client_token = \"***\"  # from ${TOKEN}\n", "timeout = \"30s\"  # default\n", "name = \"unit\"\ngtin = \"04780012345677\"\ngroup = \"water\"  # default\n",
		"group = \"beer\"\n", "preprinted = false  # default\n", "enabled = true  # default\n", "within = \"1m30s\"\n", "every = \"5m\"  # default\n",
		"[plc.outputs]\nreject = \"coil:0\"\nstop = \"coil:1\"\n", "[[line.station]]\nname = \"mark\"\n", "terminator = \"\\r\\n\"\n", "count_limit = 0  # default\n",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("there is no %q in\n%s", want, shown)
		}
	}
	for _, never := range []string{"t0k3n", "capacity", "mode =", "verdict_good", "reenter", "grade", "contact_person", "[izkm.factory]"} {
		if strings.Contains(shown, never) {
			t.Errorf("there is %q in\n%s", never, shown)
		}
	}
	// A printer that holds fewer labels than is usual says so: the usual number would not load again.
	one, err := Parse("x.toml", []byte(strings.Replace(good, "driver = \"fake-identity\"\naddress = \"tcp://10.0.0.1:9100\"\nlabel = \"unit.zpl\"",
		"driver = \"ngpcl\"\naddress = \"tcp://10.0.0.1:9100\"\njob = \"unit.job\"\nidle = \"NOCODE\"\ngs_form = \"raw\"\nfnc1_form = \"\"\nfields = { CODE = \"{code}\" }", 1)), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	if shown := string(one.TOML()); !strings.Contains(shown, "ahead = 1  # default\n") {
		t.Errorf("shown\n%s", shown)
	}
	again(t, "one label ahead", one)
	// One whose label is bad is shown all the same.
	text := strings.NewReplacer("fake-identity", "fake-count", "label = \"unit.zpl\"", "label = \"broken.zpl\"").Replace(good)
	bad, err := Parse("x.toml", []byte(text), testLookup)
	if err == nil {
		t.Fatal("a broken label is taken")
	}
	if shown := string(bad.TOML()); !strings.Contains(shown, "ahead = 8  # default") || !strings.Contains(shown, "driver = \"fake-count\"") {
		t.Errorf("shown\n%s", shown)
	}
}

func TestLiteral(t *testing.T) {
	for _, v := range []any{"", "a\"b\\c\r\n\t\x00\x1d\u007f\u0085\u00e8\u20ac", int64(-3), true, 1.5, float64(2), []any{"a", int64(1)},
		map[string]any{"a b": "x", "c": []any{}}, []any{map[string]any{"send": "\x02", "answer": ""}}} {
		var got map[string]any
		if err := toml.Unmarshal([]byte("v = "+literal(v)), &got); err != nil || !reflect.DeepEqual(got["v"], v) {
			if tables, ok := got["v"].([]map[string]any); ok && len(tables) == 1 && reflect.DeepEqual(tables[0], v.([]any)[0]) {
				continue
			}
			t.Errorf("%s reads as %#v, %v; want %#v", literal(v), got["v"], err, v)
		}
	}
}
