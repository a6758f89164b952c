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

	"linemark/drivers"
	"linemark/drivers/link/option"
	"linemark/drivers/scanner/dialogue"
	"linemark/drivers/scanner/frame"
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
	peer       dialogue.Peer
	terminator string // as it is set
	rules      rules
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Scanner, error) {
	k := option.Of(s, "tcp", "listen", "serial")
	sc := &Scanner{peer: dialogue.NewPeer(s, frame.Window(k))}
	sc.read(k)
	role(k, s.Address)
	sc.check(k)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return sc, nil
}

// untriggered is a session of a scanner that reads by itself.
type untriggered struct{ drivers.ScanSession }

// Open connects to the scanner, or waits until the scanner has connected.
func (sc *Scanner) Open(ctx context.Context) (drivers.ScanSession, error) {
	s, err := sc.peer.Open(ctx, newDevice(sc.rules))
	switch {
	case err != nil:
		return nil, err
	case sc.rules.trigger == "":
		return untriggered{s}, nil
	}
	return s, nil
}
