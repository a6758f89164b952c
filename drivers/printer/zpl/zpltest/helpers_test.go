package zpltest

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

// start runs a printer until the end of the test.
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

// hurry lets a printer that does not answer fail the test instead of holding it up.
func (h *host) hurry() {
	h.t.Helper()
	if err := h.conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) send(text string) {
	h.t.Helper()
	h.hurry()
	if _, err := h.conn.Write([]byte(text)); err != nil {
		h.t.Fatal(err)
	}
}

// frames reads n answers that end with ETX CR LF.
func (h *host) frames(n int) []string {
	h.t.Helper()
	h.hurry()
	var out []string
	for range n {
		line, err := h.in.ReadString('\n')
		if err != nil {
			h.t.Fatal(err)
		}
		if !strings.HasPrefix(line, "\x02") || !strings.HasSuffix(line, "\x03\r\n") {
			h.t.Fatalf("frame %q is not STX … ETX CR LF", line)
		}
		out = append(out, line[1:len(line)-3])
	}
	return out
}

// sync returns when the printer has acted on everything sent before.
func (h *host) sync() {
	h.t.Helper()
	h.send("~HI")
	h.frames(1)
}

// status returns the answer to ~HS, frame by frame and field by field.
func (h *host) status() [][]string {
	h.t.Helper()
	h.send("~HS")
	var out [][]string
	for _, f := range h.frames(3) {
		out = append(out, strings.Split(f, ","))
	}
	return out
}

// quoted reads an SGD answer.
func (h *host) quoted() string {
	h.t.Helper()
	if c, err := h.in.ReadByte(); err != nil || c != '"' {
		h.t.Fatalf("read %q, %v; want an opening quote", c, err)
	}
	s, err := h.in.ReadString('"')
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSuffix(s, `"`)
}

// zpl is one label with one GS1 Data Matrix of the data, which needs no escaping.
func zpl(data string) string { return "^XA^FO20,20^BXN,4,200,,,,#^FD#1" + data + "^FS^PQ1^XZ" }

func datas(labels []Label) []string {
	var out []string
	for _, l := range labels {
		for _, s := range l.Symbols {
			out = append(out, string(s.Data))
		}
	}
	return out
}
