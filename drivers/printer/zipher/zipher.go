// Package zipher drives marking printers that speak Videojet's Zipher text protocol, by
// network or serial port.
//
// Such a printer tells the index of the record that it printed last, so the driver knows
// which label came out. Everything it does is described in README.md.
package zipher

import (
	"context"
	_ "embed"
	"strings"
	"sync"
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
	drivers.RegisterPrinter("zipher", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "zipher", README: README, Sample: Sample})
}

// Printer is one configured printer.
type Printer struct {
	address string
	dial    link.Dialer
	layout  *job.Layout
	job     string // the job that must be selected; empty: the one that is
	records int    // what the printer's buffer is told to hold
	start   bool   // take an offline printer to running
	poll    time.Duration
	silence time.Duration

	mu   sync.Mutex
	high int64 // the highest index that was handed to the printer by this process
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	p.layout = job.Read(k, s.Options, medium)
	if p.job = k.String("job", ""); strings.ContainsAny(p.job, "|\r\n") {
		k.Fail("job", "the job's name holds | or a line end", "write it as the printer shows it")
	}
	if _, ok := s.Options["records"]; !ok {
		k.Fail("records", "how many records the printer's buffer may hold is not settled for every model",
			"write records = 50, or less if the printer refuses that")
	}
	p.records = k.Int("records", 1, 1, 10_000)
	p.start = k.OneOf("start", "person", "driver") == "driver"
	p.poll = k.Duration("poll", 20*time.Millisecond, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Traits says that the printer confirms identities, and how far it can be trusted with a code.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{
		Confirms: drivers.ConfirmsIdentity, MaxAhead: p.records, Poll: p.poll, CheckCode: p.layout.CheckCode, CheckLabel: p.layout.CheckLabel,
	}
}

// Open connects, looks whether the printer is running without a fault, asks which index it
// printed last, empties its buffer and names the fields of the records to come.
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

// used notes that an index was handed to the printer, and returns the highest one so far.
func (p *Printer) used(index int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.high = max(p.high, index)
	return p.high
}
