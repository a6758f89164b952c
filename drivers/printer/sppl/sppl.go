// Package sppl drives Savema's thermal transfer printers, which speak SPPL, by network or
// serial port.
//
// Such a printer holds its layout itself and takes a row of values for each label into a
// queue. After every print it says so, but never which one: everything the driver does is
// described in README.md.
package sppl

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
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
	drivers.RegisterPrinter("sppl", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "sppl", README: README, Sample: Sample})
}

// Printer is one configured printer.
type Printer struct {
	address  string
	dial     link.Dialer
	layout   *job.Layout
	template string // file in the printer to load; empty: the one that is loaded
	poll     time.Duration
	silence  time.Duration
	settle   time.Duration // how long a print of an earlier session may still be told of
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	p.poll = k.Duration("poll", 50*time.Millisecond, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	p.settle = k.Duration("settle", 500*time.Millisecond, time.Millisecond)
	if p.template = k.String("template", ""); p.template != "" && checkName(p.template) != nil {
		k.Fail("template", fmt.Sprintf("%q is no name of a file in the printer", p.template), "write it like unit_53.rox")
	}
	p.layout = job.Read(k, s.Options, medium(entities[k.OneOf("entities", "five", "angle", "none")], k.OneOf("comma", "refuse", "plain") == "plain"))
	for _, name := range p.layout.Fields() {
		if err := checkName(name); err != nil {
			k.Fail("fields."+name, "the field's name: "+err.Error(), "write the name of a CSV field of the printer's job")
		}
	}
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Traits says that the printer confirms a count, and which codes its rows can carry.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsCount, Poll: p.poll, CheckCode: p.checkCode, CheckLabel: p.layout.CheckLabel}
}

// Open connects, stops the printer, loads its template where one is configured, empties its
// queues, lets it say a word after every print and hears those of earlier sessions out. The first Send starts it.
func (p *Printer) Open(ctx context.Context) (drivers.PrintSession, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	s := &session{printer: p, conn: conn, in: newAnswers()}
	if err := s.prepare(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// checkName says why a text cannot stand as a name in a command and its answer.
func checkName(name string) error {
	if name == "" || strings.TrimSpace(name) != name {
		return errors.New("it is empty or has spaces around it")
	}
	for i := range len(name) {
		if b := name[i]; b < ' ' || b >= 0x7f || strings.IndexByte("~^{}|<>=:", b) >= 0 {
			return fmt.Errorf("byte %d is %02X, which a name cannot hold", i+1, b)
		}
	}
	return nil
}
