// Package text drives printers that take framed text and whose whole protocol stands in the
// configuration: the frame of a label, what is sent at the start, and what answers mean.
//
// What such a printer confirms depends on what its settings say; README.md tells all of it.
package text

import (
	"context"
	_ "embed"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
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
	drivers.RegisterPrinter("text", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "text", README: README, Sample: Sample})
}

// exchange is a frame to send and the answer that has to come; nil: none is awaited.
type exchange struct {
	send   []byte
	answer *pattern
}

// fault is an answer that means that the printer does not print.
type fault struct {
	answer *pattern
	text   string
}

// Printer is one configured printer.
type Printer struct {
	name    string
	address string
	dial    link.Dialer

	label     *frame
	end       string // behind every frame that is sent
	answerEnd string
	single    string
	ahead     int
	poll      time.Duration
	silence   time.Duration
	settle    time.Duration

	starts    []exchange // sent by Open
	keepAlive *exchange
	every     time.Duration

	accepted, refused *pattern
	printed           *pattern
	printedQuery      []byte // empty: the printer tells by itself
	indexLast         int
	statusQuery       []byte
	ready             []*pattern
	faults            []fault
	ignore            []*pattern

	mu    sync.Mutex
	index uint64 // the last one given to a label, by any session
}

// Traits says what the printer confirms by its settings, and how many labels it may hold.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: p.confirms(), MaxAhead: p.ahead, Poll: p.poll, CheckCode: p.label.checkCode, CheckLabel: p.checkLabel}
}

func (p *Printer) confirms() drivers.Confirms {
	switch {
	case p.printed == nil:
		return drivers.ConfirmsNothing
	case p.printed.number == "index":
		return drivers.ConfirmsIdentity
	}
	return drivers.ConfirmsCount
}

// Open connects, sends the frames of the start, waits until the printer says nothing new of
// what it printed earlier, and asks whether it is ready.
func (p *Printer) Open(ctx context.Context) (drivers.PrintSession, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	s := &session{printer: p, conn: conn, in: answers{end: p.answerEnd, single: p.single}}
	if err := s.prepare(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

// checkLabel returns why a label could not be made.
func (p *Printer) checkLabel(l drivers.Label) error {
	_, err := p.label.render(l, 1)
	return err
}
