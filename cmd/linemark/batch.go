package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"text/tabwriter"
	"time"

	"linemark/internal/web"
)

func runBatch(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "batch", []word{{"start", batchStart}, {"end", batchEnd}, {"show", batchShow}}, args,
		"linemark batch start --config linemark.toml --line 3 --name PO-17")
}

func batchStart(ctx context.Context, c *console, args []string) error {
	var q question
	var line, name, production, expiration, series string
	if err := noArguments(c, "batch", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		lineFlag(fs, &line)
		fs.StringVar(&name, "name", "", "the production order's `number`, used once for a line")
		fs.StringVar(&production, "production-date", "", "`time` of production, such as 2026-01-31T08:00:00+05:00, where the product group's reports need it")
		fs.StringVar(&expiration, "expiration-date", "", "`time` until which it keeps, where they need it")
		fs.StringVar(&series, "series", "", "series `number`, where they need it")
	}); err != nil {
		return err
	}
	in := web.StartBatch{Line: web.Text(line), Name: web.Text(name), ProductionDate: web.Text(production), ExpirationDate: web.Text(expiration), Series: web.Text(series)}
	var b web.Batch
	if err := q.tell(ctx, batchStartPath, in, &b); err != nil {
		return err
	}
	return q.print(c, b, func() { fmt.Fprintf(c.out, "batch %q of line %s has started\n", b.Name, b.Line) })
}

func lineFlag(fs *flag.FlagSet, line *string) {
	fs.StringVar(line, "line", "", "the line's `name` in the configuration")
}

func batchEnd(ctx context.Context, c *console, args []string) error {
	var q question
	var line, name string
	if err := noArguments(c, "batch", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		lineFlag(fs, &line)
		fs.StringVar(&name, "name", "", "the batch's `name`, where it must be this one; without it whichever runs")
	}); err != nil {
		return err
	}
	var s web.Sheet
	if err := q.tell(ctx, "/api/v1/batch/end", web.EndBatch{Line: web.Text(line), Name: web.Text(name)}, &s); err != nil {
		return err
	}
	return q.printSheet(c, s)
}

func batchShow(ctx context.Context, c *console, args []string) error {
	var q question
	var line, name string
	if err := noArguments(c, "batch", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		lineFlag(fs, &line)
		fs.StringVar(&name, "name", "", "the batch's `name`; without it the line's last one")
	}); err != nil {
		return err
	}
	var s web.Sheet
	if err := q.look(ctx, "/api/v1/batch?"+url.Values{"line": {line}, "name": {name}}.Encode(), &s); err != nil {
		return err
	}
	return q.printSheet(c, s)
}

func (q *question) printSheet(c *console, s web.Sheet) error {
	if err := q.print(c, s, func() { printSheet(c.out, s) }); err != nil {
		return err
	}
	if !s.Equal {
		return failed(errors.New("the two sides of the balance sheet differ"), "keep a copy of the data folder and have it looked at before the next batch")
	}
	return nil
}

func printSheet(w io.Writer, s web.Sheet) {
	b := s.Batch
	fmt.Fprintf(w, "batch %q of line %s, started %s, ", b.Name, b.Line, stamp(b.StartedAt))
	if b.EndedAt == nil {
		fmt.Fprintln(w, "running")
	} else {
		fmt.Fprintf(w, "ended %s\n", stamp(*b.EndedAt))
	}
	for _, f := range []struct{ name, value string }{{"production date", b.ProductionDate}, {"expiration date", b.ExpirationDate}, {"series", b.Series}} {
		if f.value != "" {
			fmt.Fprintf(w, "%s %s\n", f.name, f.value)
		}
	}
	if len(s.Products) == 0 {
		fmt.Fprintln(w, "no code has been taken for it")
		return
	}
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "product\treceived\tprinted\tverified\trejected\tsampled\tdropped\tdoubtful\tleft\tboth sides\treported\t")
	for _, a := range s.Products {
		doubtful := 0
		for _, n := range a.Doubtful {
			doubtful += n
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%d\t\n", a.Product, a.Received, a.Printed, a.Verified, a.Rejected, a.Sampled, a.Dropped,
			doubtful, a.Left, map[bool]string{true: "equal", false: "DIFFER"}[a.Equal], a.Reported)
	}
	_ = t.Flush() // the terminal has gone: nobody is left to tell
	for _, a := range s.Products {
		for _, cause := range slices.Sorted(maps.Keys(a.Doubtful)) {
			fmt.Fprintf(w, "doubtful %s: %d: %s\n", a.Product, a.Doubtful[cause], cause)
		}
	}
}

// stamp is a moment with its day, for what may be weeks old.
func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }
