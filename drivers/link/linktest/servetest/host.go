package servetest

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds each exchange of a Host.
const patience = 10 * time.Second

// Host is the far end of a connection to an emulated device. What fails ends the test.
type Host struct {
	T    testing.TB
	Conn net.Conn
	In   *bufio.Reader
}

// Connect returns the host of a connection in memory that serve is called with.
func Connect(t testing.TB, serve func(net.Conn)) *Host {
	t.Helper()
	return NewHost(t, Pipe(t, serve))
}

// NewHost returns the host that has the connection.
func NewHost(t testing.TB, conn net.Conn) *Host {
	return &Host{T: t, Conn: conn, In: bufio.NewReader(conn)}
}

// Send writes to the device.
func (h *Host) Send(text string) {
	h.T.Helper()
	if err := h.Conn.SetDeadline(time.Now().Add(patience)); err != nil {
		h.T.Fatal(err)
	}
	if _, err := io.WriteString(h.Conn, text); err != nil {
		h.T.Fatal(err)
	}
}

// Read returns the next n bytes from the device.
func (h *Host) Read(n int) string {
	h.T.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(h.In, b); err != nil {
		h.T.Fatal(err)
	}
	return string(b)
}

// Until returns what the device says up to end, which it takes too.
func (h *Host) Until(end byte) string {
	h.T.Helper()
	s, err := h.In.ReadString(end)
	if err != nil {
		h.T.Fatal(err)
	}
	return s
}

// WantEnd fails the test where the device has not closed the connection, or says something more.
func (h *Host) WantEnd() {
	h.T.Helper()
	if b, err := h.In.ReadByte(); err == nil {
		h.T.Errorf("the connection goes on with %q", b)
	}
}

// Lines is a device's log that can be read while it is written. Nil is returned for what a line does not have.
type Lines struct {
	mu  sync.Mutex
	all []map[string]any
}

// Write takes one line.
func (l *Lines) Write(b []byte) (int, error) {
	var line map[string]any
	if err := json.Unmarshal(b, &line); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
	return len(b), nil
}

// All returns the lines that were written so far.
func (l *Lines) All() []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// Events returns the names of what happened, in order, and fails the test where a line has no time.
func (l *Lines) Events(t testing.TB) string {
	t.Helper()
	var names []string
	for _, line := range l.All() {
		name, _ := line["event"].(string)
		at, _ := line["at"].(string)
		if _, err := time.Parse(time.RFC3339Nano, at); err != nil || name == "" {
			t.Errorf("the line %v: %v", line, err)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// Cut hands bytes over in pieces of a size, or one by one where there is no such size.
func Cut(in []byte, size int, take func([]byte)) {
	if size < 1 || size > len(in) {
		size = 1
	}
	for piece := range slices.Chunk(in, size) {
		take(piece)
	}
}
