// Package ngpcl drives Markem-Imaje coders that speak NGPCL, by network or serial port.
//
// Such a coder keeps one value for each field of its job and marks it on every product; it
// confirms nothing. Everything the driver does is described in README.md.
package ngpcl

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
	"linemark/drivers/printer/job"
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
	drivers.RegisterPrinter("ngpcl", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "ngpcl", README: README, Sample: Sample})
}

// Printer is one configured coder.
type Printer struct {
	address string
	dial    link.Dialer
	layout  *job.Layout
	job     string
	idle    string // what the code fields hold while no code is due
	poll    time.Duration
	silence time.Duration
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	p.poll = k.Duration("poll", time.Second, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	if p.job = k.String("job", ""); p.job == "" {
		k.Fail("job", "the job is missing", "name the printer's job as the printer does, such as unit.job")
	} else if err := medium.CheckValue(p.job); err != nil {
		k.Fail("job", err.Error(), "write the name as the printer does, such as unit.job")
	}
	p.readIdle(k)
	p.layout = job.Read(k, s.Options, medium)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// readIdle takes the setting idle. The printer marks what its fields hold, so between
// sessions they must hold something that no scan takes for a code.
func (p *Printer) readIdle(k *option.Keys) {
	p.idle = k.String("idle", "")
	const hint = `write a text that is no code, such as idle = "NOCODE": a product marked with it is rejected`
	digits := 0
	for i := range len(p.idle) {
		if digits++; p.idle[i] < '0' || p.idle[i] > '9' {
			digits = 0
		}
		if digits == 8 {
			k.Fail("idle", "eight digits in a row may be a code", hint)
			break
		}
	}
	if p.idle == "" {
		k.Fail("idle", "what the code's field holds while no code is due is missing", hint)
	} else if err := medium.CheckValue(p.idle); err != nil {
		k.Fail("idle", err.Error(), hint)
	}
}

// Traits says that the printer confirms nothing and holds one code, which codes it can
// carry, and how often its state is to be looked at.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsNothing, MaxAhead: 1, Poll: p.poll, CheckCode: p.layout.CheckCode, CheckLabel: p.layout.CheckLabel}
}

// Open asks the printer's state, selects the job where another is selected, and puts the
// idle text into the fields that hold a code, in place of what an earlier session left there.
func (p *Printer) Open(ctx context.Context) (drivers.PrintSession, error) {
	life, end := context.WithCancel(context.Background())
	s := &session{printer: p, life: life, end: end}
	if strings.HasPrefix(p.address, "serial://") {
		conn, err := p.dial(ctx, p.address)
		if err != nil {
			end()
			return nil, err
		}
		s.port, s.portIn = conn, newAnswers()
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the error of opening is the one to tell
		return nil, err
	}
	return s, nil
}
