package report_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// reportedOnce is P5 over everything that was made: every applied code is in exactly one accepted
// utilisation, every container in one accepted aggregation; whatever was sent of one report was always
// the same bytes, which are the frozen ones; and the ledger knows of each that it is accepted.
func (p *plant) reportedOnce(units, boxes int) {
	p.t.Helper()
	p.noBreach()
	in := map[string]int{}
	for _, r := range p.accepted(izkmtest.Utilisation) {
		for _, c := range r.Codes {
			in[c]++
		}
	}
	for c, n := range in {
		if n != 1 {
			p.t.Errorf("code %q is in %d accepted reports", c, n)
		}
	}
	if len(in) != units+boxes {
		p.t.Errorf("%d codes are in accepted reports, want %d", len(in), units+boxes)
	}
	packed := map[string]int{}
	for _, r := range p.accepted(izkmtest.Aggregation) {
		for _, u := range r.Units {
			packed[u.SerialNumber]++
		}
	}
	if len(packed) != boxes {
		p.t.Errorf("%d containers are in accepted reports, want %d", len(packed), boxes)
	}
	for serial, n := range packed {
		if n != 1 {
			p.t.Errorf("container %q is in %d accepted reports", serial, n)
		}
	}
	frozen := map[string][]byte{}
	for _, r := range p.reports() {
		if r.State != ledger.Sent {
			p.t.Errorf("report %s is %s: %s", r.UUID, r.State, r.Reason)
		}
		body := must(p.ledger.Load().ReportBody(p.ctx, r.ID))
		frozen[reportKey(body)] = body
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, bodies := range p.bodies {
		for _, b := range bodies {
			if !bytes.Equal(b, frozen[key]) {
				p.t.Errorf("of report %s was sent\n%s\nwhat the ledger froze is\n%s", key, b, frozen[key])
			}
		}
	}
}

// TestP5ReportedOnce lets answers be lost at random, before and after the work, and kills the agent in
// between.
func TestP5ReportedOnce(t *testing.T) {
	for seed := range uint64(3) {
		inBubble(t, func(p *plant) {
			storm := izkmtest.Storm(seed, 0.2, 0.25, 0.1)
			random := rand.New(rand.NewPCG(seed, 5))
			p.system.around = func(string, bool) {
				if random.IntN(25) == 0 {
					p.die()
				}
			}
			p.verified(43)
			for range 5 {
				p.fill(6)
			}
			p.faults(func(call string, n int) izkmtest.Fault { return storm(http.MethodPost, call, n) })
			p.start()
			p.until("an end", func() bool { return len(p.reports()) > 8 && p.quiet() })
			p.server.SetFault(nil)
			repeated := 0
			for _, b := range p.bodies {
				repeated += len(b) - 1
			}
			if repeated == 0 {
				t.Error("nothing was ever sent twice: this test shows nothing")
			}
			p.reportedOnce(43+30, 5)
		})
	}
}

// TestP5Strike strikes each call of a report's way with each mishap: the report ends accepted, once.
func TestP5Strike(t *testing.T) {
	mishaps := []struct {
		name  string
		fault izkmtest.Fault
		kill  string // before, in flight, after
	}{
		{name: "reset before the work", fault: izkmtest.Fault{Kind: izkmtest.Reset}},
		{name: "reset after the work", fault: izkmtest.Fault{Kind: izkmtest.Reset, After: true}},
		{name: "half an answer", fault: izkmtest.Fault{Kind: izkmtest.Half}},
		{name: "502 after the work", fault: izkmtest.Fault{Kind: izkmtest.Status, Status: 502, After: true}},
		{name: "a gateway's page after the work", fault: izkmtest.Fault{Kind: izkmtest.HTML, After: true}},
		{name: "silence after the work", fault: izkmtest.Fault{After: true, Delay: time.Minute}},
		{name: "access denied", fault: izkmtest.Fault{Kind: izkmtest.Status, Status: 401}},
		{name: "killed before the call", kill: "before"},
		{name: "killed while the answer is on its way", kill: "in flight"},
		{name: "killed with the answer in memory", kill: "after"},
	}
	for _, call := range []string{"encode", "POST utilisation", "POST aggregation", "GET report/info"} {
		for _, m := range mishaps {
			if call == "encode" && (m.kill == "" || m.kill == "in flight") || call == "GET report/info" && m.fault.After {
				continue // no request; nothing that could be done twice
			}
			t.Run(call+": "+m.name, func(t *testing.T) {
				inBubble(t, func(p *plant) {
					p.config.UtilisationEvery, p.config.AggregationEvery = 2*look, 2*look
					p.fill(6)
					p.verified(2)
					p.faults(func(arrived string, n int) izkmtest.Fault {
						if arrived != call || n != 1 {
							return izkmtest.Fault{}
						}
						if m.kill == "in flight" {
							p.die()
						}
						return m.fault
					})
					died := false
					p.system.around = func(called string, after bool) {
						if !died && called == call && (m.kill == "before" && !after || m.kill == "after" && after) {
							died = true
							p.die()
						}
					}
					p.start()
					p.until("an end", func() bool { return len(p.accepted(izkmtest.Aggregation)) == 1 && p.quiet() })
					p.reportedOnce(8, 1)
					if n := len(p.reports()); n != 3 { // units, the group code, the box
						t.Errorf("%d reports were made, want 3", n)
					}
				})
			})
		}
	}
}

// TestRejectedReportIsShown: the server's no ends a report that cannot be divided, with its words. Its codes go
// into no other.
func TestRejectedReportIsShown(t *testing.T) {
	refusal := izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"required parameter missing: productionLineId","errorCode":601}],"success":false}`}
	t.Run("on arrival", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.faults(on("POST utilisation", refusal))
			p.verified(10)
			p.start()
			p.until("the refusal", p.settled(1))
			p.shown("required parameter missing", "a report was refused")
		})
	})
	t.Run("later", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			claims := p.verified(1)
			// Another program has reported the code.
			stolen := `{"sntins":["` + jsonText(string(claims[0].Code)) + `"],"usageType":"VERIFIED","sourceReportId":"other"}`
			if _, err := p.client.SendUtilisation(p.ctx, []byte(stolen)); err != nil {
				p.t.Fatal(err)
			}
			p.start()
			p.until("the rejection", p.settled(1))
			p.shown("applied already by report", "a report was rejected")
		})
	})
}

// shown checks that the only report is denied for a reason and stays so.
func (p *plant) shown(reason, line string) {
	p.t.Helper()
	r := p.reports()[0]
	sent := len(p.bodies[r.UUID])
	time.Sleep(10 * time.Minute)
	if all := p.reports(); len(all) != 1 || all[0].State != ledger.Denied || !strings.Contains(all[0].Reason, reason) {
		p.t.Errorf("the reports are %+v, want one that is rejected: %s", all, reason)
	}
	if len(p.bodies[r.UUID]) != sent || sent != 1 {
		p.t.Errorf("a rejected report was sent %d times", len(p.bodies[r.UUID]))
	}
	if lines := p.log.with("ERROR " + line); len(lines) != 1 || !strings.Contains(lines[0], reason) {
		p.t.Errorf("the log says %q", p.log.all)
	}
	counts := must(p.ledger.Load().ReportCounts(p.ctx))
	if !slices.Equal(counts, []ledger.ReportCount{{Kind: ledger.Utilisation, State: ledger.Denied, N: 1}}) {
		p.t.Errorf("the outbox counts %+v", counts)
	}
}

func jsonText(s string) string { return strings.NewReplacer("\x1d", `\u001d`, `"`, `\"`).Replace(s) }

