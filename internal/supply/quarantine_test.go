package supply_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/supply"
	"linemark/internal/upstream/izkm/izkmtest"
)

// noMoreOrders refuses every order but the first, so that a test sees what becomes of that one.
func (p *plant) noMoreOrders(call string) (izkmtest.Fault, bool) {
	return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusBadRequest}, call == "POST orders" && p.count(call) > 1
}

// issuedCode makes a code that the server could have issued.
func issuedCode(gtin, serial, check string) string {
	return "01" + gtin + "21" + serial + "\x1d93" + check
}

const blockID = "0f5eb1a4-68ad-4d9f-b0a1-6ad1f2a8b9c3"

// TestBadBlocksAreQuarantined: a block with a code that may not be used is kept apart as a whole. It is no
// stock, and its order is neither asked for more, which would acknowledge it, nor closed.
func TestBadBlocksAreQuarantined(t *testing.T) {
	good := issuedCode(bottle.GTIN, "abcdefghijkl1", "AbCd")
	tests := []struct {
		name   string
		codes  []string
		reason string
	}{
		{"code of another product", []string{good, issuedCode("04780012345684", "abcdefghijkl2", "AbCd")}, "expected GTIN"},
		{"a character was lost on the way", []string{good, issuedCode(bottle.GTIN, "abcdefghijk\ufffd2", "AbCd")}, "U+FFFD"},
		{"a control byte", []string{issuedCode(bottle.GTIN, "abcdefghijk\x072", "AbCd"), good}, "no control byte"},
		{"a code twice in the block", []string{good, good}, "received a second time"},
		{"more codes than asked for", strings.Split(strings.Repeat(good+" ", 11)[:11*(len(good)+1)-1], " "), "11 codes where 10 were asked for"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				p.faults(func(call string, _ int) izkmtest.Fault {
					if f, ok := p.noMoreOrders(call); ok {
						return f
					}
					if call == "GET codes" && p.count(call) == 2 {
						return p.codes(test.codes)
					}
					return izkmtest.Fault{}
				})
				p.start()
				p.until("the quarantine", func() bool { return len(p.openOrders()) == 0 && p.stock() == 10 })
				p.until("a refused order", func() bool { return p.count("POST orders") > 2 })
				p.quarantined(1, test.reason)
				if p.count("GET codes") != 2 || p.count("POST buffer/close") != 0 {
					t.Errorf("the order was asked for more: %s", p.calls())
				}
			})
		})
	}
}

// TestRepeatedCodeIsQuarantined: a code that the ledger has had before, whatever became of it.
func TestRepeatedCodeIsQuarantined(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if f, ok := p.noMoreOrders(call); ok {
				return f
			}
			if call == "GET codes" && p.count(call) == 3 {
				return p.codes([]string{issuedCode(bottle.GTIN, "abcdefghijkl1", "AbCd"), string(p.held()[4].Code)})
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("the quarantine", func() bool { return p.stock() == 20 && len(p.openOrders()) == 0 })
		p.quarantined(1, "received a second time")
		if p.stock() != 20 {
			t.Errorf("%d codes in stock, want the 20 of the good blocks", p.stock())
		}
	})
}

// TestUnusualCodesAreStock: what only differs from the document is stored with a warning, as it came.
func TestUnusualCodesAreStock(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.loose = true
		p.product.OrderQuantity, p.product.LowWater = 2, 1
		short, bare := issuedCode(bottle.GTIN, "abc", "AbCd"), "01"+bottle.GTIN+"21abcdefghijkl1"
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET codes" {
				return p.codes([]string{short, bare})
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("a full stock", func() bool { return p.stock() == 2 })
		if held := p.held(); string(held[0].Code) != short || string(held[1].Code) != bare {
			t.Errorf("the ledger has %+v", held)
		}
		if len(p.log.with("differ from their document")) != 1 {
			t.Errorf("the log %q", p.log.all)
		}
	})
}

