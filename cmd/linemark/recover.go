package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/supply"
)

func runRecover(ctx context.Context, c *console, args []string) error {
	var path string
	var asJSON bool
	var w vow
	err := noArguments(c, "recover", args, func(fs *flag.FlagSet) {
		configFlag(fs, &path)
		fs.BoolVar(&asJSON, "json", false, "tell in JSON what was done")
		fs.StringVar(&w.order, "release-unused-order", "", "return the recovered codes of this `ORDER` to stock: none of them was printed")
		fs.StringVar(&w.from, "release-from", "", "return the recovered codes to stock from this `CODE` on: none of these was printed")
		fs.StringVar(&w.reason, "reason", "", "who vouches for a release and how he knows; it goes into the journal")
	})
	if err != nil {
		return err
	}
	if err := w.check(); err != nil {
		return err
	}
	if w.order+w.from != "" {
		return w.release(ctx, c, path, asJSON)
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	if err := alone(cfg); err != nil {
		return err
	}
	found, err := agent.Recover(ctx, cfg, agent.Options{Log: slog.New(slog.NewTextHandler(c.err, nil))})
	s := sumUp(found)
	switch {
	case asJSON:
		err = errors.Join(err, printJSON(c.out, s))
	case len(found) > 0:
		s.print(c.out)
	case err == nil:
		fmt.Fprintln(c.out, "nothing to recover: the ledger has every order that the national system knows")
	}
	switch {
	case errors.Is(err, context.Canceled):
		return failed(errors.New("interrupted"), "run it again before the agent is started: it goes on where it ended")
	case errors.Is(err, ledger.ErrInUse):
		return err
	case err != nil:
		return failed(fmt.Errorf("not all could be recovered: %w", err), "run it again before the agent is started: it goes on where it ended")
	case s.refused > 0:
		return failed(fmt.Errorf("the national system refused to read %d open orders again", s.refused), "run it again later, before the agent is started; what was refused, and why, is told above")
	}
	return nil
}

// alone makes sure that no agent works on the ledger.
func alone(cfg *config.Config) error {
	if !ledger.Locked(cfg.Agent.DataDir) {
		return nil
	}
	return failed(fmt.Errorf("another linemark works on %s", cfg.Agent.DataDir), "stop the agent, recover, and start it again")
}

// recovery is what a recovery did, for programs.
type recovery struct {
	Orders     int                `json:"orders"` // taken up
	Blocks     int                `json:"blocks"`
	Codes      int                `json:"codes"` // now doubtful
	Recovered  []supply.Recovered `json:"recovered"`
	Unreadable []supply.Recovered `json:"unreadable"`
	refused    int
}

func sumUp(found []supply.Recovered) recovery {
	s := recovery{Recovered: []supply.Recovered{}, Unreadable: []supply.Recovered{}}
	for _, r := range found {
		s.Blocks += r.Blocks
		s.Codes += r.Codes
		if r.TakenUp() {
			s.Orders++
			s.Recovered = append(s.Recovered, r)
		} else {
			s.Unreadable = append(s.Unreadable, r)
		}
		if r.Refused {
			s.refused++
		}
	}
	return s
}

func (s recovery) print(w io.Writer) {
	for _, r := range s.Recovered {
		fmt.Fprintf(w, "order %s of %s is taken up: %d blocks, %d of %d codes recovered as doubtful\n", r.Order, r.Product, r.Blocks, r.Codes, r.Quantity)
	}
	for _, r := range s.Unreadable {
		fmt.Fprintf(w, "order %s of %s %s\n", r.Order, r.Product, unreadable(r))
	}
	fmt.Fprintf(w, "orders taken up: %d; blocks: %d; codes recovered as doubtful: %d; orders not recovered, or not whole: %d\n", s.Orders, s.Blocks, s.Codes, len(s.Unreadable))
}

// unreadable tells why an order was not recovered, or not whole.
func unreadable(r supply.Recovered) string {
	why := ""
	if r.Reason != "" {
		why = ": " + r.Reason
	}
	part := ""
	if r.Blocks > 0 {
		part = fmt.Sprintf(" (%d blocks, %d codes recovered as doubtful)", r.Blocks, r.Codes)
	}
	switch {
	case r.Quarantined > 0:
		return fmt.Sprintf("is given up, %d of its blocks are kept apart%s%s", r.Quarantined, part, why)
	case r.State == ledger.Refused:
		return "was rejected: it has no codes" + why
	case r.State == ledger.Shut, r.State == ledger.Expired:
		return fmt.Sprintf("is %s: its %d codes cannot be read again%s", r.State, r.Unreadable, why)
	case r.Refused:
		return fmt.Sprintf("was refused: its %d codes were not read again%s%s", r.Unreadable, part, why)
	}
	return fmt.Sprintf("was not finished: its %d codes are still to be read%s", r.Unreadable, part)
}

// vow is an engineer's word that codes were not printed.
type vow struct{ order, from, reason string }

func (w vow) check() error {
	switch {
	case w.order != "" && w.from != "":
		return wrong(errors.New("--release-unused-order and --release-from together mean nothing"), "release an order, or the codes from one on")
	case w.order+w.from == "" && w.reason != "":
		return wrong(errors.New("--reason belongs to a release"), "add --release-unused-order ORDER or --release-from CODE")
	case w.order+w.from != "" && w.reason == "":
		return wrong(errors.New("a release needs --reason: who vouches for these codes, and how he knows"), `--reason "A. Karimov: the order was never started"`)
	}
	return nil
}

// release takes the word, unless a camera has said otherwise since.
func (w vow) release(ctx context.Context, c *console, path string, asJSON bool) (err error) {
	cfg, err := loadForCodes(path)
	if err != nil {
		return err
	}
	var first code.Code
	if w.from != "" {
		if first, err = codeArgument(c, []string{w.from}); err != nil {
			return err
		}
	}
	if err := alone(cfg); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(cfg.Agent.DataDir, ledger.FileName)); err != nil {
		return failed(fmt.Errorf("there is no ledger in %s", cfg.Agent.DataDir), "linemark recover --config "+path+" makes one")
	}
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	n, read := 0, 0
	if w.order != "" {
		if err := known(ctx, l, w.order); err != nil {
			return err
		}
		read, err = l.ReadOfOrder(ctx, w.order)
	} else {
		read, err = l.ReadFrom(ctx, first)
	}
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return failed(fmt.Errorf("%w: %s", err, code.Visible(first)), "linemark codes export --state doubtful --ident lists the recovered codes in the order of their issue")
	case err != nil:
		return err
	case read > 0:
		return failed(fmt.Errorf("%d of these codes were read on products since they were recovered: nothing was released", read), "codes around them may be on products too: release only from a code on that is well behind the last one found")
	}
	if w.order != "" {
		n, err = l.ReleaseOrder(ctx, w.order, w.reason)
	} else {
		n, err = l.ReleaseFrom(ctx, first, w.reason)
	}
	if asJSON {
		err = errors.Join(err, printJSON(c.out, map[string]int{"released": n}))
	} else {
		fmt.Fprintf(c.out, "%d codes returned to stock\n", n)
	}
	return err
}

// known makes sure that an order is in the ledger: a wrong number would release nothing in silence.
func known(ctx context.Context, l *ledger.Ledger, order string) error {
	orders, err := l.Orders(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(orders, func(o ledger.Order) bool { return o.ServerID == order }) {
		return failed(fmt.Errorf("order %q is not in the ledger", order), "linemark recover tells the numbers of the orders that it takes up, linemark trace CODE that of a code")
	}
	return nil
}
