package report_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestOutageStands: for as long as the national system is away the status says so, with one beginning,
// also between two tries; this log has no line of it, for who owns the access writes one.
func TestOutageStands(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.verified(25)
		p.faults(func(_ string, n int) izkmtest.Fault {
			return []izkmtest.Fault{{Kind: izkmtest.Reset}, {Kind: izkmtest.HTML}, {Kind: izkmtest.Status, Status: 502}, {Kind: izkmtest.Status, Status: 401}}[n%4]
		})
		p.start()
		p.until("the outage", func() bool { return p.desk.Status().Trouble != "" })
		began := p.desk.Status().Since
		for range 100 {
			time.Sleep(7 * time.Second)
			if s := p.desk.Status(); s.Trouble == "" || s.Since != began {
				p.t.Fatalf("at %s the status is %+v, want trouble since %s", time.Now(), s, began)
			}
		}
		p.mu.Lock()
		posts := p.counts["POST utilisation"]
		p.mu.Unlock()
		if posts < 3*8 || posts > 3*40 {
			t.Errorf("3 reports were sent %d times in 12 minutes of outage: the pauses are wrong", posts)
		}
		p.server.SetFault(nil)
		p.until("an end", p.settled(3))
		p.until("the good news", func() bool { return p.desk.Status().Trouble == "" })
		if lines := p.log.with("trouble"); len(lines) != 0 {
			t.Errorf("the log says %q", lines)
		}
	})
}

// TestOtherTroubleIsLogged, once, also when it comes in the midst of an outage.
func TestOtherTroubleIsLogged(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.verified(10)
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "POST utilisation" {
				return izkmtest.Fault{Kind: izkmtest.Reset}
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("the outage", func() bool { return p.desk.Status().Trouble != "" })
		unknown := izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest, Body: `{"globalErrors":[{"error":"no such report","errorCode":725}],"success":false}`}
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET report/info" {
				return unknown
			}
			return izkmtest.Fault{}
		})
		time.Sleep(10 * time.Minute)
		if lines := p.log.with("WARN reports have trouble"); len(lines) != 1 || !strings.Contains(lines[0], "no such report") {
			t.Errorf("the log says %q, want the refusal once", lines)
		}
	})
}

// TestUnbuildableReportHoldsNothingUp: what cannot be built is told, and what is frozen goes.
func TestUnbuildableReportHoldsNothingUp(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.verified(10)
		p.faults(func(string, int) izkmtest.Fault { return izkmtest.Fault{Kind: izkmtest.Reset} })
		p.start()
		p.until("a frozen report", func() bool { return len(p.reports()) == 1 && p.reports()[0].Attempts > 0 })
		p.kill()
		p.server.SetFault(nil)
		second := p.verified(10)
		p.system.fail = errors.New("productionDate is missing")
		p.config.UtilisationMax = 100 // so that it is tried once a minute
		p.start()
		p.until("the second report's trouble", func() bool { return strings.Contains(p.desk.Status().Trouble, "productionDate is missing") })
		p.until("the first report", func() bool { return p.reports()[0].State == ledger.Sent })
		if s := p.desk.Status(); !strings.Contains(s.Trouble, "productionDate is missing") || len(p.log.with("productionDate is missing")) == 0 {
			t.Errorf("the status is %+v; the log %q", s, p.log.all)
		}
		for range 40 { // it is told until the report can be made, not only in the second in which it is tried
			time.Sleep(time.Second)
			if s := p.desk.Status(); !strings.Contains(s.Trouble, "productionDate is missing") {
				t.Fatalf("at %s the status is %+v", time.Now(), s)
			}
		}
		p.kill()
		p.system.fail, p.config.UtilisationMax = nil, 10
		p.start()
		p.until("the second report", p.settled(2))
		p.reportedOnce(20, 0)
		if n := len(p.bodies[p.reports()[1].UUID]); n != 1 || p.reports()[1].Codes != len(second) {
			t.Errorf("the second report was sent %d times with %d codes", n, p.reports()[1].Codes)
		}
	})
}
