package sbpltest

import (
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, opt Options) *Printer { return servetest.Start(t, New(opt)) }

// host is the far end of a connection to a printer.
type host struct{ *servetest.Host }

func connect(t testing.TB, p *Printer) host {
	t.Helper()
	return host{servetest.Connect(t, p.ServeConn)}
}

// status asks with <ENQ> and returns n bytes, which also tell that everything sent before was acted on.
func (h host) status(n int) string {
	h.T.Helper()
	h.Send("\x05")
	return h.Read(n)
}

// acknowledged wants the answers to n jobs.
func (h host) acknowledged(n int) {
	h.T.Helper()
	for range n {
		if got := h.Read(1); got != ack {
			h.T.Errorf("a job is answered with %q", got)
		}
	}
}

// sbpl is one job with one GS1 Data Matrix of the data, where ~1 is FNC1.
func sbpl(id, data string) string {
	return "\x02\x1bA\x1bID" + id + "\x1bV0100\x1bH0100\x1bBX05200404000000001\x1bDC~1" + data + "\x1bQ1\x1bZ\x03"
}

func datas(labels []Label) []string {
	out := []string{}
	for _, l := range labels {
		for _, s := range l.Symbols {
			out = append(out, string(s.Data))
		}
	}
	return out
}
