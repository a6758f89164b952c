package drivertest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
)

// Changed returns options with changes; nil takes one out.
func Changed(options, changes map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, options)
	for key, v := range changes {
		if all[key] = v; v == nil {
			delete(all, key)
		}
	}
	return all
}

// WantProblem fails the test where err is not joined of *drivers.OptionError values with hints,
// one of which has the key and holds the problem, or where there are not so many others.
func WantProblem(t testing.TB, name string, err error, key, problem string, others int) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Errorf("%s: %v is not joined", name, err)
		return
	}
	found := false
	for _, e := range joined.Unwrap() {
		bad, ok := errors.AsType[*drivers.OptionError](e)
		if !ok || bad.Hint == "" {
			t.Errorf("%s: %#v is no *drivers.OptionError with a hint", name, e)
			continue
		}
		found = found || bad.Key == key && strings.Contains(bad.Problem, problem)
	}
	if !found || len(joined.Unwrap()) != 1+others {
		t.Errorf("%s: %v, want %s: %s and %d more", name, err, key, problem, others)
	}
}

// Sample checks a printer driver's sample configuration, with and without its comments' keys:
// the driver takes it, and the README names every key. adapt changes what is particular to a
// plant, such as the folder of a label; nil changes nothing.
func Sample(t *testing.T, sample, readme string, adapt func(*drivers.Settings)) {
	t.Helper()
	var open strings.Builder
	for l := range strings.Lines(sample) {
		open.WriteString(strings.TrimPrefix(l, "# "))
	}
	for _, text := range []string{sample, open.String()} {
		var file struct{ Printer []map[string]any }
		if _, err := toml.Decode(text, &file); err != nil || len(file.Printer) != 1 {
			t.Fatalf("%v in\n%s", err, text)
		}
		device := file.Printer[0]
		s := drivers.Settings{Name: device["name"].(string), Address: device["address"].(string)}
		s.Options = Changed(device, map[string]any{"name": nil, "driver": nil, "address": nil})
		for _, key := range slices.Sorted(maps.Keys(s.Options)) {
			if !strings.Contains(readme, "`"+key+"`") {
				t.Errorf("the README does not name %s", key)
			}
		}
		if adapt != nil {
			adapt(&s)
		}
		if _, err := drivers.NewPrinter(device["driver"].(string), s); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

// Gather hands bytes in pieces of a size to what takes answers apart, and returns all that it
// finds, up to its first error.
func Gather[A any](in []byte, size int, add func([]byte), next func() (A, bool, error)) (all []A, err error) {
	if size < 1 || size > len(in) {
		size = 1
	}
	for piece := range slices.Chunk(in, size) {
		add(piece)
		for {
			a, ok, err := next()
			if err != nil {
				return all, err
			}
			if !ok {
				break
			}
			all = append(all, a)
		}
	}
	return all, nil
}
