package tspltest

import (
	"strings"
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

// status asks <ESC>!?, which also tells that everything sent before was acted on.
func (h host) status() byte {
	h.T.Helper()
	h.Send("\x1b!?")
	return h.Read(1)[0]
}

// line reads one line.
func (h host) line() string {
	h.T.Helper()
	return strings.TrimSuffix(h.Until('\n'), "\r\n")
}

func (h host) count() string {
	h.T.Helper()
	h.Send("OUT NET \"X=\";STR$(LABEL)\r\n")
	return h.line()
}

// tspl is one label with one GS1 Data Matrix of the data, which needs no escaping.
func tspl(data string) string {
	return "CLS\r\nDMATRIX 20,20,300,300,c126,x4,\"~1" + data + "\"\r\nPRINT 1,1\r\n"
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
