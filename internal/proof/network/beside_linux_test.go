package network

import (
	"errors"
	"testing"
	"time"

	"linemark/internal/proof/network/proxy"
	"linemark/internal/sim"
)

// The PLC is away while its line should be stopped. The line stands for want of a beat; the one beside, with a
// PLC of its own, goes on.
func TestP6OwedStop(t *testing.T) {
	t.Parallel()
	r := newRig(t, seeded(t), setup{faults: sim.SomeFaults})
	r.work()
	began := time.Now()
	r.deaf.Store(true)
	r.proxies["PLC"].Begin(proxy.Fault{Kind: proxy.Refuse})
	r.proxies["CAM1"].Begin(proxy.Fault{Kind: proxy.Hangup, Lost: r.plant.ForgetReadings})
	r.Until("a line that stands", func() error {
		if r.happened(lineHere, began)["held"] == 0 {
			return errors.New("it runs")
		}
		return nil
	})
	stands := time.Now()
	time.Sleep(2 * time.Second)
	r.untouched(lineThere, stands)
	r.proxies["PLC"].End()
	r.proxies["CAM1"].End()
	t.Logf("all goes on after %v", r.goesOn(limit).Round(time.Millisecond))
	r.deaf.Store(false)
	r.good()
}
