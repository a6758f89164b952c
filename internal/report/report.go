// Package report tells the national system what happened: it builds reports from the ledger,
// freezes them there, and sees each one through to the server's last word (P3, P5).
package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/retry"
)

// Papers make the exact bytes of reports.
type Papers interface {
	Utilisation(r ledger.Report, codes []code.Code) ([]byte, error)
	Aggregation(r ledger.Report, units []ledger.AggregationUnit) ([]byte, error)
	Dropout(r ledger.Report, d ledger.Drop, codes []code.Code) ([]byte, error)
}

// System is the national system as reports need it.
type System interface {
	Papers
	// Send hands exactly these bytes over and returns the server's id of the report.
	Send(ctx context.Context, r ledger.Report, body []byte) (string, error)
	// State asks what became of a report.
	State(ctx context.Context, r ledger.Report) (State, string, error)
	// Ready returns why nothing can be sent now, or nil: an outage that is known.
	Ready() error
	// NeedsUtilisation says whether a group's utilisation is reported by hand.
	NeedsUtilisation(group string) bool
}

// State is the server's word on a report.
type State int

// The states. A status that nobody knows is Working: never taken for a success or a failure.
const (
	Working State = iota
	Sent
	Rejected
)

// Config is when reports go.
type Config struct {
	UsageType        string // what VERIFIED units are reported as
	UtilisationEvery time.Duration
	UtilisationMax   int
	AggregationEvery time.Duration
	AggregationMax   int
	Ask              bool          // a report in doubt waits for a person's word; else the same bytes go again
	Look             time.Duration // between two looks at the ledger; 0: 1 s
}

// maxDropout is the most codes of a dropout report (document, chapter 3, footnote 3).
const maxDropout = 30_000

// Desk builds reports and sees them through.
type Desk struct {
	Config Config
	Ledger *ledger.Ledger
	System System
	Log    *slog.Logger
	Clock  func() error // why no report can be dated by this PC's clock, or nil; nil: it is right
	// Waits says which of the open reports must not be sent yet, and why where people should know: another
	// must come first, or time must pass. nil: none has to wait.
	Waits func(ctx context.Context, open []ledger.Report) (map[int64]error, error)

	since  map[string]time.Time // when a set of codes or containers became due
	held   map[string]error     // why no report could be made of such a set when it was tried last
	denied map[int64]int        // divided reports by the first of their line: how many of their parts were denied since one arrived
	next   map[int64]attempt    // open reports that have failed: when they are tried again
	flush  sync.Mutex           // guards now
	now    bool                 // everything due goes at once
	told   string               // the trouble that was logged last
	mu     sync.Mutex           // guards status
	status Status
}

type attempt struct {
	backoff retry.Backoff
	at      time.Time
	err     error // of the last try
}

// Status tells how the outbox stands.
type Status struct {
	Trouble string // the last error; empty when the last look was good
	Since   time.Time
}

