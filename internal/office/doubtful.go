package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

// Doubtful is which codes in doubt a person speaks of, and who he is: all of a cause, or single codes.
type Doubtful struct {
	// Of names a cause: its Product, Cause and UpTo must be given, as ledger.DoubtfulCause.Query does. What came into
	// doubt after the person has looked is not of those that he speaks of.
	Of         ledger.DoubtfulQuery
	Codes      []code.Code // full codes or identification codes
	By, Reason string      // who says so, and how he knows
}

// SettledDoubtful is what became of codes in doubt.
type SettledDoubtful struct {
	Dropped int
	Kept    []ledger.DropOutcome // that were not, and why: the first thousand
	KeptAll int                  // how many were not
}

// Lines wait for a commit of this many codes a few times a second at most; what is dropped within a minute is of one paper.
const (
	settledAtOnce = 200
	settledWithin = time.Minute
	mostKept      = 1000
)

// SettleDoubtful withdraws codes in doubt, on a person's word that they were found unprinted or destroyed. It is the
// only word that settles a doubt: that a code is on a good product only a scan can show, see ScanAt.
//
// The codes go in commits of their own, between which lines go on. When it ends early, with an error or because ctx
// has ended, what was dropped stays dropped, and another call goes on. A code that was read or changed in any other
// way since it was looked for is kept.
func (o Office) SettleDoubtful(ctx context.Context, which Doubtful, d ledger.Drop) (done SettledDoubtful, err error) {
	if d, err = o.paper(d); err != nil {
		return done, err
	}
	if err := which.check(d); err != nil {
		return done, err
	}
	d.Gather = settledWithin
	drop := func(found []ledger.DoubtfulCode) error {
		outs, err := o.Ledger.DropDoubtful(ctx, place, d, "by "+which.By+": "+which.Reason, found)
		for _, out := range outs {
			done.add(out)
		}
		return err
	}
	if len(which.Codes) > 0 {
		for codes := range slices.Chunk(which.Codes, settledAtOnce) {
			found, err := o.inDoubt(ctx, codes, &done)
			if err == nil {
				err = drop(found)
			}
			if err != nil {
				return done, err
			}
		}
		return done, nil
	}
	for which.Of.Limit = settledAtOnce; ; {
		found, err := o.Ledger.Doubtful(ctx, which.Of)
		if err != nil || len(found) == 0 {
			return done, err
		}
		if err := drop(found); err != nil {
			return done, err
		}
		which.Of.After = found[len(found)-1].Seq
	}
}

// check says what is wrong with what a person has given.
func (w Doubtful) check(d ledger.Drop) error {
	for _, t := range []struct{ name, value, hint string }{{"name", w.By, "say who does it"}, {"reason", w.Reason, "say how he knows: what was found, and where"}} {
		if t.value == "" || !prints(t.value) {
			return &InputError{fmt.Sprintf("a %s is needed that begins and ends with no blank", t.name), t.hint}
		}
	}
	cause := w.Of.Product != nil || w.Of.Line != nil || w.Of.Batch != nil || w.Of.Cause != nil || w.Of.UpTo != 0
	switch {
	case d.WithChild:
		return &InputError{"a container does not go with codes in doubt", "what is in it is not in doubt: linemark drop --with-child withdraws it"}
	case cause && len(w.Codes) > 0:
		return &InputError{"codes and a cause together mean nothing", "give single codes, or all of a cause"}
	case !cause && len(w.Codes) == 0:
		return noCode
	case cause && (w.Of.Product == nil || w.Of.Cause == nil || w.Of.UpTo <= 0):
		return &InputError{"a cause is named by its product, its text and how far it was counted", "take them from the list of causes: what came into doubt since then is not meant"}
	}
	return nil
}

// inDoubt finds single codes. What is not in doubt is kept.
func (o Office) inDoubt(ctx context.Context, codes []code.Code, done *SettledDoubtful) (found []ledger.DoubtfulCode, err error) {
	for _, text := range codes {
		c, err := o.Ledger.DoubtfulCode(ctx, text)
		var state *ledger.StateError
		switch {
		case err == nil:
			found = append(found, c)
		case errors.Is(err, ledger.ErrNotFound):
			done.add(ledger.DropOutcome{Code: text, Why: "not known here"})
		case errors.As(err, &state):
			done.add(ledger.DropOutcome{Code: text, Why: state.What})
		default:
			return nil, err
		}
	}
	return found, nil
}

func (s *SettledDoubtful) add(o ledger.DropOutcome) {
	s.Dropped += o.Codes
	if o.Why == "" {
		return
	}
	if s.KeptAll++; len(s.Kept) < mostKept {
		s.Kept = append(s.Kept, o)
	}
}

// ScanAt names the stations, as line/station, at which a scan shows that codes in doubt are on good products: it makes
// them verified (P3), and nothing else does. Of codes that were read while they were in stock no scan says more.
func (o Office) ScanAt(c ledger.DoubtfulCause) []string {
	var all []string
	for _, l := range o.Config.Lines {
		prints := slices.ContainsFunc(l.Stations, func(s config.Station) bool { return s.Kind == "print" && s.Product == c.Product })
		for _, s := range l.Stations {
			units := (s.Product == c.Product || s.Product == "" && prints) && (s.Kind == "verify" || s.Kind == "rework" || s.Kind == "pack" && s.Of == "" && s.Unverified != "refuse")
			label := s.Kind == "pack" && s.Unit == c.Product && s.PackMode == config.PackHand
			if (units || label) && c.Unprinted < c.Codes {
				all = append(all, l.Name+"/"+s.Name)
			}
		}
	}
	return all
}
