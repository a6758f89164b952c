package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"linemark/drivers"
)

// The devices of the test files: drivers that only check their settings.
func init() {
	for name, traits := range map[string]drivers.PrinterTraits{
		"fake-count":    {Confirms: drivers.ConfirmsCount, MaxAhead: 100},
		"fake-identity": {Confirms: drivers.ConfirmsIdentity},
		"fake-nothing":  {},
		"fake-picture": {Pictures: true, CheckLabel: func(l drivers.Label) error {
			if l.Fields["batch"] == "" && l.Fields["shipment"] == "" {
				return errors.New("{batch} has no value")
			}
			return nil
		}},
		"fake-batch": {Pictures: true, CheckLabel: func(l drivers.Label) error {
			if l.Fields["batch"] == "" {
				return errors.New("{batch} has no value")
			}
			return nil
		}},
		"fake-plain": {CheckCode: func(c []byte) error {
			if bytes.IndexByte(c, 0x1d) >= 0 {
				return errors.New("it holds GS (1D)")
			}
			return nil
		}},
	} {
		drivers.RegisterPrinter(name, func(s drivers.Settings) (drivers.Printer, error) {
			return fakePrinter(traits), settings(s, "label")
		})
	}
	drivers.RegisterScanner("fake-scan", func(s drivers.Settings) (drivers.Scanner, error) {
		return nil, settings(s, "terminator")
	})
	drivers.RegisterPLC("fake-plc", func(s drivers.Settings) (drivers.PLC, error) {
		return nil, settings(s, "inputs", "outputs")
	})
	drivers.RegisterPLC("fake-broken", func(drivers.Settings) (drivers.PLC, error) {
		return nil, errors.New("this driver speaks of no key")
	})
}

type fakePrinter drivers.PrinterTraits

func (p fakePrinter) Traits() drivers.PrinterTraits { return drivers.PrinterTraits(p) }

func (fakePrinter) Open(context.Context) (drivers.PrintSession, error) {
	return nil, errors.ErrUnsupported
}

// settings demands the first option, allows the others, and looks at the points of a PLC.
func settings(s drivers.Settings, allowed ...string) error {
	var errs []error
	if _, ok := s.Options[allowed[0]]; !ok {
		errs = append(errs, &drivers.OptionError{Key: allowed[0], Problem: "is missing", Hint: "add it"})
	}
	for key := range s.Options {
		if !slices.Contains(allowed, key) {
			errs = append(errs, &drivers.OptionError{Key: key, Problem: "unknown setting"})
		}
	}
	if s.Options["label"] == "broken.zpl" {
		errs = append(errs, &drivers.OptionError{Key: "label", Problem: "unknown placeholder {cod}", Hint: "did you mean {code}?"})
	}
	points, _ := s.Options["outputs"].(map[string]any)
	for name, v := range points {
		if _, ok := v.(string); !ok {
			errs = append(errs, fmt.Errorf("outputs: %w", &drivers.OptionError{
				Key: "outputs." + name, Problem: "is no register", Hint: "write it as a string",
			}))
		}
	}
	return errors.Join(errs...)
}
