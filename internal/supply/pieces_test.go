package supply_test

import (
	"context"
	"testing"

	"linemark/internal/ledger"
)

// TestP4StoredInPart kills the agent after each commit of a block's pieces: the next start reads that block
// again, stores what is missing, and acknowledges it only then.
func TestP4StoredInPart(t *testing.T) {
	again := 0
	for after := 1; after < 12; after++ {
		inBubble(t, func(p *plant) {
			p.product.LowWater, p.product.OrderQuantity, p.product.BlockQuantity = 200, 450, 150
			storing := 0
			p.commit = func() {
				if p.count("GET codes") > 0 {
					if storing++; storing == after {
						p.die()
					}
				}
			}
			p.start()
			p.until("a full stock", p.full)
			p.whole(1)
			blocks, err := p.ledger.Load().Blocks(context.Background(), p.orders()[0].ID)
			p.must(err)
			if len(blocks) != 3 || blocks[0] != (ledger.Block{ServerID: blocks[0].ServerID, Quantity: 150}) || blocks[1].Quantity != 150 || blocks[1].InPart {
				p.t.Errorf("killed at commit %d: %+v", after, blocks)
			}
			again += p.count("GET codes/retry")
		})
	}
	if again < 3 {
		t.Errorf("%d blocks were read again: no kill came between two pieces", again)
	}
}