// TestForeignBlocksAreQuarantined: blocks that this agent did not ask for were taken by another program.
// Nobody can tell what it did with them.
func TestForeignBlocksAreQuarantined(t *testing.T) {
	other := func(p *plant, quantity int, last string) supply.Block { // the other program
		b, err := p.client.Codes(p.t.Context(), p.server.History().Orders[0].ID, bottle.GTIN, quantity, last)
		p.must(err)
		return supply.Block{ID: b.ID, Codes: b.Codes}
	}
	lost := func(p *plant, meanwhile func(last string)) func(string, int) izkmtest.Fault {
		return func(call string, _ int) izkmtest.Fault {
			if f, ok := p.noMoreOrders(call); ok {
				return f
			}
			switch {
			case call == "GET codes" && p.count(call) == 1:
				return izkmtest.Fault{Kind: izkmtest.Reset, After: true}
			case call == "GET codes/blocks" && p.count(call) == 2:
				meanwhile(p.server.History().Blocks[0].ID)
			}
			return izkmtest.Fault{}
		}
	}
	t.Run("one beside the lost one", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.loose = true
			p.faults(lost(p, func(last string) { other(p, 10, last) }))
			p.start()
			p.until("the quarantine", func() bool { return p.count("POST orders") > 1 })
			p.quarantined(2, "did not ask for it")
		})
	})
	t.Run("one of another size, ours never issued", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.loose = true
			p.faults(func(call string, _ int) izkmtest.Fault {
				if f, ok := p.noMoreOrders(call); ok {
					return f
				}
				switch {
				case call == "GET codes" && p.count(call) == 1:
					return izkmtest.Fault{Kind: izkmtest.Reset}
				case call == "GET codes/blocks" && p.count(call) == 2:
					other(p, 11, "")
				}
				return izkmtest.Fault{}
			})
			p.start()
			p.until("the quarantine", func() bool { return p.count("POST orders") > 1 })
			p.quarantined(1, "did not ask for it")
		})
	})
	t.Run("one before the first call", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.loose = true
			p.faults(func(call string, _ int) izkmtest.Fault {
				if f, ok := p.noMoreOrders(call); ok {
					return f
				}
				if call == "GET codes/blocks" && p.count(call) == 1 {
					other(p, 10, "")
				}
				return izkmtest.Fault{}
			})
			p.start()
			p.until("the quarantine", func() bool { return p.count("POST orders") > 1 })
			p.quarantined(1, "did not ask for it")
			if n := p.count("GET codes"); n != 1 {
				t.Errorf("codes were taken %d times, want once, by the other program", n)
			}
		})
	})
	t.Run("one between two of ours", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.loose = true
			p.faults(func(call string, _ int) izkmtest.Fault {
				if f, ok := p.noMoreOrders(call); ok {
					return f
				}
				if call == "GET codes" && p.count(call) == 2 {
					other(p, 10, p.server.History().Blocks[0].ID)
				}
				return izkmtest.Fault{}
			})
			p.start()
			p.until("the quarantine", func() bool { return p.count("POST orders") > 1 })
			p.quarantined(1, "did not ask for it")
		})
	})
}

// TestForeignBlockAtTheEnd: everything is stored, and the server lists a block more. To close the order would
// acknowledge it.
func TestForeignBlockAtTheEnd(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if f, ok := p.noMoreOrders(call); ok {
				return f
			}
			switch {
			case call == "GET codes/blocks" && p.count(call) > 1:
				return answer(`{"omsId":%q,"blocks":[{"blockId":%q,"quantity":1}]}`, omsID, blockID)
			case call == "GET codes/retry":
				return p.codes([]string{issuedCode(bottle.GTIN, "abcdefghijkl1", "AbCd")})
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("an end", func() bool { return p.stock() == 30 && len(p.openOrders()) == 0 })
		p.quarantined(1, "did not ask for it")
		if n := p.count("POST buffer/close"); n != 0 {
			t.Errorf("the order was closed: %s", p.calls())
		}
	})
}

// TestEmptyBlock: it brings nothing and breaks nothing, not even after a restart.
func TestEmptyBlock(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if call == "GET codes" && p.count(call) == 2 {
				return p.codes([]string{})
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("trouble", func() bool { return strings.Contains(p.keeper.Status().Trouble, "empty block") })
		p.until("a full stock", p.full)
		p.whole(1)
	})
	t.Run("listed", func(t *testing.T) {
		inBubble(t, func(p *plant) {
			p.faults(func(call string, _ int) izkmtest.Fault {
				switch orders := p.server.History().Orders; {
				case call == "GET codes/blocks" && p.count(call) == 1:
					return answer(`{"omsId":%q,"orderId":%q,"gtin":%q,"blocks":[{"blockId":%q,"blockDateTime":"2000-01-01T00:00:01Z","quantity":0}]}`, omsID, orders[0].ID, bottle.GTIN, blockID)
				case call == "GET codes/retry":
					return p.codes([]string{})
				}
				return izkmtest.Fault{}
			})
			p.start()
			p.until("a full stock", p.full)
			p.whole(1)
		})
	})
}