// TestLostAnswerToARejectedReport: the first sending was rejected, only its answer was lost. The echo
// "duplicate" of the second one must not make it accepted (P5: resolved by asking).
func TestLostAnswerToARejectedReport(t *testing.T) {
	inBubble(t, func(p *plant) {
		claims := p.verified(1)
		stolen := `{"sntins":["` + jsonText(string(claims[0].Code)) + `"],"usageType":"VERIFIED","sourceReportId":"other"}`
		if _, err := p.client.SendUtilisation(p.ctx, []byte(stolen)); err != nil {
			p.t.Fatal(err)
		}
		p.faults(on("POST utilisation", izkmtest.Fault{Kind: izkmtest.Reset, After: true}))
		p.start()
		p.until("an end", p.settled(1))
		if r := p.reports()[0]; r.State != ledger.Denied || !strings.Contains(r.Reason, "applied already by report") {
			t.Errorf("the report stands as %s: %s", r.State, r.Reason)
		}
	})
}

// TestDuplicateOnArrival: a server that turns the repeat down at once, without naming the first report.
func TestDuplicateOnArrival(t *testing.T) {
	duplicate := izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"Отчет уже зарегистрирован","errorCode":712}],"success":false}`}
	t.Run("after a lost answer", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.faults(func(call string, n int) izkmtest.Fault {
				if call == "POST utilisation" {
					return []izkmtest.Fault{{Kind: izkmtest.Reset, After: true}, duplicate}[n-1]
				}
				return izkmtest.Fault{}
			})
			p.verified(10)
			p.start()
			p.until("an end", func() bool { return p.quiet() && len(p.accepted(izkmtest.Utilisation)) == 1 })
			if all := p.reports(); len(all) != 1 || all[0].State != ledger.Probable {
				t.Errorf("the reports are %+v", all)
			}
			if lines := p.log.with("WARN a report whose first sending may have arrived was refused"); len(lines) != 1 {
				t.Errorf("the log says %q", p.log.all)
			}
		})
	})
	t.Run("after a sending that never left", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.verified(10)
			p.network.down(true)
			p.start()
			p.until("a try", func() bool { return len(p.reports()) == 1 && p.reports()[0].Attempts > 0 })
			p.faults(on("POST utilisation", duplicate))
			p.network.down(false)
			p.until("an end", p.settled(1))
			if r := p.reports()[0]; r.State != ledger.Denied { // no echo: nothing of ours had arrived
				t.Errorf("the report stands as %s", r.State)
			}
		})
	})
	t.Run("at the first sending", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.faults(on("POST utilisation", duplicate))
			p.verified(10)
			p.start()
			p.until("an end", p.settled(1))
			if r := p.reports()[0]; r.State != ledger.Denied { // somebody else's report, not an echo of ours
				t.Errorf("the report stands as %s", r.State)
			}
		})
	})
}

// TestUnsentStaysFrozen: nothing has reached the server, so nothing is in doubt.
func TestUnsentStaysFrozen(t *testing.T) {
	t.Run("access denied", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.verified(10)
			p.faults(func(string, int) izkmtest.Fault { return izkmtest.Fault{Kind: izkmtest.Status, Status: 401} })
			p.start()
			p.until("a try", func() bool { return len(p.reports()) == 1 && p.reports()[0].Attempts >= 2 })
			p.stays(ledger.Frozen, "access denied")
			p.server.SetFault(nil)
			p.until("an end", p.settled(1))
			p.reportedOnce(10, 0)
		})
	})
	t.Run("no connection", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.verified(10)
			p.network.down(true)
			p.start()
			p.until("a try", func() bool { return len(p.reports()) == 1 && p.reports()[0].Attempts >= 2 })
			p.stays(ledger.Frozen, "no connection")
			p.network.down(false)
			p.until("an end", p.settled(1))
			p.reportedOnce(10, 0)
		})
	})
	t.Run("no connection after a lost answer", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.verified(10)
			p.faults(func(string, int) izkmtest.Fault {
				p.network.down(true)
				return izkmtest.Fault{Kind: izkmtest.Reset, After: true}
			})
			p.start()
			p.until("a second try", func() bool { return len(p.reports()) == 1 && p.reports()[0].Attempts >= 3 })
			p.stays(ledger.InDoubt, "no connection")
			p.server.SetFault(nil)
			p.network.down(false)
			p.until("an end", p.settled(1))
			p.reportedOnce(10, 0)
		})
	})
}

func (p *plant) stays(state ledger.ReportStatus, reason string) {
	p.t.Helper()
	for range 20 {
		time.Sleep(7 * time.Second)
		if r := p.reports()[0]; r.State != state && r.State != ledger.Sending || !strings.Contains(r.Reason, reason) {
			p.t.Errorf("the report is %s: %s; want %s: %s", r.State, r.Reason, state, reason)
		}
	}
}

// TestUnknownStatusWaits: a word that is not in the dictionary is neither a success nor a failure, and a
// report id that the server does not know yet is asked about again.
func TestUnknownStatusWaits(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.verified(10)
		patience := time.Now().Add(20 * time.Minute)
		p.faults(func(call string, n int) izkmtest.Fault {
			switch {
			case call != "GET report/info" || time.Now().After(patience):
				return izkmtest.Fault{}
			case n%2 == 0:
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"not found","errorCode":725}],"success":false}`}
			}
			return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusOK, Body: `{"omsId":"` + omsID + `","reportStatus":"ARCHIVED"}`}
		})
		p.start()
		p.until("its acceptance", func() bool { return len(p.reports()) == 1 && p.reports()[0].State == ledger.Accepted })
		for range 18 {
			time.Sleep(time.Minute)
			if r := p.reports()[0]; r.State != ledger.Accepted {
				p.t.Fatalf("the report is %s: %s", r.State, r.Reason)
			}
		}
		p.until("an end", p.settled(1))
		p.reportedOnce(10, 0)
	})
}
