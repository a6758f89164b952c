package network

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
	"linemark/internal/proof/network/proxy"
	"linemark/internal/sim"
)

// valid is how long a good certificate lasts: longer than a test.
const valid = time.Hour

// TLS with the national system comes into trouble: its certificate expires while the agent runs, it shows one
// of another name, its handshake stands still. Both lines go on from the stock, the page says what is wrong,
// and with a good certificate everything goes on by itself.
func TestP7TLS(t *testing.T) {
	t.Parallel()
	r := newRig(t, seeded(t), setup{faults: sim.SomeFaults, tls: valid})
	r.work()
	good := func() { r.show("127.0.0.1", valid) }
	r.run(t, "expired", func() {
		const ends = 2 * time.Second
		r.show("127.0.0.1", ends)
		time.Sleep(ends) // it is good until then
		r.withoutNational("the certificate of the server is not trusted: tls: failed to verify certificate: x509: certificate has expired")
		good()
		r.t.Logf("all goes on after %v", r.goesOn(limit).Round(time.Millisecond))
	})
	r.run(t, "of another name", func() {
		r.show("other.example", valid)
		r.withoutNational("the certificate of the server is not trusted: tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1")
		good()
		r.t.Logf("all goes on after %v", r.goesOn(limit).Round(time.Millisecond))
	})
	r.run(t, "handshake", func() {
		x := r.proxies["IZKM"]
		x.Begin(proxy.Fault{Kind: proxy.Stall, After: r.random.IntN(1000)}) // within what both sides say first
		r.withoutNational("deadline exceeded")
		x.End()
		r.t.Logf("all goes on after %v", r.goesOn(limit).Round(time.Millisecond))
	})
	r.good()
}

// withoutNational waits until the agent says that the national system does not answer, and why, and watches
// both lines go on meanwhile and for a while longer.
func (r *rig) withoutNational(why ...string) {
	r.t.Helper()
	began := time.Now()
	var s agent.Status
	r.Until("the national system's trouble", func() (err error) {
		if s, err = r.Status(); err == nil && (s.National.OK || !contains(s.National.Error, why...)) {
			err = fmt.Errorf("it is said to answer: %v, %s", s.National.OK, s.National.Error)
		}
		return err
	})
	r.t.Logf("noticed after %v: %s", time.Since(began).Round(time.Millisecond), s.National.Error)
	since := time.Now()
	for _, line := range []string{lineHere, lineThere} {
		before := s
		r.Until("products meanwhile", func() error {
			if s, err := r.Status(); err != nil || count(s, line, "verified") < count(before, line, "verified")+2*pace {
				return errors.Join(err, errors.New("line "+line+" stands"))
			}
			return nil
		})
	}
	r.untouched(lineHere, began)
	r.untouched(lineThere, began)
	after, err := r.Status()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("%d products of both lines in %v meanwhile", r.happened(lineHere, began)["made"]+r.happened(lineThere, began)["made"], time.Since(began).Round(time.Millisecond))
	if after.National.OK {
		r.t.Errorf("the national system is said to answer, %v after it was said not to", time.Since(since).Round(time.Millisecond))
	}
	waiting := 0
	for state, n := range after.Reports.Utilisation {
		if state != string(ledger.Sent) {
			waiting += n
		}
	}
	if waiting == 0 {
		r.t.Error("no report waits for the national system")
	}
}
