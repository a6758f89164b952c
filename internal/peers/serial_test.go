package peers

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/scanner/text/texttest"
)

// cable is a serial cable with a port at each end.
type cable struct {
	address string // of the near port, for a driver
	near    string
	far     string
	unplug  func() // both ports are gone when it returns
}

// plug lays a cable between two ports in dir. A cable may be plugged again after it was unplugged.
func plug(t *testing.T, dir string) *cable {
	t.Helper()
	c := &cable{near: filepath.Join(dir, "near"), far: filepath.Join(dir, "far")}
	c.address = "serial://" + c.near + "?baud=115200"
	socat := exec.Command(Need(t, "socat"), "-d", "-d", "pty,raw,echo=0,link="+c.near, "pty,raw,echo=0,link="+c.far)
	stderr, err := socat.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := socat.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		open := false
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if !open && strings.Contains(lines.Text(), "starting data transfer loop") {
				open = true
				close(ready)
			}
		}
	}()
	gone := false
	c.unplug = func() {
		if gone {
			return
		}
		gone = true
		socat.Process.Signal(os.Interrupt) // so that it takes its links away
		<-ended
		socat.Wait()
	}
	t.Cleanup(c.unplug)
	select {
	case <-ready:
	case <-ended:
		t.Fatal("socat ended at once")
	case <-time.After(patience):
		t.Fatal("socat opens no ports")
	}
	return c
}

// device opens the far end as a plain file, for an emulator.
func (c *cable) device(t *testing.T) net.Conn {
	t.Helper()
	f, err := os.OpenFile(c.far, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return end{f}
}

// end is an open serial port in the form that emulators take.
type end struct{ *os.File }

func (e end) LocalAddr() net.Addr  { return port(e.Name()) }
func (e end) RemoteAddr() net.Addr { return port(e.Name()) }

type port string

func (port) Network() string  { return "serial" }
func (p port) String() string { return string(p) }

// attach lets an emulator serve the far end until the test ends.
func attach(t *testing.T, serve func(net.Conn), stop func() error, c net.Conn) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		serve(c)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
}

// P8: every byte passes a serial line as it is, in both directions.
func TestP8SerialCarriesEveryByte(t *testing.T) {
	c := plug(t, t.TempDir())
	far := c.device(t)
	near, err := link.Dial(soon(t), c.address)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	sent := []byte(nasty)
	for i := range 256 {
		sent = append(sent, byte(i))
	}
	sent = append(sent, bytes.Repeat([]byte("\x1d\r\n\x00\x11\x13\x03\x04\xff"), 300)...)
	for _, way := range []struct {
		name     string
		from, to link.Conn
	}{{"outwards", near, far}, {"inwards", far, near}} {
		wrote := make(chan error, 1)
		go func() { _, err := way.from.Write(sent); wrote <- err }()
		way.to.SetReadDeadline(time.Now().Add(patience))
		got := make([]byte, len(sent))
		if n, err := io.ReadFull(way.to, got); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%s: %d of %d bytes, %v, equal: %v", way.name, n, len(sent), err, bytes.Equal(got, sent))
		}
		if err := <-wrote; err != nil {
			t.Errorf("%s: %v", way.name, err)
		}
	}
}

func TestSerialScanner(t *testing.T) {
	c := plug(t, t.TempDir())
	e := texttest.New(texttest.Options{Prefix: "]d2"})
	attach(t, e.ServeConn, e.Close, c.device(t))
	driver, err := drivers.NewScanner("text", drivers.Settings{Name: "cam-1", Address: c.address, Options: map[string]any{"aim": "require"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := driver.Open(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	await(t, "the scanner is on", e.Connected(), 1)
	e.Read([]byte(nasty))
	got, err := s.Next(soon(t))
	if err != nil || string(got.Code) != nasty || got.AIM != "]d2" {
		t.Errorf("Next = %+v, %v", got, err)
	}
	c.unplug()
	if _, err := s.Next(soon(t)); err == nil || !strings.Contains(err.Error(), c.near) {
		t.Errorf("Next without a port = %v", err)
	}
}
