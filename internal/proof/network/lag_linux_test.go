package network

import (
	"strings"
	"testing"
	"time"

	"linemark/internal/proof/network/proxy"
	"linemark/internal/sim"
)

// numbered is the configuration with products that the PLC numbers: a verdict is an answer to a number. Products are
// 800 ms apart; match is as long as that allows, since a slow machine with other tests on it reads a PLC late.
func numbered(text string) string {
	head, here, _ := strings.Cut(text, "[[line]]")
	here, there, _ := strings.Cut(here, "[[line]]")
	here = strings.Replace(here, `reject     = "plc-1.reject"`, `request = "plc-1.request"
  verdict = "plc-1.verdict"
  acknowledge = "plc-1.done"
  match       = "350ms"`, 1)
	here = strings.Replace(here, `pulse      = "3ms"`, "", 1)
	head = strings.Replace(head, `rejects  = "holding:102:uint32"`, `rejects  = "holding:102:uint32"
  request  = "holding:110:uint16"`, 1)
	head = strings.Replace(head, `reject = "coil:0"`, `verdict = "holding:111:uint16"
  done   = "holding:112:uint16"`, 1)
	return head + "[[line]]" + here + "[[line]]" + there
}

// Readings of the check camera trickle in, later than their products pass. Where the PLC numbers its products
// none passes without a good verdict of its own, and with a quick camera the line goes on by itself.
func TestP6CameraLags(t *testing.T) {
	t.Parallel()
	r := newRig(t, seeded(t), setup{faults: sim.Faults{NoRead: 0.05, Wrong: 0.05, Copied: 0.03}, rate: 1.25, edit: numbered})
	r.work()
	began := time.Now()
	x := r.proxies["CAM1"]
	x.Begin(proxy.Fault{Kind: proxy.Drip, Pause: time.Duration(16+r.random.IntN(8)) * time.Millisecond})
	time.Sleep(8 * time.Second)
	during := r.happened(lineHere, began)
	x.End()
	t.Logf("while it lagged: %v", during)
	if during["read"] == 0 || during["ejected"] < during["read"]/2 {
		t.Errorf("%d products were read late, and only %d thrown out", during["read"], during["ejected"])
	}
	r.untouched(lineThere, began)
	t.Logf("all goes on after %v", r.goesOn(2*limit).Round(time.Millisecond))
	r.good()
}
