package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"linemark/internal/code"
	"linemark/internal/commission"
	"linemark/internal/config"
)

// testScanner listens to a scanner and shows every byte, what is understood, and what is set wrong.
func testScanner(ctx context.Context, c *console, args []string) error {
	var file string
	var printCode bool
	o := commission.ScannerOptions{Tell: c.tell}
	rest, err := flags(c, "test", args, func(fs *flag.FlagSet) {
		fs.StringVar(&file, "config", "linemark.toml", "the configuration `file`")
		fs.DurationVar(&o.For, "for", 60*time.Second, "how long it is listened to")
		fs.IntVar(&o.Codes, "codes", 0, "end after `N` readings; 0: go on")
		fs.BoolVar(&o.Trigger, "trigger", false, "make it read, again and again")
		fs.BoolVar(&printCode, "print-code", false, "no scanner: only the control codes that may be held under one")
	})
	if err != nil {
		return err
	}
	if printCode {
		return printControls(c, file)
	}
	if o.For <= 0 || o.Codes < 0 {
		return wrong(errors.New("--for must be longer than nothing, --codes no less than 0"), "linemark test scanner --for 60s cam-1")
	}
	cfg, d, err := tested(file, "scanner", rest, (*config.Config).Scanner)
	if err != nil {
		return err
	}
	r, err := commission.TestScanner(ctx, cfg, d, o)
	if errors.Is(err, commission.ErrNoTrigger) {
		return failed(err, "set trigger in its part of the configuration (linemark drivers "+d.Driver+" --kind scanner), or leave --trigger out")
	}
	if err != nil {
		return untested(err, "see the address, the cable and the reader's settings; linemark drivers "+d.Driver)
	}
	c.tell("%d readings: %d codes, %d no-reads, %d bad", r.Frames, r.Good, r.NoReads, r.Bad)
	c.tellAdvice(r.Advice, r.Notes)
	if r.Passed() {
		return nil
	}
	if len(r.Advice) == 0 {
		return failed(errors.New("no code was read"), "hold one under the scanner; --print-code shows one of nobody's, linemark test printer prints one")
	}
	return errShown
}

// printControls shows the control codes as text: any label program makes a symbol of it.
func printControls(c *console, file string) error {
	cfg, err := commission.Load(file)
	if err := usable(err); err != nil {
		return err
	}
	controls, err := commission.ControlCodes(cfg)
	if err != nil {
		return err
	}
	for _, k := range controls {
		fmt.Fprintf(c.out, "%s, {GS} is the byte 1D, a GS1 symbol's leading FNC1 comes before it:\n  %s\n  % X\n", k.Of, code.Visible(k.Code), []byte(k.Code))
	}
	return nil
}
