package line

import (
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// LabelConfig says what code a container gets and how it comes onto it.
type LabelConfig struct {
	SSCC    bool // a transport code; else a group code from stock
	Printer bool // a label is printed
	Check   bool // a scanner reads the printed label: its reading is the evidence
	// CheckWithin is how long the reading may take.
	CheckWithin time.Duration
	Group       func(ledger.Claim) Label
	SSCCOf      func(sscc code.Code, number int) Label
}

// labelling gives full containers their codes, one at a time: with a single label outstanding,
// the printer's count says which label came out.
type labelling struct {
	cfg     LabelConfig
	queue   []ledger.ContainerID
	stage   stage
	claim   ledger.Claim
	sscc    code.Code
	session int // of the printer; 0: none
	lent    bool
	sent    int // labels sent in this session
	base    int // the session's count without the label outstanding
	counted int
	until   time.Time // the check reading must have come
	again   again
}

type stage int

const (
	idle      stage = iota
	taking          // a code is being taken
	printing        // its label is at the printer
	checking        // its label is out and must be read
	closing         // the ledger is told
	repeating       // the label of a closed container is at the printer once more
)

func (l *labelling) add(id ledger.ContainerID) []Effect {
	l.queue = append(l.queue, id)
	return l.begin()
}

// next ends the container at the head of the queue.
func (l *labelling) next() []Effect {
	l.queue, l.stage = l.queue[1:], idle
	l.claim, l.sscc = ledger.Claim{}, ""
	return l.begin()
}

func (l *labelling) begin() []Effect {
	if l.stage != idle || len(l.queue) == 0 || (l.cfg.Printer && (l.session == 0 || l.lent)) {
		return nil
	}
	l.stage = taking
	if l.cfg.SSCC {
		return []Effect{TakeSSCC{}}
	}
	return []Effect{ClaimCodes{N: 1}}
}

func (l *labelling) step(now time.Time, ev Event, p *packing) []Effect {
	switch ev := ev.(type) {
	case PrinterUp:
		effects := l.lost("the printer's session began anew", p)
		l.session, l.sent, l.base, l.counted, l.lent = ev.Session, 0, 0, 0, false
		p.set(now, "running", "")
		return append(effects, l.begin()...)
	case PrinterDown:
		if ev.Session != 0 && ev.Session != l.session {
			return nil
		}
		l.session = 0 // first: the next container must take no code for a session that has ended
		p.set(now, "waiting", "the printer: "+ev.Why)
		return l.lost(ev.Why, p)
	case PrintedCount:
		return l.printed(now, ev)
	case Lend:
		return l.lend(ev)
	case GivenBack:
		l.lent = false
		return l.begin()
	case Claimed:
		return l.claimed(now, ev, p)
	case TakenSSCC:
		return l.taken(now, ev, p)
	case CheckScan:
		return l.checked(ev.Scan, p)
	case PrintAgain:
		return l.repeat(now, ev)
	case Tick:
		if l.stage == repeating && now.After(l.again.until) {
			return l.repeated("the printer has said nothing for " + againWithin.String())
		}
		if l.stage != repeating && now.After(l.again.until) {
			l.again.read = "" // later it is on a container where nobody expects it
		}
		if l.stage == checking && now.After(l.until) {
			return l.lost("its label was not read in "+l.cfg.CheckWithin.String(), p)
		}
		return l.begin()
	}
	return nil
}

func (l *labelling) claimed(now time.Time, ev Claimed, p *packing) []Effect {
	l.stage = idle // tried again at the next tick
	switch {
	case ev.Err != nil:
		p.set(now, "stopped", ev.Err.Error())
		return nil
	case len(ev.Claims) == 0:
		p.set(now, "waiting", "group codes: none in stock")
		return nil
	}
	l.claim = ev.Claims[0]
	return l.send(l.cfg.Group(l.claim))
}

func (l *labelling) taken(now time.Time, ev TakenSSCC, p *packing) []Effect {
	l.stage = idle
	if ev.Err != nil {
		p.set(now, "stopped", ev.Err.Error())
		return nil
	}
	l.sscc = ev.SSCC
	if !l.cfg.Printer {
		return l.close(ledger.ByIdentity)
	}
	return l.send(l.cfg.SSCCOf(l.sscc, ev.Number))
}

func (l *labelling) send(label Label) []Effect {
	// A label before this one may have been read, and its count is still to come.
	l.stage, l.base = printing, max(l.counted, l.sent)
	l.sent++
	return []Effect{SendLabels{Session: l.session, Labels: []Label{label}}}
}

func (l *labelling) printed(now time.Time, ev PrintedCount) []Effect {
	if ev.Session != l.session {
		return nil
	}
	l.counted = ev.Count
	if l.stage == repeating && l.counted > l.base {
		return l.repeated("")
	}
	if l.stage != printing || l.counted <= l.base {
		return nil
	}
	if l.cfg.Check {
		l.stage, l.until = checking, now.Add(l.cfg.CheckWithin)
		return nil
	}
	return l.close(ledger.ByIdentity)
}

func (l *labelling) close(ev ledger.Evidence) []Effect {
	l.stage = closing
	return []Effect{CloseContainer{Container: l.queue[0], Claim: l.claim, SSCC: l.sscc, Evidence: ev}}
}

// checked compares the reading of a label with what was sent to the printer, byte for byte.
func (l *labelling) checked(s Scan, p *packing) []Effect {
	switch {
	case l.again.read != "" && s.Code == l.again.read:
		if l.again.read = ""; l.stage == repeating {
			return l.repeated("")
		}
		return nil
	case l.stage == repeating:
		return l.repeated("its label was read as something else: " + code.Visible(s.Code))
	}
	if l.stage != checking && l.stage != printing {
		return []Effect{Alarm{Text: "a container label was read while none was expected: " + code.Visible(s.Code)}}
	}
	want := l.claim.Code
	if l.cfg.SSCC {
		want = l.sscc
	}
	if s.NoRead || s.Bad != "" || s.Code != want {
		return l.lost("its label was read as something else: "+code.Visible(s.Code), p)
	}
	return l.close(ledger.ByScan)
}

// lost gives the container under way to a person: whether its label came out, and which one,
// nobody can tell. A new code for it would perhaps be its second label.
func (l *labelling) lost(why string, p *packing) []Effect {
	if l.stage == repeating {
		return l.repeated(why)
	}
	if l.stage != printing && l.stage != checking {
		return nil
	}
	p.count("aside", 1)
	effects := []Effect{AsideContainer{Container: l.queue[0], Cause: "label in doubt: " + why}}
	if l.claim.ID != 0 {
		effects = append(effects, DoubtCodes{IDs: []int64{l.claim.ID}, Cause: why})
	}
	effects = append(effects, Alarm{Text: "container set aside, its label is in doubt: " + why})
	effects = append(effects, p.refuse()...)
	return append(effects, l.next()...)
}

// mostWaiting is how many full containers may wait for their label before marking waits too.
const mostWaiting = 8

// permit says whether more products may be marked: whether their containers could be labelled.
func (l *labelling) permit() Permit {
	switch {
	case !l.cfg.Printer:
	case l.session == 0:
		return Permit{Why: "the label printer behind"}
	case len(l.queue) > mostWaiting:
		return Permit{Why: "the label printer behind: " + plural(len(l.queue), "full container")}
	}
	return Permit{OK: true}
}
