package supply_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestP4Recovered loses the ledger at every point of an order's life. All that was issued comes
// back once, as doubtful, a second run changes nothing, and a keeper finishes the order as if it
// had been its own.
func TestP4Recovered(t *testing.T) {
	tests := []struct {
		name   string
		call   string
		n      int
		after  bool
		state  ledger.OrderState
		blocks int
	}{
		{"just placed", "POST orders", 1, true, ledger.Pending, 0},
		{"before the first block", "GET codes", 1, false, ledger.Active, 0},
		{"the first block on its way", "GET codes", 1, true, ledger.Active, 1},
		{"after the first block", "GET codes", 2, false, ledger.Active, 1},
		{"in the midst", "GET codes", 3, false, ledger.Active, 2},
		{"the last block on its way", "GET codes", 3, true, ledger.Exhausted, 3},
		{"before it was closed", "POST buffer/close", 1, false, ledger.Exhausted, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				p.dieAt(test.call, test.n, test.after)
				p.start()
				p.lose()
				all := p.recovered()
				if len(all) != 1 || !all[0].TakenUp() || all[0].Blocks != test.blocks || all[0].Codes != 10*test.blocks || all[0].State != test.state || all[0].Product != "water-05" || all[0].Quantity != 30 {
					t.Errorf("%+v", all)
				}
				p.allDoubtful()
				before := p.state()
				time.Sleep(time.Minute)
				if again := p.recovered(); len(again) != 0 || p.state() != before {
					t.Errorf("the second run did %+v, and left\n%s after\n%s", again, p.state(), before)
				}
				p.loosen(false)
				p.start()
				p.until("a full stock", p.full)
				p.whole(len(p.server.History().Orders))
				if n := len(p.server.History().Orders); n > 2 {
					t.Errorf("%d orders", n)
				}
				if n := len(p.log.with("quarantine")); n != 0 {
					t.Errorf("quarantined: %q", p.log.all)
				}
			})
		})
	}
}

// TestRecoveredInterrupted kills the recovery before and after each of its calls. Another run goes on, also
// when an agent has worked in between: it leaves alone what is not whole.
func TestRecoveredInterrupted(t *testing.T) {
	for _, agentBetween := range []bool{false, true} {
		for n := 1; n <= 4; n++ { // the orders, the blocks, two of these
			for _, after := range []bool{false, true} {
				lostInMidOrder(t, func(p *plant) {
					ctx, cancel := context.WithCancel(p.t.Context())
					defer cancel()
					_, err := p.recover(ctx, func(call int, ended bool) {
						if call == n && ended == after {
							cancel()
						}
					})
					if !errors.Is(err, context.Canceled) {
						t.Fatalf("killed at call %d: %v", n, err)
					}
					p.account()
					if agentBetween {
						p.start()
						p.until("a full stock", p.full)
						p.kill()
					}
					all := p.recovered()
					if len(all) != 1 || !all[0].TakenUp() {
						t.Errorf("killed at call %d: %+v", n, all)
					}
					if !agentBetween {
						p.allDoubtful()
					}
					p.loosen(false)
					p.start()
					p.until("the end of the order", func() bool { return p.full() && p.server.History().Blocks[1].Closed })
					p.whole(2)
				})
			}
		}
	}
	// The gap that no call shows: all is stored, and the order not yet handed on.
	lostInMidOrder(t, func(p *plant) {
		p.recovered()
		p.must(p.ledger.Load().SetOrder(p.t.Context(), p.orders()[0].ID, "", ledger.Refused, "recovered from the server"))
		if all := p.recovered(); len(all) != 1 || !all[0].TakenUp() || p.orders()[0].State != ledger.Active {
			t.Errorf("%+v: %+v", all, p.orders())
		}
	})
}

