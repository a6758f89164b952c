package link

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// wire is a serial port whose far end the test holds.
type wire struct {
	net.Conn
	mu     sync.Mutex
	thrown bool
	broken error // what a read fails with once the far end is gone
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if errors.Is(err, io.EOF) && w.broken != nil {
		err = w.broken
	}
	return n, err
}

func (w *wire) ResetOutputBuffer() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.thrown = true
	return nil
}

func wired(t *testing.T, broken error) (c *serialConn, far net.Conn, w *wire, released func() bool) {
	t.Helper()
	near, far := net.Pipe()
	w = &wire{Conn: near, broken: broken}
	held := claim(t)
	c = newSerialConn("serial://COM3?baud=9600", w, held)
	t.Cleanup(func() { c.Close(); far.Close() })
	return c, far, w, func() bool { return !taken(held) }
}

// claim reserves a port that bears the test's name.
func claim(t *testing.T) *hold {
	t.Helper()
	h, err := reserve(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.release)
	return h
}

func taken(h *hold) bool {
	openPorts.Lock()
	defer openPorts.Unlock()
	return openPorts.names[h.name] == h
}

func TestSerialCarriesBytesBothWays(t *testing.T) {
	c, far, _, _ := wired(t, nil)
	all := make([]byte, 5000)
	for i := range all {
		all[i] = byte(i)
	}
	go c.Write(all)
	got := make([]byte, len(all))
	if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, all) {
		t.Errorf("outwards: %v, equal: %v", err, bytes.Equal(got, all))
	}
	go far.Write(all)
	clear(got)
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, all) {
		t.Errorf("inwards: %v, equal: %v", err, bytes.Equal(got, all))
	}
}

func TestSerialDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, far, _, _ := wired(t, nil)
		start := time.Now()
		c.SetReadDeadline(start.Add(300 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read = %v, want a timeout", err)
		}
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("timed out after %v", d)
		}
		// What comes after a timeout is not lost.
		c.SetReadDeadline(time.Time{})
		go far.Write([]byte("late"))
		got := make([]byte, 4)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "late" {
			t.Errorf("after the timeout: %q, %v", got, err)
		}
		// A device that takes nothing must not hold the writer.
		c.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := c.Write(make([]byte, 10*pieceSize)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write = %v, want a timeout", err)
		}
	})
}

func TestSerialCloseEndsBlockedCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, w, released := wired(t, nil)
		failed := make(chan error, 2)
		go func() { _, err := c.Read(make([]byte, 1)); failed <- err }()
		go func() { _, err := c.Write(make([]byte, 10*pieceSize)); failed <- err }()
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		for range 2 {
			if err := <-failed; !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), "serial://COM3") {
				t.Errorf("blocked call ended with %v", err)
			}
		}
		if !released() || !w.thrown {
			t.Errorf("released %v, output thrown away %v", released(), w.thrown)
		}
		if err := c.Close(); err != nil {
			t.Errorf("second Close = %v", err)
		}
	})
}

// stuck is a port whose driver gives no call back, not even when it is closed.
type stuck struct{ forever chan struct{} }

func (s stuck) Read([]byte) (int, error)  { <-s.forever; return 0, io.EOF }
func (s stuck) Write([]byte) (int, error) { <-s.forever; return 0, io.EOF }
func (s stuck) Close() error              { return nil }
func (s stuck) ResetOutputBuffer() error  { return nil }

func TestSerialCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stuck{make(chan struct{})}
		held := claim(t)
		c := newSerialConn("serial://COM3?baud=9600", s, held)
		if err := c.Close(); err == nil || !strings.Contains(err.Error(), "did not let go") {
			t.Errorf("Close = %v", err)
		}
		// The port is not free while its driver still holds it, and no other device is to blame.
		_, err := reserve(held.name)
		if err == nil || !strings.Contains(err.Error(), "pull the plug") || strings.Contains(err.Error(), "another device") {
			t.Errorf("opened again: %v", err)
		}
		close(s.forever)
		synctest.Wait()
		again, err := reserve(held.name)
		if err != nil {
			t.Fatalf("opened again when the driver had let go: %v", err)
		}
		held.release() // the earlier holder has nothing to give back any more
		if !taken(again) {
			t.Error("an earlier holder gave away the port of a later one")
		}
		again.release()
	})
}

func TestSerialUnplugged(t *testing.T) {
	gone := errors.New("port has been closed")
	c, far, _, _ := wired(t, gone)
	far.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, gone) {
		t.Errorf("read = %v, want the port's own error", err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, gone) {
		t.Errorf("write = %v, want the port's own error", err)
	}
}

func TestOnePortIsOpenedOnce(t *testing.T) {
	held, err := reserve("COM77")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), "serial://COM77?baud=9600"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second open = %v", err)
	}
	held.release()
	held.release()
	if again, err := reserve("COM77"); err != nil {
		t.Errorf("after release: %v", err)
	} else {
		again.release()
	}
}

// A port driver that says nothing when the plug is pulled does not keep the session waiting.
func TestSerialVanished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, released := wired(t, nil)
		var gone atomic.Bool
		c.watch(func() bool { return !gone.Load() })
		time.Sleep(time.Minute)
		gone.Store(true)
		pulled := time.Now()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, errVanished) || !strings.Contains(err.Error(), "serial://COM3") {
			t.Errorf("read = %v", err)
		}
		if took := time.Since(pulled); took > presenceEvery {
			t.Errorf("noticed after %v", took)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, errVanished) {
			t.Errorf("write = %v", err)
		}
		if err := c.Close(); err != nil || !released() {
			t.Errorf("Close = %v, released %v", err, released())
		}
	})
}

// A port that was never listed is not looked for.
func TestSerialNeverListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := wired(t, nil)
		c.watch(func() bool { return false })
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read = %v, want a timeout", err)
		}
	})
}
