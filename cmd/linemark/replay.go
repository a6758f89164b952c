package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"linemark/internal/record"
	"linemark/internal/record/replay"
)

// settings are the flags --set STATION.SETTING=VALUE of a replay.
type settings map[string]map[string]string

// known refuses a station that the recording does not have: nothing was changed in it.
func (s settings) known(recorded []*replay.History) error {
	var names []string
	for _, h := range recorded {
		names = append(names, h.Name)
	}
	slices.Sort(names)
	for station := range s {
		if len(names) > 0 && !slices.Contains(names, station) {
			return wrong(fmt.Errorf("--set: no station %q in the recording", station), "recorded: "+strings.Join(names, ", "))
		}
	}
	return nil
}

func (s settings) String() string { return "" }

// Set implements flag.Value.
func (s settings) Set(text string) error {
	where, value, ok := strings.Cut(text, "=")
	dot := strings.LastIndexByte(where, '.')
	if !ok || dot < 1 {
		return errors.New("this is no LINE/STATION.SETTING=VALUE")
	}
	station, setting := where[:dot], strings.ReplaceAll(where[dot+1:], "_", "")
	if s[station] == nil {
		s[station] = map[string]string{}
	}
	s[station][setting] = value
	return nil
}

func runReplay(_ context.Context, c *console, args []string) error {
	var config string
	most := 10
	set := settings{}
	rest, err := flags(c, "replay", args, func(fs *flag.FlagSet) {
		configFlag(fs, &config)
		fs.IntVar(&most, "show", most, "so many differences are shown")
		fs.Var(set, "set", "what if: `LINE/STATION.SETTING=VALUE`, such as 3/check.stop_after=5; times are in nanoseconds")
	})
	if err != nil {
		return err
	}
	var from *record.Reader
	switch len(rest) {
	case 0:
		q := question{config: config}
		cfg, err := q.load()
		if err != nil {
			return err
		}
		from = record.InFolder(cfg.Agent.DataDir)
	case 1:
		from = record.InFile(rest[0])
	default:
		return wrong(fmt.Errorf("one file is replayed, not %d", len(rest)), "linemark replay stop.lrec")
	}
	found, err := replay.Run(from, replay.Options{Set: set, Most: max(most, 1)})
	if err != nil {
		return noRecording(err)
	}
	if err := set.known(found.Stations); err != nil {
		return err
	}
	ran := 0
	for _, h := range found.Stations {
		ran += h.Steps
		printHistory(c, h)
	}
	for _, d := range found.Differences {
		printDifference(c, d)
	}
	switch {
	case found.Different > 0:
		return failed(fmt.Errorf("%d of %d steps differ from the recording", found.Different, ran), "another version of linemark recorded it, a setting was changed by --set, or a step depends on more than its events: that is a fault to report")
	case ran == 0:
		return failed(errors.New("no step of a station could be run"), "a station's steps can be run from its first recorded state on: export from an earlier time")
	}
	fmt.Fprintf(c.out, "%d steps, no difference\n", ran)
	return nil
}

func printHistory(c *console, h *replay.History) {
	fmt.Fprintf(c.out, "%s: %d steps", h.Name, h.Steps)
	if h.Steps > 0 {
		fmt.Fprintf(c.out, " from %s to %s, %d states compared", instant(h.First), instant(h.Last), h.States)
	}
	if h.Skipped > 0 {
		fmt.Fprintf(c.out, "; %d could not be run: no state was recorded before them", h.Skipped)
	}
	fmt.Fprintln(c.out)
}

func printDifference(c *console, d replay.Difference) {
	what := d.Event
	if what == "" {
		what = "the state after it"
	}
	fmt.Fprintf(c.out, "\n%s %s, event %d: %s\n  then: %s\n  now:  %s\n", instant(d.At), d.Station, d.N, what, orNothing(d.Then), orNothing(d.Now))
}

func orNothing(effects string) string {
	if effects == "" {
		return "nothing"
	}
	return effects
}
