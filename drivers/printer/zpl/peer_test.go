package zpl

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
	listing  func() string // what a ^HW is answered with; nil: as a printer that stores formats does
	stored   bool
	got      []string // every command, in order
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
	replies := make(chan string, 100) // a printer takes more while nobody reads its answers
	defer close(replies)
	go func() {
		for r := range replies {
			if _, err := io.WriteString(c, r); err != nil {
				return
			}
		}
	}()
	var buf []byte
	piece := make([]byte, 4096)
	for {
		n, err := c.Read(piece)
		if err != nil {
			return
		}
		buf = append(buf, piece[:n]...)
		for m := commands.Find(buf); m != nil; m = commands.Find(buf) {
			if reply := p.do(string(m)); reply != "" {
				replies <- reply
			}
			buf = buf[len(m):]
		}
	}
}

func (p *peer) do(command string) string {
	p.mu.Lock()
	p.got = append(p.got, command)
	odometer, status, listing := p.odometer, p.status, p.listing
	p.stored = (p.stored || strings.HasPrefix(command, "^XA^DF")) && !strings.HasPrefix(command, "^XA^ID")
	if listing == nil {
		listing = directory(p.stored)
	}
	p.mu.Unlock()
	switch {
	case command[0] == '!':
		return odometer()
	case command == "~HS":
		return status()
	case strings.HasPrefix(command, "^XA^HW"):
		return listing()
	}
	return ""
}

// directory is the answer to ^HW of a ZD230 with firmware V89.21.46Z.
func directory(stored bool) func() string {
	entry := ""
	if stored {
		entry = "* R:LM.ZPL       214          \r\n"
	}
	return func() string {
		return "\x02\r\n- DIR R:LM.ZPL \r\n" + entry + "\r\n-   7467008 bytes free R: RAM \r\n\x03"
	}
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
	s := drivers.Settings{Name: "tij-1", Address: "peer", Dir: dir, Dial: p.dial, Options: map[string]any{"label": "unit.zpl", "settle": "20ms"}}
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
