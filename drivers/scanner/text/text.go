// Package text reads scanners that send each reading as a framed text: fixed cameras,
// handhelds and presentation scanners of most makes, by network, where either side may be
// the one that connects, or by serial port.
//
// What such a device sends differs from one to the next, so each mark that it may put
// around a code is a setting, and nothing is recognised that was not set. README.md
// describes them.
package text

import (
	"context"
	_ "embed"
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
	drivers.RegisterScanner("text", func(s drivers.Settings) (drivers.Scanner, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "scanner", Name: "text", README: README, Sample: Sample})
}

// Scanner is one configured code reader.
type Scanner struct {
	address    string
	dial       link.Dialer
	frames     frames // of a new session
	rules      rules
	window     time.Duration // for duplicates
	beatsWith  string        // what every heartbeat of a pattern begins with
	beatWithin time.Duration
	trigger    string
	triggerOff string
	triggerFor time.Duration
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Scanner, error) {
	k := option.Of(s, "tcp", "listen", "serial")
	sc := &Scanner{address: s.Address, dial: s.Dial}
	if sc.dial == nil {
		sc.dial = link.NewDialer()
	}
	sc.read(k)
	role(k, s.Address)
	sc.check(k)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return sc, nil
}

// Open connects to the scanner, or waits until the scanner has connected.
func (sc *Scanner) Open(ctx context.Context) (drivers.ScanSession, error) {
	conn, err := sc.dial(ctx, sc.address)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, rules: sc.rules, frames: sc.frames, repeats: repeats{window: sc.window}, within: sc.beatWithin}
	if sc.trigger == "" {
		return s, nil
	}
	return newTriggered(s, sc.trigger, sc.triggerOff, sc.triggerFor), nil
}
