package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/supply"
)

// Takeover says what TakeOver has done. What it holds counts also when it ends with an error.
type Takeover struct {
	ledger.Takeover
	Recovered []supply.Recovered // what the server knew and the copy did not
	Held      []ledger.Report    // of what may have been reported already: they wait for a person
	Loose     []string           // what could not be put into such a report, and why: it is reported as usual
	Done      bool               // the ledger is at home here; else it is still a copy
}

// TakeOver takes the place of the agent whose ledger this is a copy of: its PC is dead, by a person's word
// (see ledger.BeginTakeover). What the copy has in stock is in doubt from then on, with or without a
// network. Then it is compared with the national system, and only then it is no copy any more: called
// again, it goes on. The agent must not run. of is another agent whose ledger it may be; empty: none.
func TakeOver(ctx context.Context, cfg *config.Config, o Options, of string, w ledger.Word) (t Takeover, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	lo := ledgerOptions(cfg, o)
	lo.Of = of
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, lo)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for _, line := range cfg.Lines {
		for _, s := range line.Stations {
			if s.SSCCPrefix != "" && s.Printer != "" {
				w.Prefixes = append(w.Prefixes, s.SSCCPrefix)
			}
		}
	}
	if t.Takeover, err = l.BeginTakeover(ctx, w); err != nil {
		return t, err
	}
	s, err := newSystem(cfg, l, o)
	if err != nil {
		return t, err
	}
	if t.Recovered, err = recoverAll(ctx, cfg, l, s.past(), o.Log); err != nil {
		return t, err
	}
	if err := t.hold(ctx, cfg, l, s); err != nil {
		return t, err
	}
	if err := l.EndTakeover(ctx); err != nil {
		return t, err
	}
	t.Done = true
	return t, nil
}

// ledgerOptions are those with which every ledger of an agent is opened.
func ledgerOptions(cfg *config.Config, o Options) ledger.Options {
	return ledger.Options{Took: o.took, Agent: cfg.Agent.Name, Now: o.Now, Program: o.Program, Home: o.Home, Progress: func(what string) {
		o.Log.Info(what, "ledger", cfg.Agent.DataDir)
		if o.Progress != nil {
			o.Progress(what)
		}
	}}
}

// hold puts what is due into reports that wait for a person: the old PC has had the same evidence, and
// may have reported it under other ids (P5).
func (t *Takeover) hold(ctx context.Context, cfg *config.Config, l *ledger.Ledger, n system) error {
	add := func(r ledger.Report, what string, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			t.Loose = append(t.Loose, fmt.Sprintf("%s: %v", what, err))
		case r.Codes > 0:
			t.Held = append(t.Held, r)
		}
		return nil
	}
	if err := n.watched().wallClock(); err != nil {
		return err // reports are frozen with their date
	}
	dues, err := l.DueUtilisation(ctx, cfg.Report.Utilisation.UsageType)
	if err != nil {
		return err
	}
	for _, d := range dues {
		if !n.NeedsUtilisation(d.Product.Group) {
			continue
		}
		for left := d.Count; left > 0; left -= cfg.Report.Utilisation.MaxCodes {
			r, err := l.HoldUtilisation(ctx, d, cfg.Report.Utilisation.MaxCodes, n.Utilisation)
			if add(r, fmt.Sprintf("%d codes of %s, line %s, batch %q", left, d.Product.Name, d.Line, d.Batch), err) != nil {
				return ctx.Err()
			}
			if err != nil {
				break
			}
		}
	}
	boxes, err := l.DueAggregation(ctx, n.NeedsUtilisation)
	if err != nil {
		return err
	}
	for _, d := range boxes {
		for range d.Containers {
			r, err := l.HoldAggregation(ctx, d, n.NeedsUtilisation(d.Group), cfg.Report.Aggregation.MaxCodes, n.Aggregation)
			if add(r, fmt.Sprintf("%d containers of line %s, batch %q", d.Containers, d.Line, d.Batch), err) != nil {
				return ctx.Err()
			}
			if err != nil || r.Codes == 0 {
				break
			}
		}
	}
	drops, err := l.DueDropouts(ctx, cfg.Report.Utilisation.UsageType, n.NeedsUtilisation)
	if err != nil {
		return err
	}
	for _, d := range drops {
		r, err := l.HoldDropout(ctx, d, n.NeedsUtilisation(d.Group), maxHeldDropout, n.Dropout)
		if add(r, fmt.Sprintf("%d dropped codes of line %s, batch %q", d.Count, d.Line, d.Batch), err) != nil {
			return ctx.Err()
		}
	}
	return nil
}

// maxHeldDropout is the most codes of a dropout report (document, chapter 3, footnote 3).
const maxHeldDropout = 30_000
