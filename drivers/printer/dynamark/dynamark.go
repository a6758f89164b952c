// Package dynamark drives Domino lasers that speak the Dynamark 3 protocol, by network or
// serial port.
//
// Such a laser tells that it has marked, not what, and holds one set of texts: so there is
// one label at a time, and marking is stopped as soon as it is done. Everything the driver
// does is described in README.md.
package dynamark

import (
	"context"
	_ "embed"
	"fmt"
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
	drivers.RegisterPrinter("dynamark", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "dynamark", README: README, Sample: Sample})
}

// Printer is one configured laser.
type Printer struct {
	address string
	dial    link.Dialer
	layout  *job.Layout
	project string        // loaded at the beginning; empty: the one that is
	marked  string        // number of the message that tells of a mark
	strict  bool          // a laser that becomes not ready with a label to be marked is at fault
	gap     time.Duration // between texts of one label
	apply   time.Duration // for new texts to be applied
	load    time.Duration // for the project to be loaded
	poll    time.Duration
	silence time.Duration
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	p.layout = job.Read(k, s.Options, medium)
	if p.project = k.String("project", ""); p.project != "" {
		if err := medium.CheckText(p.project); err != nil {
			k.Fail("project", "the name cannot be sent: "+err.Error(), "write it like store:MsgStore1/Unit")
		}
	}
	p.marked = k.OneOf("marked", msgEnd, msgCoding)
	p.strict = k.OneOf("not_ready", "fault", "ignore") == "fault"
	p.gap = k.Duration("gap", 10*time.Millisecond, 0)
	p.apply = k.Duration("apply", 10*time.Second, 100*time.Millisecond)
	p.load = k.Duration("load", 50*time.Second, 100*time.Millisecond)
	p.poll = k.Duration("poll", 20*time.Millisecond, time.Millisecond)
	p.silence = k.Duration("silence", 4*time.Second, 100*time.Millisecond)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Traits says that the laser confirms a count, of one label at a time.
func (p *Printer) Traits() drivers.PrinterTraits {
	// Printed itself waits for a mark, so that marking stops without delay: it may be asked again at once.
	return drivers.PrinterTraits{
		Confirms: drivers.ConfirmsCount, MaxAhead: 1, Poll: time.Millisecond, CheckCode: p.layout.CheckCode, CheckLabel: p.layout.CheckLabel,
	}
}

// Open connects, stops marking, has the laser tell of marks and of texts applied, and loads
// the project where one is named. The laser stays stopped until there is a label.
func (p *Printer) Open(ctx context.Context) (drivers.PrintSession, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	s := newSession(p, conn)
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the error of opening is the one to tell
		return nil, err
	}
	return s, nil
}

// loadCommand is the command that loads the project.
func (p *Printer) loadCommand() string {
	return fmt.Sprintf(`LOADPROJECT "%s"`, p.project)
}