// Run works until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	d.since, d.held, d.next, d.denied = map[string]time.Time{}, map[string]error{}, map[int64]attempt{}, map[int64]int{}
	look := d.Config.Look
	if look == 0 {
		look = time.Second
	}
	for {
		err := errors.Join(d.Ledger.ResumeBuilding(ctx, d.System.Utilisation), d.build(ctx))
		errs := append(d.deliver(ctx), err) // what is frozen goes, whatever holds up the next report
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.trouble(errs)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// Flush makes everything go that is due, without waiting for its interval. Used at the end of a
// batch; it does not wait for the answers.
func (d *Desk) Flush(on bool) {
	d.flush.Lock()
	defer d.flush.Unlock()
	d.now = on
}

func (d *Desk) flushing() bool {
	d.flush.Lock()
	defer d.flush.Unlock()
	return d.now
}

// build makes reports of what is due: when enough has come together, or has waited long enough.
// What holds up one set holds up no other.
func (d *Desk) build(ctx context.Context) error {
	seen := map[string]bool{}
	err := errors.Join(d.buildUtilisation(ctx, seen), d.buildAggregation(ctx, seen), d.buildDropouts(ctx))
	for key := range d.since {
		if !seen[key] {
			delete(d.since, key)
		}
	}
	for key, why := range d.held { // it is told until it is tried again
		if !seen[key] {
			delete(d.held, key)
			continue
		}
		err = errors.Join(err, why)
	}
	return err
}

func (d *Desk) buildUtilisation(ctx context.Context, seen map[string]bool) error {
	dues, err := d.Ledger.DueUtilisation(ctx, d.Config.UsageType)
	errs := []error{err}
	for _, due := range dues {
		if !d.System.NeedsUtilisation(due.Product.Group) {
			continue
		}
		key := fmt.Sprint("u", due.Lot, due.Usage)
		for seen[key] = true; due.Count > 0 && d.ripe(key, due.Count, d.Config.UtilisationMax, d.Config.UtilisationEvery); due.Count -= d.Config.UtilisationMax {
			_, err := d.Ledger.BuildUtilisation(ctx, due, d.Config.UtilisationMax, d.System.Utilisation)
			if d.hold(key, err); err != nil {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (d *Desk) buildAggregation(ctx context.Context, seen map[string]bool) error {
	boxes, err := d.Ledger.DueAggregation(ctx, d.System.NeedsUtilisation)
	errs := []error{err}
	if d.Clock != nil && len(boxes) > 0 {
		errs = append(errs, d.Clock())
		if errors.Join(errs...) != nil {
			return errors.Join(errs...) // a report is frozen with its date
		}
	}
	for _, due := range boxes {
		key := fmt.Sprint("a", due.Line, due.Group, due.Batch)
		seen[key] = true
		if d.ripe(key, due.Codes, d.Config.AggregationMax, d.Config.AggregationEvery) {
			_, err := d.Ledger.BuildAggregation(ctx, due, d.System.NeedsUtilisation(due.Group), d.Config.AggregationMax, d.System.Aggregation)
			d.hold(key, err)
		}
	}
	return errors.Join(errs...)
}

// buildDropouts: a person has said so, it waits for nothing but what must come before, and for a
// station that gathers codes for one paper.
func (d *Desk) buildDropouts(ctx context.Context) error {
	drops, err := d.Ledger.DueDropouts(ctx, d.Config.UsageType, d.System.NeedsUtilisation)
	errs := []error{err}
	for _, due := range drops {
		if due.Gathering && !d.flushing() {
			continue
		}
		_, err := d.Ledger.BuildDropout(ctx, due, d.System.NeedsUtilisation(due.Group), maxDropout, d.System.Dropout)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// hold notes why no report could be made of a set, or that one was.
func (d *Desk) hold(key string, err error) {
	if d.held[key] = err; err == nil {
		delete(d.held, key)
	}
}

func (d *Desk) ripe(key string, n, enough int, every time.Duration) bool {
	if d.since[key].IsZero() {
		d.since[key] = time.Now()
	}
	if n >= enough || time.Since(d.since[key]) >= every || d.flushing() {
		delete(d.since, key)
		return true
	}
	return false
}

// deliver takes every open report one step further. The errors are those of all reports that
// have failed, also of the ones that wait for their next try.
func (d *Desk) deliver(ctx context.Context) []error {
	open, err := d.Ledger.OpenReports(ctx)
	if err != nil {
		return []error{err}
	}
	if err := d.System.Ready(); err != nil && len(open) > 0 {
		return []error{err} // no report counts it as its own failure: when the system is back, the oldest goes first
	}
	var waits map[int64]error
	if d.Waits != nil && len(open) > 0 {
		if waits, err = d.Waits(ctx, open); err != nil {
			return []error{err}
		}
	}
	var errs []error
	under := map[int64]int{} // parts of one divided report that are under way
	for _, r := range open {
		if r.Parent != 0 && r.State != ledger.Frozen {
			under[d.first(ctx, r)]++
		}
	}
	slices.SortFunc(open, func(a, b ledger.Report) int {
		if a.Parent != 0 && b.Parent != 0 { // the newest parts first: a good one tells that dividing goes on
			return cmp.Compare(b.ID, a.ID)
		}
		return cmp.Or(cmp.Compare(min(a.Parent, 1), min(b.Parent, 1)), cmp.Compare(a.ID, b.ID))
	})
	for _, r := range open {
		if r.Parent != 0 && r.State == ledger.Frozen {
			if first := d.first(ctx, r); under[first] < abreast {
				under[first]++
			} else {
				continue
			}
		}
		if why, wait := waits[r.ID]; wait && r.State != ledger.Accepted {
			errs = append(errs, why)
			continue
		}
		a := d.next[r.ID]
		if ctx.Err() == nil && !time.Now().Before(a.at) {
			if a.err = d.step(ctx, r); a.err == nil {
				delete(d.next, r.ID)
				continue
			}
			a.at = time.Now().Add(a.backoff.Next(a.err))
			d.next[r.ID] = a
		}
		errs = append(errs, a.err)
	}
	return errs
}

// abreast is how many parts of one divided report are under way at a time: the bad codes of a few
// branches are found before the others are even begun.
const abreast = 8

func (d *Desk) step(ctx context.Context, r ledger.Report) error {
	switch r.State {
	case ledger.InDoubt:
		if d.Config.Ask {
			return nil // it is shown, and waits for linemark reports retry or resolve
		}
		return d.send(ctx, r)
	case ledger.Frozen, ledger.Sending:
		return d.send(ctx, r)
	case ledger.Accepted:
		return d.follow(ctx, r)
	}
	return nil
}

// send hands the frozen bytes over. A lost answer leaves the report in doubt; the same bytes
// with the same id go again, never another report (P5).
func (d *Desk) send(ctx context.Context, r ledger.Report) error {
	if err := d.System.Ready(); err != nil {
		return err
	}
	before := d.before(r)
	body, err := d.Ledger.ReportBody(ctx, r.ID)
	if err != nil {
		return fmt.Errorf("reading report %s: %w", r.UUID, err)
	}
	if err := d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Sending, "", r.Reason); err != nil {
		return err
	}
	r.State = ledger.Sending
	serverID, err := d.System.Send(ctx, r, body)
	if state, final := outcome(err); final {
		return d.end(ctx, r, state, err)
	}
	switch {
	case err == nil:
		return d.Ledger.MoveReport(ctx, r.ID, ledger.Sending, ledger.Accepted, serverID, "")
	case retry.Refused(err):
		d.Log.Error("a report was refused", "report", r.UUID, "kind", string(r.Kind), "error", err)
		return d.deny(ctx, r, err.Error(), !general(err))
	}
	if denied(err) {
		return errors.Join(err, d.Ledger.HoldReport(context.WithoutCancel(ctx), r.ID, before, err.Error()))
	}
	if retry.Unsent(err) {
		return errors.Join(err, d.Ledger.MoveReport(context.WithoutCancel(ctx), r.ID, ledger.Sending, before, "", err.Error()))
	}
	return errors.Join(err, d.Ledger.MoveReport(context.WithoutCancel(ctx), r.ID, ledger.Sending, ledger.InDoubt, "", err.Error()))
}

// denied says whether the access itself was denied: nobody else can send it either.
func denied(err error) bool {
	var u interface{ Unauthorized() bool }
	return errors.As(err, &u) && u.Unauthorized()
}

// before is where a report stands that certainly did not reach the server this time.
func (d *Desk) before(r ledger.Report) ledger.ReportStatus {
	if r.State == ledger.Frozen {
		return ledger.Frozen
	}
	return ledger.InDoubt
}

func (d *Desk) follow(ctx context.Context, r ledger.Report) error {
	state, reason, err := d.System.State(ctx, r)
	if end, final := outcome(err); final {
		return d.end(ctx, r, end, err)
	}
	if err != nil {
		return err
	}
	switch state {
	case Sent:
		delete(d.denied, d.first(ctx, r))
		return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Sent, "", reason)
	case Rejected:
		d.Log.Error("a report was rejected", "report", r.UUID, "server", r.ServerID, "kind", string(r.Kind), "reason", reason)
		return d.deny(ctx, r, reason, true)
	}
	return nil
}

func (d *Desk) trouble(errs []error) {
	text, news := join(errs), join(slices.DeleteFunc(errs, retry.Outage))
	d.mu.Lock()
	if (d.status.Trouble == "") != (text == "") {
		d.status.Since = time.Now()
	}
	d.status.Trouble = text
	d.mu.Unlock()
	if news != "" && news != d.told {
		d.Log.Warn("reports have trouble and are tried again", "error", news)
	}
	d.told = news
}

// join writes errors in one text, each once; empty when there is none.
func join(errs []error) string {
	var texts []string
	for _, err := range errs {
		if err != nil && !slices.Contains(texts, err.Error()) {
			texts = append(texts, err.Error())
		}
	}
	return strings.Join(texts, "; ")
}

// Status returns how the outbox stands.
func (d *Desk) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

// Settled says whether nothing is due and every report has the server's last word, or waits for a
// person's.
func (d *Desk) Settled(ctx context.Context) (bool, error) {
	open, err := d.Ledger.OpenReports(ctx)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(open, func(r ledger.Report) bool { return r.State != ledger.Probable && r.State != ledger.Unclear }) {
		return false, nil
	}
	dues, err := d.Ledger.DueUtilisation(ctx, d.Config.UsageType)
	if err != nil {
		return false, err
	}
	for _, due := range dues {
		if d.System.NeedsUtilisation(due.Product.Group) {
			return false, nil
		}
	}
	boxes, err := d.Ledger.DueAggregation(ctx, d.System.NeedsUtilisation)
	if err != nil || len(boxes) > 0 {
		return false, err
	}
	drops, err := d.Ledger.DueDropouts(ctx, d.Config.UsageType, d.System.NeedsUtilisation)
	return len(drops) == 0, err
}
