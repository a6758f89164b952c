package scantest

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
)

// patience is how long something is waited for that must come, over a real connection.
const patience = 10 * time.Second

// real runs a day over a real connection: codes of every group, a device that goes away, another
// session. connect begins a connection of the emulator, and returns what ends it.
func (c Case) real(t *testing.T, address string, b *bench, connect func() (hangUp func())) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	defer func() {
		if err := b.e.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
	}()
	sc := b.driver(drivers.Settings{Name: "scanner", Address: address})
	next := func(s drivers.ScanSession) (drivers.Scan, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return s.Next(ctx)
	}
	for range 2 {
		hangUp := connect()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		s, err := sc.Open(ctx)
		cancel()
		if err != nil {
			hangUp()
			t.Fatal(err)
		}
		select {
		case <-b.e.Connected():
		case <-time.After(patience):
			t.Error("the emulator has no connection")
		}
		for n := range codes {
			b.e.Read(b.picture(n)...)
			if got, err := next(s); err != nil || !same(got, b.scans(b.picture(n))[0]) {
				t.Errorf("P8: %s, %v, want %s", Show(got), err, Show(b.scans(b.picture(n))[0]))
				break
			}
		}
		if s, can := s.(drivers.Triggerer); can {
			b.e.Place(b.picture(1)...)
			if err := s.Trigger(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if _, can := s.(drivers.Triggerer); can {
			if got, err := next(s); err != nil || !same(got, b.scans(b.picture(1))[0]) {
				t.Errorf("triggered: %s, %v", Show(got), err)
			}
		}
		hangUp()
		if got, err := next(s); err == nil {
			t.Errorf("the device has gone, and Next gives %s", Show(got))
		}
		s.Close() // of a connection that is closed already
	}
}

// tcp is a device that listens.
func (c Case) tcp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := c.bench(t)
	c.real(t, "tcp://"+l.Addr().String(), b, func() func() {
		return b.serving(func() (net.Conn, error) { return l.Accept() })
	})
}

// listen is a device that connects.
func (c Case) listen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	b := c.bench(t)
	c.real(t, "listen://"+at, b, func() func() {
		return b.serving(func() (conn net.Conn, err error) {
			for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
				if conn, err = net.Dial("tcp", at); err == nil {
					return conn, nil
				}
			}
			return nil, err
		})
	})
}

// serving serves the connection that get returns. hangUp ends it and waits for the emulator.
func (b *bench) serving(get func() (net.Conn, error)) (hangUp func()) {
	var serving sync.WaitGroup
	got := make(chan net.Conn, 1)
	serving.Go(func() {
		conn, err := get()
		if err != nil {
			b.Error(err)
			close(got)
			return
		}
		got <- conn
		b.e.Serve(conn)
	})
	return sync.OnceFunc(func() {
		if conn, ok := <-got; ok {
			conn.Close()
		}
		serving.Wait()
	})
}

// serial is a device at the end of a cable, which is pulled and put back.
func (c Case) serial(t *testing.T) {
	program := Socat(t)
	dir := Ports(t)
	b := c.bench(t)
	c.real(t, "serial://"+filepath.Join(dir, "near")+"?baud=115200", b, func() func() {
		cable := Plug(t, program, dir)
		var serving sync.WaitGroup
		serving.Go(func() { b.e.Serve(cable.Far) })
		return func() {
			cable.Unplug()
			serving.Wait()
		}
	})
}

// Socat returns the path of the program that makes the pairs of ports. A machine without it
// skips the test; CI=true asks for every peer program, and it fails there.
func Socat(t *testing.T) string {
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

// Ports returns a folder for the names of ports, which the end of the test takes away.
func Ports(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "serial") // the name of a test may hold what socat takes for more
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Cable is a pair of serial ports that are joined.
type Cable struct {
	Address string   // of the driver's port
	Far     net.Conn // the device's port
	Unplug  func()   // both ports are gone when it returns
}

// Plug lays a cable in dir, until the end of the test at the latest. The driver's port has the
// same address each time.
func Plug(t *testing.T, socat, dir string) *Cable {
	t.Helper()
	near, far := filepath.Join(dir, "near"), filepath.Join(dir, "far")
	run := exec.Command(socat, "-d", "-d", "pty,raw,echo=0,link="+near, "pty,raw,echo=0,link="+far)
	said, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
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
	unplug := sync.OnceFunc(func() {
		_ = run.Process.Signal(os.Interrupt) // so that it takes its links away
		<-ended
		_ = run.Wait() // it was interrupted
	})
	t.Cleanup(unplug)
	select {
	case <-ready:
	case <-ended:
		t.Fatal("socat ended at once")
	case <-time.After(patience):
		t.Fatal("socat opens no ports")
	}
	device, err := os.OpenFile(far, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &Cable{Address: "serial://" + near + "?baud=115200", Far: port{device}, Unplug: unplug}
}

// port is an open serial port in the form that emulators take.
type port struct{ *os.File }

func (p port) LocalAddr() net.Addr  { return portName(p.Name()) }
func (p port) RemoteAddr() net.Addr { return portName(p.Name()) }

type portName string

func (portName) Network() string  { return "serial" }
func (n portName) String() string { return string(n) }
