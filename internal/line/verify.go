package line

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// VerifyConfig is what a verify station is told.
type VerifyConfig struct {
	StopAfter   int           // failures in a row that stop the line
	Within      time.Duration // a rejection must be counted in this time; 0: the PLC counts none
	SilentAfter int           // products counted without a reading that stop the line; 0: none are counted
	TellSeen    bool          // a printer before it says nothing of what it has printed
	Window      int           // verified products that must overtake a printed code before it is set aside
	HealAfter   int           // good readings behind a gap in the printer's order that set the codes in it aside; 0: the order is not known
	StopShare   int           // failures among the last StopOf products that stop the line; 0: only those in a row do
	StopOf      int
	Match       time.Duration // with it each product is announced by the PLC under a number, see handshake; 0: rejections are pulses
	Quality     Quality
}

// Verify reads back what was printed and takes off what it cannot account for (P3, P6). It
// matches by identity alone; where a product is in the sequence never says what it bears.
type Verify struct {
	status
	cfg      VerifyConfig
	pending  []Scan // the batch whose verdicts are under way, in order
	failures failures
	shift    shift
	shake    handshake
	scanner  ScannerState
	plc      PLCState
	stop     stopState
	rejects  []time.Time // when each rejection that was asked for must be counted
	window   []int64     // claim numbers of the last good reads, a ring
	next     int         // the ring's next place
	since    int         // good reads since the last look for overtaken codes
	heard    bool        // something was read since the PLC last counted products
	unread   int         // products counted by the PLC since the last reading
}

// stopState follows the stop output: it is set once for a cause and cleared by whoever restarts.
type stopState struct {
	cause string    // why it was set; empty: running
	since time.Time // when
	seen  bool      // as last read back: once it was set, a clear is a restart
	sent  bool      // the PLC has taken it
}

// NewVerify returns a verify station.
func NewVerify(c VerifyConfig) *Verify {
	v := &Verify{cfg: c, shift: shift{after: c.HealAfter}, shake: handshake{match: c.Match}, scanner: ScannerState{Why: "not connected yet"}, plc: PLCState{Why: "not connected yet"}}
	v.set(time.Time{}, "waiting", "the scanner and the PLC")
	return v
}

// Step implements Station.
func (v *Verify) Step(now time.Time, ev Event) []Effect {
	switch ev := ev.(type) {
	case Scans:
		return v.scans(now, ev.Scans)
	case Verdicts:
		return v.verdicts(now, ev)
	case TooLate:
		return v.stopLine(now, fmt.Sprintf("the verdict on product %d came after the next product was read: it has passed the rejector", ev.Seq))
	case Failed:
		switch ev.Effect.(type) {
		case Reject:
			return v.stopLine(now, "the reject output could not be set: "+ev.Err.Error())
		case Answer:
			return v.stopLine(now, "a verdict could not be given to the PLC: "+ev.Err.Error())
		}
		v.stop.sent = false // the stop output itself: set again as soon as the PLC is there
	case CountedRejects:
		return v.countedRejects(ev.N)
	case CountedProducts:
		return v.countedProducts(now, ev.N)
	case StopOutput:
		return v.stopOutput(now, ev.Set)
	case ScannerState:
		return v.scannerState(now, ev)
	case PLCState:
		return v.plcState(now, ev)
	case Overtaken:
		if ev.N > 0 {
			v.count("overtaken", ev.N)
		}
		if ev.N > 0 && ev.Told != "" {
			return []Effect{Alarm{Text: ev.Told + "; set aside as doubtful: " + plural(ev.N, "code")}}
		}
	case Given:
		v.shift.given(ev.Claims)
	case Requested:
		return v.tell(now, v.shake.request(ev))
	case Tick:
		return v.tick(now)
	}
	return nil
}

// countedProducts stops a line whose camera is connected and says nothing. A count in whose time
// anything was read proves the camera alive: how many products lie between sensor and camera, and
// in which order the two are heard, does not matter then.
func (v *Verify) countedProducts(now time.Time, n int) []Effect {
	if v.heard {
		v.heard, v.unread = false, 0
		return nil
	}
	if v.unread += n; v.cfg.SilentAfter == 0 || v.unread < v.cfg.SilentAfter {
		return nil
	}
	unread := v.unread
	v.unread = 0
	return v.stopLine(now, plural(unread, "product")+" passed without a reading")
}

func (v *Verify) scans(now time.Time, scans []Scan) []Effect {
	v.heard = true
	var effects []Effect
	var codes []code.Code
	for _, s := range scans {
		if v.cfg.Match > 0 {
			effects = append(effects, v.tell(now, v.shake.read(s.Seq, s.At))...)
		}
		if s.Bad == "" && !s.NoRead {
			s.Bad = v.cfg.Quality.fault(s)
		}
		v.pending = append(v.pending, s)
		if !s.NoRead && s.Bad == "" {
			codes = append(codes, s.Code)
		}
	}
	if len(codes) == 0 {
		return append(effects, v.verdicts(now, Verdicts{})...)
	}
	return append(effects, VerifyCodes{Codes: codes})
}

