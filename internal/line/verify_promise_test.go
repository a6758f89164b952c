package line

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/ledger"
)

// checkpoint is the world around a verify station: products with good and bad codes, a ledger
// that fails at times, a PLC that refuses or goes away, a person who restarts the line, and a
// plain account of when products must be rejected and the line must stand.
type checkpoint struct {
	t       *rapid.T
	station *Verify
	cfg     VerifyConfig
	reached reached
	healthy bool
	now     time.Time

	seq          int64
	read         int
	scanner, plc bool
	waiting      []Scan               // readings without a verdict, in order
	newest       map[int64]bool       // bad readings that were the newest of their batch
	bad          map[int64]bool       // not answered by a Reject yet
	failures     int                  // in a row
	due          []time.Time          // when rejections must be counted
	causes       []string             // why the line must stand, since the last restart
	standing     string               // the cause that the station has given; empty: running
	since        time.Time            // when it stopped
	output       bool                 // the stop output at the PLC
	shown        bool                 // as the station has last read it
	owed         bool                 // the PLC did not take the stop
	window       []int64              // claim numbers of good reads, newest last
	fresh        int                  // how many of them are of this batch
	truth        map[string]verdictOf // by code
}

// verdictOf is what the ledger will say of a code.
type verdictOf struct {
	claim   int64
	outcome ledger.Outcome
}

func newCheckpoint(t *rapid.T, r reached) *checkpoint {
	cfg := VerifyConfig{StopAfter: rapid.IntRange(1, 4).Draw(t, "stop after"), Window: rapid.IntRange(1, 6).Draw(t, "window")}
	if rapid.Bool().Draw(t, "rejections are counted") {
		cfg.Within = time.Second
	}
	return &checkpoint{t: t, station: NewVerify(cfg), cfg: cfg, reached: r, now: clock, newest: map[int64]bool{}, bad: map[int64]bool{}, truth: map[string]verdictOf{}}
}

func (c *checkpoint) happen(ev Event) {
	c.reached["steps"]++
	c.expect(ev)
	carryAll(c.station, c.now, ev, func(Event) {}, c.carry)
	for seq := range c.bad {
		if c.newest[seq] || c.standing == "" {
			c.t.Errorf("product %d is bad, was not rejected, and the line stands: %v; newest of its batch: %v", seq, c.standing != "", c.newest[seq])
		}
		delete(c.bad, seq)
	}
	switch {
	case len(c.causes) > 0 && c.standing == "":
		c.t.Errorf("the line runs although %s", c.causes[0])
	case len(c.causes) == 0 && c.standing != "":
		c.t.Errorf("the line was stopped without a cause: %s", c.standing)
	case c.standing != "" && !c.owed && !c.output:
		c.t.Errorf("the stop output is clear although %s", c.standing)
	}
	if got := c.station.OwesStop(); got != (c.standing != "" && c.owed) {
		c.t.Errorf("a stop is owed: %v; the PLC has refused it: %v (%q)", got, c.owed, c.standing)
	}
	view := c.station.View()
	if c.standing != "" && view.State != "stopped" {
		c.t.Errorf("the view says %q (%s) although %s", view.State, view.Why, c.standing)
	}
	if view.Count["read"] != c.read {
		c.t.Errorf("%d readings came, the view counts %d", c.read, view.Count["read"])
	}
	if got := c.station.Permit().OK; got != (c.scanner && c.plc && !c.owed) {
		c.t.Errorf("the permit is %v with scanner %v and PLC %v", got, c.scanner, c.plc)
	}
}

func (c *checkpoint) cause(text string) { c.causes = append(c.causes, text) }

// expect notes what an event from outside means.
func (c *checkpoint) expect(ev Event) {
	switch ev := ev.(type) {
	case Scans:
		c.waiting = ev.Scans
		c.read += len(ev.Scans)
	case ScannerState:
		if !ev.Up && (c.scanner || c.read > 0) {
			c.cause("the scanner went away")
			c.reached["scanner gone"]++
		}
		c.scanner = ev.Up
	case PLCState:
		c.plc = ev.Up
	case StopOutput:
		if c.shown && !ev.Set && c.standing != "" {
			// What was rejected since the stop may have come after the restart.
			c.due = slices.DeleteFunc(c.due, func(until time.Time) bool { return !until.After(c.since.Add(c.cfg.Within)) })
			c.standing, c.causes, c.failures, c.owed = "", nil, 0, false
			c.reached["restarts"]++
			if !c.scanner && c.read > 0 {
				c.cause("restarted without the scanner")
			}
		}
		c.shown = ev.Set
	case CountedRejects:
		c.due = c.due[min(ev.N, len(c.due)):]
	case Tick:
		if len(c.due) > 0 && c.now.After(c.due[0]) {
			c.cause("a rejection was not counted in time")
			c.reached["rejections not counted"]++
			c.due = nil
		}
	}
}

