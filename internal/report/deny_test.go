package report_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
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
		p.config.UtilisationMax = 5000
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call != "POST utilisation" {
				return izkmtest.Fault{}
			}
			return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"the participant is not registered","errorCode":711}],"success":false}`}
		})
		p.verified(1000)
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
		if states[ledger.Divided] > 400 || states[ledger.Denied] > 401 || codes != 1000 {
			t.Errorf("%v reports, %d codes in the denied ones", states, codes)
		}
	})
}

// TestManyBadCodes: however many codes are bad, the good ones go through.
func TestManyBadCodes(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.config.UtilisationMax = 1000
		claims := p.verified(300)
		stolen := 0
		for i := 0; i < len(claims); i += 3 {
			body := `{"sntins":["` + jsonText(string(claims[i].Code)) + `"],"usageType":"VERIFIED","sourceReportId":"other` + fmt.Sprint(i) + `"}`
			if _, err := p.client.SendUtilisation(p.ctx, []byte(body)); err != nil {
				p.t.Fatal(err)
			}
			stolen++
		}
		p.system.blind = true // the reason names no code
		p.start()
		p.until("an end", func() bool { return p.quiet() && len(p.reports()) > 1 })
		sent, alone := 0, 0
		for _, r := range p.reports() {
			n := len(must(p.ledger.Load().ReportCodes(p.ctx, r)))
			switch {
			case r.State == ledger.Sent:
				sent += n
			case r.State == ledger.Denied && n == 1:
				alone++
			case r.State != ledger.Divided:
				t.Errorf("%+v of %d", r, n)
			}
		}
		if sent != 300-stolen || alone != stolen {
			t.Errorf("%d arrived, %d stand alone; %d are bad", sent, alone, stolen)
		}
	})
}

// TestRepeatRefused: what a refusal of a repeat means is not guessed where it can be two things.
func TestRepeatRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want ledger.ReportStatus
	}{
		"duplicate":   {"Отчет уже зарегистрирован", ledger.Probable},
		"other words": {"Коды маркировки уже нанесены", ledger.Unclear},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				p.faults(func(call string, n int) izkmtest.Fault {
					switch {
					case call != "POST utilisation":
						return izkmtest.Fault{}
					case n == 1:
						return izkmtest.Fault{Kind: izkmtest.Reset}
					}
					return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"` + c.text + `","errorCode":712}],"success":false}`}
				})
				p.verified(10)
				p.start()
				p.until("a word", func() bool { return len(p.reports()) == 1 && p.reports()[0].State == c.want })
				time.Sleep(time.Hour)
				r := p.reports()[0]
				if len(p.reports()) != 1 || r.State != c.want || len(p.bodies[r.UUID]) != 2 || !p.quiet() {
					t.Errorf("%+v, sent %d times", p.reports(), len(p.bodies[r.UUID]))
				}
				// The person sees in the cabinet that it never came.
				p.must(p.ledger.Load().MoveReport(p.ctx, r.ID, c.want, ledger.Denied, "", "not in the cabinet"))
			})
		})
	}
}

// TestGatewayPage: a page of HTML is no word on any code, whatever its status.
func TestGatewayPage(t *testing.T) {
	inBubble(t, func(p *plant) {
		var away atomic.Bool // the emulator reads it meanwhile
		away.Store(true)
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "POST utilisation" && away.Load() {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusNotFound, Body: "<html>404 Not Found nginx</html>"}
			}
			return izkmtest.Fault{}
		})
		p.verified(10)
		p.start()
		time.Sleep(20 * time.Minute)
		if all := p.reports(); len(all) != 1 || all[0].State != ledger.InDoubt && all[0].State != ledger.Sending {
			t.Errorf("%+v", all)
		}
		away.Store(false)
		p.until("an end", p.settled(1))
		if all := p.reports(); len(all) != 1 || all[0].State != ledger.Sent {
			t.Errorf("%+v", all)
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
