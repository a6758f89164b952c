package report_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestP5_RejectedCodesStandAlone: codes that the server will not have are found; the others arrive, each once.
func TestP5_RejectedCodesStandAlone(t *testing.T) {
	inBubble(t, func(p *plant) {
		claims := p.verified(40)
		bad := map[string]bool{}
		for _, i := range []int{3, 17, 18} { // another program has reported them
			bad[string(claims[i].Code)] = true
			stolen := `{"sntins":["` + jsonText(string(claims[i].Code)) + `"],"usageType":"VERIFIED","sourceReportId":"other` + fmt.Sprint(i) + `"}`
			if _, err := p.client.SendUtilisation(p.ctx, []byte(stolen)); err != nil {
				p.t.Fatal(err)
			}
		}
		p.start()
		p.until("an end", func() bool { return p.quiet() && len(p.reports()) > 1 })
		denied, sent := 0, 0
		for _, r := range p.reports() {
			names := must(p.ledger.Load().ReportCodes(p.ctx, r))
			switch r.State {
			case ledger.Sent:
				sent += len(names)
				for _, c := range names {
					if bad[string(c)] {
						t.Errorf("a bad code is in report %d that arrived", r.ID)
					}
				}
			case ledger.Denied:
				denied++
				if len(names) != 1 || !bad[string(names[0])] || !strings.Contains(r.Reason, "applied already") {
					t.Errorf("denied is %+v of %v", r, names)
				}
			case ledger.Divided:
				if len(names) != 0 {
					t.Errorf("a divided report still names %v", names)
				}
			}
		}
		if denied != 3 || sent != 37 {
			t.Errorf("%d denied, %d arrived", denied, sent)
		}
	})
}

// TestRefusalOfEverything: when no part of a report arrives, dividing ends before each code has its own.
func TestRefusalOfEverything(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.config.UtilisationMax = 1000
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call != "POST utilisation" {
				return izkmtest.Fault{}
			}
			return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"the participant is not registered","errorCode":711}],"success":false}`}
		})
		p.verified(700)
		p.start()
		p.until("an end", func() bool { return p.quiet() && len(p.reports()) > 1 })
		time.Sleep(10 * time.Minute)
		states := map[ledger.ReportStatus]int{}
		codes := 0
		for _, r := range p.reports() {
			states[r.State]++
			if r.State == ledger.Denied {
				codes += len(must(p.ledger.Load().ReportCodes(p.ctx, r)))
			}
		}
		if states[ledger.Divided] > 256 || states[ledger.Denied] > 257 || codes != 700 {
			t.Errorf("%v reports, %d codes in the denied ones", states, codes)
		}
	})
}

// TestAsk: a report in doubt waits for a person's word.
func TestAsk(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.config.Ask = true
		p.faults(on("POST utilisation", izkmtest.Fault{Kind: izkmtest.Reset, After: true}))
		p.verified(5)
		p.start()
		p.until("the doubt", func() bool { return len(p.reports()) == 1 && p.reports()[0].State == ledger.InDoubt })
		time.Sleep(time.Hour)
		r := p.reports()[0]
		if r.State != ledger.InDoubt || len(p.bodies[r.UUID]) != 1 {
			t.Errorf("%+v was sent %d times", r, len(p.bodies[r.UUID]))
		}
		p.must(p.ledger.Load().MarkReport(p.ctx, r.ID, ledger.Frozen, "", "a person says so"))
		p.until("an end", p.settled(1))
		if r = p.reports()[0]; r.State != ledger.Sent || !r.Doubted {
			t.Errorf("%+v", r)
		}
	})
}

// TestDropoutsFollow: what was withdrawn is reported after its own application, in the reason's words.
func TestDropoutsFollow(t *testing.T) {
	inBubble(t, func(p *plant) {
		claims := p.verified(6)
		outs := must(p.ledger.Load().Drop(p.ctx, "office", ledger.Drop{Reason: "DEFECT", DocDate: time.Now()}, texts(claims[:2])))
		if fmt.Sprint(outs[0].Codes, outs[1].Codes) != "1 1" {
			t.Fatalf("%+v", outs)
		}
		p.start()
		p.until("an end", func() bool { return p.quiet() && len(p.reports()) == 2 })
		all := p.reports()
		if all[0].Kind != ledger.Utilisation || all[0].Codes != 6 || all[1].Kind != ledger.Dropout || all[1].Codes != 2 || all[1].State != ledger.Sent || !all[1].CreatedAt.After(all[0].ChangedAt) {
			t.Errorf("%+v", all)
		}
		p.noBreach()
	})
}
