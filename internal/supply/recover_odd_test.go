package supply_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestRecoveredIntoOldCopy: a copy of the ledger from before has the order without its newest blocks. These
// may have been printed since: they are doubtful, whatever the copy says of a call that was under way.
func TestRecoveredIntoOldCopy(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		inBubble(t, func(p *plant) {
			p.dieAt("GET codes", 2, false)
			p.start()
			<-p.ended
			p.kill()
			p.faults(nil)
			p.loosen(true)
			o := p.orders()[0]
			if o.Fetching != 10 {
				t.Fatalf("%+v", o)
			}
			_, err := p.system.Take(p.t.Context(), p.product, o.ServerID, 10, o.LastBlock)
			p.must(err)
			if interrupted {
				ctx, cancel := context.WithCancel(p.t.Context())
				defer cancel()
				if _, err := p.recover(ctx, func(n int, _ bool) {
					if n == 3 {
						cancel()
					}
				}); !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				p.product.LowWater = 10 // the agent has no need of another order
				p.start()
				time.Sleep(time.Hour)
				synctest.Wait()
				p.kill()
			}
			if all := p.recovered(); len(all) != 1 || !all[0].TakenUp() || all[0].Blocks != 1 || all[0].Codes != 10 {
				t.Errorf("%+v", all)
			}
			p.sameCodes()
			p.account()
			for i, h := range p.held() {
				if want := map[bool]ledger.State{true: ledger.InStock, false: ledger.Doubtful}[i < 10]; h.State != want {
					t.Errorf("code %d is %s, want %s", i, h.State, want)
				}
			}
			p.loosen(false)
			p.product.LowWater = 20
			p.start()
			p.until("a full stock", p.full)
			p.whole(1)
		})
	}
}

// TestRecoveredBesideKnownCodes: codes that came in from a file stay what they are. The order lacks them, and
// is closed all the same, for the server has no more.
func TestRecoveredBesideKnownCodes(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.dieAt("POST buffer/close", 1, false)
		p.start()
		p.lose()
		profile, err := code.Table{}.Profile(bottle.Group, bottle.Type)
		p.must(err)
		codes := p.server.History().Codes
		_, err = p.ledger.Load().Import(p.t.Context(), p.product.ID, profile, "codes.txt", func(add func(code.Code) error) error {
			return errors.Join(add(code.Code(codes[3].Full)), add(code.Code(codes[12].Full)))
		})
		p.must(err)
		if all := p.recovered(); len(all) != 1 || all[0].Codes != 28 || all[0].Blocks != 3 {
			t.Errorf("%+v", all)
		}
		p.account()
		if p.stock() != 2 {
			t.Errorf("%d in stock, want those of the file", p.stock())
		}
		taken := p.count("GET codes")
		p.product.LowWater = 2
		p.start()
		p.until("the end of the order", func() bool { return len(p.openOrders()) == 0 })
		if p.count("GET codes") != taken || p.orders()[1].State != ledger.Shut {
			t.Errorf("%+v after %s", p.orders(), p.calls())
		}
		p.noBreach()
	})
}

// TestRecoveredIncompleteList: the server says that all was taken, and its list of blocks lacks one. To close
// the order would end the hope for it.
func TestRecoveredIncompleteList(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.dieAt("POST buffer/close", 1, false)
		p.start()
		p.lose()
		h := p.server.History()
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET codes/blocks" {
				return answer(`{"omsId":%q,"orderId":%q,"gtin":%q,"blocks":[{"blockId":%q,"blockDateTime":"2000-01-01T00:00:01Z","quantity":10}]}`, omsID, h.Orders[0].ID, bottle.GTIN, h.Blocks[0].ID)
			}
			return izkmtest.Fault{}
		})
		if all := p.recovered(); len(all) != 1 || all[0].Codes != 10 {
			t.Errorf("%+v", all)
		}
		p.product.LowWater = 0
		p.start()
		time.Sleep(time.Hour)
		synctest.Wait()
		if p.count("POST buffer/close") != 1 { // that of the lost ledger
			t.Errorf("closed: %s", p.calls())
		}
	})
}

// TestRecoveredWithoutTimes: a server that tells no times. Its lists are all there is to go by, and an order
// of unknown age is found in a list of all.
func TestRecoveredWithoutTimes(t *testing.T) {
	lostInMidOrder(t, func(p *plant) {
		time.Sleep(5 * 24 * time.Hour)
		all, err := p.recoverFrom(p.t.Context(), &memory{p: p, around: func(int, bool) {}, timeless: true})
		if err != nil || len(all) != 1 || !all[0].TakenUp() {
			t.Fatalf("%+v, %v", all, err)
		}
		p.allDoubtful()
		taken := p.count("GET codes")
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET codes" && p.count(call) == taken+1 {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}
			}
			return izkmtest.Fault{}
		})
		p.loosen(false)
		p.start()
		p.until("a full stock", p.full)
		p.whole(2)
	})
}

// TestRecoveredEmptyBlock: a block without codes is none, and is not acknowledged in the place of the last one.
func TestRecoveredEmptyBlock(t *testing.T) {
	lostInMidOrder(t, func(p *plant) {
		h := p.server.History()
		blocks, retries := p.count("GET codes/blocks"), p.count("GET codes/retry")
		p.faults(func(call string, _ int) izkmtest.Fault {
			switch {
			case call == "GET codes/blocks" && p.count(call) == blocks+1:
				return answer(`{"omsId":%q,"orderId":%q,"gtin":%q,"blocks":[{"blockId":%q,"blockDateTime":"2000-01-01T00:00:01Z","quantity":10},{"blockId":%q,"blockDateTime":"2000-01-01T00:00:02Z","quantity":10},{"blockId":%q,"blockDateTime":"2000-01-01T00:00:03Z","quantity":0}]}`,
					omsID, h.Orders[0].ID, bottle.GTIN, h.Blocks[0].ID, h.Blocks[1].ID, blockID)
			case call == "GET codes/retry" && p.count(call) == retries+3:
				return p.codes([]string{})
			}
			return izkmtest.Fault{}
		})
		if all := p.recovered(); len(all) != 1 || !all[0].TakenUp() || all[0].Blocks != 2 {
			t.Errorf("%+v", all)
		}
		p.loosen(false)
		p.start()
		p.until("a full stock", p.full)
		p.whole(2)
	})
}
