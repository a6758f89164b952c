// Package dataman reads Cognex DataMan readers by DMCC, the text protocol that they speak on
// their Telnet port and on RS-232. README.md describes what it expects of the reader.
package dataman

import (
	"context"
	_ "embed"
	"strings"
	"time"

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
	drivers.RegisterScanner("dataman", func(s drivers.Settings) (drivers.Scanner, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "scanner", Name: "dataman", README: README, Sample: Sample})
}

// The values of COM.DMCC-RESPONSE, by the names of the setting. The manual knows 0 and 1;
// README.md says where 2 was seen.
var responses = map[string]string{"extended": "1", "extended-2": "2", "silent": "0"}

// rules are one reader's settings.
type rules struct {
	response   string // of COM.DMCC-RESPONSE
	silent     bool   // the reader does not answer
	base64     bool
	xor        bool   // commands carry a checksum
	terminator string // what the reader's own formatting puts after a reading
	maxLength  int
	timeout    time.Duration // after which a frame is given up that does not end
	codes      frame.Codes
	silence    time.Duration // an answer that takes longer is a fault
	idle       time.Duration // the reader is asked after so much quiet; 0: never
}

// Scanner is one configured reader.
type Scanner struct {
	peer  dialogue.Peer
	rules rules
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Scanner, error) {
	k := option.Of(s, "tcp", "listen", "serial")
	word := k.OneOf("responses", "extended", "extended-2", "silent")
	r := rules{
		response:   responses[word],
		silent:     word == "silent",
		xor:        k.OneOf("checksum", "none", "xor") == "xor",
		terminator: option.Bytes(k.String("terminator", "\r\n")),
		maxLength:  k.Int("max_length", 4096, 256, 1<<20),
		timeout:    frame.Timeout(k),
		silence:    k.Duration("silence", 3*time.Second, 100*time.Millisecond),
	}
	r.readEncoding(k, s)
	r.readIdle(k)
	if r.terminator == "" && r.silent {
		k.Fail("terminator", "a reading must have an end", `set in the reader what it sends after a code, such as "\r\n"`)
	}
	r.codes = frame.Options(k, s, r.terminator)
	if strings.HasPrefix(r.codes.NoRead, "||") {
		k.Fail("no_read", "answers to commands begin with ||", "set another text in the reader")
	}
	sc := &Scanner{peer: dialogue.NewPeer(s, frame.Window(k))}
	if err := k.Err(); err != nil {
		return nil, err
	}
	sc.rules = r
	return sc, nil
}

// readEncoding takes encoding, which has no default: whether readings come in base64 differs
// from firmware to firmware.
func (r *rules) readEncoding(k *option.Keys, s drivers.Settings) {
	_, given := s.Options["encoding"]
	switch encoding := k.String("encoding", "", "base64", "plain"); {
	case r.silent && given:
		k.Fail("encoding", "a silent reader sends plain text", "take the line out")
	case r.silent:
	case encoding == "base64" || encoding == "plain":
		r.base64 = encoding == "base64"
	case !given:
		k.Fail("encoding", "how the reader writes what it has read is missing",
			`write "base64", scan, and compare; "plain" if the readings are then said to be no base64`)
	default:
		k.Fail("encoding", "\""+encoding+"\" is unknown", "known: base64, plain")
	}
}

func (r *rules) readIdle(k *option.Keys) {
	absent := 10 * time.Second
	if r.silent {
		absent = 0
	}
	if r.idle = k.Duration("idle", absent, 0); r.silent && r.idle > 0 {
		k.Fail("idle", "a silent reader answers nothing, so it cannot be asked", `take the line out, or set responses = "extended"`)
	}
}

// Open connects to the reader and sets how it answers; an extended reader must confirm it.
func (sc *Scanner) Open(ctx context.Context) (drivers.ScanSession, error) {
	s, err := sc.peer.Open(ctx, newDevice(sc.rules))
	if err != nil {
		return nil, err
	}
	return s, nil
}
