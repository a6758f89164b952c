package peers

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/config"
)

// patience bounds what a test waits for. Nothing that goes well takes a fraction of it.
const patience = 20 * time.Second

// nasty holds everything that has broken a parser of codes.
const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// emulator is what the three emulators have in common.
type emulator interface {
	Serve(net.Listener) error
	Close() error
}

// listen puts an emulator on a port of its own until the test ends.
func listen(t *testing.T, e emulator) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(l) }()
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return "tcp://" + l.Addr().String()
}

// soon is a context for one step of a test.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// zplPrinter is the real driver with one of the labels that a new configuration comes with.
func zplPrinter(t *testing.T, address, template string, options map[string]any) drivers.Printer {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, config.Labels()); err != nil {
		t.Fatal(err)
	}
	s := drivers.Settings{Name: "printer", Address: address, Dir: dir, Options: map[string]any{
		"label": filepath.Join(dir, template), "poll": "5ms", "silence": "300ms",
	}}
	for k, v := range options {
		s.Options[k] = v
	}
	p, err := drivers.NewPrinter("zpl", s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t *testing.T, p drivers.Printer) drivers.PrintSession {
	t.Helper()
	s, err := p.Open(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func labels[C ~string](codes []C) []drivers.Label {
	all := make([]drivers.Label, len(codes))
	for i, c := range codes {
		all[i] = drivers.Label{Code: []byte(c), Fields: map[string]string{"gtin": "04780012345677"}}
	}
	return all
}

// printed returns a channel that is signalled for each label that comes out of the printer.
func printed(p *zpltest.Printer) <-chan struct{} {
	out := make(chan struct{}, 1000)
	p.OnPrinted(func(zpltest.Label) { out <- struct{}{} })
	return out
}

func await(t *testing.T, what string, c <-chan struct{}, n int) {
	t.Helper()
	limit := time.After(patience)
	for i := range n {
		select {
		case <-c:
		case <-limit:
			t.Fatalf("%s: %d of %d", what, i, n)
		}
	}
}

// counted asks until the printer says that n labels came out. What it says may be from the moment
// when it was asked beside a label, so it may come to n a little later.
func counted(t *testing.T, s drivers.PrintSession, n int) {
	t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		got, err := s.Printed(soon(t))
		if got == n && err == nil {
			return
		}
		if err != nil || got > n || time.Now().After(limit) {
			t.Fatalf("Printed = %d, %v, want %d", got, err, n)
		}
	}
}

// codes returns the data of each label's first symbol.
func codes(all []zpltest.Label) []string {
	var data []string
	for _, l := range all {
		data = append(data, string(l.Symbols[0].Data))
	}
	return data
}
