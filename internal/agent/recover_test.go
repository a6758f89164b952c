package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm/izkmtest"
)

// recover runs Recover on the site's ledger.
func (s *site) recover() ([]supply.Recovered, error) {
	return Recover(s.t.Context(), s.cfg, Options{Log: slog.New(s.log), DialContext: func(context.Context, string, string) (net.Conn, error) { return s.reach("izkm") }})
}

// TestNewPC: a PC is lost with its ledger while its orders are open. The next one recovers the codes of both
// products; a product that the first one had marked passes the camera and is reported; the orders are closed,
// new codes are ordered, and the line goes on.
func TestNewPC(t *testing.T) {
	inSite(t, func(s *site) {
		s.izkm.SetFault(func(_, path string, _ int) izkmtest.Fault {
			if strings.HasSuffix(path, "/buffer/close") {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusInternalServerError}
			}
			return izkmtest.Fault{}
		})
		s.start()
		s.pass(2)
		s.ready()
		label, _ := s.tij.Print()
		marked := bytes.Clone(label.Symbols[0].Data) // on a product, and not read yet
		s.stop()
		s.cfg.Agent.DataDir = t.TempDir()
		s.izkm.SetFault(nil)

		all, err := s.recover()
		if err != nil || len(all) != 2 || !all[0].TakenUp() || all[0].Product != "water-05" || all[0].Codes != 200 || all[0].Blocks != 2 || !all[1].TakenUp() || all[1].Product != "water-05x6" || all[1].Codes != 40 {
			t.Fatalf("%+v, %v", all, err)
		}
		if again, err := s.recover(); err != nil || len(again) != 0 {
			t.Errorf("the second time: %+v, %v", again, err)
		}
		s.start()
		if n := s.status().Products[0].States[ledger.Doubtful.String()]; n != 200 {
			t.Errorf("%d codes are doubtful, want 200", n)
		}
		s.ready()
		s.cam1.Read(marked)
		s.until("the scan", func() bool { return s.verified() == 1 })
		s.cam2.Read(marked)
		s.agent.Flush(true)
		s.until("its report", func() bool {
			for _, c := range s.izkm.History().Codes {
				if c.Full == string(marked) {
					return c.Utilisation != ""
				}
			}
			return false
		})
		s.pass(2)
		s.until("closed orders", func() bool {
			for _, o := range s.izkm.History().Orders {
				if o.Status != "CLOSED" {
					return false
				}
			}
			return true
		})
		if balance, err := s.agent.Ledger().Recount(s.t.Context()); err != nil || !balance[0].Equal() || !balance[1].Equal() {
			t.Errorf("%+v, %v", balance, err)
		}
		h := s.izkm.History()
		for _, b := range h.Breaches {
			t.Errorf("against the document: %s", b)
		}
		printed := map[string]bool{}
		for _, l := range s.tij.Printed() {
			if code := string(l.Symbols[0].Data); printed[code] {
				t.Errorf("%q was printed twice", code)
			} else {
				printed[code] = true
			}
		}
		if len(h.Orders) != 4 {
			t.Errorf("%d orders, want one more of each product", len(h.Orders))
		}
	})
}

// TestRecoverEnds: with a clear error and nothing lost, when there is no one to ask or another linemark works on the ledger.
func TestRecoverEnds(t *testing.T) {
	inSite(t, func(s *site) {
		s.goAway("izkm")
		began := time.Now()
		if all, err := s.recover(); err == nil || len(all) != 0 || !strings.Contains(err.Error(), "water-05: asking for the list of orders, 5 times") {
			t.Errorf("%+v, %v", all, err)
		}
		if spent := time.Since(began); spent > time.Minute {
			t.Errorf("it took %s", spent)
		}
		s.comeBack("izkm")
		if all, err := s.recover(); err != nil || len(all) != 0 {
			t.Errorf("of a server that knows nothing: %+v, %v", all, err)
		}
		s.build()
		if _, err := s.recover(); !errors.Is(err, ledger.ErrInUse) {
			t.Errorf("beside an agent: %v", err)
		}
	})
}

// TestPastOrders: the states are those that supply goes by, and the rest is as the server tells it.
func TestPastOrders(t *testing.T) {
	c := newCanned(t)
	for _, test := range []struct {
		order, buffer string
		want          ledger.OrderState
	}{
		{"CREATED", "PENDING", ledger.Pending}, {"READY", "ACTIVE", ledger.Active}, {"READY", "EXHAUSTED", ledger.Exhausted},
		{"READY", "REJECTED", ledger.Refused}, {"REJECTED", "PENDING", ledger.Refused}, {"EXPIRED", "ACTIVE", ledger.Expired},
		{"CLOSED", "EXHAUSTED", ledger.Shut}, {"READY", "CLOSED", ledger.Shut}, {"READY", "ARCHIVED", ledger.Pending}, {"ARCHIVED", "ACTIVE", ledger.Active},
	} {
		c.answer = fmt.Sprintf(`{"omsId":"cdf12109-10d3-11e6-8b6f-0050569977a1","orderInfos":[
			{"orderId":"1","orderStatus":%q,"declineReason":"why","createdTimestamp":1772000000000,"buffers":[{"gtin":"04780012345677","bufferStatus":%q,"totalCodes":30,"totalPassed":20,"leftInBuffer":10}]},
			{"orderId":"2","orderStatus":"READY","buffers":[{"gtin":"04780012345684","bufferStatus":"ACTIVE","totalCodes":30,"leftInBuffer":30}]}]}`, test.order, test.buffer)
		all, err := past{c.izkmSystem}.Placed(t.Context(), soda)
		listed, listErr := c.List(t.Context(), soda, time.Time{})
		if err != nil || listErr != nil || len(all) != 1 || len(listed) != 1 {
			t.Fatalf("%+v, %v; %+v, %v", all, err, listed, listErr)
		}
		if o := all[0]; o.ServerOrder != listed[0] || o.State != test.want || o.ID != "1" || o.Quantity != 30 || o.Issued != 20 || o.Reason != "why" || !o.Placed.Equal(time.UnixMilli(1_772_000_000_000)) {
			t.Errorf("%s %s: %+v, want %s; a keeper sees %+v", test.order, test.buffer, o, test.want, listed[0])
		}
		if strings.Contains(c.query, "date") {
			t.Errorf("asked for %s", c.query)
		}
	}
	c.answer = `{"omsId":"cdf12109-10d3-11e6-8b6f-0050569977a1","blocks":[{"blockId":"b","blockDateTime":1772000000,"quantity":7}]}`
	blocks, err := past{c.izkmSystem}.Given(t.Context(), soda, "1")
	if err != nil || len(blocks) != 1 || blocks[0].ID != "b" || blocks[0].Quantity != 7 || !blocks[0].At.Equal(time.Unix(1_772_000_000, 0)) {
		t.Errorf("%+v, %v", blocks, err)
	}
}
