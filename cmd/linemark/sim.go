package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"

	"linemark/internal/sim"
)

func runSim(ctx context.Context, c *console, args []string) error {
	var path string
	var faultless bool
	var alone sim.Alone
	o := sim.Options{Faults: sim.SomeFaults}
	if err := noArguments(c, "sim", args, func(fs *flag.FlagSet) {
		fs.StringVar(&path, "config", "", "simulate every device that this `FILE` names, at its address")
		fs.Float64Var(&o.Rate, "rate", 30, "products a second; 0: as fast as it goes")
		fs.Uint64Var(&o.Seed, "seed", 1, "decides codes and faults")
		fs.StringVar(&o.Dir, "log", "", "`folder` for the emulators' logs")
		fs.Float64Var(&o.Storm, "storm", 0, "chance (0 to 0.4; with --config) that a call to the national system fails, and as often that its answer is lost")
		fs.BoolVar(&faultless, "faultless", false, "no unread, wrong, copied or missing products")
		fs.StringVar(&alone.IZKM, "izkm", "", "the national system alone, at `ADDR` (127.0.0.1:8090)")
		fs.Func("printer", "a printer alone: `zpl=ADDR` (127.0.0.1:9100, or as a configuration has it), with the protocol "+sim.Printers(), alone.Add(&alone.Printers))
		fs.Func("scanner", "a scanner alone: `text=ADDR`; it reads a code every second", alone.Add(&alone.Scanners))
		fs.Func("plc", "a PLC alone: `modbus=ADDR`", alone.Add(&alone.PLCs))
	}); err != nil {
		return err
	}
	if !(o.Storm >= 0 && o.Storm <= 0.4) {
		return wrong(fmt.Errorf("--storm %v is not between 0 and 0.4", o.Storm), "0.1 lets a fifth of all calls fail")
	}
	if faultless {
		o.Faults = sim.Faults{}
	}
	if path == "" {
		if alone.Empty() {
			return wrong(fmt.Errorf("nothing to simulate"), "linemark sim --config FILE, or --izkm 127.0.0.1:8090, --printer zpl=127.0.0.1:9100, ...")
		}
		err := alone.Run(ctx, o, func(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) })
		if listening, ok := errors.AsType[*net.OpError](err); ok && listening.Op == "listen" {
			return failed(err, "end what has the address, perhaps another linemark sim, or take a free port of 127.0.0.1")
		}
		return err
	}
	cfg, err := loadForCodes(path)
	if err != nil {
		return err
	}
	plant, err := sim.New(cfg, o)
	if err != nil {
		return failed(err, "the addresses in "+path+" must be free ports of 127.0.0.1, and the url http://127.0.0.1:PORT")
	}
	for _, r := range plant.Rolls {
		if r.File == "" {
			err := fmt.Errorf("the labels of line %s come printed, and their codes must lie somewhere", r.Line)
			return errors.Join(wrong(err, "give --log DIR: the plant puts them there, for linemark codes import"), plant.Close())
		}
		fmt.Fprintf(c.out, "the roll of line %s: linemark codes import --config %s --product %s --format lines %s\n", r.Line, path, r.Product, r.File)
	}
	fmt.Fprintf(c.out, "the plant of %s is up at the addresses of the file; end it with Ctrl-C\n", path)
	plant.Run(ctx)
	return plant.Close()
}
