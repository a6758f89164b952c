package line

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"linemark/internal/ledger"
)

// fate is what the ledger was told of a claimed code.
type fate struct {
	sent    int // how often it was handed to the printer
	above   int // the session's count when it was sent
	told    string
	written bool // what was told is on disk
}

// printer is the world around a print station: a ledger that fails at times, a printer whose
// sessions end at any moment and whose counts may be late, repeated, of an old session or
// simply wrong, and a plain account of what the station did.
type printer struct {
	t       *rapid.T
	station *Print
	cfg     PrintConfig
	reached reached

	session int // 0: none
	permit  bool
	highest int  // count of this session
	rise    int  // how much the event that is being handled adds to the count
	down    bool // the event that is being handled ends or begins a session
	lent    bool // the printer is given away
	granted bool // by the event that is being handled
	out     []int64
	codes   map[int64]*fate
	records
	healthy bool
}

func newPrinter(t *rapid.T, cfg PrintConfig, r reached) *printer {
	cfg.Label = bare
	return &printer{t: t, station: NewPrint(cfg), cfg: cfg, reached: r, codes: map[int64]*fate{}}
}

// happen hands one event to the station and holds everything that follows against the account.
func (p *printer) happen(ev Event) {
	p.reached["steps"]++
	p.rise, p.down, p.granted = 0, false, false
	doubtful := p.out
	due := p.begin(ev)
	p.reached["records made again"] += len(due)
	switch ev := ev.(type) {
	case PrinterUp:
		p.session, p.highest, p.out, p.down, p.lent = ev.Session, 0, nil, true, false
	case PrinterDown:
		if ev.Session == p.session || ev.Session == 0 {
			p.session, p.out, p.down = 0, nil, true
		}
	case PrintedCount:
		if ev.Session == p.session && p.session != 0 {
			p.rise = max(0, ev.Count-p.highest)
			p.highest = max(p.highest, ev.Count)
		}
	case Permit:
		p.permit = ev.OK
	case Lend:
		p.granted = !p.lent && p.session != 0 && ev.Session == p.session && len(p.out) == 0
		p.lent = p.lent || p.granted
	case GivenBack:
		p.lent = false
	}
	carryAll(p.station, clock, ev, p.tell, p.carry)
	if missed := p.end(due); missed != nil {
		p.t.Errorf("records that failed were not made again: %s", shown(missed))
	}
	if !p.down {
		return
	}
	for _, id := range doubtful {
		p.reached["doubtful"]++
		if p.codes[id].told != "doubt" {
			p.t.Errorf("code %d was outstanding when the session ended and is %q, not in doubt", id, p.codes[id].told)
		}
	}
}

func recordIDs(e Effect) []int64 {
	switch e := e.(type) {
	case ConfirmCodes:
		return e.IDs
	case DoubtCodes:
		return e.IDs
	}
	return nil
}

func (p *printer) fails() bool {
	return !p.healthy && rapid.IntRange(0, 5).Draw(p.t, "the ledger (5: fails)") == 5
}

func (p *printer) carry(e Effect) Event {
	switch e := e.(type) {
	case ClaimCodes:
		return p.claimed(e)
	case SendLabels:
		p.send(e)
	case ConfirmCodes:
		p.confirm(e)
		return p.record(e)
	case DoubtCodes:
		p.told(e.IDs, "doubt")
		return p.record(e)
	case Alarm:
	case Reply:
		if (e.Why == "") != p.granted {
			p.t.Errorf("asked for the printer it says %q: given away %v, session %d, outstanding %v", e.Why, p.lent, p.session, p.out)
		}
		if p.granted {
			p.reached["given away"]++
		}
	default:
		p.t.Fatalf("a print station wants %s", shown([]Effect{e}))
	}
	return nil
}

func (p *printer) claimed(e ClaimCodes) Event {
	switch {
	case p.blocked():
		p.t.Errorf("codes are claimed while a record waits to be made again")
	case p.lent:
		p.t.Errorf("codes are claimed while the printer is given away")
	case p.session == 0 || !p.permit:
		p.t.Errorf("codes are claimed for session %d with permit %v", p.session, p.permit)
	case e.N <= 0 || len(p.out)+e.N > p.cfg.Ahead:
		p.t.Errorf("%d codes are claimed while %d of %d are outstanding", e.N, len(p.out), p.cfg.Ahead)
	}
	if p.fails() {
		return Claimed{Err: errDisk}
	}
	n := e.N
	if !p.healthy {
		n = rapid.IntRange(0, e.N).Draw(p.t, "codes in stock")
	}
	all := claims(len(p.codes)+1, n)
	for _, c := range all {
		p.codes[c.ID] = &fate{}
	}
	return Claimed{Claims: all}
}

func (p *printer) send(e SendLabels) {
	if e.Session != p.session || e.Session == 0 {
		p.t.Errorf("labels go to session %d while the printer's is %d", e.Session, p.session)
	}
	for _, l := range e.Labels {
		id, f := p.find(l)
		if f == nil {
			p.t.Fatalf("%q is sent and was never claimed", l.Code)
			return
		}
		if f.sent++; f.sent > 1 {
			p.t.Errorf("code %d is sent %d times", id, f.sent)
		}
		f.above = p.highest
		p.out = append(p.out, id)
		p.reached["sent"]++
	}
	if len(p.out) > p.cfg.Ahead {
		p.t.Errorf("%d labels are outstanding, the printer takes %d", len(p.out), p.cfg.Ahead)
	}
}

func (p *printer) find(l Label) (int64, *fate) {
	for id, f := range p.codes {
		if codeNo(int(id)) == l.Code {
			return id, f
		}
	}
	return 0, nil
}

