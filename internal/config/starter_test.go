package config

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	_ "linemark/drivers/all"
)

// What config init writes is what run takes: file and labels, with the real drivers.
func TestStarterHasNoProblems(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "labels"), Labels()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "linemark.toml")
	if err := os.WriteFile(path, Example(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LINEMARK_IZKM_TOKEN", "t0k3n")
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.Lines) != 1 || len(cfg.Lines[0].Stations) != 4 || len(cfg.PLCs) != 1 {
		t.Errorf("got %+v", cfg)
	}
}

// The starter says what the contract of the names says, key by key.
func TestStarterMeansTheExample(t *testing.T) {
	contract, err := os.ReadFile("testdata/example.toml")
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if err := toml.Unmarshal(contract, &want); err != nil {
		t.Fatal(err)
	}
	if err := toml.Unmarshal(Example(), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestLabels(t *testing.T) {
	var names []string
	err := fs.WalkDir(Labels(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		names = append(names, path)
		text, err := fs.ReadFile(Labels(), path)
		if !strings.Contains(string(text), "{code}") || !strings.HasSuffix(string(text), "^XZ\n") {
			t.Errorf("%s: %q", path, text)
		}
		return err
	})
	if err != nil || !slices.Equal(names, []string{"box.zpl", "unit.zpl"}) {
		t.Errorf("labels %q, %v", names, err)
	}
}

// A caller cannot change what the next one gets.
func TestExampleIsACopy(t *testing.T) {
	first := Example()
	clear(first)
	if second := Example(); !slices.ContainsFunc(second, func(b byte) bool { return b != 0 }) {
		t.Error("the example is gone")
	}
}

// Every commented-out setting of the starter is one that exists.
func TestStarterComments(t *testing.T) {
	known := map[string]bool{}
	for _, table := range []any{Agent{}, HTTP{}, IZKM{}, Product{}, Line{}, Station{}, Report{}, Record{}, Backup{}, Archive{}, Metrics{}, MQTT{}, Utilisation{}, Aggregation{}, Group{}, Structure{}} {
		for f := range fieldsOf(reflect.TypeOf(table)) {
			name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
			known[name] = true
		}
	}
	for line := range strings.Lines(string(Example())) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "# ")
		if key, _, isKey := strings.Cut(comment, " = "); ok && isKey && !known[strings.TrimSpace(key)] {
			t.Errorf("%q is none of %v", key, slices.Sorted(maps.Keys(known)))
		}
	}
}
