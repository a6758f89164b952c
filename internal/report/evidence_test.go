package report_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"linemark/internal/ledger"
)

// witness is what a test itself saw of a code: the strongest thing that was shown of it.
type witness struct {
	group     bool // a container's own code
	confirmed bool // the printer confirmed this very label
	scanned   bool
	thrown    bool // rejected, or of unknown fate, and never read since
}

// TestP3Evidence lets codes live at random and looks into every report on its way to the server,
// accepted or not: each code in it was shown to be applied by evidence of the kind that the report claims.
// In the end everything that was shown is reported, and nothing else.
func TestP3Evidence(t *testing.T) {
	for _, usage := range []string{"VERIFIED", "PRINTED"} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprint(usage, " ", seed), func(t *testing.T) {
				inBubble(t, func(p *plant) {
					p.config.UsageType = usage
					p.config.UtilisationEvery, p.config.UtilisationMax = 20*time.Second, 7
					seen := map[string]*witness{} // guarded by p.mu
					p.seen = func(kind string, body []byte) {
						r := parse(body)
						p.mu.Lock()
						defer p.mu.Unlock()
						for _, c := range r.Codes {
							if w := seen[c]; w == nil || !w.allows(r.Usage) {
								t.Errorf("code %q is reported as %s; what is known of it: %+v", c, r.Usage, w)
							}
						}
					}
					p.start()
					p.live(rand.New(rand.NewPCG(seed, 3)), seen)
					p.desk.Flush(true)
					p.until("the last report", func() bool { return p.quiet() && p.settled(len(p.reports()))() })
					p.noBreach()
					said := map[string]bool{}
					for _, r := range p.accepted("utilisation") {
						for _, c := range r.Codes {
							said[c] = true
						}
					}
					want := 0
					for c, w := range seen {
						reportable := w.allows(usage) && !w.thrown
						if w.group {
							reportable = w.confirmed || w.scanned
						}
						if reportable {
							want++
							if !said[c] {
								t.Errorf("code %q was shown as applied (%+v) and is not reported", c, w)
							}
						}
					}
					if want < 20 {
						p.t.Fatalf("only %d codes could be reported: this test shows little", want)
					}
				})
			})
		}
	}
}

// allows says whether what was seen carries a report that claims this usage.
func (w *witness) allows(usage string) bool {
	if usage == "VERIFIED" {
		return w.scanned
	}
	return w.scanned || w.confirmed
}

// live takes codes at random through everything that may befall them.
func (p *plant) live(random *rand.Rand, seen map[string]*witness) {
	l := p.ledger.Load()
	note := func(claims []ledger.Claim, f func(*witness)) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range claims {
			f(seen[string(c.Code)])
		}
	}
	for range 40 {
		claims := p.claim(p.unit, 1+random.IntN(4))
		p.mu.Lock()
		for _, c := range claims {
			seen[string(c.Code)] = &witness{}
		}
		p.mu.Unlock()
		scan := func() {
			note(claims, func(w *witness) { w.scanned, w.thrown = true, false }) // before the ledger: a report may follow at once
			p.scan(claims)
		}
		switch random.IntN(8) {
		case 0: // claimed and never heard of
		case 1:
			p.must(l.Confirm(p.ctx, "3/mark", ids(claims), ledger.ByCount))
		case 2:
			note(claims, func(w *witness) { w.confirmed = true })
			p.must(l.Confirm(p.ctx, "3/mark", ids(claims), ledger.ByIdentity))
		case 3:
			p.must(l.Doubt(p.ctx, "3/mark", ids(claims), "the printer's session ended"))
			note(claims, func(w *witness) { w.thrown = true })
			if random.IntN(2) == 0 {
				scan()
			}
		case 4: // the camera misread the check part: the product is thrown out
			note(claims, func(w *witness) { w.thrown = true })
			codes := texts(claims)
			for i := range codes {
				codes[i] = codes[i][:len(codes[i])-1] + "~"
			}
			must(l.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, codes))
		case 5:
			b := p.claim(p.box, 1)
			p.mu.Lock()
			seen[string(b[0].Code)] = &witness{group: true}
			p.mu.Unlock()
			if random.IntN(2) == 0 {
				note(b, func(w *witness) { w.confirmed = true })
				p.must(l.Confirm(p.ctx, "3/box", ids(b), ledger.ByIdentity))
			} else {
				p.must(l.Confirm(p.ctx, "3/box", ids(b), ledger.ByCount))
			}
			scan()
		default:
			if random.IntN(2) == 0 {
				p.must(l.Confirm(p.ctx, "3/mark", ids(claims), ledger.ByCount))
			}
			scan()
		}
		time.Sleep(time.Duration(random.IntN(10)) * time.Second)
	}
}
