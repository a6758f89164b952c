package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/retry"
	"linemark/internal/upstream/smartone"
)

// Send implements report.System. A document that is still worked on is accepted, without a number.
func (n *smartOne) Send(ctx context.Context, r ledger.Report, body []byte) (string, error) {
	if r.Kind != ledger.Aggregation {
		return "", byOne(&smartone.InvalidError{Op: string(r.Kind), Problems: []string{"SmartOne takes no such report"}})
	}
	a, err := n.make(ctx, r, body)
	if errors.As(err, new(*smartone.InProgressError)) {
		n.later(r)
		return "", nil
	}
	return cmp.Or(a.DocID, a.DocExtID, a.RequestID), err
}

// State implements report.System: the same bytes are sent again, which under their own id ask what became
// of them.
func (n *smartOne) State(ctx context.Context, r ledger.Report) (report.State, string, error) {
	if p := n.pending[r.ID]; p != nil && time.Now().Before(p.at) {
		return report.Working, "", n.slow(r)
	}
	body, err := n.ledger.ReportBody(ctx, r.ID)
	if err != nil {
		return report.Working, "", fmt.Errorf("reading report %s: %w", r.UUID, err)
	}
	if id, err := smartone.RequestID(body); err != nil || id != r.UUID {
		return report.Working, "", fmt.Errorf("report %d went to another national system, and SmartOne cannot tell what became of it: look there, then linemark reports resolve or hand it over", r.ID)
	}
	if r.ServerID != "" {
		delete(n.pending, r.ID)
		return report.Sent, "", nil
	}
	a, err := n.make(ctx, r, body)
	if errors.As(err, new(*smartone.InProgressError)) {
		n.later(r)
		return report.Working, "", n.slow(r)
	}
	if err != nil {
		return report.Working, "", err
	}
	delete(n.pending, r.ID)
	return report.Sent, "document " + cmp.Or(a.DocID, a.DocExtID, a.RequestID), nil
}

// slowAfter is how long a document may be worked on before people are told: nothing goes behind it meanwhile.
const slowAfter = 10 * time.Minute

// slow says that a document is worked on for too long, or nil.
func (n *smartOne) slow(r ledger.Report) error {
	if n.wall().Sub(r.ChangedAt) < slowAfter {
		return nil
	}
	return fmt.Errorf("SmartOne says of report %d since %s that it is in progress, and no other may overtake it: ask the system's support, with its request_id %s",
		r.ID, r.ChangedAt.Local().Format(time.DateTime), r.UUID)
}

// later lets a document be worked on for a growing while.
func (n *smartOne) later(r ledger.Report) {
	p := n.pending[r.ID]
	if p == nil {
		p = &asked{backoff: retry.Backoff{First: 2 * smartone.DefaultSpacing}}
		n.pending[r.ID] = p
	}
	p.at = time.Now().Add(p.backoff.Next(nil))
}

func (n *smartOne) make(ctx context.Context, r ledger.Report, body []byte) (a smartone.Answer, err error) {
	err = n.try(ctx, "send "+string(r.Kind), func() (err error) {
		a, err = n.client.MakeAggregation(ctx, body)
		return err
	})
	if !retry.Unsent(err) {
		n.recent.keep(r.UUID, body)
	}
	return a, err
}

// Waits says which reports must not go yet. The documents of a department arrive in the order of what has
// happened: while one has not the system's last good word, or no person's, none goes behind it. And of two
// documents that say the same, the second waits until it cannot be taken for a repeat of the first.
func (n *smartOne) Waits(ctx context.Context, open []ledger.Report) (map[int64]error, error) {
	var head *ledger.Report
	first := func(all []ledger.Report) {
		for i, r := range all {
			if r.Kind == ledger.Aggregation && (head == nil || r.ID < head.ID) {
				head = &all[i]
			}
		}
	}
	first(open)
	if head == nil {
		return nil, nil
	}
	refused, err := n.ledger.RefusedReports(ctx)
	if err != nil {
		return nil, err
	}
	first(refused)
	var why error // a person has to do something, or must know
	switch head.State {
	case ledger.InDoubt:
		if !n.cfg.Report.AskWhenInDoubt() {
			break
		}
		fallthrough
	case ledger.Denied, ledger.Unclear, ledger.Probable:
		why = fmt.Errorf("reports wait for a person's word on report %d, which they must not overtake: linemark reports show %d; then retry, resolve or hand it over", head.ID, head.ID)
	}
	waits := map[int64]error{}
	for _, r := range open {
		if r.Kind == ledger.Aggregation && r.ID != head.ID {
			waits[r.ID] = why
		}
	}
	switch head.State {
	case ledger.Frozen, ledger.Sending, ledger.InDoubt:
		held, err := n.held(ctx, *head)
		if err != nil {
			waits[head.ID] = err
		} else if held != nil {
			waits[head.ID] = held
		}
	}
	return waits, nil
}

// equalFor is how long a document is held back behind one that says the same: the system's own window,
// with the time that a request may be on its way.
const equalFor = smartone.Window + 10*time.Second

// held says why a document must wait although it is its turn, or nil.
func (n *smartOne) held(ctx context.Context, r ledger.Report) (held, err error) {
	body, err := n.ledger.ReportBody(ctx, r.ID)
	if err != nil {
		return nil, fmt.Errorf("reading report %s: %w", r.UUID, err)
	}
	says, err := smartone.Parameters(body)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", r.UUID, err)
	}
	if err := n.recent.fill(ctx, n); err != nil {
		return nil, err
	}
	n.recent.mu.Lock()
	defer n.recent.mu.Unlock()
	before, ok := n.recent.went[says]
	if ok = ok && before.uuid != r.UUID; !ok {
		return nil, nil
	}
	until := before.at.Add(equalFor)
	if !time.Now().Before(until) {
		return nil, nil
	}
	return fmt.Errorf("report %d says the same as report %s, which went at %s: SmartOne would take it for a repeat; it goes at %s",
		r.ID, before.uuid, before.at.Local().Format(time.TimeOnly), until.Local().Format(time.TimeOnly)), nil
}

// keep notes what a document says, with the time.
func (s *recent) keep(uuid string, body []byte) {
	says, err := smartone.Parameters(body)
	if err != nil {
		return // it was not sent either
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(says, sending{uuid, time.Now()})
}

// note keeps one document. The caller holds mu.
func (s *recent) note(says [32]byte, what sending) {
	if s.went == nil {
		s.went = map[[32]byte]sending{}
	}
	for other, old := range s.went {
		if time.Since(old.at) > equalFor {
			delete(s.went, other)
		}
	}
	if s.went[says].at.Before(what.at) {
		s.went[says] = what
	}
}

// fill reads from the ledger, once in a run, what an earlier run has sent lately. A clock that was ahead then,
// or is behind now, must not make it older or younger than it can be.
func (s *recent) fill(ctx context.Context, n *smartOne) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.filled {
		return nil
	}
	now := n.wall()
	lately, err := n.ledger.ReportsSince(ctx, now.Add(-equalFor))
	if err != nil {
		return err
	}
	for _, r := range lately {
		if r.Kind != ledger.Aggregation || r.Attempts == 0 {
			continue
		}
		body, err := n.ledger.ReportBody(ctx, r.ID)
		if errors.Is(err, ledger.ErrArchived) {
			continue
		}
		if err != nil {
			return err
		}
		if says, err := smartone.Parameters(body); err == nil {
			s.note(says, sending{r.UUID, time.Now().Add(-max(0, now.Sub(r.ChangedAt)))})
		}
	}
	s.filled = true
	return nil
}
