package text

import (
	"fmt"
	"strings"

	"linemark/drivers/link/option"
	"linemark/drivers/scanner/frame"
	"linemark/drivers/scanner/reading"
)

// check refuses marks that cannot be told from a piece of a code, or from each other.
// Those that stand beside the codes themselves are checked where they are read.
func (sc *Scanner) check(k *option.Keys) {
	r := sc.rules
	if sc.terminator == "" {
		k.Fail("terminator", "a frame must have an end", `set in the scanner what it sends after a code, such as "\r\n"`)
	}
	r.Check(k, r.cut)
	r.cut.CheckWithin(k, "prefix", r.prefix)
	r.cut.CheckWithin(k, "heartbeat", r.heartbeat)
	sc.checkSeparator(k)
	sc.checkWords(k)
	sc.checkTemplate(k)
	if r.within > 0 && r.heartbeat == "" && r.beats == nil {
		k.Fail("heartbeat_within", "no heartbeat is set, and a scanner that reads nothing is silent too",
			"set heartbeat or heartbeat_pattern and switch the heartbeat on in the scanner")
	}
	if r.trigger == "" && r.triggerOff != "" {
		k.Fail("trigger_off", "there is no trigger that it could end", "set trigger too")
	}
}

// checkSeparator checks that the end of a frame can be told from what separates its codes, also
// where both are line ends.
func (sc *Scanner) checkSeparator(k *option.Keys) {
	r := sc.rules
	switch {
	case !frame.LineEnd(r.Separator):
		r.cut.CheckWithin(k, "separator", r.Separator)
	case r.cut.Ends == "" && !strings.ContainsAny(sc.terminator, r.Separator):
	case r.cut.Ends != "" && strings.ContainsAny(sc.terminator, r.cut.Ends):
	default:
		k.Fail("separator", fmt.Sprintf("%q holds the terminator or a part of it, in another order too", r.Separator),
			"leave it out if the terminator stands after each code; else set a terminator in the scanner with another character in it, such as ETX")
	}
}

// checkWords checks the texts that stand in place of codes or before them.
func (sc *Scanner) checkWords(k *option.Keys) {
	r := sc.rules
	if r.prefix != "" && strings.Trim(r.prefix, "0123456789") == "" {
		k.Fail("prefix", "codes themselves begin with digits, so it would be taken off them", "set another prefix in the scanner, or none")
	}
	if r.NoRead != "" && r.NoRead == r.heartbeat {
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
	literal := r.beatsWith
	for _, start := range []string{r.prefix, begins, r.NoRead, r.Form.GS, r.Form.FNC1} {
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
		case r.cut.Holds(m):
			k.Fail("template", fmt.Sprintf("%q holds the terminator, at which the frame ends", m), "write it without the terminator")
			return
		case reading.Confusable(m, r.Separator) || strings.ContainsAny(m, r.cut.Between):
			k.Fail("template", fmt.Sprintf("%q cannot be told from the separator", m), frame.Different)
			return
		}
	}
	for _, m := range r.template.beside() {
		for _, standIn := range []string{r.Form.GS, r.Form.FNC1} {
			if reading.Confusable(m.text, standIn) {
				k.Fail("template", fmt.Sprintf("%q cannot be told from %q, which stands for FNC1", m.text, standIn), frame.Different)
				return
			}
		}
	}
}
