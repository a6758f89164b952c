package report_test

import (
	"slices"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestUtilisation: full reports go at once, the rest when it has waited long enough.
func TestUtilisation(t *testing.T) {
	inBubble(t, func(p *plant) {
		claims := p.verified(25)
		began := time.Now()
		p.start()
		p.until("two full reports", p.settled(2))
		if waited := time.Since(began); waited > time.Minute {
			t.Errorf("full reports were settled after %s only", waited)
		}
		p.until("the rest", func() bool { return len(p.reports()) == 3 })
		if waited := time.Since(began); waited < time.Minute || waited > time.Minute+2*look {
			t.Errorf("the rest went after %s, want a minute", waited)
		}
		p.until("the server's word", p.settled(3))
		p.noBreach()
		var sizes []int
		said := map[string]int{}
		for i, r := range p.accepted(izkmtest.Utilisation) {
			sizes = append(sizes, len(r.Codes))
			for _, c := range r.Codes {
				said[c]++
			}
			own := p.reports()[i]
			if r.UsageType != "VERIFIED" || r.ProductionLineID != "3" || r.ProductionOrderID != "B1" || r.SourceReportID != own.UUID || r.ID != own.ServerID || own.State != ledger.Sent || own.Codes != len(r.Codes) || own.Attempts != 1 {
				t.Errorf("the server has %+v, the ledger %+v", r, own)
			}
		}
		if !slices.Equal(sizes, []int{10, 10, 5}) {
			t.Errorf("reports of %v codes, want 10, 10 and 5", sizes)
		}
		for _, c := range claims {
			if said[string(c.Code)] != 1 {
				t.Errorf("code %q is in %d reports", c.Code, said[string(c.Code)])
			}
		}
	})
}

// TestNothingGoesEarly: fewer codes than a full report wait for its time, unless all is flushed.
func TestNothingGoesEarly(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.start()
		time.Sleep(10 * time.Minute) // an idle desk must not count its idle time
		p.verified(4)
		time.Sleep(30 * time.Second)
		p.verified(5)
		time.Sleep(20 * time.Second)
		if n := len(p.reports()); n != 0 {
			t.Errorf("%d reports before their time", n)
		}
		p.until("the report", p.settled(1))
		if n := p.reports()[0].Codes; n != 9 {
			t.Errorf("%d codes in the report, want all 9", n)
		}
		p.verified(2)
		time.Sleep(2 * look)
		p.desk.Flush(true)
		time.Sleep(2 * look)
		if n := len(p.reports()); n != 2 {
			t.Errorf("%d reports after the flush, want 2", n)
		}
		p.desk.Flush(false)
		p.until("the report", p.settled(2))
		p.verified(1)
		time.Sleep(2 * look)
		if n := len(p.reports()); n != 2 {
			t.Error("a report went after the flush was over")
		}
		p.until("the report", p.settled(3))
		p.noBreach()
		if !p.quiet() {
			t.Error("nothing is left to report, and the desk is not settled")
		}
	})
}

// TestAggregation: a box goes when its units and its own code are known as applied, a pallet when its
// boxes are; a full report takes whole containers only.
func TestAggregation(t *testing.T) {
	inBubble(t, func(p *plant) {
		l := p.ledger.Load()
		var boxes []ledger.ContainerID
		for range 4 {
			boxes = append(boxes, p.fill(6))
		}
		pallet := must(l.OpenContainer(p.ctx, ledger.NewContainer{Line: "3", Station: "pallet", Group: "water", Batch: "B1", Capacity: 4, OfContainers: true}))
		for _, b := range boxes {
			p.must(l.PutContainer(p.ctx, pallet, b))
		}
		p.must(l.Fill(p.ctx, pallet))
		sscc := must(l.NextSSCC(p.ctx, "0301234567"))
		p.must(l.CloseWithSSCC(p.ctx, pallet, sscc))
		p.start()
		p.until("the pallet's report", func() bool { return len(p.accepted(izkmtest.Aggregation)) == 2 && p.quiet() })
		p.noBreach()
		reports := p.accepted(izkmtest.Aggregation)
		sizes := []int{}
		for _, r := range reports {
			sizes = append(sizes, len(r.Units))
			if r.ParticipantID != "301234567" || r.ProductionLineID != "3" || r.ProductionOrderID != "B1" {
				t.Errorf("the server has %+v", r)
			}
		}
		// A box is 7 codes: two fit into 20, and to the last two the pallet with its 5.
		if !slices.Equal(sizes, []int{2, 3}) {
			t.Errorf("reports of %v containers, want 2, 2 and the pallet", sizes)
		}
		if u := reports[1].Units[2]; u.SerialNumber != string(sscc) || len(u.Codes) != 4 || u.Capacity != 4 {
			t.Errorf("the pallet is reported as %+v", u)
		}
		usage := map[string]int{}
		for _, r := range p.accepted(izkmtest.Utilisation) {
			usage[r.UsageType] += len(r.Codes)
		}
		if usage["VERIFIED"] != 24 || usage["PRINTED"] != 4 {
			t.Errorf("applied are %v, want 24 verified units and 4 printed group codes", usage)
		}
	})
}

// TestAggregationWaitsForEachBox: a box whose units are not yet known as applied stays behind when another
// one goes.
func TestAggregationWaitsForEachBox(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.config.UtilisationEvery = 10 * time.Minute
		p.fill(6)
		p.start()
		p.desk.Flush(true)
		p.until("the units' reports", p.settled(2))
		p.desk.Flush(false)
		p.fill(6)
		p.until("the first box", p.settled(3))
		if boxes := p.accepted(izkmtest.Aggregation); len(boxes) != 1 || len(boxes[0].Units) != 1 {
			t.Errorf("reported are %+v", boxes)
		}
		p.until("the second box", func() bool { return len(p.accepted(izkmtest.Aggregation)) == 2 && p.quiet() })
		p.noBreach()
	})
}
