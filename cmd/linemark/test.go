package main

import (
	"context"
	"errors"
	"fmt"

	"linemark/internal/commission"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

func runTest(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "test", []word{{"printer", testPrinter}, {"scanner", testScanner}, {"plc", testPLC}, {"line", testLine}}, args,
		"linemark test printer --config linemark.toml tij-1")
}

// tested loads the configuration of a test, and finds the one thing in it that the arguments name.
func tested[T any](file, kind string, rest []string, find func(*config.Config, string) (T, bool)) (*config.Config, T, error) {
	var none T
	if len(rest) != 1 {
		return nil, none, wrong(fmt.Errorf("one %s is tested, not %d", kind, len(rest)), "give its name in the configuration")
	}
	cfg, err := commission.Load(file)
	printers := []string{}
	if l, ok := lineOf(cfg, rest[0]); ok && kind == "line" {
		for _, s := range l.Stations {
			printers = append(printers, s.Printer)
		}
	}
	if err := usable(err, printers...); err != nil {
		return nil, none, partOfAFile(err)
	}
	found, ok := find(cfg, rest[0])
	if !ok {
		return nil, none, wrong(fmt.Errorf("%s %q is not in %s", kind, rest[0], file), "give a name of a [["+kind+"]]")
	}
	if ledger.Locked(cfg.Agent.DataDir) {
		return nil, none, failed(fmt.Errorf("%w", commission.ErrRunning), "stop it first: a device serves one at a time, and what it says now would be missing there")
	}
	return cfg, found, nil
}

// tell writes one line for the person at the screen.
func (c *console) tell(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// tellAdvice repeats at the end what should be done.
func (c *console) tellAdvice(advice, notes []commission.Advice) {
	for _, a := range advice {
		c.tell("  advice: %s", a)
	}
	for _, a := range notes {
		c.tell("  note: %s", a)
	}
}

// untested gives an error of a test the exit code that it deserves.
func untested(err error, hint string) error {
	var input *commission.InputError
	if errors.As(err, &input) {
		return wrong(err, "linemark test --help shows what can be asked for")
	}
	return failed(err, hint)
}