// TestRecoveredClosed: what is closed cannot be read again. It is told with its number, and nothing else is
// done about it, whether or not another order is open.
func TestRecoveredClosed(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.start()
		p.until("a full stock", p.full)
		p.dieAt("GET codes", 6, false) // of the second order
		lot, err := p.ledger.Load().Lot(p.t.Context(), "3", p.product.ID, "B1")
		p.must(err)
		_, err = p.ledger.Load().Claim(p.t.Context(), "3/mark", lot, 25)
		p.must(err)
		p.lose()
		first := p.server.History().Orders[0].ID
		closed := func(all []supply.Recovered) bool {
			return len(all) > 0 && all[0].Order == first && all[0].State == ledger.Shut && all[0].Unreadable == 30 && all[0].Codes == 0 && !all[0].TakenUp()
		}
		if all := p.recovered(); len(all) != 2 || !closed(all) || !all[1].TakenUp() || all[1].Codes != 20 {
			t.Errorf("%+v", all)
		}
		if all := p.recovered(); len(all) != 1 || !closed(all) {
			t.Errorf("the second time: %+v", all)
		}
		if len(p.orders()) != 1 || len(p.held()) != 20 {
			t.Errorf("%d orders, %d codes", len(p.orders()), len(p.held()))
		}
		p.noBreach()
		p.start() // of its own orders nothing is told
		p.until("a full stock", p.full)
		p.kill()
		if all := p.recovered(); len(all) != 1 || !closed(all) {
			t.Errorf("after the work: %+v", all)
		}
	})
}

