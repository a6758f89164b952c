package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/url"

	"linemark/internal/escape"
	"linemark/internal/web"
)

func runPack(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "pack", []word{
		{"show", packShow}, {"close", packStation("close")}, {"undo", packStation("undo")}, {"empty", packStation("empty")},
		{"out", packCode("out", 1)}, {"replace", packCode("replace", 2)}, {"dissolve", packCode("dissolve", 1)}, {"label", packCode("label", 1)},
	}, args, "linemark pack show --config linemark.toml --line 3 --station box")
}

func packShow(ctx context.Context, c *console, args []string) error {
	var q question
	var line, station string
	rest, err := flags(c, "pack", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		stationFlags(fs, &line, &station)
	})
	if err != nil {
		return err
	}
	path := "/api/v1/pack?" + url.Values{"line": {line}, "station": {station}}.Encode()
	if len(rest) > 0 {
		text, err := codeArgument(c, rest)
		if err != nil {
			return err
		}
		path = "/api/v1/pack?code=" + escape.URLCode(text)
	}
	var found web.Container
	if err := q.look(ctx, path, &found); err != nil {
		return err
	}
	return q.print(c, found, func() { printContainer(c.out, found) })
}

func stationFlags(fs *flag.FlagSet, line, station *string) {
	lineFlag(fs, line)
	fs.StringVar(station, "station", "", "the pack station's `name` in the configuration")
}

// wordFlags are who says it, and why.
func wordFlags(fs *flag.FlagSet, in *repackFlags) {
	fs.StringVar(&in.by, "by", "", "`name` of who says so: it stands in the journal")
	fs.StringVar(&in.reason, "reason", "", "`text` that says why")
}

type repackFlags struct{ line, station, by, reason string }

// packStation does something to what is open at a station.
func packStation(do string) func(context.Context, *console, []string) error {
	return func(ctx context.Context, c *console, args []string) error {
		var q question
		var in repackFlags
		if err := noArguments(c, "pack", args, func(fs *flag.FlagSet) {
			q.flags(fs)
			stationFlags(fs, &in.line, &in.station)
			wordFlags(fs, &in)
		}); err != nil {
			return err
		}
		return q.repack(ctx, c, do, web.Repack{Line: web.Text(in.line), Station: web.Text(in.station), By: web.Text(in.by), Reason: web.Text(in.reason)})
	}
}

// packCode does something to the container that a code names.
func packCode(do string, n int) func(context.Context, *console, []string) error {
	return func(ctx context.Context, c *console, args []string) error {
		var q question
		var in repackFlags
		rest, err := flags(c, "pack", args, func(fs *flag.FlagSet) {
			q.flags(fs)
			wordFlags(fs, &in)
		})
		if err != nil {
			return err
		}
		codes, err := codesGiven(c, rest)
		if err != nil {
			return err
		}
		if len(codes) != n {
			return wrong(fmt.Errorf("%s takes %d codes, not %d", do, n, len(codes)), "put each code in single quotes, or give - and one a line on standard input")
		}
		body := web.Repack{Code: codes[0], By: web.Text(in.by), Reason: web.Text(in.reason)}
		if n > 1 {
			body.For = codes[1]
		}
		return q.repack(ctx, c, do, body)
	}
}

func (q *question) repack(ctx context.Context, c *console, do string, in web.Repack) error {
	var done web.Repacked
	if err := q.tell(ctx, "/api/v1/pack/"+do, in, &done); err != nil {
		return err
	}
	return q.print(c, done, func() {
		fmt.Fprintln(c.out, done.Said)
		printContainer(c.out, done.Container)
	})
}

func printContainer(w io.Writer, p web.Container) {
	fmt.Fprintf(w, "container %d of station %s, line %s: %s, %d of %d", p.ID, p.Station, p.Line, p.State, len(p.In), p.Capacity)
	if p.Code != "" {
		fmt.Fprintf(w, ", code %s", p.Code)
	}
	fmt.Fprintln(w)
	switch {
	case p.Dropped:
		fmt.Fprintln(w, "it was dropped")
	case p.Report != 0:
		fmt.Fprintf(w, "in aggregation report %d (%s)\n", p.Report, p.Reported)
	case p.Reason != "":
		fmt.Fprintln(w, p.Reason)
	}
	if p.Parent != 0 {
		fmt.Fprintf(w, "it is in container %d\n", p.Parent)
	}
	for _, in := range p.In {
		fmt.Fprintln(w, " ", in)
	}
}
