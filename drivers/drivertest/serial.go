package drivertest

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"linemark/drivers/link"
)

// serial is a shift over a serial line: codes of every group, a stretch of work, and a cable that
// is pulled with labels in the printer and put back.
func (c Case) serial(t *testing.T) {
	t.Parallel() // it mostly waits
	program := socat(t)
	b := c.bench(t)
	dir, err := os.MkdirTemp("", "serial") // the name of a test may hold what socat takes for more
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	line := b.plug(program, dir)
	b.printer = c.Printer(t, func(ctx context.Context, _ string) (link.Conn, error) {
		return link.Dial(ctx, line.address)
	})

	var codes [][]byte
	for _, s := range shapes {
		if code := s.code(0); b.traits.CheckCode(code) == nil {
			codes = append(codes, code)
		}
	}
	b.carry(codes)

	r := b.mustOpen()
	if err := r.work(); err != nil {
		b.Fatal(err)
	}
	if err := r.send(r.room()); err != nil {
		b.Fatal(err)
	}
	if !r.print() {
		b.Fatal(errNotReceived)
	}
	if err := r.poll(); err != nil {
		b.Fatal(err)
	}
	line.unplug()
	if err = r.trouble(); err == nil {
		b.Fatal("the port is gone, and the session goes on")
	}
	r.over(err)
	_ = r.s.Close() // of a port that is gone
	if again, err := b.open(); err == nil {
		_ = again.s.Close()
		b.Error("Open works without a port")
	}

	line = b.plug(program, dir)
	b.e.Print() // what the printer kept comes out before the next session begins
	r.recover()
}

// socat returns the path of the program that makes the pairs of ports. A machine without it
// skips the test; CI=true asks for every peer program, and it fails there.
func socat(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no pseudo terminals here")
	}
	path, err := exec.LookPath("socat")
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("peer missing: socat (%v)", err)
	default:
		t.Skipf("peer missing: socat (%v)", err)
	}
	return path
}

// cable is a pair of serial ports that are joined.
type cable struct {
	address string // of the driver's port
	unplug  func() // both ports are gone when it returns
}

// plug lays a cable in dir and connects the emulator to its far port. The driver's port has the
// same address each time.
func (b *bench) plug(socat, dir string) *cable {
	b.Helper()
	near, far := filepath.Join(dir, "near"), filepath.Join(dir, "far")
	run := exec.Command(socat, "-d", "-d", "pty,raw,echo=0,link="+near, "pty,raw,echo=0,link="+far)
	said, err := run.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := run.Start(); err != nil {
		b.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		open := false
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if !open && strings.Contains(lines.Text(), "starting data transfer loop") {
				open = true
				close(ready)
			}
		}
	}()
	gone := false
	l := &cable{address: "serial://" + near + "?baud=115200"}
	l.unplug = func() {
		if gone {
			return
		}
		gone = true
		_ = run.Process.Signal(os.Interrupt) // so that it takes its links away
		<-ended
		_ = run.Wait() // it was interrupted
	}
	b.Cleanup(l.unplug)
	select {
	case <-ready:
	case <-ended:
		b.Fatal("socat ended at once")
	case <-time.After(patience):
		b.Fatal("socat opens no ports")
	}
	device, err := os.OpenFile(far, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.w.running.Go(func() { b.e.Serve(l.address, port{device}) })
	return l
}

// port is an open serial port in the form that emulators take.
type port struct{ *os.File }

func (p port) LocalAddr() net.Addr  { return portName(p.Name()) }
func (p port) RemoteAddr() net.Addr { return portName(p.Name()) }

type portName string

func (portName) Network() string  { return "serial" }
func (n portName) String() string { return string(n) }