// TestRecoveredOldOrder: an order is asked for by the time at which it was placed, long before its recovery.
func TestRecoveredOldOrder(t *testing.T) {
	lostInMidOrder(t, func(p *plant) {
		time.Sleep(5 * 24 * time.Hour)
		p.recovered()
		taken := p.count("GET codes")
		p.faults(func(call string, _ int) izkmtest.Fault { // the keeper then looks into the list
			if call == "GET codes" && p.count(call) == taken+1 {
				return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("a full stock", p.full)
		p.whole(2)
	})
}

// TestP1RecoveredUse: a recovered code is not printed. A scan makes it verified and due for a report; a word
// returns the others to stock.
func TestP1RecoveredUse(t *testing.T) {
	lostInMidOrder(t, func(p *plant) {
		order := p.recovered()[0].Order
		l := p.ledger.Load()
		lot, err := l.Lot(p.t.Context(), "3", p.product.ID, "B1")
		p.must(err)
		if claims, err := l.Claim(p.t.Context(), "3/mark", lot, 30); err != nil || len(claims) != 0 {
			t.Errorf("claimed %+v, %v", claims, err)
		}
		profile, err := code.Table{}.Profile(bottle.Group, bottle.Type)
		p.must(err)
		codes := p.server.History().Codes
		verdicts, err := l.Verify(p.t.Context(), "3/check", lot, profile, []code.Code{code.Code(codes[4].Full)})
		if err != nil || verdicts[0].Outcome != ledger.Good || verdicts[0].Was != ledger.Doubtful {
			t.Errorf("%+v, %v", verdicts, err)
		}
		if due, err := l.DueUtilisation(p.t.Context(), "VERIFIED"); err != nil || len(due) != 1 || due[0].Count != 1 {
			t.Errorf("due %+v, %v", due, err)
		}
		n, err := l.ReleaseFrom(p.t.Context(), code.Code(codes[12].KI), "nothing was printed after 14:00")
		if err != nil || n != 8 || p.stock() != 8 {
			t.Errorf("%d released, %d in stock, %v", n, p.stock(), err)
		}
		n, err = l.ReleaseOrder(p.t.Context(), order, "the order was never started")
		if err != nil || n != 11 || p.stock() != 19 {
			t.Errorf("%d released, %d in stock, %v", n, p.stock(), err)
		}
		p.account()
		before := p.state()
		if again := p.recovered(); len(again) != 0 || p.state() != before {
			t.Errorf("a recovery afterwards did %+v", again)
		}
	})
}

// TestRecoveredQuarantine: a block that cannot be what was issued is kept apart, and its order is given up;
// what is good of it is doubtful like the rest.
func TestRecoveredQuarantine(t *testing.T) {
	first := func(p *plant, n int, change func(string) string) izkmtest.Fault {
		codes := []string{}
		for _, c := range p.server.History().Codes[:n] {
			codes = append(codes, change(c.Full))
		}
		f := p.codes(codes)
		f.Body = strings.Replace(f.Body, blockID, p.server.History().Blocks[0].ID, 1)
		return f
	}
	short := func(p *plant) izkmtest.Fault { return first(p, 1, func(c string) string { return c }) }
	other := func(p *plant) izkmtest.Fault {
		return first(p, 10, func(c string) string { return strings.Replace(c, bottle.GTIN, "04780012345684", 1) })
	}
	for reason, bad := range map[string]func(*plant) izkmtest.Fault{"1 codes where the list of blocks says 10": short, "expected GTIN": other} {
		lostInMidOrder(t, func(p *plant) {
			p.faults(func(call string, _ int) izkmtest.Fault {
				if call == "GET codes/retry" && p.count(call) == 1 {
					return bad(p)
				}
				return izkmtest.Fault{}
			})
			all := p.recovered()
			if len(all) != 1 || all[0].TakenUp() || all[0].Quarantined != 1 || all[0].Blocks != 1 || all[0].Codes != 10 || !strings.Contains(all[0].Reason, reason) {
				t.Errorf("%+v, want %s", all, reason)
			}
			o := p.orders()[0]
			if o.State != ledger.Refused || !strings.Contains(o.Reason, reason) {
				t.Errorf("%+v", o)
			}
			p.account()
			before, calls := p.state(), p.count("GET codes")
			if again := p.recovered(); len(again) != 0 || p.state() != before {
				t.Errorf("the second run did %+v", again)
			}
			p.product.LowWater = 0
			p.start()
			time.Sleep(time.Hour)
			synctest.Wait()
			if p.count("GET codes") != calls || p.count("POST buffer/close") != 0 {
				t.Errorf("the order was asked for more: %s", p.calls())
			}
		})
	}
}

// TestRecoveredThroughFaults: a server that fails is asked again, a few times; one that says no is not.
func TestRecoveredThroughFaults(t *testing.T) {
	broken := izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadGateway}
	for _, call := range []string{"GET orders", "GET codes/blocks", "GET codes/retry"} {
		t.Run(call, func(t *testing.T) {
			lostInMidOrder(t, func(p *plant) {
				from := p.count(call)
				failing := func(times int, f izkmtest.Fault) {
					p.faults(func(arrived string, _ int) izkmtest.Fault {
						if arrived == call && p.count(call)-from <= times {
							return f
						}
						return izkmtest.Fault{}
					})
				}
				failing(1000, broken)
				all, err := p.recover(p.t.Context(), nil)
				if err == nil || !strings.Contains(err.Error(), "5 times") || !strings.Contains(err.Error(), strings.Replace(call, "GET ", "GET /", 1)) || p.count(call)-from != 5 {
					t.Errorf("%d times: %v", p.count(call)-from, err)
				}
				if call == "GET codes/retry" && (len(all) != 1 || all[0].TakenUp() || all[0].Unreadable != 20) {
					t.Errorf("%+v", all)
				}
				from = p.count(call)
				failing(1000, izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusUnauthorized})
				var denied *izkm.Error
				if _, err := p.recover(p.t.Context(), nil); !errors.As(err, &denied) || !denied.Unauthorized() || p.count(call)-from != 1 {
					t.Errorf("%d times: %v", p.count(call)-from, err)
				}
				from = p.count(call)
				failing(1, izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest})
				all, err = p.recover(p.t.Context(), nil)
				if refused := call != "GET orders" && err == nil && len(all) == 1 && all[0].Refused && !all[0].TakenUp() && all[0].Unreadable == 20 && all[0].Reason != ""; refused == (call == "GET orders") || len(p.held()) != 0 {
					t.Errorf("refused: %+v, %v", all, err)
				}
				from = p.count(call)
				failing(4, broken)
				if all, err := p.recover(p.t.Context(), nil); err != nil || len(all) != 1 || !all[0].TakenUp() {
					t.Errorf("%+v, %v", all, err)
				}
				p.allDoubtful()
				p.faults(nil)
				p.loosen(false)
				p.start()
				p.until("a full stock", p.full)
				p.whole(2)
			})
		})
	}
}

