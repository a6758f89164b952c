package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"linemark/internal/web"
)

func runReports(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "reports", []word{{"list", reportsList}, {"show", reportsShow}, {"retry", reportsRetry}, {"resolve", reportsResolve}, {"export", reportsExport}}, args,
		"linemark reports list --config linemark.toml")
}

func reportsList(ctx context.Context, c *console, args []string) error {
	var q question
	var every bool
	if err := noArguments(c, "reports", args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.BoolVar(&every, "all", false, "also those that have arrived, and divided ones")
	}); err != nil {
		return err
	}
	path := "/api/v1/reports"
	if every {
		path += "?all=1"
	}
	var all []web.OutboxReport
	if err := q.look(ctx, path, &all); err != nil {
		return err
	}
	return q.print(c, all, func() { printReports(c.out, all) })
}

func printReports(w io.Writer, all []web.OutboxReport) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no reports")
		return
	}
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "id\tkind\tstate\tcodes\tline\tbatch\tcreated\tserver id\treason")
	for _, r := range all {
		fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Kind, r.State, r.Codes, r.Line, r.Batch, stamp(r.CreatedAt), r.Server, oneLine(r.Reason))
	}
	_ = t.Flush() // the terminal has gone: nobody is left to tell
}

// oneLine keeps a server's words in their row.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// oneReport parses the arguments of a word that is about one report.
func oneReport(c *console, args []string, define func(*flag.FlagSet)) (int64, error) {
	rest, err := flags(c, "reports", args, define)
	if err != nil {
		return 0, err
	}
	if len(rest) != 1 {
		return 0, wrong(fmt.Errorf("one report is needed, not %d", len(rest)), "give its number: linemark reports list shows them")
	}
	id, err := strconv.ParseInt(rest[0], 10, 64)
	if err != nil {
		return 0, wrong(fmt.Errorf("%q is no number of a report", rest[0]), "linemark reports list shows them")
	}
	return id, nil
}

func reportPath(id int64, word string) string {
	return fmt.Sprintf("/api/v1/reports/%d%s", id, word)
}

func reportsShow(ctx context.Context, c *console, args []string) error {
	var q question
	id, err := oneReport(c, args, q.flags)
	if err != nil {
		return err
	}
	var p web.Paper
	if err := q.look(ctx, reportPath(id, ""), &p); err != nil {
		return err
	}
	return q.print(c, p, func() { printPaper(c.out, p) })
}

func printPaper(w io.Writer, p web.Paper) {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintf(t, "report\t%d\nown id\t%s\nkind\t%s\n", p.ID, p.UUID, strings.TrimSpace(p.Kind+" "+p.Usage))
	fmt.Fprintf(t, "state\t%s, since %s\n", p.State, stamp(p.ChangedAt))
	parent := ""
	if p.Parent != 0 {
		parent = strconv.FormatInt(p.Parent, 10)
	}
	for _, f := range []struct{ name, value string }{{"reason", oneLine(p.Reason)}, {"server id", p.Server}, {"stands for", parent}, {"divided into", parts(p)}} {
		if f.value != "" {
			fmt.Fprintf(t, "%s\t%s\n", f.name, f.value)
		}
	}
	fmt.Fprintf(t, "line\t%s\nbatch\t%s\ngroup\t%s\ncreated\t%s\nsent\t%d times\ncodes\t%d\n", p.Line, p.Batch, p.Group, stamp(p.CreatedAt), p.Attempts, p.Codes)
	_ = t.Flush() // as above
	for _, name := range p.Names {
		fmt.Fprintf(w, "  %s\n", name)
	}
}

func parts(p web.Paper) string {
	ids := make([]string, len(p.Parts))
	for i, id := range p.Parts {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(ids, ", ")
}

func reportsRetry(ctx context.Context, c *console, args []string) error {
	var q question
	id, err := oneReport(c, args, q.flags)
	if err != nil {
		return err
	}
	return q.settle(ctx, c, id, "/retry", struct{}{})
}

func reportsResolve(ctx context.Context, c *console, args []string) error {
	var q question
	var as, reason string
	id, err := oneReport(c, args, func(fs *flag.FlagSet) {
		q.flags(fs)
		fs.StringVar(&as, "as", "", "what the cabinet says of it: `sent` or rejected")
		reasonFlag(fs, &reason)
	})
	if err != nil {
		return err
	}
	return q.settle(ctx, c, id, "/resolve", web.Resolve{As: web.Text(as), Reason: web.Text(reason)})
}

func reasonFlag(fs *flag.FlagSet, reason *string) {
	fs.StringVar(reason, "reason", "", "`who` saw or did what; it is kept in the journal")
}

// settle decides about a report and says how it stands then.
func (q *question) settle(ctx context.Context, c *console, id int64, word string, in any) error {
	var p web.Paper
	if err := q.tell(ctx, reportPath(id, word), in, &p); err != nil {
		return err
	}
	return q.print(c, p, func() { printSettled(c.out, p) })
}

func printSettled(w io.Writer, p web.Paper) {
	fmt.Fprintf(w, "report %d is %s", p.ID, p.State)
	if len(p.Parts) > 0 {
		fmt.Fprintf(w, ": %s in its place", parts(p))
	}
	fmt.Fprintln(w)
}

func reportsExport(ctx context.Context, c *console, args []string) error {
	var q question
	var folder, reason string
	var hand bool
	id, err := oneReport(c, args, func(fs *flag.FlagSet) {
		configFlag(fs, &q.config)
		fs.StringVar(&folder, "output", "", "the `folder` for the files, made if it is not there")
		fs.BoolVar(&hand, "hand", false, "mark the report as handed over in the cabinet: it is never sent again")
		reasonFlag(fs, &reason)
	})
	switch {
	case err != nil:
		return err
	case folder == "":
		return wrong(errors.New("--output is needed"), "give the folder for the files")
	case hand != (strings.TrimSpace(reason) != ""):
		return wrong(errors.New("--hand and --reason go together"), "say who hands it over: linemark reports export ID --output DIR --hand --reason TEXT")
	}
	var files []web.File
	if err := q.look(ctx, reportPath(id, "/files"), &files); err != nil {
		return err
	}
	if err := writeAll(folder, files); err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintln(c.out, filepath.Join(folder, f.Name))
	}
	if !hand {
		return nil
	}
	return q.settle(ctx, c, id, "/hand", web.Hand{Reason: web.Text(reason)})
}

// writeAll writes all files into a folder, or none: what is there already stays.
func writeAll(folder string, files []web.File) (err error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	for _, f := range files {
		if f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) {
			return fmt.Errorf("%q is no name for a file", f.Name)
		}
	}
	var written []string
	defer func() {
		if err != nil {
			for _, path := range written {
				_ = os.Remove(path) // the first error is the one to tell
			}
		}
	}()
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		if err := writeWhole(path, func(w io.Writer) error { _, err := w.Write(f.Data); return err }); err != nil {
			return err
		}
		written = append(written, path)
	}
	return nil
}