// TestQuarantineOutlivesACrash: the agent is killed when the block is in quarantine and its order not yet
// ended. It must not take that order up again.
func TestQuarantineOutlivesACrash(t *testing.T) {
	inBubble(t, func(p *plant) {
		p.faults(func(call string, _ int) izkmtest.Fault {
			if f, ok := p.noMoreOrders(call); ok {
				return f
			}
			if call == "GET codes" && p.count(call) == 2 {
				return p.codes([]string{issuedCode("04780012345684", "abcdefghijkl2", "AbCd")})
			}
			return izkmtest.Fault{}
		})
		p.start()
		p.until("the quarantine", func() bool { return p.count("POST orders") > 1 })
		o := p.orders()[0]
		p.kill() // and now as if the last write had not been
		p.must(p.ledger.Load().SetOrder(p.t.Context(), o.ID, "", ledger.Active, ""))
		p.restart()
		p.until("a refused order", func() bool { return p.count("POST orders") > 3 })
		p.quarantined(1, "found at the start")
		if n := p.count("GET codes"); n != 2 {
			t.Errorf("the order was asked for more: %s", p.calls())
		}
	})
}

// codes is an answer with codes of the test's own.
func (p *plant) codes(codes []string) izkmtest.Fault {
	body, err := json.Marshal(map[string]any{"omsId": omsID, "blockId": blockID, "codes": codes})
	p.must(err)
	return izkmtest.Fault{Kind: izkmtest.Status, Status: http.StatusOK, Body: string(body)}
}

// quarantined checks the first order: so many of its blocks are kept apart, with the reason.
func (p *plant) quarantined(n int, reason string) {
	p.t.Helper()
	o, kept, stored := p.orders()[0], 0, 0
	for _, b := range p.blocks(o) {
		if b.Quarantined {
			kept++
		} else {
			stored += b.Quantity
		}
	}
	if kept != n || stored != p.stock() || o.Stored != stored {
		p.t.Errorf("%d blocks in quarantine, want %d; %d codes of good blocks, %d in stock", kept, n, stored, p.stock())
	}
	if o.State != ledger.Refused || !strings.Contains(o.Reason, reason) || !strings.Contains(o.Reason, "quarantine") {
		p.t.Errorf("the order stands as %s: %s; want refused: %s", o.State, o.Reason, reason)
	}
	if len(p.log.with("ERROR a block of codes is quarantined")) < n {
		p.t.Errorf("the log does not say it: %q", p.log.all)
	}
	quarantined := map[string]bool{}
	for _, b := range p.blocks(o) {
		quarantined[b.ServerID] = b.Quarantined
	}
	for _, h := range p.held() {
		if quarantined[h.Block] {
			p.t.Errorf("code %s of a quarantined block can be used", code.Visible(h.Code))
		}
	}
}

// TestLateBlockIsOurs: the server works a lost call off after it has told that nothing of it was issued. The block
// is what this agent has asked for; the same long after that is another program's.
func TestLateBlockIsOurs(t *testing.T) {
	for _, c := range []struct {
		name    string
		late    time.Duration
		foreign bool
	}{{"at once", 0, false}, {"an hour later", time.Hour, true}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(p *plant) {
				p.loose = true
				worked, lost := false, time.Now()
				p.faults(func(call string, _ int) izkmtest.Fault {
					if f, ok := p.noMoreOrders(call); ok {
						return f
					}
					switch {
					case call == "GET codes" && p.count(call) == 1:
						lost = time.Now()
						return izkmtest.Fault{Kind: izkmtest.Reset}
					case call == "GET codes" && time.Since(lost) < c.late:
						return izkmtest.Fault{Kind: izkmtest.Status, Status: 400}
					case call == "GET codes" && !worked:
						worked = true
						_, err := p.client.Codes(p.t.Context(), p.server.History().Orders[0].ID, bottle.GTIN, 10, "")
						p.must(err)
					}
					return izkmtest.Fault{}
				})
				p.start()
				if c.foreign {
					p.until("the quarantine", func() bool { return p.count("POST orders") > 1 })
					p.quarantined(1, "did not ask for it")
					return
				}
				p.until("a full stock", p.full)
				p.sameCodes()
			})
		})
	}
}
