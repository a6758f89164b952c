package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"linemark/internal/commission"
	"linemark/internal/config"
)

// testPLC shows all points of a PLC and what changes, writes what it is told to, and says what is set wrong.
func testPLC(ctx context.Context, c *console, args []string) error {
	var file string
	o := commission.PLCOptions{Tell: c.tell}
	rest, err := flags(c, "test", args, func(fs *flag.FlagSet) {
		assignments := func(to *[]commission.Assignment) func(string) error {
			return func(s string) error {
				a, err := commission.ParseAssignment(s)
				*to = append(*to, a)
				return err
			}
		}
		fs.StringVar(&file, "config", "linemark.toml", "the configuration `file`")
		fs.DurationVar(&o.For, "for", 10*time.Second, "how long it is watched")
		fs.Func("write", "write an output: `OUTPUT=VALUE`; it is put back at the end", assignments(&o.Write))
		fs.StringVar(&o.Pulse, "pulse", "", "set an `OUTPUT` once for as long as its station does")
		fs.BoolVar(&o.Beat, "beat", false, "keep the output beat changing, as the agent does")
		fs.Func("expect", "`NAME=VALUE`: this number stands there; tells which word order, type and address fit", assignments(&o.Expect))
		fs.BoolVar(&o.Raw, "raw", false, "show every byte, not only those of the first read, of writes and of changes")
	})
	if err != nil {
		return err
	}
	if o.For <= 0 {
		return wrong(errors.New("--for must be longer than nothing"), "linemark test plc --for 10s plc-1")
	}
	cfg, d, err := tested(file, "plc", rest, (*config.Config).PLC)
	if err != nil {
		return err
	}
	r, err := commission.TestPLC(ctx, cfg, d, o)
	if err != nil {
		return untested(err, "see the address, unit and cable; linemark drivers "+d.Driver+" --kind plc")
	}
	c.tell("%d reads", r.Reads)
	c.tellAdvice(r.Advice, r.Notes)
	if !r.Passed() {
		return errShown
	}
	return nil
}
