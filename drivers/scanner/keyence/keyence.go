// Package keyence reads Keyence code readers of the SR and N series by their command protocol.
// README.md describes what it expects of the reader.
package keyence

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
	drivers.RegisterScanner("keyence", func(s drivers.Settings) (drivers.Scanner, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "scanner", Name: "keyence", README: README, Sample: Sample})
}

// longestNoRead is what the readers hold as their read error text (SR-750 and N-410 manuals).
const longestNoRead = 8

// rules are one reader's settings.
type rules struct {
	stx       bool   // commands, answers and readings stand between STX and ETX
	answers   bool   // LON and LOFF are answered
	check     string // the command that finds out whether the reader is there; "": there is none
	maxLength int
	timeout   time.Duration // after which a frame is given up that does not end
	codes     frame.Codes
	hold      time.Duration // LOFF follows a trigger that read nothing so long; 0: never
	silence   time.Duration // an answer that takes longer is a fault
	idle      time.Duration // the reader is checked after so much quiet; 0: never
}

// Scanner is one configured reader.
type Scanner struct {
	peer  dialogue.Peer
	rules rules
}

// New checks the settings. Errors are *drivers.OptionError, joined.
func New(s drivers.Settings) (*Scanner, error) {
	k := option.Of(s, "tcp", "listen", "serial")
	r := rules{
		stx:       k.OneOf("framing", "cr", "stx-etx") == "stx-etx",
		check:     k.OneOf("check", "KEYENCE", ""),
		maxLength: k.Int("max_length", 4096, 128, 1<<20),
		hold:      k.Duration("hold", 0, 0),
		timeout:   frame.Timeout(k),
		silence:   k.Duration("silence", 3*time.Second, 100*time.Millisecond),
	}
	r.readAnswers(k, s)
	r.readIdle(k)
	r.codes = frame.Options(k, s, "")
	switch _, isReply := parse([]byte(r.codes.NoRead)); {
	case len(r.codes.NoRead) > longestNoRead:
		k.Fail("no_read", "the readers hold at most 8 characters", "write the text that is set in the reader")
	case isReply || meaningN(r.codes.NoRead) != "":
		k.Fail("no_read", "the readers answer commands so", "set another text in the reader")
	}
	sc := &Scanner{peer: dialogue.NewPeer(s, frame.Window(k))}
	if err := k.Err(); err != nil {
		return nil, err
	}
	sc.rules = r
	return sc, nil
}

// readAnswers takes answers, which has no default: models differ in it as they leave the factory.
func (r *rules) readAnswers(k *option.Keys, s drivers.Settings) {
	const hint = `"detailed" if the reader answers LON with OK,LON; "none" if it sends readings alone`
	_, given := s.Options["answers"]
	switch answers := k.String("answers", "", "detailed", "none"); {
	case answers == "detailed" || answers == "none":
		r.answers = answers == "detailed"
	case !given:
		k.Fail("answers", "whether the reader answers LON and LOFF is missing", hint)
	default:
		k.Fail("answers", "\""+answers+"\" is unknown", hint)
	}
}

func (r *rules) readIdle(k *option.Keys) {
	absent := 10 * time.Second
	if r.check == "" {
		absent = 0
	}
	if r.idle = k.Duration("idle", absent, 0); r.check == "" && r.idle > 0 {
		k.Fail("idle", "without check there is no command to ask with", `take the line out, or set check = "KEYENCE"`)
	}
}

// Open connects to the reader, which must answer the check where there is one.
func (sc *Scanner) Open(ctx context.Context) (drivers.ScanSession, error) {
	s, err := sc.peer.Open(ctx, newDevice(sc.rules))
	if err != nil {
		return nil, err
	}
	return s, nil
}

// command returns the bytes of a command. The readers take CR as an end, and LF after it for
// nothing.
func (r rules) command(text string) []byte {
	if r.stx {
		return []byte("\x02" + text + "\x03")
	}
	return []byte(text + "\r")
}

// content takes a frame's beginning off; why says what is wrong with it.
func (r rules) content(line []byte) (content []byte, why string) {
	starts := strings.HasPrefix(string(line), "\x02")
	switch {
	case r.stx && !starts:
		return nil, "the frame does not begin with STX: see framing in the driver's manual"
	case r.stx:
		return line[1:], ""
	case starts:
		return nil, "the frame begins with STX: see framing in the driver's manual"
	}
	return line, ""
}
