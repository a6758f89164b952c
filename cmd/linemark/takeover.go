package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/host"
	"linemark/internal/ledger"
)

// takeOver declares the old PC dead. Without that PC's name it only says what would be done.
func (r *restoring) takeOver(ctx context.Context, c *console, cfg *config.Config) error {
	pc, was, home, err := r.ofWhom(ctx, cfg)
	if err != nil {
		return err
	}
	switch {
	case home && !r.atHome:
		return wrong(fmt.Errorf("this ledger is at home here, on PC %s: there is nothing to take over, and its whole stock would be doubtful", pc),
			"start the agent; if the disk was cloned and the other PC printed from it, add --at-home")
	case r.old == "":
		return wrong(fmt.Errorf("a takeover is a person's word that PC %s prints and sends nothing any more: what this ledger has in stock is doubtful from then on", pc),
			fmt.Sprintf("if that is so: linemark restore --takeover --config %s --old %q --reason \"WHO: HOW HE KNOWS\"", r.config, pc))
	case !strings.EqualFold(r.old, pc) && !strings.EqualFold(r.old, was):
		return wrong(fmt.Errorf("this ledger does not come from %q but from PC %q, agent %q", r.old, pc, was), "look which PC is dead, and which backup is its")
	case r.reason == "":
		return wrong(errors.New("a takeover needs --reason: who says that the old PC is dead, and how he knows"), `--reason "A. Karimov: its disk has burnt, the PC is in my office"`)
	}
	t, err := agent.TakeOver(ctx, cfg, agent.Options{Log: slog.New(slog.NewTextHandler(c.err, nil)), Program: programVersion()}, r.rename, ledger.Word{Reason: r.reason, Serials: r.serials})
	if t.PC == "" && err != nil {
		return failed(err, r.takeoverHint(err))
	}
	if r.json {
		err = errors.Join(err, printJSON(c.out, takenOver(t)))
	} else {
		r.tell(ctx, c, cfg, t)
	}
	switch _, serials := errors.AsType[*ledger.SerialsError](err); {
	case serials:
		return failed(err, r.takeoverHint(err))
	case errors.Is(err, context.Canceled):
		return failed(errors.New("interrupted"), "run it again before the agent is started: it goes on where it ended")
	case err != nil:
		return failed(fmt.Errorf("the ledger is not compared with the national system yet, and stays a copy: %w", err), "when the national system answers, run the same command again: it goes on where it ended")
	}
	return nil
}

func (r *restoring) takeoverHint(err error) string {
	if e, ok := errors.AsType[*ledger.SerialsError](err); ok {
		clock := ""
		if e.Behind > 0 {
			clock = "set this PC's clock, or "
		}
		return clock + fmt.Sprintf("read the last label that the old PC printed with prefix %s, and add --next-serial %s=NUMBER, one more than its serial number", e.Prefix, e.Prefix)
	}
	return host.Hint(err, r.config)
}

// ofWhom says where the ledger comes from, and whether it takes itself for one at home.
func (r *restoring) ofWhom(ctx context.Context, cfg *config.Config) (pc, was string, home bool, err error) {
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name, Of: r.rename})
	if err != nil {
		return "", "", false, failed(err, host.Hint(err, r.config))
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	o, err := l.Origin(ctx)
	return nameOf(o.PC, o.Agent), o.Agent, l.Copy() == nil, err
}

// takenOver is a takeover for programs.
func takenOver(t agent.Takeover) map[string]any {
	held := []int64{}
	for _, h := range t.Held {
		held = append(held, h.ID)
	}
	return map[string]any{"done": t.Done, "pc": t.PC, "since": t.Since, "doubtful": t.Codes, "recovered": sumUp(t.Recovered), "skipped_serials": t.Skipped, "held_reports": held, "loose": t.Loose}
}

// tell says what was done, and what a person may do now.
func (r *restoring) tell(ctx context.Context, c *console, cfg *config.Config, t agent.Takeover) {
	fmt.Fprintf(c.out, "%d codes are taken out of stock: PC %s may have printed them\n", t.Codes, t.PC)
	if t.Recovered != nil {
		sumUp(t.Recovered).print(c.out)
	}
	for _, s := range t.Skipped {
		fmt.Fprintf(c.out, "transport codes %s: serial numbers %d to %d are skipped\n", s.Prefix, s.From, s.To)
	}
	for _, h := range t.Held {
		fmt.Fprintf(c.out, "%s report %d, %d codes, waits for a person: PC %s may have reported them (linemark reports show %d)\n", h.Kind, h.ID, h.Codes, t.PC, h.ID)
	}
	for _, what := range t.Loose {
		fmt.Fprintf(c.out, "no report that waits could be made of %s: they are reported as usual, and the national system refuses what it knows\n", what)
	}
	l, err := ledger.OpenReader(ctx, cfg.Agent.DataDir)
	if err != nil {
		return
	}
	defer l.Close()
	orders, err := l.InDoubtByOrder(ctx)
	if err != nil || len(orders) == 0 {
		return
	}
	fmt.Fprintln(c.out, "Where somebody knows that none of an order was printed after the copy, they can be used again:")
	for _, o := range orders {
		if o.Order == "" {
			fmt.Fprintf(c.out, "  %d codes of %s were imported: linemark recover --release-from CODE, from the first that was not printed on\n", o.Codes, o.Product)
			continue
		}
		fmt.Fprintf(c.out, "  linemark recover --config %s --release-unused-order %s --reason \"WHO: HOW HE KNOWS\"    # %d codes of %s\n", r.config, o.Order, o.Codes, o.Product)
	}
	if t.Done {
		fmt.Fprintln(c.out, "the ledger is at home here: start the agent")
	}
}

// copyIs is what to do about a ledger that is a copy.
const copyIs = "if its old PC is dead: linemark restore --takeover; if it was only moved on this PC: linemark restore --moved"

func isCopy(err error) bool {
	_, ok := errors.AsType[*ledger.CopyError](err)
	return ok
}
