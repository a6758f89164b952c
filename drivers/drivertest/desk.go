package drivertest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
)

// What follows serves the tests that a driver has besides the suite: with its emulator, or with
// a far end whose answers a test writes by hand.

// Labels returns labels with these codes and nothing else.
func Labels(codes ...string) (all []drivers.Label) {
	for _, c := range codes {
		all = append(all, drivers.Label{Code: []byte(c)})
	}
	return all
}

// Open opens a session, which the end of the test closes.
func Open(t testing.TB, p drivers.Printer) drivers.PrintSession {
	t.Helper()
	s, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // of a session that may have ended long ago
	return s
}

// Send hands codes over in one call.
func Send(t testing.TB, s drivers.PrintSession, codes ...string) {
	t.Helper()
	if err := s.Send(t.Context(), Labels(codes...)); err != nil {
		t.Fatal(err)
	}
}

// WantPrinted asks once how many labels are printed.
func WantPrinted(t testing.TB, s drivers.PrintSession, want int) {
	t.Helper()
	if n, err := s.Printed(t.Context()); n != want || err != nil {
		t.Errorf("Printed = %d, %v, want %d", n, err, want)
	}
}

// Tap connects a driver to an emulator in memory and keeps what the driver writes.
type Tap struct {
	serve   func(address string, c net.Conn)
	serving sync.WaitGroup
	mu      sync.Mutex
	sent    strings.Builder
}

// NewTap returns a tap of the emulator whose connections serve serves. The end of the test
// waits for them.
func NewTap(t testing.TB, serve func(address string, c net.Conn)) *Tap {
	tap := &Tap{serve: serve}
	t.Cleanup(tap.serving.Wait)
	return tap
}

// Dial is the driver's link.Dialer.
func (tap *Tap) Dial(_ context.Context, address string) (link.Conn, error) {
	near, far := net.Pipe()
	tap.serving.Go(func() { tap.serve(address, far) })
	return tapped{near, tap}, nil
}

// Take returns what was written since it was last called.
func (tap *Tap) Take() string {
	tap.mu.Lock()
	defer tap.mu.Unlock()
	defer tap.sent.Reset()
	return tap.sent.String()
}

type tapped struct {
	link.Conn
	tap *Tap
}

func (c tapped) Write(b []byte) (int, error) {
	c.tap.mu.Lock()
	c.tap.sent.Write(b)
	c.tap.mu.Unlock()
	return c.Conn.Write(b)
}

// OverTCP serves an emulator on a port of this machine until the end of the test, and returns
// the driver's dialer.
func OverTCP(t testing.TB, e servetest.Emulator) link.Dialer {
	t.Helper()
	l := servetest.Listen(t)
	served := make(chan error, 1)
	go func() { served <- e.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(e.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	return func(ctx context.Context, _ string) (link.Conn, error) {
		return link.Dial(ctx, "tcp://"+l.Addr().String())
	}
}

// Script is a far end whose answers a test writes by hand. It serves one connection after
// another. End and an answer have to be set before the first.
type Script struct {
	End string // of each command

	mu     sync.Mutex
	conn   net.Conn
	out    *answertest.Writer
	answer func(command string) string
	got    []string
}

// Answer sets what is answered from now on: the bytes that follow a command, which comes
// without its end.
func (p *Script) Answer(answer func(command string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// Commands returns all that came, without the ends.
func (p *Script) Commands() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.got...)
}

// Say sends what nobody asked for. It does not wait for the driver to read it.
func (p *Script) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Say(text)
}

// HangUp ends the connection.
func (p *Script) HangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn.Close()
}

// Dial is the driver's link.Dialer.
func (p *Script) Dial(context.Context, string) (link.Conn, error) {
	near, far := net.Pipe()
	out := answertest.NewWriter(far)
	p.mu.Lock()
	p.conn, p.out = far, out
	p.mu.Unlock()
	var buf []byte
	go out.Talk(func(b []byte) {
		buf = append(buf, b...)
		for {
			command, rest, whole := bytes.Cut(buf, []byte(p.End))
			if !whole {
				break
			}
			buf = rest
			p.mu.Lock()
			p.got = append(p.got, string(command))
			answer := p.answer
			p.mu.Unlock()
			if text := answer(string(command)); text != "" {
				out.Say(text)
			}
		}
	})
	return near, nil
}