// tell carries out what the handshake has found.
func (v *Verify) tell(now time.Time, t told) []Effect {
	effects := t.answers
	for _, number := range t.unread {
		effects = append(effects, v.rejected(now, fmt.Sprintf("product %d was not read", number))...)
	}
	if t.stop != "" {
		effects = append(effects, v.stopLine(now, t.stop)...)
	}
	return effects
}

// verdicts settles the pending batch. Without an answer from the ledger nothing passes.
func (v *Verify) verdicts(now time.Time, ev Verdicts) []Effect {
	batch := v.pending
	v.pending = nil
	var effects []Effect
	var seen int64
	answers := ev.Verdicts
	for i, s := range batch {
		v.count("read", 1)
		why := ""
		switch {
		case s.NoRead:
			why = "no read"
			v.count("no_read", 1)
		case s.Bad != "":
			why = s.Bad
		case ev.Err != nil:
			why = "the ledger did not answer: " + ev.Err.Error()
		default:
			verdict := answers[0]
			answers = answers[1:]
			if verdict.Outcome == ledger.Good {
				effects = append(effects, v.good(now, s, verdict)...)
				seen = max(seen, verdict.Claim)
				continue
			}
			if verdict.Outcome == ledger.Mangled {
				effects = append(effects, v.shift.found(verdict)...) // the product is there, whatever became of its code
			}
			why = verdict.Outcome.String()
			if verdict.Note != "" {
				why += ": " + verdict.Note
			}
		}
		effects = append(effects, v.bad(now, s, why, i == len(batch)-1)...)
	}
	if ev.Err != nil {
		effects = append(effects, v.stopLine(now, "the ledger did not answer: "+ev.Err.Error())...)
	}
	if seen > 0 && v.cfg.TellSeen {
		effects = append(effects, TellSeen{Claim: seen})
	}
	return effects
}

func (v *Verify) good(now time.Time, s Scan, verdict ledger.Verdict) []Effect {
	v.failures.add(false, v.cfg.StopOf)
	effects := v.shift.found(verdict)
	why := ""
	if v.cfg.Match > 0 {
		if !v.shake.waits(s.Seq) {
			why = "a good product was rejected, its verdict came too late"
			effects = append(effects, Alarm{Text: why + ": " + code.Visible(verdict.Ident)})
		}
		effects = append(effects, v.tell(now, v.shake.settle(s.Seq, false))...)
	}
	v.judged(now, s, why)
	v.count("verified", 1)
	if v.stop.cause == "" && v.scanner.Up && v.plc.Up {
		v.set(now, "running", "")
	}
	if len(v.window) < v.cfg.Window {
		v.window = append(v.window, verdict.Claim)
	} else {
		v.window[v.next] = verdict.Claim
		v.next = (v.next + 1) % v.cfg.Window
	}
	if v.since++; len(v.window) == v.cfg.Window && v.since >= max(1, v.cfg.Window/4) {
		v.since = 0
		effects = append(effects, OvertakenBefore{Claim: slices.Min(v.window), Cause: overtaken, Told: "printed codes were never read while the products behind were"})
	}
	return effects
}

// bad rejects a product. A pulse throws out the product that was read last, so a verdict on an
// earlier one stops the line instead; a handshake names the product.
func (v *Verify) bad(now time.Time, s Scan, why string, last bool) []Effect {
	v.shift.missed()
	v.judged(now, s, why)
	switch {
	case v.cfg.Match > 0:
		if !v.shake.waits(s.Seq) { // it is rejected and counted already
			return []Effect{Alarm{Text: "a product that was rejected before its verdict: " + why}}
		}
		return append(v.tell(now, v.shake.settle(s.Seq, true)), v.rejected(now, why)...)
	case !last:
		v.count("rejected", 1)
		v.failures.add(true, v.cfg.StopOf)
		return v.stopLine(now, fmt.Sprintf("product %d (%s) had passed the rejector before its verdict", s.Seq, why))
	}
	return append([]Effect{Reject{Seq: s.Seq}}, v.rejected(now, why)...)
}

// rejected counts a product that is to be thrown out, and stops the line when they become too many.
func (v *Verify) rejected(now time.Time, why string) []Effect {
	v.count("rejected", 1)
	v.failures.add(true, v.cfg.StopOf)
	effects := []Effect{Alarm{Text: "product rejected: " + why}}
	if v.cfg.Within > 0 {
		v.rejects = append(v.rejects, now.Add(v.cfg.Within))
	}
	switch f := &v.failures; {
	case f.row == v.cfg.StopAfter:
		effects = append(effects, v.stopLine(now, plural(f.row, "failure")+" in a row, the last: "+why)...)
	case v.cfg.StopShare > 0 && f.bad == v.cfg.StopShare:
		effects = append(effects, v.stopLine(now, fmt.Sprintf("%s among the last %s, the last: %s", plural(f.bad, "failure"), plural(len(f.recent), "product"), why))...)
	}
	return effects
}

