// Package ngpcl drives Markem-Imaje coders that speak NGPCL, by network or serial port.
//
// Such a coder keeps one value for each field of its job and marks it on every product; it
// confirms nothing. Everything the driver does is described in README.md.
package ngpcl

import (
	"context"
	_ "embed"
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
	drivers.RegisterPrinter("ngpcl", func(s drivers.Settings) (drivers.Printer, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "printer", Name: "ngpcl", README: README, Sample: Sample})
}

// Printer is one configured coder.
type Printer struct {
	address string
	dial    link.Dialer
	label   *label
	job     string
	idle    string // what the code fields hold while no code is due
	poll    time.Duration
	silence time.Duration
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Printer, error) {
	k := option.Of(s)
	p := &Printer{address: s.Address, dial: s.Dial, label: &label{}}
	if p.dial == nil {
		p.dial = link.Dial
	}
	p.poll = k.Duration("poll", time.Second, time.Millisecond)
	p.silence = k.Duration("silence", 3*time.Second, 100*time.Millisecond)
	if p.job = k.String("job", ""); p.job == "" {
		k.Fail("job", "the job is missing", "name the printer's job as the printer does, such as unit.job")
	} else if err := checkText(p.job); err != nil {
		k.Fail("job", err.Error(), "write the name as the printer does, such as unit.job")
	}
	p.readIdle(k)
	gsForm, fnc1Form := k.String("gs_form", ""), k.String("fnc1_form", "")
	_, fnc1Given := s.Options["fnc1_form"]
	texts := k.Texts("fields")
	if len(texts) == 0 {
		k.Fail("fields", "the fields are missing", `name the job's fields, such as fields = { CODE = "{code}" }`)
		return nil, k.Err()
	}
	p.label.compile(k, texts)
	if p.label.hasCode && !fnc1Given {
		k.Fail("fnc1_form", "how the printer takes the leading FNC1 is missing",
			`write fnc1_form = "" if the job's field makes a GS1 symbol by itself, or the text that it wants before a code`)
	}
	p.forms(k, gsForm, fnc1Form)
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
	} else if err := checkText(p.idle); err != nil {
		k.Fail("idle", err.Error(), hint)
	}
}

// forms takes gs_form and fnc1_form. How FNC1 goes into a field is not settled for these
// printers, so a label with a code has no defaults for them.
func (p *Printer) forms(k *option.Keys, gsForm, fnc1Form string) {
	for _, form := range []struct{ key, text string }{{"gs_form", gsForm}, {"fnc1_form", fnc1Form}} {
		if err := checkForm(form.text); err != nil {
			k.Fail(form.key, err.Error(), "write the text that the printer takes, by itself")
		}
	}
	p.label.rule = fieldRule{gs: gsForm, fnc1: fnc1Form}
	switch {
	case fnc1Form == "raw" || fnc1Form == "refuse":
		k.Fail("fnc1_form", fmt.Sprintf("%q is a word of gs_form", fnc1Form), `write "", or the text that the printer wants before a code`)
	case gsForm != fnc1Form && gsForm != "" && fnc1Form != "" && (strings.HasPrefix(gsForm, fnc1Form) || strings.HasPrefix(fnc1Form, gsForm)):
		k.Fail("fnc1_form", "one of fnc1_form and gs_form begins with the other, so the printer could mistake them", "make them equal or wholly different")
	}
	switch {
	case gsForm == "" && p.label.hasCode:
		k.Fail("gs_form", "how the printer takes the separator GS is missing",
			`try "raw" (the byte 1D), scan the mark, and write down what is right; "refuse" for codes without GS`)
	case gsForm == "refuse":
		p.label.rule.gs = ""
	case gsForm == "raw":
		p.label.rule.gs = "\x1d"
	}
}

// Traits says that the printer confirms nothing and holds one code, which codes it can
// carry, and how often its state is to be looked at.
func (p *Printer) Traits() drivers.PrinterTraits {
	return drivers.PrinterTraits{Confirms: drivers.ConfirmsNothing, MaxAhead: 1, Poll: p.poll, CheckCode: p.label.checkCode}
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
		s.port = conn
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close() // the error of opening is the one to tell
		return nil, err
	}
	return s, nil
}
