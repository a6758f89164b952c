package texttest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const code = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

func start(t testing.TB, opt Options) *Scanner { return servetest.Start(t, New(opt)) }

// connect returns the host's end of a connection that the scanner knows of.
func connect(t testing.TB, s *Scanner) net.Conn {
	t.Helper()
	conn := servetest.Pipe(t, s.ServeConn)
	if _, err := conn.Write([]byte{0}); err != nil { // is read, and ignored, once the host is known
		t.Fatal(err)
	}
	<-s.Connected()
	return conn
}

func (s *Scanner) hosts() []net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// gather reads a connection to its end.
func gather(c net.Conn) <-chan string {
	out := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(c)
		out <- string(b)
	}()
	return out
}

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  Options
		want string
	}{
		{"default", Options{}, code + "\r\nNOREAD\r\n\x02half" + code + "\r\n"},
		{"own", Options{Terminator: "\x03", NoRead: "error", Prefix: "]d2"}, "]d2" + code + "\x03error\x03\x02half]d2" + code + "\x03"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.opt)
			got := gather(connect(t, s))
			if !s.Read([]byte(code)) || !s.NoRead() || !s.Raw([]byte("\x02half")) || !s.Read([]byte(code)) {
				t.Error("not everything was sent")
			}
			s.Close()
			if g := <-got; g != c.want {
				t.Errorf("sent %q\nwant %q", g, c.want)
			}
			reads := s.Reads()
			if len(reads) != 3 || string(reads[0].Code) != code || !reads[1].NoRead || reads[1].Code != nil {
				t.Errorf("reads %+v", reads)
			}
			for _, r := range reads {
				if !r.Delivered || r.At.IsZero() {
					t.Errorf("read %+v", r)
				}
			}
		})
	}
}

func TestEverybodyIsSent(t *testing.T) {
	s := start(t, Options{})
	one, two := connect(t, s), connect(t, s)
	a, b := gather(one), gather(two)
	s.Read([]byte("x"))
	two.Close()
	<-b
	if !s.Read([]byte("y")) {
		t.Error("nobody took the second code, though one host is left")
	}
	s.Close()
	if got := <-a; got != "x\r\ny\r\n" {
		t.Errorf("the host that stayed got %q", got)
	}
}

func TestNobodyConnected(t *testing.T) {
	var log bytes.Buffer
	s := start(t, Options{Log: &log})
	if s.Read([]byte("x")) || s.NoRead() || s.Raw([]byte("r")) {
		t.Error("something was taken by nobody")
	}
	select {
	case <-s.Connected():
		t.Error("somebody is said to be connected")
	default:
	}
	if reads := s.Reads(); len(reads) != 2 || reads[0].Delivered || reads[1].Delivered {
		t.Errorf("reads %+v", reads)
	}
	if n := strings.Count(log.String(), `"event":"dropped"`); n != 3 || strings.Count(log.String(), "\n") != 3 {
		t.Errorf("log %s", log.String())
	}
}

// The channel is open again when the last host has gone.
func TestConnectedStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, Options{})
		for range 2 {
			c := connect(t, s)
			c.Close()
			synctest.Wait()
			select {
			case <-s.Connected():
				t.Error("nobody is connected")
			default:
			}
		}
	})
}

// A host that does not read holds the scanner up, for ten seconds and not longer.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, Options{})
		c := connect(t, s)
		var took time.Duration
		var ok bool
		read := func() {
			begun := time.Now()
			ok = s.Read([]byte("x"))
			took = time.Since(begun)
		}
		go read()
		time.Sleep(9 * time.Second)
		if took != 0 {
			t.Fatal("the scanner did not wait for its host")
		}
		io.ReadFull(c, make([]byte, 3))
		synctest.Wait()
		if !ok || took != 9*time.Second {
			t.Errorf("taken %v after %v", ok, took)
		}
		read()
		synctest.Wait()
		if ok || took != WriteTimeout || len(s.hosts()) != 0 {
			t.Errorf("taken %v after %v, %d hosts", ok, took, len(s.hosts()))
		}
		if reads := s.Reads(); !reads[0].Delivered || reads[1].Delivered {
			t.Errorf("reads %+v", reads)
		}
	})
}

// Close does not wait for a host that does not read.
func TestCloseWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, Options{})
		connect(t, s)
		sent := make(chan bool, 1)
		begun := time.Now()
		go func() { sent <- s.Read([]byte("x")) }()
		synctest.Wait()
		s.Close()
		if <-sent || time.Since(begun) != 0 {
			t.Errorf("the frame was not given up")
		}
	})
}

// shared is a log that can be read while it is written.
type shared struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *shared) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(b)
}

func (w *shared) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// Over TCP; the log is complete when the frame arrives.
func TestServeAndLog(t *testing.T) {
	l, log := servetest.Listen(t), &shared{}
	s := start(t, Options{Log: log})
	go s.Serve(l)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-s.Connected()
	const frames = 1000
	go func() {
		for range frames {
			s.Read([]byte(code))
		}
	}()
	frame := make([]byte, len(code)+2)
	for n := 1; n <= frames; n++ {
		if _, err := io.ReadFull(c, frame); err != nil || string(frame) != code+"\r\n" {
			t.Fatalf("frame %d is %q, %v", n, frame, err)
		}
		if got := strings.Count(log.String(), `"event":"read"`); got < n {
			t.Fatalf("frame %d arrived and %d are in the log", n, got)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != frames+2 || !strings.Contains(lines[0], `"connected"`) || !strings.Contains(lines[frames+1], `"disconnected"`) {
		t.Errorf("%d lines in the log", len(lines))
	}
	var e struct {
		At   time.Time
		Code string
	}
	if err := json.Unmarshal([]byte(lines[1]), &e); err != nil || e.At.IsZero() || e.Code != hex.EncodeToString([]byte(code)) {
		t.Errorf("line %s, %v", lines[1], err)
	}
}

func TestServingAndClosing(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *Scanner { return New(Options{Log: log}) },
		func(s *Scanner) { s.NoRead() })
}