// confirm checks a confirmation that is told for the first time.
func (p *printer) confirm(e ConfirmCodes) {
	if p.codes[e.IDs[0]].told == "confirmed" {
		p.told(e.IDs, "confirmed")
		return
	}
	if p.rise < len(e.IDs) {
		p.t.Errorf("%d codes are confirmed by a count that has risen by %d", len(e.IDs), p.rise)
	}
	if len(e.IDs) > len(p.out) || !slices.Equal(e.IDs, p.out[:len(e.IDs)]) {
		p.t.Fatalf("%v are confirmed, outstanding in this order are %v", e.IDs, p.out)
	}
	if p.cfg.Alone && p.cfg.Ahead == 1 && len(p.out) != 1 {
		p.t.Errorf("a code is confirmed by its identity while %d are outstanding", len(p.out))
	}
	if want := map[bool]ledger.Evidence{true: ledger.ByIdentity, false: ledger.ByCount}[p.cfg.Alone]; e.Evidence != want {
		p.t.Errorf("the evidence is %d, want %d for a printer that is alone: %v", e.Evidence, want, p.cfg.Alone)
	}
	for _, id := range e.IDs {
		if p.highest <= p.codes[id].above {
			p.t.Errorf("code %d is confirmed by a count from before it was sent", id)
		}
	}
	p.out = slices.Clone(p.out[len(e.IDs):])
	p.told(e.IDs, "confirmed")
	p.reached["confirmed"] += len(e.IDs)
}

// told notes what the ledger is told of codes. One that is on disk is not told again, and none
// is told two things.
func (p *printer) told(ids []int64, what string) {
	for _, id := range ids {
		f := p.codes[id]
		switch {
		case f == nil || f.sent == 0:
			p.t.Fatalf("%s for code %d, which was never sent", what, id)
		case f.told != "" && f.told != what:
			p.t.Errorf("%s for code %d, which is %s already", what, id, f.told)
		case f.written:
			p.t.Errorf("%s for code %d, which is on disk", what, id)
		case what == "doubt" && slices.Contains(p.out, id):
			p.t.Errorf("code %d is put into doubt while its session goes on", id)
		}
		f.told = what
	}
}

func (p *printer) record(e Effect) Event {
	fails := p.fails()
	for _, id := range recordIDs(e) {
		p.codes[id].written = !fails
	}
	return p.answer(e, fails)
}

// history lets n random things happen, then a quiet time in which the ledger works.
func (p *printer) history(n int) {
	begun := 0
	up := func() { begun++; p.happen(PrinterUp{Session: begun}) }
	anySession := func() int { return rapid.IntRange(0, begun+1).Draw(p.t, "session") }
	events := []happening{
		{"one label more is counted", func() { p.happen(PrintedCount{Session: p.session, Count: p.highest + 1}) }},
		{"a tick", func() { p.happen(Tick{}) }},
		{"the line may mark", func() { p.happen(Permit{OK: true}) }},
		{"some labels more are counted", func() {
			p.happen(PrintedCount{Session: p.session, Count: p.highest + rapid.IntRange(0, 3).Draw(p.t, "more")})
		}},
		{"a session begins", up},
		{"the session ends", func() { p.happen(PrinterDown{Session: p.session, Why: "paper out"}) }},
		{"the line may not mark", func() { p.happen(Permit{Why: "the scanner behind"}) }},
		{"any count of any session", func() {
			p.happen(PrintedCount{Session: anySession(), Count: rapid.IntRange(0, 20).Draw(p.t, "count")})
		}},
		{"any session ends", func() { p.happen(PrinterDown{Session: anySession(), Why: "paper out"}) }},
		{"the printer is asked for", func() { p.happen(Lend{No: 1, Session: p.session}) }},
		{"it is asked for by any session", func() { p.happen(Lend{No: 1, Session: anySession()}) }},
		{"it is given back", func() { p.happen(GivenBack{}) }},
	}
	up()
	p.happen(Permit{OK: true})
	for range n {
		random(p.t, events)
	}
	p.healthy = true
	p.happen(Tick{})
	p.happen(PrinterDown{Why: "the end"})
	if len(p.failed) > 0 {
		p.t.Errorf("records that nobody made again: %s", shown(p.failed))
	}
	for id, f := range p.codes {
		if f.sent != 1 || !f.written {
			p.t.Errorf("code %d was claimed, sent %d times, and is in the ledger as %q (on disk: %v)", id, f.sent, f.told, f.written)
		}
	}
}

// In no history is a code handed to a printer twice, to an old session, or without a claim on
// disk. What a session's end leaves is in doubt and is never confirmed; what was counted is
// confirmed and never in doubt; each exactly once, however often the ledger fails.
func TestP1Once_Print(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) {
		cfg := PrintConfig{Ahead: rapid.IntRange(1, 5).Draw(t, "ahead")}
		newPrinter(t, cfg, r).history(500)
	})
	r.require(t, 20_000, "sent", "confirmed", "doubtful", "records made again", "given away")
}

// A code is recorded as applied on its own evidence only where the printer's word names it:
// where identities are told, or one label at a time is outstanding.
func TestP3Evidence_Print(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) {
		cfg := PrintConfig{Ahead: 1, Alone: rapid.Bool().Draw(t, "alone")}
		if rapid.Bool().Draw(t, "tells identities") {
			cfg = PrintConfig{Ahead: rapid.IntRange(1, 5).Draw(t, "ahead"), Alone: true}
		}
		newPrinter(t, cfg, r).history(250)
	})
	r.require(t, 10_000, "sent", "confirmed")
}
