package ngpcltest

import (
	"fmt"
	"slices"
	"strings"
)

// nak is the answer to what the printer does not know or take.
const nak = "{~NK1|}"

// answer acts on what stood between { and } and returns the answer. The caller holds the lock.
func (p *Printer) answer(frame string) (text string, updated bool) {
	parts := strings.Split(frame, "|")
	if len(parts) < 2 || strings.TrimSpace(parts[len(parts)-1]) != "" {
		return nak, false
	}
	parts = parts[:len(parts)-1]
	switch args := parts[1:]; strings.TrimSpace(parts[0]) {
	case "~JR":
		return p.form("JN0", p.job), false
	case "~JS0":
		if len(args) == 0 || !slices.Contains(p.opt.Jobs, args[0]) {
			return p.form("JS1"), false
		}
		p.selectJob(args[0])
		return p.form("JS0"), false
	case "~JU0":
		if len(args) < 4 || len(args)%2 != 0 || p.fault == Refuse || !p.takes(args[2:]) {
			return nak, false
		}
		p.update(args[2:])
		return p.form("JU0"), true
	case "~FR":
		if len(args) != 1 || !slices.Contains(p.opt.Fields, args[0]) {
			return p.form("FC1"), false
		}
		return p.form("FC0", args[0], p.values[args[0]]), false
	case "~DR":
		return p.status(), false
	}
	return nak, false
}

// takes tells whether the values are of characters that the printer takes.
func (p *Printer) takes(values []string) bool {
	for _, v := range values {
		for i := range len(v) {
			if c := v[i]; c >= 0x7F || c < ' ' && (c != 0x1D || p.opt.GS != "") {
				return false
			}
		}
	}
	return true
}

// form writes an answer.
func (p *Printer) form(name string, values ...string) string {
	text := "{~" + name + "|"
	for _, v := range values {
		if p.opt.Padded {
			v += "   "
		}
		text += v + "|"
	}
	return text + "}"
}

// status answers DR. The caller holds the lock.
func (p *Printer) status() string {
	state, printing, beam, attention := "06", 1, 0, 0
	switch p.fault {
	case Attention:
		state, printing, attention = "05", 0, 1
	case BeamStop:
		state, printing, beam = "09", 0, 1
	case Pause:
		state, printing = "04", 0
	case Off:
		state, printing = "02", 0
	}
	return fmt.Sprintf("{~DS0|0|%d|%d|%d|0|2|0|000000000|%s|1|}", printing, beam, attention, state)
}
