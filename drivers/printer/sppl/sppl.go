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
	label    *label
	template string // file in the printer to load; empty: the one that is loaded
	poll     time.Duration
	silence  time.Duration
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: s.Dial, label: &label{}}
	if p.dial == nil {
		p.dial = link.Dial
	}
	p.poll = k.Duration("poll", 50*time.Millisecond, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	if p.template = k.String("template", ""); p.template != "" && checkName(p.template) != nil {
		k.Fail("template", fmt.Sprintf("%q is no name of a file in the printer", p.template), "write it like unit_53.rox")
	}
	p.label.rule = fieldRule{
		entities: map[string]string{"five": `"'<>&`, "angle": "<>", "none": ""}[k.OneOf("entities", "five", "angle", "none")],
		comma:    k.OneOf("comma", "refuse", "plain") == "plain",
	}
	gsForm, fnc1Form := k.String("gs_form", ""), k.String("fnc1_form", "")
	_, fnc1Given := s.Options["fnc1_form"]
	texts := k.Texts("fields")
	if len(texts) == 0 {
		k.Fail("fields", "the fields are missing", `name the job's CSV fields, such as fields = { CODE = "{code}" }`)
		return nil, k.Err()
	}
	p.label.compile(k, texts)
	if p.label.hasCode && !fnc1Given {
		k.Fail("fnc1_form", "how the printer takes the leading FNC1 is missing",
			`write fnc1_form = "" if the job's object makes a GS1 symbol by itself, or the text that it wants before a code`)
	}
	p.forms(k, gsForm, fnc1Form)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// forms takes gs_form and fnc1_form. How FNC1 goes into a row is not settled for these
// printers, so a label with a code has no defaults for them.
func (p *Printer) forms(k *option.Keys, gsForm, fnc1Form string) {
	for _, form := range []struct{ key, text string }{{"gs_form", gsForm}, {"fnc1_form", fnc1Form}} {
		if err := checkForm(form.text); err != nil {
			k.Fail(form.key, err.Error(), "write the text that the printer takes, by itself")
		}
	}
	p.label.rule.gs, p.label.rule.fnc1 = gsForm, fnc1Form
	switch {
	case fnc1Form == "raw" || fnc1Form == "refuse":
		k.Fail("fnc1_form", fmt.Sprintf("%q is a word of gs_form", fnc1Form), `write "", or the text that the printer wants before a code`)
	case gsForm != fnc1Form && gsForm != "" && fnc1Form != "" && (strings.HasPrefix(gsForm, fnc1Form) || strings.HasPrefix(fnc1Form, gsForm)):
		k.Fail("fnc1_form", "one of fnc1_form and gs_form begins with the other, so the printer could mistake them", "make them equal or wholly different")
	}
	switch {
	case gsForm == "" && p.label.hasCode:
		k.Fail("gs_form", "how the printer takes the separator GS is missing",
			`try "raw" (the byte 1D), scan the print, and write down what is right; "refuse" for codes without GS`)
	case gsForm == "refuse":
		p.label.rule.gs = ""
	case gsForm == "raw":
		p.label.rule.gs = "\x1d"
	}
}

// Traits says that the printer confirms a count, and which codes its rows can carry.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsCount, Poll: p.poll, CheckCode: p.label.checkCode}
}

// Open connects, stops the printer, loads its template where one is configured, empties its
// queues and lets it say a word after every print. The first Send starts it.
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
