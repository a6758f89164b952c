package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/config"
	"linemark/internal/exchange"
	"linemark/internal/ledger"
)

func runCodes(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "codes", []word{{"import", codesImport}, {"export", codesExport}}, args,
		"linemark codes import --config linemark.toml --product water-05 --format csv codes.csv")
}

// formats names the formats of files for hints.
func formats() string {
	var names []string
	for _, f := range codefile.Formats() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// fileFormat checks a format's name. It is never guessed from the file.
func fileFormat(name string) (codefile.Format, error) {
	f := codefile.Format(name)
	switch {
	case name == "":
		return "", wrong(errors.New("--format is needed: a file's format is never guessed"), "one of "+formats())
	case !slices.Contains(codefile.Formats(), f):
		return "", wrong(fmt.Errorf("format %q is unknown", name), "one of "+formats())
	}
	return f, nil
}

// shownBad is how many bad lines of a file are listed when it is not imported.
const shownBad = 1000

func codesImport(ctx context.Context, c *console, args []string) error {
	var file, product, format string
	var skip bool
	rest, err := flags(c, "codes", args, func(fs *flag.FlagSet) {
		fs.StringVar(&file, "config", "linemark.toml", "the configuration `file`")
		fs.StringVar(&product, "product", "", "the product's `name` in the configuration")
		fs.StringVar(&format, "format", "", "the file's `format`: "+formats())
		fs.BoolVar(&skip, "skip-bad", false, "import the good lines, and list the bad ones")
	})
	if err != nil {
		return err
	}
	f, err := fileFormat(format)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return wrong(fmt.Errorf("one file is needed, not %d", len(rest)), "give its path, or - for standard input")
	}
	cfg, err := loadForCodes(file)
	if err != nil {
		return err
	}
	p, ok := cfg.Product(product)
	if !ok {
		return wrong(fmt.Errorf("product %q is not in %s", product, file), "--product "+productNames(cfg))
	}
	group, typ := p.GroupOr(cfg), code.Type(p.CISType)
	profile, err := cfg.Table.Profile(group, typ)
	if err != nil {
		return err
	}
	source, name := c.in, "standard input"
	if rest[0] != "-" {
		opened, err := os.Open(rest[0])
		if err != nil {
			return failed(err, "give the path of the file")
		}
		defer opened.Close()
		defer context.AfterFunc(ctx, func() { _ = opened.Close() })() // ends a read of a silent pipe
		source, name = opened, filepath.Base(rest[0])
	}
	if ledger.Locked(cfg.Agent.DataDir) {
		return failed(fmt.Errorf("another linemark, an agent or an import, works on %s", cfg.Agent.DataDir), "stop the agent, import, and start it again: an import is one commit, which would hold up the line")
	}
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name})
	if err != nil {
		return err
	}
	show := progress(c.err, "lines")
	im := exchange.Import{Name: name, Format: f, Product: ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: group, Type: typ, Preprinted: p.Preprinted == config.Yes}, Profile: profile, SkipBad: skip, Progress: show.tell}
	listed := 0
	im.Bad = func(b exchange.BadLine) {
		show.clear()
		if listed++; skip || listed <= shownBad {
			shown := ""
			if b.Code != "" {
				shown = code.Visible(b.Code) + ": "
			}
			fmt.Fprintf(c.err, "%s:%d: %s%s\n", name, b.Number, shown, b.Why)
		}
	}
	r, err := im.Run(ctx, l, source)
	show.clear()
	err = errors.Join(err, l.Close())
	if !skip && listed > shownBad {
		fmt.Fprintf(c.err, "and %d more bad lines\n", listed-shownBad)
	}
	if errors.Is(err, exchange.ErrBad) {
		return failed(fmt.Errorf("%d of %d lines are bad: nothing was imported", r.Bad, r.Lines), "correct the file, or leave the bad lines out with --skip-bad")
	}
	if errors.Is(err, context.Canceled) {
		return failed(errors.New("interrupted: nothing was imported"), "")
	}
	if err != nil {
		return err
	}
	if r.Imported == 0 {
		return failed(fmt.Errorf("%s holds no code that could be imported: %d lines, %d bad", name, r.Lines, r.Bad), "")
	}
	fmt.Fprintf(c.out, "%d codes of %s imported", r.Imported, p.Name)
	if r.Bad > 0 {
		fmt.Fprintf(c.out, ", %d bad lines left out", r.Bad)
	}
	fmt.Fprintln(c.out)
	return nil
}

