// Package watch reads the settings by which a PLC's owner watches it, for every PLC driver.
package watch

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// Least and usual values of the settings.
const (
	usualPoll   = 50 * time.Millisecond
	usualWithin = 2 * time.Second
	usualRate   = 200
	mostRate    = 1_000_000
)

// Options reads the keys poll, alive, alive_within, max_rate and the table packml. points are the
// inputs and outputs that they may name.
func Options(k *option.Keys, points map[string]drivers.Point) drivers.Watch {
	w := drivers.Watch{
		Poll:    k.Duration("poll", usualPoll, time.Millisecond),
		Alive:   k.String("alive", ""),
		Within:  k.Duration("alive_within", usualWithin, 100*time.Millisecond),
		MaxRate: k.Int("max_rate", usualRate, 1, mostRate),
		PackML: drivers.PackML{
			State:   k.String("packml_state", ""),
			Command: k.String("packml_command", ""),
			Hold:    uint64(k.Int("packml_hold", 0, 0, 65535)),
			Execute: uint64(k.Int("packml_execute", 0, 0, 65535)),
		},
	}
	named(k, points, "alive", w.Alive, false)
	if w.Alive != "" && w.Within < 2*w.Poll {
		k.Fail("alive_within", fmt.Sprintf("%s is less than two polls", w.Within), fmt.Sprintf("write at least %s", 2*w.Poll))
	}
	packML(k, points, w.PackML)
	return w
}

// packML checks that the table is whole: which number stands for what is not the same everywhere.
func packML(k *option.Keys, points map[string]drivers.Point, p drivers.PackML) {
	if p == (drivers.PackML{}) {
		return
	}
	const whole = "give packml_state, packml_command, packml_hold and packml_execute together, with the numbers of the machine's manual"
	for _, missing := range []struct {
		key   string
		given bool
	}{{"packml_state", p.State != ""}, {"packml_command", p.Command != ""}, {"packml_hold", p.Hold != 0}, {"packml_execute", p.Execute != 0}} {
		if !missing.given {
			k.Fail(missing.key, "is missing", whole)
		}
	}
	named(k, points, "packml_state", p.State, false)
	named(k, points, "packml_command", p.Command, true)
}

// named checks that a setting names an input or an output.
func named(k *option.Keys, points map[string]drivers.Point, key, name string, output bool) {
	if name == "" {
		return
	}
	if p, ok := points[name]; ok && p.Output == output {
		return
	}
	kind := map[bool]string{false: "input", true: "output"}[output]
	var known []string
	for n := range maps.Keys(points) {
		if points[n].Output == output {
			known = append(known, n)
		}
	}
	slices.Sort(known)
	hint := fmt.Sprintf("name it under %ss", kind)
	if near := option.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	k.Fail(key, fmt.Sprintf("there is no %s named %q", kind, name), hint)
}
