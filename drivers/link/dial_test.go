package link

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDialTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	c, err := Dial(t.Context(), "tcp://"+l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	peer := <-accepted
	defer peer.Close()
	if _, err := c.Write([]byte("~HS")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 3)
	if _, err := peer.Read(got); err != nil || string(got) != "~HS" {
		t.Errorf("peer read %q, %v", got, err)
	}
}

func TestDialNamesTheAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "tcp://" + l.Addr().String()
	l.Close()
	for _, address := range []string{closed, "serial:///dev/no-such-port?baud=9600", "tcp://nowhere"} {
		c, err := Dial(t.Context(), address)
		if err == nil {
			c.Close()
			t.Errorf("Dial(%q) succeeded", address)
			continue
		}
		if !strings.Contains(err.Error(), address) {
			t.Errorf("Dial(%q) = %q does not name the address", address, err)
		}
	}
	// A port that could not be opened is not kept as open.
	_, err = Dial(t.Context(), "serial:///dev/no-such-port?baud=9600")
	if err == nil || strings.Contains(err.Error(), "in use") {
		t.Errorf("second Dial of a missing port = %v", err)
	}
}

func TestDialEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, address := range []string{"tcp://127.0.0.1:9", "serial://COM3?baud=9600"} {
		if _, err := Dial(ctx, address); err == nil || !strings.Contains(err.Error(), "cancel") {
			t.Errorf("Dial(%q) under a cancelled context = %v", address, err)
		}
	}
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		one := make([]byte, 1)

		// A deadline is a timeout, not the end of the context.
		release := Until(t.Context(), a, time.Now().Add(3*time.Second))
		if _, err := a.Read(one); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read past the deadline: %v", err)
		}
		if err := release(); err != nil {
			t.Errorf("release after a timeout = %v", err)
		}

		// The end of the context interrupts both a read and a write.
		for name, call := range map[string]func() error{
			"read":  func() error { _, err := a.Read(one); return err },
			"write": func() error { _, err := a.Write(one); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			release = Until(ctx, a, time.Time{})
			if err := call(); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s under an ended context: %v", name, err)
			}
			if err := release(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("release after an interrupted %s = %v", name, err)
			}
			cancel()
		}

		// After release the connection is free again.
		go b.Write([]byte("x"))
		if _, err := a.Read(one); err != nil {
			t.Errorf("read after release: %v", err)
		}
	})
}