func (v *Verify) stopLine(now time.Time, cause string) []Effect {
	if v.stop.cause != "" {
		return []Effect{Alarm{Text: "while the line stands: " + cause}} // the output is set for the first cause
	}
	// The output may stand already, set by others or before this run: its clear is a restart, too.
	v.stop = stopState{cause: cause, since: now, seen: v.stop.seen, sent: true}
	v.set(now, "stopped", cause)
	v.count("stops", 1)
	return []Effect{StopLine{Cause: cause}, Alarm{Text: "line stopped: " + cause}}
}

func (v *Verify) stopOutput(now time.Time, set bool) []Effect {
	restarted := v.stop.cause != "" && v.stop.seen && !set
	v.stop.seen = set
	if restarted {
		// A rejection asked for since the stop may be of a product that came after the restart, which is
		// only now read back: it must still be counted.
		before := v.stop.since.Add(v.cfg.Within)
		v.rejects = slices.DeleteFunc(v.rejects, func(until time.Time) bool { return !until.After(before) })
		v.stop = stopState{}
		v.failures = failures{}
		v.shake.begin(now)
		v.settle(now)
		if !v.scanner.Up && v.view.Count["read"] > 0 { // what passes now, nobody reads
			return v.stopLine(now, "restarted while the scanner is gone: "+v.scanner.Why)
		}
	}
	return nil
}

func (v *Verify) countedRejects(n int) []Effect {
	v.count("rejects_counted", n)
	if n > len(v.rejects) && v.cfg.Within > 0 {
		extra := n - len(v.rejects)
		v.rejects = nil
		return []Effect{Alarm{Text: plural(extra, "product") + " thrown out that nobody asked to reject"}}
	}
	v.rejects = v.rejects[min(n, len(v.rejects)):]
	return nil
}

func (v *Verify) scannerState(now time.Time, ev ScannerState) []Effect {
	was := v.scanner
	v.scanner = ev
	if ev.Up {
		v.settle(now)
		return nil
	}
	if !was.Up && v.view.Count["read"] == 0 {
		v.settle(now)
		return nil // it has not been there since the start, and nothing was fed
	}
	return v.stopLine(now, "the scanner is gone: "+ev.Why)
}

func (v *Verify) plcState(now time.Time, ev PLCState) []Effect {
	v.plc = ev
	if !ev.Up {
		v.shake = handshake{match: v.cfg.Match} // its numbers may begin anew
		v.set(now, "stopped", "the PLC is gone: "+ev.Why)
		if !v.stop.sent {
			v.stop.seen = false // it stood for another reason: a clear in the next session is no restart from this stop
		}
		return nil // nothing can be told to it: the beat has ended, its watchdog stops the line
	}
	v.settle(now)
	return v.stopAgain()
}

// stopAgain sets a stop that the PLC has not taken yet. A PLC that refused it may be there all the time.
func (v *Verify) stopAgain() []Effect {
	if v.stop.cause == "" || v.stop.sent || !v.plc.Up {
		return nil
	}
	v.stop.sent = true
	return []Effect{StopLine{Cause: v.stop.cause}}
}

func (v *Verify) settle(now time.Time) {
	switch {
	case v.stop.cause != "":
		v.set(now, "stopped", v.stop.cause)
	case !v.scanner.Up:
		v.set(now, "waiting", "the scanner: "+v.scanner.Why)
	case !v.plc.Up:
		v.set(now, "waiting", "the PLC: "+v.plc.Why)
	default:
		v.set(now, "running", "")
	}
}

func (v *Verify) tick(now time.Time) []Effect {
	var effects []Effect
	if v.cfg.Match > 0 {
		effects = v.tell(now, v.shake.tick(now))
	}
	if len(v.rejects) > 0 && now.After(v.rejects[0]) {
		n := len(v.rejects)
		v.rejects = nil
		return append(effects, v.stopLine(now, plural(n, "rejection")+" not counted within "+v.cfg.Within.String()+": the product may have passed")...)
	}
	return append(effects, v.stopAgain()...)
}

// Permit says whether products may be marked: whether they would be seen and could be taken off.
func (v *Verify) Permit() Permit {
	switch {
	case !v.scanner.Up:
		return Permit{Why: "the scanner behind: " + v.scanner.Why}
	case !v.plc.Up:
		return Permit{Why: "the PLC: " + v.plc.Why}
	case v.OwesStop():
		return Permit{Why: "a stop that the PLC has not taken"}
	}
	return Permit{OK: true}
}

// InARow says how many products in a row were bad, up to now.
func (v *Verify) InARow() int { return v.failures.row }

// OwesStop says whether the line should stand and the PLC has not taken the stop.
func (v *Verify) OwesStop() bool { return v.stop.cause != "" && !v.stop.sent }

// plural writes "1 code", "3 codes".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
