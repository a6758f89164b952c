package shift

import (
	"context"
	"fmt"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/sim/check"
	"linemark/internal/upstream/izkm/izkmtest"
)

// patience is how long the drain may take in virtual time.
const patience = 12 * time.Hour

// wrongClock is how far off a date may be that the agent gives a report.
const wrongClock = 12*time.Hour + time.Minute

// reads counts what each line's check camera has seen.
func (s *site) reads() map[string]int {
	n := map[string]int{}
	for _, l := range s.plan.Lines {
		n[l.Name] = len(s.plant.Scanners["cam-"+l.Name].Reads())
	}
	return n
}

// stands looks whether every line has gone on by itself after all that befell it, or says why it stands.
func (s *site) stands(before map[string]int) (wrong []string) {
	find := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	st, err := s.agent.Status(context.Background())
	if err != nil {
		find("the agent does not tell its status: %v", err)
		return wrong
	}
	if st.Ledger != "ok" {
		find("the ledger is not well: %s", st.Ledger)
	}
	now := s.reads()
	for _, l := range st.Lines {
		for _, station := range l.Stations {
			if station.State != "running" && station.Why == "" {
				find("line %s, station %s is %s and does not say why", l.Name, station.Name, station.State)
			}
		}
		if now[l.Name] == before[l.Name] {
			find("line %s marks nothing though nothing is wrong any more: %s", l.Name, stations(l))
		}
	}
	for _, d := range st.Devices {
		if !d.Up {
			find("%s %s is not connected though it is there: %s", d.Kind, d.Name, d.Error)
		}
	}
	return wrong
}

func stations(l agent.LineStatus) string {
	m := ""
	for _, st := range l.Stations {
		m += fmt.Sprintf("%s %s (%s) ", st.Name, st.State, st.Why)
	}
	return m
}

// drain lets everything be reported that is due, and waits until nothing is left.
func (s *site) drain() error {
	ctx := context.Background()
	time.Sleep(30 * time.Second) // the last box gets its label
	s.agent.Flush(true)
	quiet := 0
	for end := time.Now().Add(patience); quiet < 3; time.Sleep(5 * time.Second) {
		open, err := s.agent.Ledger().OpenOrders(ctx)
		if err != nil {
			return err
		}
		if quiet++; len(open) > 0 || !s.agent.Settled(ctx) {
			quiet = 0
		}
		if time.Now().After(end) {
			st, err := s.agent.Status(ctx)
			if err != nil {
				return err
			}
			s.find("the reports or orders come to no end: reports %+v, products %+v, open orders %+v", st.Reports, st.Products, open)
			return nil
		}
	}
	return nil
}

// judge holds the ledger against the plant's own logs and the national system's account.
func (s *site) judge(logs string) error {
	ctx := context.Background()
	l := s.agent.Ledger()
	v, err := check.Judge(ctx, logs, l)
	if err != nil {
		return err
	}
	for _, f := range v.Findings {
		s.find("%s", f)
	}
	if !v.Balanced && len(v.Findings) == 0 {
		s.find("the balance is not equal")
	}
	if err := s.accounts(ctx, l); err != nil {
		return err
	}
	if err := s.outbox(ctx, l); err != nil {
		return err
	}
	for _, p := range s.plant.Printers {
		s.result.Made += len(p.Printed())
	}
	if s.result.Verified == 0 {
		s.find("nothing was verified in the whole shift")
	}
	return nil
}

// accounts holds each code of the ledger against what the national system has accepted, both ways.
func (s *site) accounts(ctx context.Context, l *ledger.Ledger) error {
	h := s.plant.IZKM.History()
	issued := map[string]izkmtest.Code{}
	for _, c := range h.Codes {
		issued[c.Full] = c
	}
	accepted := map[string]int{}
	packed := map[string]int{}
	for _, r := range h.Reports {
		s.result.Repeats += r.Times - 1
		if r.Status != "SENT" {
			continue
		}
		s.result.Reports++
		if at := time.UnixMilli(r.DateDoc); r.DateDoc != 0 && (at.Before(s.began.Add(-wrongClock)) || at.After(r.Received.Add(wrongClock))) {
			s.find("the aggregation of %s is dated %s", r.Received, at.UTC())
		} else if r.Kind == izkmtest.Aggregation && r.DateDoc == 0 {
			s.find("an aggregation without a date")
		}
		if r.Kind == izkmtest.Utilisation {
			for _, c := range r.Codes {
				accepted[c]++
			}
		}
		for _, u := range r.Units {
			packed[u.SerialNumber]++
		}
	}
	for _, counts := range []map[string]int{accepted, packed} {
		for c, n := range counts {
			if n != 1 {
				s.find("%q is in %d accepted reports", c, n)
			}
		}
	}
	claimed := 0
	err := l.EachCode(ctx, func(held ledger.Held) error {
		c := string(held.Code)
		if _, ok := issued[c]; !ok {
			s.find("the ledger has %q, which was not issued or stands twice", c)
		}
		delete(issued, c)
		if done := accepted[c] == 1; done != held.Reported || done != (held.Evidence >= ledger.ByIdentity) {
			s.find("code %q: accepted %v, reported %v, evidence %d, state %s", c, done, held.Reported, held.Evidence, held.State)
		}
		switch held.State {
		case ledger.Claimed:
			claimed++
		case ledger.Verified:
			s.result.Verified++
		case ledger.Rejected:
			s.result.Rejected++
		case ledger.Doubtful:
			s.result.Doubtful++
		}
		return nil
	})
	if claimed > s.ahead {
		s.find("%d codes are claimed, the printers hold %d at most: the fate of the others is not accounted for", claimed, s.ahead)
	}
	if len(issued) > 0 {
		s.find("%d issued codes are not in the ledger", len(issued))
	}
	s.result.Orders = len(h.Orders)
	return err
}

// outbox wants every report accepted and every order at its end.
func (s *site) outbox(ctx context.Context, l *ledger.Ledger) error {
	reports, err := l.Reports(ctx)
	if err != nil {
		return err
	}
	for _, r := range reports {
		if r.State != ledger.Sent {
			s.find("report %s is %s: %s", r.UUID, r.State, r.Reason)
		}
	}
	orders, err := l.Orders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if o.State != ledger.Shut && o.ServerID != "" {
			s.find("order %s is %s: %s", o.ServerID, o.State, o.Reason)
		}
	}
	containers, err := l.Containers(ctx)
	for _, c := range containers {
		switch {
		case c.State != ledger.ContainerClosed:
		case c.OfContainers:
			s.result.Pallets += c.N
		default:
			s.result.Boxes += c.N
		}
	}
	return err
}
