package agent

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// shift is how many units the storm's line makes; fewer under the race detector.
var shift = 20_000

// longer lets a storm last for more units, for runs of their own: LINEMARK_STORM=100000.
func init() {
	if n, err := strconv.Atoi(os.Getenv("LINEMARK_STORM")); err == nil && n > 0 {
		shift = n
	}
}

// TestStorm runs supply and reports together through a shift in which every fifth request fails, half of
// them after their work was done, and every fiftieth answer is garbage. The line is the test itself, which
// speaks to the ledger as stations do. In the end every code that was applied is reported once, every block
// is received, the balance is equal, and the emulator was never asked against the document: also the
// reports that came twice are no breach of it, being the same bytes under the same id.
func TestStorm(t *testing.T) {
	inSite(t, func(s *site) {
		s.storm(7)
		end := s.works()
		units, boxes := s.produce(shift)
		s.over()
		end()
		s.weathered(units, boxes)
	})
}

// TestStormKilled is the same with an agent that is ended again and again in the midst of what it does.
func TestStormKilled(t *testing.T) {
	inSite(t, func(s *site) {
		const seed = 11
		s.storm(seed)
		r := rand.New(rand.NewPCG(seed, 1))
		units, boxes, kills := 0, 0, 0
		for units < shift {
			end := s.works()
			u, b := s.produce(min(500*(1+r.IntN(8)), shift-units))
			units, boxes = units+u, boxes+b
			time.Sleep(time.Duration(r.IntN(5000)) * time.Millisecond)
			end()
			s.try(s.agent.Close())
			s.build()
			kills++
		}
		end := s.works()
		s.over()
		end()
		s.weathered(units, boxes)
		t.Logf("%d units, %d boxes, %d restarts", units, boxes, kills)
	})
}

// storm makes the weather and the agent.
func (s *site) storm(seed uint64) {
	s.cfg.Products[0].LowWater, s.cfg.Products[0].OrderQuantity, s.cfg.Products[0].BlockQuantity = 3000, 6000, 1000
	s.cfg.Products[1].LowWater, s.cfg.Products[1].OrderQuantity, s.cfg.Products[1].BlockQuantity = 300, 600, 200
	s.cfg.Report.Utilisation.MaxCodes = 1500
	s.cfg.Report.Aggregation.MaxCodes = 1000
	s.izkm.SetFault(izkmtest.Storm(seed, 0.1, 0.1, 0.02))
	s.build()
}

// works runs supply, reports and the watch until the function that it returns is called.
func (s *site) works() (end func()) {
	ctx, stop := context.WithCancel(s.t.Context())
	var parts sync.WaitGroup
	for _, k := range s.agent.keepers {
		parts.Go(func() { s.agent.part(ctx, "supply", k.Run) })
	}
	parts.Go(func() { s.agent.part(ctx, "reports", s.agent.desk.Run) })
	parts.Go(func() { s.agent.part(ctx, "watch", s.agent.national.watch) })
	return func() {
		stop()
		parts.Wait()
	}
}

// over waits until the storm's last report has arrived.
func (s *site) over() {
	s.agent.Flush(true)
	s.until("the last report", func() bool { return s.agent.Settled(s.t.Context()) && !s.buying() })
}

// produce takes units through print and check, and of each claim twenty into a box.
func (s *site) produce(most int) (units, boxes int) {
	ctx, l := s.t.Context(), s.agent.Ledger()
	unit, group := s.run("water-05"), s.run("water-05x6")
	profile := must(code.Table{}.Profile("water", code.Unit))
	for units < most {
		claims := must(l.Claim(ctx, "3/mark", unit, min(500, most-units)))
		if len(claims) == 0 {
			time.Sleep(time.Second) // the stock has run dry: a line waits
			continue
		}
		codes := make([]code.Code, len(claims))
		for i, c := range claims {
			codes[i] = c.Code
		}
		for i, v := range must(l.Verify(ctx, "3/check", unit, profile, codes)) {
			if v.Outcome != ledger.Good {
				s.t.Fatalf("scan %d is %s", i, v.Outcome)
			}
		}
		units += len(claims)
		if len(codes) < 20 {
			continue
		}
		label := must(l.Claim(ctx, "3/box", group, 1))
		if len(label) == 0 {
			continue
		}
		box := must(l.OpenContainer(ctx, ledger.NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: 20}))
		must(l.Put(ctx, "3/box", box, unit, profile, codes[:20]))
		s.try(l.Fill(ctx, box))
		s.try(l.CloseWithCode(ctx, "3/box", box, label[0].ID, ledger.ByIdentity))
		boxes++
		time.Sleep(time.Second)
	}
	return units, boxes
}

// run is the lot of a product on the line.
func (s *site) run(product string) ledger.LotID {
	p := s.agent.products[product]
	return must(s.agent.Ledger().Lot(s.t.Context(), "3", p.ID, "B1"))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (s *site) try(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// weathered holds the ledger and the emulator's own account against each other.
func (s *site) weathered(units, boxes int) {
	s.t.Helper()
	h := s.izkm.History()
	for _, b := range h.Breaches {
		s.t.Errorf("the emulator was asked against the document: %s", b)
	}
	accepted := map[string]int{}
	packed := map[string]int{}
	repeats := 0
	for _, r := range h.Reports {
		repeats += r.Times - 1
		if r.Status != "SENT" {
			continue
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
	if repeats == 0 {
		s.t.Error("no report ever went twice: this storm shows little")
	}
	for _, counts := range []map[string]int{accepted, packed} {
		for c, n := range counts {
			if n != 1 {
				s.t.Errorf("%q is in %d accepted reports", c, n)
			}
		}
	}
	if len(accepted) != units+boxes || len(packed) != boxes || boxes < 1 {
		s.t.Errorf("%d codes and %d boxes are reported, want %d and %d", len(accepted), len(packed), units+boxes, boxes)
	}
	issued := map[string]bool{}
	for _, c := range h.Codes {
		issued[c.Full] = true
	}
	s.try(s.agent.Ledger().EachCode(s.t.Context(), func(held ledger.Held) error {
		if !issued[string(held.Code)] {
			s.t.Errorf("the ledger has %q, which was not issued or stands twice", held.Code)
		}
		delete(issued, string(held.Code))
		if applied := accepted[string(held.Code)] == 1; applied != held.Reported || applied != (held.Evidence >= ledger.ByIdentity) {
			s.t.Errorf("code %q: accepted %v, reported %v, evidence %d", held.Code, applied, held.Reported, held.Evidence)
		}
		return nil
	}))
	if len(issued) > 0 {
		s.t.Errorf("%d issued codes are not in the ledger", len(issued))
	}
	for _, b := range must(s.agent.Ledger().Recount(s.t.Context())) {
		if !b.Equal() {
			s.t.Errorf("the balance is not equal: %+v", b)
		}
	}
	for _, r := range must(s.agent.Ledger().Reports(s.t.Context())) {
		if r.State != ledger.Sent {
			s.t.Errorf("report %s is %s: %s", r.UUID, r.State, r.Reason)
		}
	}
	for _, o := range must(s.agent.Ledger().Orders(s.t.Context())) {
		if o.State != ledger.Shut && o.ServerID != "" {
			s.t.Errorf("an order is %s: %s", o.State, o.Reason)
		}
	}
}
