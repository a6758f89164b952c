package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/upstream/izkm"
	"linemark/internal/web"
)

// runDrop withdraws codes on a person's word.
func runDrop(ctx context.Context, c *console, args []string) error {
	var q question
	var reason, doc, date string
	var withChild bool
	rest, err := flags(c, "drop", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.StringVar(&reason, "reason", "", "why, one `REASON` of the national system:\n"+reasonsWithMeaning())
		fs.BoolVar(&withChild, "with-child", false, "what is in a container goes with it")
		fs.StringVar(&doc, "doc", "", "`number` of the document that orders it; without one the report's own id stands for it")
		fs.StringVar(&date, "date", "", "the document's `time`, such as 2026-01-31T00:00:00+05:00")
	})
	if err != nil {
		return err
	}
	codes, err := codesGiven(c, rest)
	if err != nil {
		return err
	}
	in := web.Drop{Codes: codes, Reason: web.Text(reason), WithChild: withChild, DocNum: web.Text(doc), DocDate: web.Text(date)}
	var all []web.Withdrawn
	if err := q.tell(ctx, "/api/v1/drop", in, &all); err != nil {
		return err
	}
	kept := 0
	for _, w := range all {
		if w.Why != "" {
			kept++
		}
	}
	if err := q.print(c, all, func() {
		for _, w := range all {
			switch {
			case w.Why != "":
				fmt.Fprintf(c.out, "kept     %s  %s\n", w.Code, w.Why)
			case w.Codes == 1:
				fmt.Fprintf(c.out, "dropped  %s\n", w.Code)
			default:
				fmt.Fprintf(c.out, "dropped  %s  %d codes\n", w.Code, w.Codes)
			}
		}
	}); err != nil {
		return err
	}
	if kept > 0 {
		return failed(fmt.Errorf("%d of %d were not dropped", kept, len(all)), "linemark trace CODE tells the life of each")
	}
	return nil
}

func reasonsWithMeaning() string {
	var lines []string
	for _, r := range izkm.DropoutReasons() {
		lines = append(lines, fmt.Sprintf("%-16s %s", r.Name, r.Meaning))
	}
	return strings.Join(lines, "\n")
}

// codesGiven takes the codes of a command line, {GS} for GS, and for - one a line from standard
// input as it is. With one bad line none is taken.
func codesGiven(c *console, args []string) ([]web.Text, error) {
	var codes []web.Text
	bad := 0
	for _, arg := range args {
		if arg != "-" {
			codes = append(codes, web.Text(strings.ReplaceAll(arg, "{GS}", string(code.GS))))
			continue
		}
		for line, err := range codefile.Read(c.in, codefile.Lines) {
			switch {
			case err != nil:
				return nil, fmt.Errorf("reading the codes: %w", err)
			case line.Err != nil:
				bad++
				fmt.Fprintf(c.err, "standard input: %v\n", line.Err)
			default:
				codes = append(codes, web.Text(line.Code))
			}
		}
	}
	if bad > 0 {
		return nil, wrong(fmt.Errorf("%d lines are bad: nothing was dropped", bad), "give one code a line")
	}
	return codes, nil
}
