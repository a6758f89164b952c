package watch

import (
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
)

var points = map[string]drivers.Point{"heart": {Bits: 1}, "state": {Bits: 16}, "command": {Bits: 16, Output: true}}

func read(options map[string]any) (drivers.Watch, error) {
	k := option.Of(drivers.Settings{Options: options, Dial: link.Dial})
	w := Options(k, points)
	return w, k.Err()
}

func TestOptions(t *testing.T) {
	w, err := read(nil)
	if want := (drivers.Watch{Poll: 50 * time.Millisecond, Within: 2 * time.Second, MaxRate: 200}); err != nil || w != want {
		t.Errorf("by default %+v, %v", w, err)
	}
	w, err = read(map[string]any{"poll": "20ms", "alive": "heart", "alive_within": "500ms", "max_rate": int64(40),
		"packml_state": "state", "packml_command": "command", "packml_hold": int64(4), "packml_execute": int64(6)})
	want := drivers.Watch{Poll: 20 * time.Millisecond, Alive: "heart", Within: 500 * time.Millisecond, MaxRate: 40,
		PackML: drivers.PackML{State: "state", Command: "command", Hold: 4, Execute: 6}}
	if err != nil || w != want {
		t.Errorf("%+v, %v", w, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		want    []string
	}{
		"unknown input":      {map[string]any{"alive": "hart"}, []string{`alive: there is no input named "hart"`}},
		"an output as input": {map[string]any{"alive": "command"}, []string{`alive: there is no input named "command"`}},
		"just two polls":     {map[string]any{"alive": "heart", "poll": "1s"}, nil},
		"too short":          {map[string]any{"alive": "heart", "poll": "2s"}, []string{"alive_within: 2s is less than two polls"}},
		"half of PackML":     {map[string]any{"packml_state": "state"}, []string{"packml_command: is missing", "packml_hold: is missing", "packml_execute: is missing"}},
		"PackML of nothing":  {map[string]any{"packml_state": "x", "packml_command": "state", "packml_hold": int64(4), "packml_execute": int64(6)}, []string{"packml_state: there is no input", "packml_command: there is no output"}},
		"no rate":            {map[string]any{"max_rate": int64(0)}, []string{"max_rate: 0 is out of range"}},
	} {
		_, err := read(c.options)
		if (err == nil) != (len(c.want) == 0) {
			t.Errorf("%s: %v", name, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}
