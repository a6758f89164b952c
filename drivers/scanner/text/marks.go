package text

import (
	"fmt"
	"strings"

	"linemark/drivers/link/option"
	"linemark/drivers/scanner/reading"
)

const gtinLength = 14

const gs = '\x1d'

const different = "set marks in the scanner that have no character in common"

// check refuses marks that cannot be told from a piece of a code, or from each other.
// Those that stand beside the codes themselves are checked where they are read.
func (sc *Scanner) check(k *option.Keys) {
	if sc.frames.terminator == "" {
		k.Fail("terminator", "a frame must have an end", `set in the scanner what it sends after a code, such as "\r\n"`)
	}
	sc.checkCuts(k)
	sc.checkWithin(k)
	sc.checkWords(k)
	sc.checkTemplate(k)
	if sc.beatWithin > 0 && sc.rules.heartbeat == "" && sc.rules.beats == nil {
		k.Fail("heartbeat_within", "no heartbeat is set, and a scanner that reads nothing is silent too",
			"set heartbeat or heartbeat_pattern and switch the heartbeat on in the scanner")
	}
	if sc.trigger == "" && sc.triggerOff != "" {
		k.Fail("trigger_off", "there is no trigger that it could end", "set trigger too")
	}
}

// checkCuts checks what codes are cut at.
func (sc *Scanner) checkCuts(k *option.Keys) {
	r := sc.rules
	cuts := map[string]string{"terminator": sc.frames.terminator, "separator": r.separator}
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
	switch {
	case reading.Confusable(r.separator, r.form.GS):
		k.Fail("separator", "it cannot be told from the stand-in for GS", different)
	case reading.Confusable(r.separator, r.form.FNC1):
		k.Fail("separator", "it cannot be told from the mark of the leading FNC1", different)
	}
	if lineEnd(r.separator) && sc.frames.terminator != "" && !sc.endsBeyond(r.separator) {
		k.Fail("separator", fmt.Sprintf("%q holds the terminator or a part of it, in another order too", r.separator),
			"leave it out if the terminator stands after each code; else set a terminator in the scanner with another character in it, such as ETX")
	}
}

// endsBeyond reports whether the end of a frame can be told from a run of the separator's bytes.
func (sc *Scanner) endsBeyond(separator string) bool {
	if sc.frames.ends == "" {
		return !lineEnd(sc.frames.terminator) && !strings.ContainsAny(sc.frames.terminator, separator)
	}
	return strings.ContainsAny(sc.frames.terminator, sc.frames.ends)
}

// checkWithin checks what stands in a frame against its end.
func (sc *Scanner) checkWithin(k *option.Keys) {
	r := sc.rules
	within := map[string]string{"separator": r.separator, "prefix": r.prefix, "no_read": r.noRead, "heartbeat": r.heartbeat,
		"gs": r.form.GS, "fnc1": r.form.FNC1}
	for _, key := range []string{"separator", "prefix", "no_read", "heartbeat", "gs", "fnc1"} {
		switch {
		case key == "separator" && lineEnd(r.separator): // checked as a cut
		case sc.frames.holdsEnd(within[key]):
			k.Fail(key, fmt.Sprintf("%q holds the terminator, at which the frame ends", within[key]), "write it without the terminator")
		case (key == "gs" || key == "fnc1") && reading.Confusable(within[key], sc.frames.terminator):
			k.Fail(key, "it cannot be told from the terminator", different)
		case strings.ContainsAny(within[key], sc.frames.between):
			k.Fail(key, fmt.Sprintf("%q holds the separator or a part of it", within[key]), different)
		}
	}
}

// checkWords checks the texts that stand in place of codes or before them.
func (sc *Scanner) checkWords(k *option.Keys) {
	r := sc.rules
	if r.prefix != "" && strings.Trim(r.prefix, "0123456789") == "" {
		k.Fail("prefix", "codes themselves begin with digits, so it would be taken off them", "set another prefix in the scanner, or none")
	}
	if n := min(len(r.noRead), gtinLength); n == gtinLength && strings.Trim(r.noRead[:n], "0123456789") == "" {
		k.Fail("no_read", fmt.Sprintf("%q begins as codes do", r.noRead), "set a word in the scanner, such as NOREAD")
	}
	if r.noRead != "" && r.noRead == r.heartbeat {
		k.Fail("heartbeat", "it is the same as no_read", "set different texts in the scanner")
	}
	sc.checkPattern(k)
}

// checkPattern checks the heartbeat's pattern against what readings begin with.
func (sc *Scanner) checkPattern(k *option.Keys) {
	r := sc.rules
	if r.beats == nil {
		return
	}
	begins, field := r.template.begins()
	if field {
		k.Fail("heartbeat_pattern", "with this template a reading may begin with anything", "set one text for heartbeat instead")
		return
	}
	literal := sc.beatsWith
	for _, start := range []string{r.prefix, begins, r.noRead, r.form.GS, r.form.FNC1} {
		if start != "" && (strings.HasPrefix(literal, start) || strings.HasPrefix(start, literal)) {
			k.Fail("heartbeat_pattern", fmt.Sprintf("it begins with %q, and readings may begin with %q", literal, start),
				"begin it with a longer text, or set another heartbeat in the scanner; a prefix does not belong into it")
			return
		}
	}
}

// checkTemplate checks the literals of the template against all other marks.
func (sc *Scanner) checkTemplate(k *option.Keys) {
	r := sc.rules
	for _, p := range r.template.parts {
		switch m := p.literal; {
		case sc.frames.holdsEnd(m):
			k.Fail("template", fmt.Sprintf("%q holds the terminator, at which the frame ends", m), "write it without the terminator")
			return
		case reading.Confusable(m, r.separator) || strings.ContainsAny(m, sc.frames.between):
			k.Fail("template", fmt.Sprintf("%q cannot be told from the separator", m), different)
			return
		}
	}
	for _, m := range r.template.beside() {
		for _, standIn := range []string{r.form.GS, r.form.FNC1} {
			if reading.Confusable(m.text, standIn) {
				k.Fail("template", fmt.Sprintf("%q cannot be told from %q, which stands for FNC1", m.text, standIn), different)
				return
			}
		}
	}
}
