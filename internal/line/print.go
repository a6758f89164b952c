package line

import (
	"time"

	"linemark/internal/ledger"
)

// PrintConfig is what a print station is told.
type PrintConfig struct {
	Ahead int // codes kept in the printer's buffer
	// Alone says that a confirmation names its label: the printer tells identities, or it
	// counts and never has more than one label outstanding (Ahead 1).
	Alone bool
	// Silent says that the printer tells nothing of what it has printed: a label is taken to have
	// left it when its code, or a later one, was read behind it.
	Silent bool
	// TellGiven says that the order of this printer's codes is the order of the products on the line.
	TellGiven bool
	Label     func(ledger.Claim) Label
}

// Print keeps a marking printer fed. Every code is sent at most once: it is claimed on disk,
// sent in one session, and what that session's end leaves unconfirmed goes into doubt (P1).
type Print struct {
	status
	cfg     PrintConfig
	session int // 0: none
	lent    bool
	permit  Permit
	out     []ledger.Claim // sent in this session, not counted yet, in order
	printed int            // counted in this session
	retry   []Effect       // records the ledger did not take; nothing is claimed before they are in
}

// NewPrint returns a print station. It feeds nothing before a Permit.
func NewPrint(c PrintConfig) *Print {
	p := &Print{cfg: c, permit: Permit{Why: "the line is starting"}}
	p.set(time.Time{}, "waiting", "the printer")
	return p
}

// Step implements Station.
func (p *Print) Step(now time.Time, ev Event) []Effect {
	switch ev := ev.(type) {
	case PrinterUp:
		effects := p.fence("the printer's session began anew")
		p.session, p.printed, p.lent = ev.Session, 0, false
		return append(effects, p.feed(now)...)
	case PrinterDown:
		if ev.Session != p.session && ev.Session != 0 {
			return nil
		}
		effects := p.fence(ev.Why)
		p.session = 0
		p.set(now, "waiting", "the printer: "+ev.Why)
		return effects
	case PrintedCount:
		return append(p.counted(ev), p.feed(now)...)
	case Seen:
		return p.seen(now, ev)
	case Lend:
		return p.lend(ev)
	case GivenBack:
		p.lent = false
		return p.feed(now)
	case Permit:
		p.permit = ev
		return p.feed(now)
	case Claimed:
		return p.claimed(now, ev)
	case Recorded:
		if ev.Err != nil {
			p.retry = append(p.retry, ev.Effect)
			p.set(now, "stopped", ev.Err.Error())
		}
	case Tick:
		if len(p.retry) > 0 {
			again := p.retry
			p.retry = nil
			return again
		}
		return p.feed(now)
	}
	return nil
}

// fence puts everything outstanding into doubt: nobody can tell what the printer did with it.
func (p *Print) fence(why string) []Effect {
	if len(p.out) == 0 {
		return nil
	}
	ids := claimIDs(p.out)
	p.out = nil
	p.count("doubtful", len(ids))
	return []Effect{DoubtCodes{IDs: ids, Cause: why}, Alarm{Text: plural(len(ids), "code") + " of unknown fate after: " + why}}
}

func (p *Print) counted(ev PrintedCount) []Effect {
	if ev.Session != p.session || p.session == 0 {
		return nil
	}
	n := min(ev.Count-p.printed, len(p.out))
	// What is counted above the labels that were sent is no evidence for those that follow.
	p.printed = max(p.printed, ev.Count)
	if n <= 0 {
		return nil
	}
	done := p.out[:n]
	p.out = append([]ledger.Claim(nil), p.out[n:]...)
	p.count("printed", n)
	evidence := ledger.ByCount
	if p.cfg.Alone {
		evidence = ledger.ByIdentity
	}
	return []Effect{ConfirmCodes{IDs: claimIDs(done), Evidence: evidence}}
}

// seen makes room in a printer that says nothing. It is no evidence: the scan itself is.
func (p *Print) seen(now time.Time, ev Seen) []Effect {
	if !p.cfg.Silent {
		return nil
	}
	left := 0
	for left < len(p.out) && p.out[left].Seq <= ev.Claim {
		left++
	}
	p.out = append([]ledger.Claim(nil), p.out[left:]...)
	p.count("printed", left)
	return p.feed(now)
}

// feed asks for codes when there is room. One request at a time: its answer comes before the
// next event.
func (p *Print) feed(now time.Time) []Effect {
	switch {
	case p.session == 0 || p.lent:
		return nil
	case len(p.retry) > 0:
		return nil
	case !p.permit.OK:
		p.set(now, "waiting", p.permit.Why)
		return nil
	}
	if room := p.cfg.Ahead - len(p.out); room > 0 {
		return []Effect{ClaimCodes{N: room}}
	}
	p.set(now, "running", "")
	return nil
}

func (p *Print) claimed(now time.Time, ev Claimed) []Effect {
	switch {
	case ev.Err != nil:
		p.set(now, "stopped", ev.Err.Error())
		return nil
	case len(ev.Claims) == 0 && len(p.out) == 0:
		told := p.view.Why == noCodes
		p.set(now, "waiting", noCodes)
		if told || p.view.Count["sent"] == 0 {
			return nil // known, or the first codes have not come yet
		}
		return []Effect{Alarm{Text: "no codes are left in stock: marking waits until supply brings some"}}
	case len(ev.Claims) == 0:
		return nil
	}
	p.set(now, "running", "")
	p.out = append(p.out, ev.Claims...)
	labels := make([]Label, len(ev.Claims))
	for i, c := range ev.Claims {
		labels[i] = p.cfg.Label(c)
	}
	p.count("sent", len(labels))
	var effects []Effect
	if p.cfg.TellGiven { // first: no product may be read before its code is expected
		given := make([]int64, len(ev.Claims))
		for i, c := range ev.Claims {
			given[i] = c.Seq
		}
		effects = append(effects, TellGiven{Claims: given})
	}
	return append(effects, SendLabels{Session: p.session, Labels: labels})
}

// noCodes is what the station waits for when the stock has run out.
const noCodes = "codes: none in stock"

func claimIDs(claims []ledger.Claim) []int64 {
	ids := make([]int64, len(claims))
	for i, c := range claims {
		ids[i] = c.ID
	}
	return ids
}
