package check

import (
	"context"
	"errors"
	"fmt"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// judgeJournal wants one unbroken chain of entries, the last entry of each code to say the state in which
// it stands, and no way back: out of the stock once (P1), out of dropped never (P2). What a printer had
// when the agent ended must be set aside by its next start (P9).
func judgeJournal(v *Verdict, b book) {
	type thread struct {
		last    int64
		state   ledger.State
		claimed int
	}
	codes := make(map[int64]*thread, len(b.codes))
	started := int64(0) // the newest start of an agent
	for i, s := range b.journal {
		if want := b.journal[0].Seq + int64(i); s.Seq != want {
			v.find("P2", "the journal's entry %d is missing", want)
			return // every entry behind the gap would be found too
		}
		if s.Agent == "" {
			v.find("P2", "the journal's entry %d names no agent", s.Seq)
		}
		if s.Place == ledger.PlaceAgent && s.Cause == ledger.CauseStarted {
			started = s.Seq
		}
		if s.CodeID == 0 {
			continue
		}
		t := codes[s.CodeID]
		if t == nil { // its first entry follows that of its block
			t = &thread{last: s.Prev, state: ledger.InStock}
			codes[s.CodeID] = t
		}
		if s.Prev != t.last || s.Was != t.state {
			v.find("P2", "the journal's entry %d of code %d follows entry %d and %s, not %d and %s", s.Seq, s.CodeID, s.Prev, s.Was, t.last, t.state)
		}
		switch {
		case s.Now == s.Was:
		case s.Now == ledger.Claimed:
			if t.claimed++; t.claimed > 1 || s.Was != ledger.InStock {
				v.find("P1", "the journal's entry %d claims code %d, which was %s and claimed before: %v", s.Seq, s.CodeID, s.Was, t.claimed > 1)
			}
		case s.Now == ledger.InStock && (t.claimed > 0 || s.Was != ledger.Doubtful):
			v.find("P1", "the journal's entry %d returns code %d to the stock, which was %s", s.Seq, s.CodeID, s.Was)
		case s.Was == ledger.Dropped:
			v.find("P2", "the journal's entry %d makes code %d %s, which was dropped", s.Seq, s.CodeID, s.Now)
		}
		t.last, t.state = s.Seq, s.Now
	}
	for _, h := range b.codes {
		t := codes[h.ID]
		if t == nil {
			t = &thread{last: h.Last, state: ledger.InStock}
		}
		if t.last != h.Last || t.state != h.State {
			v.find("P2", "code %d is %s by its row (entry %d), %s by the journal (entry %d): %s", h.ID, h.State, h.Last, t.state, t.last, code.Visible(h.Code))
		}
		if h.State == ledger.Claimed && h.Last < started {
			v.find("P9", "a printer had it when an agent ended, and the next one has not set it aside: %s", code.Visible(h.Code))
		}
	}
}

// judgeSeals wants every entry of the journal to be the one that was written, and none to be missing (P2).
func judgeSeals(ctx context.Context, v *Verdict, l *ledger.Ledger) error {
	proof, err := l.VerifyJournal(ctx, nil)
	if broken, ok := errors.AsType[*ledger.BrokenError](err); ok {
		v.find("P2", "%v", broken)
		return nil
	}
	if err == nil && len(proof.Unproved) > 0 {
		err = fmt.Errorf("entries %d to %d of the journal are in an archive: %s", proof.Unproved[0].From, proof.Unproved[0].To, proof.Unproved[0].Why)
	}
	return err
}