func (c *checkpoint) carry(e Effect) Event {
	switch e := e.(type) {
	case VerifyCodes:
		return c.verdicts(e)
	case Reject:
		return c.reject(e)
	case StopLine:
		return c.stop(e)
	case OvertakenBefore:
		c.overtaken(e)
		if c.chance("the look for overtaken codes fails") {
			return Overtaken{Err: errDisk}
		}
		return Overtaken{N: rapid.IntRange(0, 1).Draw(c.t, "overtaken")}
	case Alarm:
	default:
		c.t.Fatalf("a verify station wants %s", shown([]Effect{e}))
	}
	return nil
}

func (c *checkpoint) chance(what string) bool {
	return !c.healthy && rapid.IntRange(0, 5).Draw(c.t, what+" (5: yes)") == 5
}

// verdicts answers for the readings that can be asked about and settles the account of the batch.
func (c *checkpoint) verdicts(e VerifyCodes) Event {
	answer := Verdicts{}
	if c.chance("the ledger fails") {
		answer.Err = errDisk
		c.reached["ledger failures"]++
	}
	asked := 0
	for _, s := range c.waiting {
		if s.NoRead || s.Bad != "" {
			continue
		}
		if asked >= len(e.Codes) || e.Codes[asked] != s.Code {
			c.t.Fatalf("asked about %v, the readings are %v", e.Codes, c.waiting)
		}
		asked++
	}
	if asked != len(e.Codes) {
		c.t.Fatalf("asked about %d codes, %d could be read", len(e.Codes), asked)
	}
	for _, code := range e.Codes {
		v := c.truth[string(code)]
		answer.Verdicts = append(answer.Verdicts, ledger.Verdict{Outcome: v.outcome, Claim: v.claim})
	}
	c.settle(answer.Err)
	if answer.Err != nil {
		answer.Verdicts = nil
	}
	return answer
}

func (c *checkpoint) settle(failed error) {
	batch := c.waiting
	c.waiting, c.fresh = nil, 0
	for i, s := range batch {
		if v := c.truth[string(s.Code)]; !s.NoRead && s.Bad == "" && failed == nil && v.outcome == ledger.Good {
			c.failures = 0
			c.reached["good"]++
			c.window = append(c.window, v.claim)
			c.fresh++
			continue
		}
		c.bad[s.Seq] = true
		c.failures++
		if i < len(batch)-1 {
			c.cause("an older product of a batch was bad")
			c.reached["older bad"]++
			continue
		}
		c.newest[s.Seq] = true
		if c.failures >= c.cfg.StopAfter {
			c.cause("too many failures came in a row")
			c.reached["failures in a row"]++
		}
	}
	if failed != nil {
		c.cause("the ledger did not answer")
	}
}

func (c *checkpoint) reject(e Reject) Event {
	if len(c.waiting) > 0 {
		c.settle(nil) // nothing of the batch could be asked about
	}
	if !c.newest[e.Seq] {
		c.t.Errorf("product %d is rejected: it is good, or not the newest of its batch, or was rejected before", e.Seq)
	}
	delete(c.newest, e.Seq)
	if c.cfg.Within > 0 {
		c.due = append(c.due, c.now.Add(c.cfg.Within))
	}
	delete(c.bad, e.Seq)
	c.reached["rejected"]++
	switch {
	case c.chance("the next product was read meanwhile"):
		c.cause("a verdict came too late")
		c.reached["too late"]++
		return TooLate(e)
	case !c.plc || c.chance("the PLC refuses the rejection"):
		c.cause("the reject output could not be set")
		return Failed{Effect: e, Err: errors.New("timeout")}
	}
	return nil
}

func (c *checkpoint) stop(e StopLine) Event {
	if len(c.waiting) > 0 {
		c.settle(nil)
	}
	switch {
	case c.standing != "" && !c.owed:
		c.t.Errorf("the stop is set again: %s, it stands already: %s", e.Cause, c.standing)
	case c.standing != "" && e.Cause != c.standing:
		c.t.Errorf("the stop is set again for %s, it was for %s", e.Cause, c.standing)
	}
	if c.standing == "" {
		c.since = c.now
	}
	c.standing = e.Cause
	c.reached["stops"]++
	if c.owed = !c.plc || c.chance("the PLC refuses the stop"); c.owed {
		c.reached["stops not taken"]++
		return Failed{Effect: e, Err: errors.New("timeout")}
	}
	c.output = true
	return nil
}

