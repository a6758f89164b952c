// Package text reads scanners that send each reading as a framed text: fixed cameras,
// handhelds and presentation scanners of most makes, by network or serial port.
//
// What such a device sends differs from one to the next, so each mark that it may put
// around a code is a setting, and nothing is recognised that was not set. README.md
// describes them.
package text

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
	"linemark/drivers/scanner/reading"
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

// longestCode is more than the longest code has, with its identifier and marks.
const longestCode = 128

const gtinLength = 14

const gs = '\x1d'

// Scanner is one configured code reader.
type Scanner struct {
	address    string
	dial       link.Dialer
	terminator string
	maxLength  int
	rules      rules
	window     time.Duration
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Scanner, error) {
	k := option.Of(s)
	mark := func(key, absent string) string { return option.Bytes(k.String(key, absent)) }
	sc := &Scanner{address: s.Address, dial: s.Dial, terminator: mark("terminator", "\r\n")}
	if sc.dial == nil {
		sc.dial = link.Dial
	}
	// The only form served: the scanner listens, or hangs on a serial port.
	k.OneOf("role", "client")
	sc.rules = rules{
		prefix:    mark("prefix", ""),
		separator: mark("separator", ""),
		noRead:    mark("no_read", ""),
		heartbeat: mark("heartbeat", ""),
		form:      reading.Options(k),
	}
	sc.maxLength = k.Int("max_length", 4096, longestCode, 1<<20)
	sc.rules.maxLength = sc.maxLength
	sc.window = k.Duration("duplicate_window", 0, 0)
	sc.checkMarks(k)
	if err := k.Err(); err != nil {
		return nil, err
	}
	return sc, nil
}

// checkMarks refuses marks that cannot be told from a piece of a code, or from each other.
// Those that stand beside the codes themselves are checked where they are read.
func (sc *Scanner) checkMarks(k *option.Keys) {
	r := sc.rules
	if sc.terminator == "" {
		k.Fail("terminator", "a frame must have an end", `set in the scanner what it sends after a code, such as "\r\n"`)
	}
	cuts := map[string]string{"terminator": sc.terminator, "separator": r.separator}
	for _, key := range []string{"terminator", "separator"} {
		switch m := cuts[key]; {
		case option.CodeText(m):
			k.Fail(key, fmt.Sprintf("%q consists of characters that a code may hold", m),
				`set a mark in the scanner with another character in it, such as "\r\n" or "|"`)
		case strings.IndexByte(m, gs) >= 0:
			k.Fail(key, "GS stands inside codes", `set another mark in the scanner, such as "\r\n" or "|"`)
		case r.form.AIM != reading.None && strings.HasPrefix(m, "]"):
			k.Fail(key, "an AIM identifier begins with ]", `set another mark in the scanner, or aim = "none" if it sends no identifiers`)
		}
	}
	within := map[string]string{"separator": r.separator, "prefix": r.prefix, "no_read": r.noRead, "heartbeat": r.heartbeat,
		"gs": r.form.GS, "fnc1": r.form.FNC1}
	for _, key := range []string{"separator", "prefix", "no_read", "heartbeat", "gs", "fnc1"} {
		if sc.terminator != "" && contains(within[key], sc.terminator) {
			k.Fail(key, fmt.Sprintf("%q holds the terminator, at which the frame ends", within[key]), "write it without the terminator")
		} else if (key == "gs" || key == "fnc1") && reading.Confusable(within[key], sc.terminator) {
			k.Fail(key, "it cannot be told from the terminator", different)
		}
	}
	switch {
	case reading.Confusable(r.separator, r.form.GS):
		k.Fail("separator", "it cannot be told from the stand-in for GS", different)
	case reading.Confusable(r.separator, r.form.FNC1):
		k.Fail("separator", "it cannot be told from the mark of the leading FNC1", different)
	}
	if r.prefix != "" && strings.Trim(r.prefix, "0123456789") == "" {
		k.Fail("prefix", "codes themselves begin with digits, so it would be taken off them", "set another prefix in the scanner, or none")
	}
	if n := min(len(r.noRead), gtinLength); n == gtinLength && strings.Trim(r.noRead[:n], "0123456789") == "" {
		k.Fail("no_read", fmt.Sprintf("%q begins as codes do", r.noRead), "set a word in the scanner, such as NOREAD")
	}
	if r.noRead != "" && r.noRead == r.heartbeat {
		k.Fail("heartbeat", "it is the same as no_read", "set different texts in the scanner")
	}
}

const different = "set marks in the scanner that have no character in common"

// contains reports whether a frame that holds the text would be cut in it.
func contains(text, terminator string) bool {
	if lineEnd(terminator) {
		return strings.ContainsAny(text, lineEnds)
	}
	return strings.Contains(text, terminator)
}

// Open connects to the scanner.
func (sc *Scanner) Open(ctx context.Context) (drivers.ScanSession, error) {
	conn, err := sc.dial(ctx, sc.address)
	if err != nil {
		return nil, err
	}
	return &session{
		conn:   conn,
		rules:  sc.rules,
		frames: frames{terminator: sc.terminator, run: lineEnd(sc.terminator), max: sc.maxLength},
		window: sc.window,
	}, nil
}
