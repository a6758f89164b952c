// Package sbpl drives SATO label printers that speak SBPL, by network or serial port.
//
// Such a printer names in its status the job that it is printing, and every label is a job
// with a number of its own: the driver knows which label was printed. Everything it does is
// described in README.md.
package sbpl

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
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
	drivers.RegisterPrinter("sbpl", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "sbpl", README: README, Sample: Sample})
}

// maxAhead is how many labels may be in a printer that is asked: ids have two digits, and one
// of the hundred is that of the last label known to be printed.
const maxAhead = 99

// protocol is the way in which the printer tells its status; it is set on the printer.
type protocol struct {
	asks  bool // the status is asked for with ENQ, else the printer tells it by itself
	acks  bool // each job is answered with ACK or NAK
	short bool // status 3: without the name of the job
	ahead int  // labels that may be in the printer
}

var protocols = map[string]protocol{
	"3-enq": {asks: true, acks: true, short: true, ahead: maxAhead},
	"4-enq": {asks: true, ahead: maxAhead},
	// Of several labels one may come out between two statuses without having shown in any.
	"4-cyclic": {ahead: 1},
}

// Printer is one configured printer.
type Printer struct {
	address       string
	statusAddress string // empty: the status is told on the same connection
	dial          link.Dialer
	label         *label
	protocol      protocol
	poll          time.Duration
	settle        time.Duration
	silence       time.Duration
	number        atomic.Uint32 // id of the last label that was sent, over sessions
}

// New checks the settings and reads the label. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	text, ok := labelfile.Read(k, s, labelfile.SBPL)
	p.poll = k.Duration("poll", 50*time.Millisecond, time.Millisecond)
	// SATO's manuals want 900 ms between CAN with a full buffer and the next label.
	p.settle = k.Duration("settle", time.Second, 100*time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	p.connection(k, s)
	r := rule{fnc1: option.Bytes(k.String("fnc1_form", ""))}
	r.separator = option.Bytes(k.String("separator", ""))
	r.complete(k)
	ecc := k.String("ecc", "", eccs...)
	if !slices.Contains(eccs, ecc) {
		problem := fmt.Sprintf("%q does not say what selects ECC 200 in <ESC>BX on this model", ecc)
		if ecc == "" {
			problem = "what selects ECC 200 in <ESC>BX is missing, and it is not the same on every model"
		}
		k.Fail("ecc", problem,
			`write "20" or "200", as the programming reference of this model has it`)
		ecc = "" // the label is judged by what holds for both
	}
	dpi := graphics.Resolution(k)
	if !ok {
		return nil, k.Err()
	}
	var faults []fault
	p.label, faults = compile(string(text), ecc, r)
	p.label.picture.DPI = dpi
	p.label.picture.Need(k, s)
	for _, f := range faults {
		k.Fail("label", f.problem, f.hint)
	}
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// connection reads how the printer is reached and tells its status.
func (p *Printer) connection(k *option.Keys, s drivers.Settings) {
	name := k.String("status", "", "4-enq", "4-cyclic", "3-enq")
	var known bool
	if p.protocol, known = protocols[name]; !known {
		k.Fail("status", fmt.Sprintf("%q is no protocol for the status", name),
			`write "4-enq", "4-cyclic" or "3-enq", as it is set on the printer`)
	}
	p.statusAddress = k.String("status_address", "")
	serial := strings.HasPrefix(s.Address, "serial:")
	p.protocol.acks = p.protocol.acks || serial // there status 4 too answers each job
	switch {
	case p.statusAddress != "" && p.protocol.short:
		k.Fail("status_address", "status 3 is asked for on the connection of the jobs", "leave it out")
	case p.statusAddress != "" && s.Dial == nil:
		if bad, ok := errors.AsType[*link.AddressError](link.Check(p.statusAddress)); ok {
			k.Fail("status_address", bad.Problem, bad.Hint)
		}
	case p.statusAddress == "" && !p.protocol.short && strings.HasSuffix(s.Address, ":1024"):
		k.Fail("status_address", "jobs go to port 1024, and status 4 is not told there", `write the same host with port 1025, or use port 9100 for both`)
	case serial && known && name == "4-cyclic":
		k.Fail("status", "4-cyclic is told by network only", `set the printer to status 3 or 4 with ENQ`)
	}
}

// Traits says that the printer confirms which label it has printed.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsIdentity, MaxAhead: p.protocol.ahead, Poll: p.poll,
		Pictures: p.label.picture.Width > 0, CheckCode: p.label.checkCode, CheckLabel: p.checkLabel}
}

// Open connects, cancels what the printer still holds and waits until it says that it has
// nothing to print.
func (p *Printer) Open(ctx context.Context) (drivers.PrintSession, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	s := &session{printer: p, jobs: &wire{conn: conn}}
	s.status = s.jobs
	if p.statusAddress != "" {
		told, err := p.dial(ctx, p.statusAddress)
		if err != nil {
			conn.Close()
			return nil, err
		}
		s.status = &wire{conn: told}
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // what went wrong before says more
		return nil, err
	}
	return s, nil
}

// checkLabel returns why a label could not be made.
func (p *Printer) checkLabel(l drivers.Label) error {
	_, err := p.label.render(0, l)
	return err
}
