package sbpltest

import (
	"bufio"
	"io"
	"net"
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

// status asks with <ENQ> and returns n bytes, which also tell that everything sent before was acted on.
func (h *host) status(n int) string {
	h.t.Helper()
	h.send("\x05")
	return h.read(n)
}

func (h *host) read(n int) string {
	h.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(h.in, b); err != nil {
		h.t.Fatal(err)
	}
	return string(b)
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