// TestRecoveredStorm: everything goes wrong at once, and a person tries again until it is done.
func TestRecoveredStorm(t *testing.T) {
	for seed := range uint64(5) {
		lostInMidOrder(t, func(p *plant) {
			p.server.SetFault(izkmtest.Storm(seed, 0.3, 0.3, 0.2))
			for try := 1; ; try++ {
				_, err := p.recover(p.t.Context(), nil)
				p.account()
				if err == nil {
					break
				}
				if try == 50 {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			p.allDoubtful()
			p.faults(nil)
			p.loosen(false)
			p.start()
			p.until("a full stock", p.full)
			p.whole(2)
		})
	}
}

// TestRecoveredInOrderOfIssue: codes of two orders that were taken in turn come in as they were issued, since
// "from this code on" means that order. What the server will not read holds up its own order alone.
func TestRecoveredInOrderOfIssue(t *testing.T) {
	for _, refused := range []int{0, 1} {
		inBubble(t, func(p *plant) {
			p.loosen(true)
			last := map[string]string{}
			var ids []string
			for range 2 {
				id, err := p.system.Place(p.t.Context(), p.product, 30)
				p.must(err)
				ids = append(ids, id)
				time.Sleep(time.Minute)
			}
			for _, id := range []string{ids[1], ids[0], ids[0], ids[1]} {
				b, err := p.system.Take(p.t.Context(), p.product, id, 10, last[id])
				p.must(err)
				last[id] = b.ID
				time.Sleep(time.Minute)
			}
			p.faults(func(call string, _ int) izkmtest.Fault {
				if call == "GET codes/retry" && p.count(call) == refused {
					return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}
				}
				return izkmtest.Fault{}
			})
			all := p.recovered()
			if refused == 0 {
				if len(all) != 2 || all[0].Order != ids[0] || all[0].Codes+all[1].Codes != 40 {
					t.Errorf("%+v", all)
				}
				p.allDoubtful()
			} else {
				if len(all) != 2 || all[1].Order != ids[1] || !all[1].Refused || all[1].Unreadable != 20 || !all[0].TakenUp() || all[0].Codes != 20 {
					t.Errorf("%+v", all)
				}
				if open := p.openOrders(); len(open) != 1 || open[0].ServerID != ids[0] {
					t.Errorf("open are %+v", open)
				}
				if all := p.recovered(); len(all) != 1 || all[0].Order != ids[1] || !all[0].TakenUp() || all[0].Codes != 20 {
					t.Errorf("the second time: %+v", all)
				}
				p.sameCodes()
			}
			p.loosen(false)
			p.product.LowWater = 20
			p.start()
			p.until("a full stock", p.full)
			p.whole(2)
		})
	}
}

// TestRecoveredCopy: the ledger is a copy from the midst of an order, whose rest another PC has taken since, and
// closed. The order is let go, and the keeper orders anew: nobody asks for its blocks for ever.
func TestRecoveredCopy(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.dieAt("GET codes", 2, false)
		p.start()
		<-p.ended
		p.kill()
		p.loosen(true)
		p.faults(nil)
		order := p.orders()[0]
		last := order.LastBlock
		for range 2 {
			b, err := p.client.Codes(p.t.Context(), order.ServerID, p.product.GTIN, 10, last)
			p.must(err)
			last = b.ID
		}
		p.must(p.client.CloseBuffer(p.t.Context(), order.ServerID, p.product.GTIN, last))

		all := p.recovered()
		if len(all) != 1 || all[0].TakenUp() || all[0].State != ledger.Shut || all[0].Unreadable != 20 || all[0].Codes != 0 {
			t.Errorf("%+v", all)
		}
		if o := p.orders()[0]; o.State != ledger.Shut {
			t.Errorf("%+v", o)
		}
		if again := p.recovered(); len(again) != 0 {
			t.Errorf("the second time: %+v", again)
		}
		p.start()
		p.until("a full stock", p.full)
	})
}
