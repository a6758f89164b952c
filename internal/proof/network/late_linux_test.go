package network

import (
	"errors"
	"strings"
	"testing"

	"linemark/internal/proof/network/proxy"
	"linemark/internal/sim"
)

// A request for a block of codes is worked on after the agent has given it up, and after it was told that no
// such block was issued. The block is its own all the same: it goes into the stock, and the order goes on.
func TestP4LateBlock(t *testing.T) {
	t.Parallel()
	r := newRig(t, seeded(t), setup{faults: sim.SomeFaults})
	x := r.proxies["IZKM"]
	x.Begin(proxy.Fault{Kind: proxy.Late, When: isCodes, Ahead: isCodes})
	r.work()
	if x.Struck() != 1 {
		t.Fatalf("%d requests were kept back", x.Struck())
	}
	x.End()
	r.Until("a full stock", func() error {
		s, err := r.Status()
		if err != nil {
			return err
		}
		for _, p := range s.Products {
			if strings.Contains(p.Trouble, "quarantine") {
				t.Fatalf("%s: %s", p.Name, p.Trouble)
			}
			if p.Received < 800 {
				err = errors.Join(err, errors.New(p.Name+": "+p.Doing+": "+p.Trouble))
			}
		}
		return err
	})
	r.good(lateCodes...)
}
