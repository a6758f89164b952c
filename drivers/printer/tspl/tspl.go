// Package tspl drives label printers that speak TSPL2, by network or serial port.
//
// Such a printer confirms how many labels it has printed, never which. The driver asks
// its count LABEL; everything it does is described in README.md.
package tspl

import (
	"context"
	_ "embed"
	"fmt"
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
	drivers.RegisterPrinter("tspl", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "tspl", README: README, Sample: Sample})
}

// Printer is one configured printer.
type Printer struct {
	address string
	dial    link.Dialer
	label   *label
	out     string // where OUT answers
	cancel  string // the character that after <ESC>! drops all labels; empty: none is known
	reprint bool   // leave the printer's reprint setting as it is
	poll    time.Duration
	settle  time.Duration
	silence time.Duration
	asked   atomic.Uint64 // questions for the count: each has a number, also over sessions
}

// New checks the settings and reads the label. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: talk.Dialer(s)}
	// An answer to an earlier run of the agent must not fit a question of this one.
	p.asked.Store(uint64(time.Now().UnixMilli()))
	text, ok := labelfile.Read(k, s, labelfile.TSPL)
	p.poll = k.Duration("poll", 50*time.Millisecond, time.Millisecond)
	p.settle = k.Duration("settle", time.Second, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	p.reprint = k.OneOf("reprint", "off", "leave") == "leave"
	r := rule{gs1: k.OneOf("gs1", "always", "never") == "always"}
	r.quote = quotes[k.OneOf("quote_form", "refuse", "backslash", "decimal")]
	if p.cancel = k.String("cancel", ""); len(p.cancel) > 1 || p.cancel == "?" ||
		strings.IndexFunc(p.cancel, func(r rune) bool { return r < '!' || r > '~' }) >= 0 {
		k.Fail("cancel", fmt.Sprintf("%q is not the one character that follows <ESC>!", p.cancel), "write the character alone, or leave it out")
	}
	p.out = k.String("out", "")
	switch {
	case p.out == "" && strings.HasPrefix(s.Address, "serial:"):
		k.Fail("out", "the word that makes OUT answer on a serial port is missing, and it is not the same on every model",
			"look it up in the manual of this model, and try it: linemark test printer")
	case p.out == "":
		p.out = "NET"
	case !isWord(p.out):
		k.Fail("out", fmt.Sprintf("%q is no single word", p.out), "write it like NET")
	}
	dpi := graphics.Resolution(k)
	ones := k.OneOf("black", "0", "1") == "1"
	if !ok {
		return nil, k.Err()
	}
	var faults []fault
	p.label, faults = compile(string(text), r)
	p.label.picture.DPI, p.label.picture.ones = dpi, ones
	p.label.picture.Need(k, s)
	for _, f := range faults {
		k.Fail("label", f.problem, f.hint)
	}
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// isWord keeps everything that could end a command out of it.
func isWord(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// Traits says that the printer confirms a count, and how far it can be trusted with a code.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsCount, Poll: p.poll, Pictures: p.label.picture.Width > 0, CheckCode: p.label.checkCode, CheckLabel: p.checkLabel}
}

// Open connects, empties the printer where the settings say how, switches reprinting off, waits
// until the printer has nothing more to print and reads its count. No command that empties it is
// established for all models: without that setting a printer that still holds labels is an error
// until they are out.
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
