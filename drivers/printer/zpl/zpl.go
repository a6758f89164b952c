// Package zpl drives label printers that speak ZPL II, by network or serial port.
//
// Such a printer confirms how many labels it has printed, never which. The driver asks
// the odometer for that number; everything it does is described in README.md.
package zpl

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/labelfile"
	"linemark/drivers/printer/talk"
)

// README is the driver's manual.
//
//go:embed README.md
var README string

// Sample is a device's part of a configuration, with every key of the driver.
//
//go:embed sample.toml
var Sample string

func init() {
	drivers.RegisterPrinter("zpl", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "zpl", README: README, Sample: Sample})
}

// Printer is one configured printer.
type Printer struct {
	address  string
	dial     link.Dialer
	label    *label
	store    string // the name of the stored label; empty: each label is sent whole
	poll     time.Duration
	settle   time.Duration
	silence  time.Duration
	odometer string
}

// New checks the settings and reads the label. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	zpl, ok := labelfile.Read(k, s, labelfile.ZPL)
	escape := k.String("escape", "#")
	p.poll = k.Duration("poll", 20*time.Millisecond, time.Millisecond)
	p.settle = k.Duration("settle", time.Second, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	if p.odometer = k.String("odometer", "odometer.total_label_count"); !isVariable(p.odometer) {
		k.Fail("odometer", fmt.Sprintf("%q is no name of a printer variable", p.odometer),
			"write it like odometer.total_label_count")
	}
	dpi := graphics.Resolution(k)
	always := k.OneOf("gs1", "always", "never") == "always"
	stored := k.OneOf("format", "whole", "stored") == "stored"
	switch store := k.String("store", ""); {
	case !stored && store != "":
		k.Fail("store", "the label is not stored", `write format = "stored", or leave store out`)
	case stored && store != "" && !storeName.MatchString(store):
		k.Fail("store", fmt.Sprintf("%q is no name of a stored format", store), "write it like "+defaultStore+": a drive R, E, B or A, up to eight capitals and digits, .ZPL")
	case stored:
		p.store = cmp.Or(store, defaultStore)
	}
	if problem := checkEscape(escape); problem != "" {
		k.Fail("escape", problem, `leave it out, or write one of # $ @ [ \ ] { | }`)
		return nil, k.Err() // a label cannot be judged without it
	}
	if !ok {
		return nil, k.Err()
	}
	var faults []fault
	p.label, faults = compile(zpl, fieldRule{escape: escape[0], gs1: always})
	p.label.picture.DPI = dpi
	p.label.picture.Need(k, s)
	if stored {
		faults = append(faults, p.label.storable()...)
	}
	for _, f := range faults {
		k.Fail("label", f.problem, f.hint)
	}
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// isVariable keeps quotes and line ends out of the command that asks for the variable.
func isVariable(name string) bool {
	for _, c := range name {
		if c != '.' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return name != ""
}

// render appends what prints one label to dst.
func (p *Printer) render(dst []byte, l drivers.Label) ([]byte, error) {
	if p.store != "" {
		return p.label.recall(dst, p.store, l)
	}
	return p.label.render(dst, l)
}

// Traits says that the printer confirms a count, and how far it can be trusted with a code.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsCount, Poll: p.poll, Pictures: p.label.picture.Width > 0, CheckCode: p.label.checkCode, CheckLabel: p.checkLabel}
}

// Open connects, switches reprinting off, cancels what the printer still holds, waits
// until it is idle, stores the label there if it is to be stored, and waits until the odometer stands still.
func (p *Printer) Open(ctx context.Context) (drivers.PrintSession, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	s := &session{printer: p, conn: conn}
	if err := s.prepare(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// checkLabel returns why a label could not be made.
func (p *Printer) checkLabel(l drivers.Label) error {
	_, err := p.label.render(nil, l)
	return err
}
