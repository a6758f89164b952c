package dynamark

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/dynamark/dynamarktest"
)

const (
	silence = 4 * time.Second
	// The code of the protocol's document, without its quote: lasers do not take that.
	nasty = "01046012345678932155<&'_1>=,;%/\x1d93dGVz"
)

// settings are those of a laser whose project takes separators as ~1.
func settings(options map[string]any) drivers.Settings {
	s := drivers.Settings{Name: "laser-1", Address: "tcp://127.0.0.1:20000", Options: map[string]any{
		"fields": map[string]any{"CODE": "{code}"}, "fnc1_form": "", "gs_form": "~1",
	}}
	for k, v := range options {
		if s.Options[k] = v; v == nil {
			delete(s.Options, k)
		}
	}
	return s
}

// printer returns a laser that reaches the other end through dial.
func printer(t testing.TB, dial link.Dialer, options map[string]any) *Printer {
	t.Helper()
	s := settings(options)
	s.Dial = dial
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wire is a connection that keeps what the driver wrote.
type wire struct {
	link.Conn
	mu   sync.Mutex
	sent strings.Builder
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.sent.Write(b)
	w.mu.Unlock()
	return w.Conn.Write(b)
}

// take returns what was written since it was last called.
func (w *wire) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.sent.Reset()
	return w.sent.String()
}

// pipe connects to an emulated laser in memory. The connection ends with the test.
func pipe(t testing.TB, e *dynamarktest.Printer) (link.Dialer, *wire) {
	w := &wire{}
	var serving sync.WaitGroup
	t.Cleanup(serving.Wait)
	return func(context.Context, string) (link.Conn, error) {
		near, far := net.Pipe()
		serving.Go(func() { e.ServeConn(far) })
		w.Conn = near
		return w, nil
	}, w
}

// scripted is a far end whose answers a test writes by hand.
type scripted struct {
	mu     sync.Mutex
	answer func(command string) string // the bytes that a command is answered with
	conn   net.Conn
}

// healthy answers as a laser that does everything at once and has no product yet.
func healthy(command string) string {
	switch command {
	case "ROLLBACKTRANS":
		return "ERROR 7\r\n"
	case "MARK START":
		return "OK\r\nMSG 26\r\nMSG 1\r\n"
	}
	return "OK\r\n"
}

// except answers one command in its own way and the others as healthy does.
func except(command, reply string) func(string) string {
	return func(c string) string {
		if strings.HasPrefix(c, command) {
			return reply
		}
		return healthy(c)
	}
}

func (p *scripted) set(answer func(string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *scripted) dial(context.Context, string) (link.Conn, error) {
	near, far := net.Pipe()
	p.conn = far
	go p.serve(far)
	return near, nil
}

func (p *scripted) serve(c net.Conn) {
	var buf strings.Builder
	piece := make([]byte, 256)
	for {
		n, err := c.Read(piece)
		if err != nil {
			return
		}
		for _, b := range piece[:n] {
			if b != '\n' {
				buf.WriteByte(b)
				continue
			}
			p.mu.Lock()
			reply := p.answer(strings.TrimSuffix(buf.String(), "\r"))
			p.mu.Unlock()
			buf.Reset()
			if _, err := c.Write([]byte(reply)); err != nil {
				return
			}
		}
	}
}

// say sends lines that nobody asked for.
func (p *scripted) say(t testing.TB, lines string) {
	t.Helper()
	if _, err := p.conn.Write([]byte(lines)); err != nil {
		t.Error(err)
	}
}

func open(t testing.TB, p *Printer) drivers.PrintSession {
	t.Helper()
	s, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func labels(codes ...string) (all []drivers.Label) {
	for _, c := range codes {
		all = append(all, drivers.Label{Code: []byte(c)})
	}
	return all
}