// overtaken holds the look for overtaken codes against the oldest claim of the last good reads,
// counted from one of this batch.
func (c *checkpoint) overtaken(e OvertakenBefore) {
	c.reached["overtaken"]++
	for end := len(c.window); end > len(c.window)-c.fresh && end >= c.cfg.Window; end-- {
		if slices.Min(c.window[end-c.cfg.Window:end]) == e.Claim {
			return
		}
	}
	c.t.Errorf("codes before claim %d are set aside, the last good reads are %v", e.Claim, c.window)
}

// batch makes readings of new products.
func (c *checkpoint) batch() Scans {
	s := Scans{}
	for range rapid.IntRange(1, 4).Draw(c.t, "readings") {
		c.seq++
		scan := Scan{Seq: c.seq, Code: codeNo(int(c.seq))}
		outcome := ledger.Good
		if c.chance("something is wrong with it") {
			outcome = ledger.Outcome(rapid.IntRange(int(ledger.Unknown), int(ledger.Unreadable)+2).Draw(c.t, "outcome"))
		}
		switch outcome {
		case ledger.Unreadable + 1:
			scan = Scan{Seq: c.seq, NoRead: true}
		case ledger.Unreadable + 2:
			scan.Bad = "the frame is too long"
		}
		c.truth[string(scan.Code)] = verdictOf{c.seq ^ 5, outcome} // products do not come in the order of claiming
		s.Scans = append(s.Scans, scan)
	}
	return s
}

// look reads the stop output back, as the PLC is polled.
func (c *checkpoint) look() { c.happen(StopOutput{Set: c.output}) }

func (c *checkpoint) history(n int) {
	pass := func(least time.Duration) func() {
		return func() {
			c.now = c.now.Add(least + time.Duration(rapid.IntRange(0, 4).Draw(c.t, "time"))*100*time.Millisecond)
			c.happen(Tick{})
		}
	}
	restart := func() { c.look(); c.output = false; c.look() }
	events := []happening{
		{"products are read", func() { c.happen(c.batch()) }},
		{"a tick", pass(0)},
		{"a person restarts the line", restart},
		{"all rejections are counted", func() {
			if len(c.due) > 0 {
				c.happen(CountedRejects{N: len(c.due)})
			}
		}},
		{"some rejections are counted", func() { c.happen(CountedRejects{N: rapid.IntRange(1, 3).Draw(c.t, "counted")}) }},
		{"the scanner is there", func() { c.happen(ScannerState{Up: true}) }},
		{"the PLC is there", func() { c.happen(PLCState{Up: true}) }},
		{"the stop output is read", c.look},
		{"a tick after long", pass(time.Second)},
		{"a tick", pass(0)},
		{"a person restarts the line", restart},
		{"someone else stops the line", func() { c.output = true }},
		{"the scanner is gone", func() { c.happen(ScannerState{Why: "no route"}) }},
		{"the PLC is gone", func() { c.happen(PLCState{Why: "no route"}) }},
	}
	if rapid.Bool().Draw(c.t, "all devices are there") {
		c.happen(ScannerState{Up: true})
		c.happen(PLCState{Up: true})
	}
	for range n {
		random(c.t, events)
	}
	c.healthy = true
	c.happen(PLCState{Up: true})
	c.happen(ScannerState{Up: true})
	c.happen(Tick{})
	if c.standing != "" && (c.owed || !c.output) {
		c.t.Errorf("with everything back the PLC was not told to stop although %s", c.standing)
	}
	restart()
	c.happen(c.batch())
	if c.standing != "" {
		c.t.Errorf("a restarted line with good products was stopped: %s", c.standing)
	}
}

// In no history does a product pass that was not found good: it is rejected while it is the one
// read last, else the line stands. Whatever leaves the station without knowledge stops the line,
// once for each cause, and the PLC is told until it has taken it.
func TestP6FailClosed_Verify(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) { newCheckpoint(t, r).history(700) })
	r.require(t, 30_000, "good", "rejected", "older bad", "too late", "ledger failures", "failures in a row", "rejections not counted",
		"scanner gone", "stops", "stops not taken", "restarts", "overtaken")
}
