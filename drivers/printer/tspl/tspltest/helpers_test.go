package tspltest

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, opt Options) *Printer { return servetest.Start(t, New(opt)) }

// host is the far end of a connection to a printer.
type host struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func connect(t testing.TB, p *Printer) *host {
	t.Helper()
	conn := servetest.Pipe(t, p.ServeConn)
	return &host{t: t, conn: conn, in: bufio.NewReader(conn)}
}

func (h *host) send(text string) {
	h.t.Helper()
	if err := h.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.conn.Write([]byte(text)); err != nil {
		h.t.Fatal(err)
	}
}

// status asks <ESC>!?, which also tells that everything sent before was acted on.
func (h *host) status() byte {
	h.t.Helper()
	h.send("\x1b!?")
	b, err := h.in.ReadByte()
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

// line reads one line.
func (h *host) line() string {
	h.t.Helper()
	s, err := h.in.ReadString('\n')
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSuffix(s, "\r\n")
}

func (h *host) count() string {
	h.t.Helper()
	h.send("OUT NET \"X=\";STR$(LABEL)\r\n")
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