func productNames(cfg *config.Config) string {
	var names []string
	for _, p := range cfg.Products {
		names = append(names, p.Name)
	}
	return strings.Join(names, " or ")
}

func codesExport(ctx context.Context, c *console, args []string) error {
	var file, product, format, states, output string
	var ident bool
	err := noArguments(c, "codes", args, func(fs *flag.FlagSet) {
		fs.StringVar(&file, "config", "linemark.toml", "the configuration `file`")
		fs.StringVar(&product, "product", "", "only the codes of this product, by its `name`")
		fs.StringVar(&format, "format", "", "the file's `format`: "+formats())
		fs.StringVar(&states, "state", ledger.Verified.String(), "the `states`, with commas between: "+stateNames())
		fs.BoolVar(&ident, "ident", false, "the identification codes, without the check part")
		fs.StringVar(&output, "output", "", "the `file` to write; standard output without it")
	})
	if err != nil {
		return err
	}
	f, err := fileFormat(format)
	if err != nil {
		return err
	}
	chosen, err := statesOf(states)
	if err != nil {
		return err
	}
	cfg, err := loadForCodes(file)
	if err != nil {
		return err
	}
	if _, ok := cfg.Product(product); product != "" && !ok {
		return wrong(fmt.Errorf("product %q is not in %s", product, file), "--product "+productNames(cfg))
	}
	l, err := ledger.OpenReader(ctx, cfg.Agent.DataDir)
	if err != nil {
		return failed(err, "the ledger is made when the agent runs for the first time")
	}
	defer l.Close()
	show := progress(c.err, "codes")
	ex := exchange.Export{Format: f, Product: product, States: chosen, Ident: ident, Progress: show.tell}
	n := 0
	write := func(w io.Writer) error {
		n, err = ex.Run(ctx, l, w)
		show.clear()
		return err
	}
	if output == "" {
		err = write(c.out)
	} else {
		err = writeWhole(output, write)
	}
	if errors.Is(err, exchange.ErrStock) {
		return failed(err, "add --ident, or leave these states out of --state")
	}
	if err != nil {
		return err
	}
	if output != "" {
		fmt.Fprintf(c.out, "%d codes written to %s\n", n, output)
	}
	return nil
}

func stateNames() string {
	var names []string
	for _, s := range ledger.States() {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}

func statesOf(list string) ([]ledger.State, error) {
	var chosen []ledger.State
	for _, name := range strings.Split(list, ",") {
		i := slices.IndexFunc(ledger.States(), func(s ledger.State) bool { return s.String() == strings.TrimSpace(name) })
		if i < 0 {
			return nil, wrong(fmt.Errorf("state %q is unknown", name), "states: "+stateNames())
		}
		chosen = append(chosen, ledger.States()[i])
	}
	return chosen, nil
}

// writeWhole writes a new file that is there whole or not at all. A device or a pipe is written to
// as it is; a file that is there already stays.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	switch there, err := os.Stat(path); {
	case err == nil && there.Mode().IsRegular():
		return failed(fmt.Errorf("%s is there already", path), "give another name, or take it away first")
	case err == nil:
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	if err := errors.Join(write(f), f.Chmod(0o640), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// loadForCodes is config.Load for commands that never call the national system: its secrets may be
// missing. A label that is wrong matters only to whoever uses one of the printers.
func loadForCodes(path string, printers ...string) (*config.Config, error) {
	cfg, err := config.Load(path)
	return cfg, usable(err, printers...)
}

// usable leaves of a configuration's problems those that matter to a command which uses these printers
// and calls nobody outside.
func usable(err error, printers ...string) error {
	problems, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	problems = slices.DeleteFunc(slices.Clone(problems), func(p config.Problem) bool {
		return p.Secret || p.Printer != "" && !slices.Contains(printers, p.Printer)
	})
	if len(problems) == 0 {
		return nil
	}
	return problems
}
