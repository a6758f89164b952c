package text

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"linemark/drivers/link"
	"linemark/drivers/link/option"
	"linemark/drivers/scanner/frame"
)

// longestCode is more than the longest code has, with its identifier and marks.
const longestCode = 128

// read takes the settings over as they are.
func (sc *Scanner) read(k *option.Keys) {
	mark := func(key, absent string) string { return option.Bytes(k.String(key, absent)) }
	r := rules{
		Codes:      frame.ReadCodes(k),
		timeout:    frame.Timeout(k),
		prefix:     mark("prefix", ""),
		heartbeat:  mark("heartbeat", ""),
		within:     k.Duration("heartbeat_within", 0, 0),
		template:   templateOf(k),
		trigger:    mark("trigger", ""),
		triggerOff: mark("trigger_off", ""),
		triggerFor: k.Duration("trigger_for", time.Second, time.Millisecond),
	}
	r.beats, r.beatsWith = beats(k)
	sc.terminator = mark("terminator", "\r\n")
	r.cut = frame.NewCutter(sc.terminator, r.Separator, k.Int("max_length", 4096, longestCode, 1<<20))
	sc.rules = r
}

// beats returns the pattern of the heartbeats and what all of them begin with.
func beats(k *option.Keys) (pattern *regexp.Regexp, start string) {
	text := k.String("heartbeat_pattern", "")
	if text == "" {
		return nil, ""
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		k.Fail("heartbeat_pattern", err.Error(), `write a regular expression for the whole frame, such as "HB [0-9]+"`)
		return nil, ""
	}
	if start, _ = pattern.LiteralPrefix(); start == "" || codeBegins(start[0]) {
		k.Fail("heartbeat_pattern", "it could take a code for a heartbeat",
			`begin it with plain text that no code begins with, such as "HB [0-9]+"`)
		return nil, ""
	}
	pattern.Longest()
	return pattern, start
}

// codeBegins reports whether a reading may begin with the byte: with a digit, as GS1 codes
// do, an AIM identifier or the mark of the leading FNC1.
func codeBegins(b byte) bool { return b >= '0' && b <= '9' || b == ']' || b == gs }

func templateOf(k *option.Keys) template {
	text := k.String("template", "")
	if text == "" {
		return template{}
	}
	t, err := parseTemplate(text)
	if bad, ok := errors.AsType[*templateError](err); ok {
		k.Fail("template", bad.problem, bad.hint)
		return template{}
	}
	return t
}

// role checks the word for who connects, which the address says already.
func role(k *option.Keys, address string) {
	if link.Listens(address) {
		if k.OneOf("role", "server", "client") == "client" {
			k.Fail("role", fmt.Sprintf("the address %s says that the scanner connects to the agent", address),
				`write the scanner's own address, such as "tcp://192.168.10.31:9004", or leave role out`)
		}
		return
	}
	if k.OneOf("role", "client", "server") == "server" {
		k.Fail("role", fmt.Sprintf("the address %s says that the agent connects to the scanner", address),
			`write address = "listen://:9004" with the port at which the scanner is to connect`)
	}
}
