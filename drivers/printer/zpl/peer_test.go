package zpl

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// peer is the far end of a printer's connection. A test scripts what it answers.
type peer struct {
	mu       sync.Mutex
	conn     net.Conn
	odometer func() string // what a getvar is answered with
	status   func() string // what a ~HS is answered with
	got      []string      // every command, in order
}

var commands = regexp.MustCompile(`(?s)^(~JA|~HS|! U1 getvar "[^"]*"\r\n|\^XA.*?\^XZ)`)

func healthy() string {
	return "\x02" + idle1 + "\x03\r\n\x02" + idle2 + "\x03\r\n\x02" + idle3 + "\x03\r\n"
}

func newPeer() *peer {
	return &peer{odometer: func() string { return `"1000"` }, status: healthy}
}

func (p *peer) dial(context.Context, string) (link.Conn, error) {
	near, far := net.Pipe()
	p.conn = far
	go p.serve(far)
	return near, nil
}

func (p *peer) serve(c net.Conn) {
	var buf []byte
	piece := make([]byte, 256)
	for {
		n, err := c.Read(piece)
		if err != nil {
			return
		}
		buf = append(buf, piece[:n]...)
		for m := commands.Find(buf); m != nil; m = commands.Find(buf) {
			if !p.do(c, string(m)) {
				return
			}
			buf = buf[len(m):]
		}
	}
}

func (p *peer) do(c io.Writer, command string) bool {
	p.mu.Lock()
	p.got = append(p.got, command)
	odometer, status := p.odometer, p.status
	p.mu.Unlock()
	var reply string
	switch command[0] {
	case '!':
		reply = odometer()
	case '~':
		if command == "~HS" {
			reply = status()
		}
	}
	if reply == "" {
		return true
	}
	_, err := io.WriteString(c, reply)
	return err == nil
}

func (p *peer) set(odometer, status func() string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if odometer != nil {
		p.odometer = odometer
	}
	if status != nil {
		p.status = status
	}
}

func (p *peer) counts(n int) {
	p.set(func() string { return fmt.Sprintf("%q\r\n", fmt.Sprint(n)) }, nil)
}

func (p *peer) commands() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.got...)
}

// printer returns a printer with the label unit whose other end is p.
func printer(t *testing.T, p *peer, options map[string]any) *Printer {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	s := drivers.Settings{Name: "tij-1", Address: "peer", Dir: dir, Dial: p.dial, Options: map[string]any{"label": "unit.zpl"}}
	for k, v := range options {
		s.Options[k] = v
	}
	made, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func open(t *testing.T, p *peer) drivers.PrintSession {
	t.Helper()
	s, err := printer(t, p, nil).Open(t.Context())
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

const silence = 3 * time.Second
