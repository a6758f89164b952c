package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"linemark/internal/commission"
	"linemark/internal/config"
)

// testLine lets products with codes of nobody's pass a line, and writes the acceptance sheet.
func testLine(ctx context.Context, c *console, args []string) error {
	var file, sheet string
	var yes bool
	o := commission.LineOptions{Tell: c.tell}
	rest, err := flags(c, "test", args, func(fs *flag.FlagSet) {
		fs.StringVar(&file, "config", "linemark.toml", "the configuration `file`")
		fs.IntVar(&o.Products, "products", 50, "how many products pass")
		fs.Uint64Var(&o.Seed, "seed", 1, "decides the codes, and which of them are bad")
		fs.DurationVar(&o.For, "for", 30*time.Minute, "it ends then at the latest")
		fs.DurationVar(&o.Idle, "idle", 15*time.Second, "it ends when all labels are printed and nothing was read for so long")
		fs.Float64Var(&o.Speed, "speed", 0, "products a second that the line is to run at: it fails if the delays do not allow it")
		fs.StringVar(&sheet, "sheet", "", "write the acceptance sheet into this `file`, too")
		fs.BoolVar(&yes, "yes", false, "do not ask before labels are printed and the rejector moves")
	})
	if err != nil {
		return err
	}
	if o.Products < 1 || o.Products > 10_000 || o.For <= 0 || o.Idle <= 0 || !(o.Speed >= 0) {
		return wrong(errors.New("--products must be 1 to 10000, --for and --idle longer than nothing, --speed no less than 0"), "linemark test line --products 50 3")
	}
	if _, err := os.Stat(sheet); sheet != "" && err == nil {
		return failed(fmt.Errorf("%s is there already", sheet), "give another name, or take it away first")
	}
	cfg, l, err := tested(file, "line", rest, lineOf)
	if err != nil {
		return err
	}
	if !yes {
		if err := agreed(ctx, c, l, o.Products); err != nil {
			return err
		}
	}
	s, err := commission.TestLine(ctx, cfg, l, o)
	if err != nil {
		return untested(err, "linemark test printer, scanner and plc try its devices one by one")
	}
	c.tell("\n%s", s.Text())
	if sheet != "" {
		err := writeWhole(sheet, func(w io.Writer) error {
			_, err := io.WriteString(w, s.Text())
			return err
		})
		if err != nil {
			return err
		}
	}
	if !s.Passed() {
		return errShown
	}
	return nil
}

func lineOf(cfg *config.Config, name string) (config.Line, bool) {
	i := slices.IndexFunc(cfg.Lines, func(l config.Line) bool { return l.Name == name })
	if i < 0 {
		return config.Line{}, false
	}
	return cfg.Lines[i], true
}

// agreed asks before anything moves.
func agreed(ctx context.Context, c *console, l config.Line, n int) error {
	fmt.Fprintf(c.out, "%d products of line %s get labels with codes of nobody's: none of them may be sold. The rejector moves.\nGo on? [yes/no] ", n, l.Name)
	answer := make(chan string, 1)
	go func() { // ends with the program: a read of a terminal cannot be ended otherwise
		text, _ := bufio.NewReader(c.in).ReadString('\n')
		answer <- strings.TrimSpace(text)
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case text := <-answer:
		if text != "yes" {
			return wrong(errors.New("nothing was printed"), "answer yes, or give --yes")
		}
		return nil
	}
}
