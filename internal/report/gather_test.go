package report_test

import (
	"testing"
	"time"

	"linemark/internal/ledger"
)

// TestDropoutsGather: what a station gathers for one paper is reported when its time is over, in one report;
// when everything is to go at once, this goes too.
func TestDropoutsGather(t *testing.T) {
	inBubble(t, func(p *plant) {
		claims := p.verified(6)
		p.start()
		p.until("the application", func() bool { return len(p.reports()) == 1 && p.reports()[0].State == ledger.Sent })
		drop := func(i int) {
			d := ledger.Drop{Reason: "QA_SAMPLES", DocDate: time.Now(), Gather: 10 * time.Minute, Read: true}
			if o := must(p.ledger.Load().Drop(p.ctx, "3/samples", d, texts(claims[i:i+1])))[0]; o.Why != "" {
				t.Fatalf("%+v", o)
			}
		}
		for i := range 3 {
			drop(i)
			time.Sleep(3 * time.Minute)
		}
		if n := len(p.reports()); n != 1 || p.quiet() {
			t.Errorf("%d reports while the paper is open; quiet: %v", n, p.quiet())
		}
		p.until("the dropout", func() bool { return p.quiet() && len(p.reports()) == 2 })
		if r := p.reports()[1]; r.Kind != ledger.Dropout || r.Codes != 3 || r.State != ledger.Sent {
			t.Errorf("%+v", r)
		}
		drop(3)
		p.desk.Flush(true)
		time.Sleep(time.Minute)
		if n := len(p.reports()); n != 3 {
			t.Errorf("%d reports after a flush", n)
		}
		drop(4)
		p.desk.Flush(false)
		p.until("the last one", func() bool { return p.quiet() && len(p.reports()) == 4 })
		p.noBreach()
	})
}
