package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linemark/internal/config"
)

// Usual sizes of a box and of a pallet in a first file.
const (
	usualBox    = 6
	usualPallet = 20
)

// configInit writes a first file, its labels and its schema. It overwrites nothing.
func configInit(_ context.Context, c *console, args []string) error {
	s := config.Starter{Boxes: usualBox, Pallets: usualPallet}
	var noBoxes, noPallets, chosen, trial bool
	rest, err := flags(c, "config", args, func(fs *flag.FlagSet) {
		fs.Func("system", "the national `SYSTEM`: izkm or smartone (izkm)", func(text string) error {
			s.SmartOne = text == "smartone"
			if !s.SmartOne && text != "izkm" {
				return errors.New("write izkm or smartone")
			}
			return nil
		})
		fs.StringVar(&s.Group, "group", "water", "the product `GROUP`: tobacco, alcohol, pharma, appliances, water or beer")
		fs.Func("printer", "the `DRIVER[=ADDRESS]` of the units' printer (zpl)", device(&s.Printer))
		fs.Func("box-printer", "the `DRIVER[=ADDRESS]` of the boxes' printer (zpl)", device(&s.BoxPrinter))
		fs.Func("scanner", "the `DRIVER[=ADDRESS]` of the scanners; the address is the first one's (text)", device(&s.Scanner))
		fs.Func("plc", "the `DRIVER[=ADDRESS]` of the PLC (modbus)", device(&s.PLC))
		fs.BoolVar(&s.NoPLC, "no-plc", false, "there is no PLC: nothing is rejected, and units are reported when they are printed")
		fs.IntVar(&s.Boxes, "boxes", usualBox, "units in a box")
		fs.BoolVar(&noBoxes, "no-boxes", false, "units are not packed")
		fs.IntVar(&s.Pallets, "pallets", usualPallet, "boxes on a pallet")
		fs.BoolVar(&noPallets, "no-pallets", false, "boxes are not packed")
		fs.BoolVar(&s.Preprinted, "preprinted", false, "the units' labels come printed")
		fs.BoolVar(&trial, "trial", false, "for linemark sim: a ledger in the file's folder, the page on port 8481, and a simulated national system")
	})
	if err != nil {
		return err
	}
	path, err := oneFile(rest)
	if err != nil {
		return err
	}
	if s.SmartOne && trial {
		return wrong(errors.New("a trial has IZKM"), "linemark demo --system smartone shows a line on SmartOne")
	}
	for _, a := range args {
		chosen = chosen || strings.HasPrefix(a, "-") && strings.Trim(a, "-") != "trial"
	}
	if noBoxes {
		s.Boxes, s.Pallets = 0, 0
	}
	if noPallets {
		s.Pallets = 0
	}
	made := config.ExampleFiles
	if chosen {
		made = s.Files
	}
	files, err := made()
	if choice, ok := errors.AsType[*config.ChoiceError](err); ok {
		return wrong(err, choice.Hint)
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		fmt.Fprintln(c.err, "linemark: such a line would not work; nothing was written")
		return problems
	}
	if err != nil {
		return err
	}
	if trial {
		dir, err := filepath.Abs(filepath.Join(filepath.Dir(path), "data"))
		if err == nil {
			files["linemark.toml"], err = config.Trial(files["linemark.toml"], dir)
		}
		if err != nil {
			return err
		}
	}
	if err := writeStarter(c, path, files); err != nil {
		return err
	}
	if s.SmartOne {
		fmt.Fprintf(c.out, "next: put the password into LINEMARK_SMARTONE_PASSWORD and the key into signing-key.pem beside %[1]s, edit %[1]s, then run linemark config check %[1]s\n", path)
		return nil
	}
	if trial {
		fmt.Fprintf(c.out, "next: give it any word for a token, then let the plant and the agent run, each in a window of its own:\n  linemark secret set --config %[1]s izkm-token\n  linemark sim --config %[1]s\n  linemark run --config %[1]s\n", path)
		return nil
	}
	fmt.Fprintf(c.out, "next: put the token into LINEMARK_IZKM_TOKEN, edit %s, then run linemark config check %s\n", path, path)
	return nil
}

// device reads DRIVER[=ADDRESS].
func device(into *config.StarterDevice) func(string) error {
	return func(text string) error {
		into.Driver, into.Address, _ = strings.Cut(text, "=")
		if into.Driver == "" {
			return errors.New("write DRIVER or DRIVER=ADDRESS, such as zpl=tcp://192.168.10.21:9100")
		}
		return nil
	}
}

// writeStarter lays the files beside each other, the configuration under the name that was asked for.
func writeStarter(c *console, path string, files map[string][]byte) error {
	at := map[string][]byte{}
	for name, text := range files {
		to := filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
		if name == "linemark.toml" {
			to = path
		}
		at[to] = text
	}
	names := slices.Sorted(maps.Keys(at))
	for _, name := range names {
		there, err := os.ReadFile(name)
		if filepath.Base(name) == config.SchemaFile && err == nil && string(there) == string(at[name]) {
			continue // another configuration in the folder has it
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return failed(fmt.Errorf("%s is there already", name), "give another name, or move the old file away")
		}
	}
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, at[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "wrote", name)
	}
	return nil
}
