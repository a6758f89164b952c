package text

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/dialogue"
)

// commands lists what the scanner is told, and when.
func commands(far net.Conn) func() []string {
	start := time.Now()
	var got []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 64)
		for {
			n, err := far.Read(b)
			if n > 0 {
				got = append(got, string(b[:n])+" "+time.Since(start).String())
			}
			if err != nil {
				return
			}
		}
	}()
	return func() []string { <-done; return got }
}

func trigger(t *testing.T, s drivers.ScanSession) {
	t.Helper()
	if err := s.(drivers.Triggerer).Trigger(t.Context()); err != nil {
		t.Errorf("Trigger = %v", err)
	}
}

func TestTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"trigger": "LON\r", "trigger_off": "LOFF\r", "trigger_for": "300ms", "heartbeat": "OK"})
		told := commands(far)
		reads := make(chan drivers.Scan)
		go func() {
			for {
				scan, err := s.Next(t.Context())
				if err != nil {
					close(reads)
					return
				}
				reads <- scan
			}
		}()
		trigger(t, s) // at 0 s: read at 100 ms
		time.Sleep(100 * time.Millisecond)
		io.WriteString(far, "OK\r01\r")
		if got := <-reads; string(got.Code) != "01" {
			t.Error(show(got))
		}
		time.Sleep(900 * time.Millisecond)
		trigger(t, s) // at 1 s: nothing is read
		time.Sleep(100 * time.Millisecond)
		io.WriteString(far, "OK\r")
		time.Sleep(900 * time.Millisecond)
		trigger(t, s) // at 2 s: twice, with one end
		time.Sleep(200 * time.Millisecond)
		trigger(t, s)
		time.Sleep(800 * time.Millisecond)
		io.WriteString(far, "02\r") // unasked: there is nothing to end
		<-reads
		trigger(t, s) // at 3 s: closed before its end
		s.Close()
		time.Sleep(time.Second)
		<-reads
		want := []string{"LON\r 0s", "LOFF\r 100ms", "LON\r 1s", "LOFF\r 1.3s", "LON\r 2s", "LON\r 2.2s", "LOFF\r 2.5s", "LON\r 3s"}
		if got := told(); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	})
}

func TestTriggerWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"trigger": "\u0016T\r"})
		told := commands(far)
		trigger(t, s)
		go io.WriteString(far, "01\r")
		next(t, s)
		time.Sleep(time.Minute)
		s.Close()
		if got := told(); !slices.Equal(got, []string{"\x16T\r 0s"}) {
			t.Errorf("told %q", got)
		}
	})
}

func TestNoTrigger(t *testing.T) {
	s, _ := opened(t, nil)
	if _, ok := s.(drivers.Triggerer); ok {
		t.Error("a scanner without a trigger can be triggered")
	}
}

// A command that the device does not take ends the session, and Next tells why. Reading has its own limits
// meanwhile.
func TestTriggerIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"trigger": "LON\r"})
		start := time.Now()
		ended := make(chan error, 1)
		go func() { _, err := s.Next(t.Context()); ended <- err }()
		go io.WriteString(far, "half") // its time limit must not be the command's
		err := s.(drivers.Triggerer).Trigger(t.Context())
		if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "sending the trigger") || time.Since(start) != dialogue.WriteTimeout {
			t.Errorf("Trigger = %v after %v", err, time.Since(start))
		}
		<-ended // the half frame, given up before
		if _, got := s.Next(t.Context()); got != err {
			t.Errorf("Next = %v, want %v", got, err)
		}
		if again := s.(drivers.Triggerer).Trigger(t.Context()); again != err {
			t.Errorf("and again: %v", again)
		}
	})
}

// The caller's own end of a command that has not begun leaves the session as it is.
func TestTriggerEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"trigger": "LON\r"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.(drivers.Triggerer).Trigger(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Trigger = %v", err)
		}
		go io.WriteString(far, "01\r")
		if got := next(t, s); string(got.Code) != "01" {
			t.Error(show(got))
		}
	})
}

// Close ends a command under way.
func TestTriggerEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := opened(t, map[string]any{"trigger": "LON\r", "trigger_off": "LOFF\r"})
		ended := make(chan error, 1)
		go func() { ended <- s.(drivers.Triggerer).Trigger(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		s.Close()
		if err := <-ended; err == nil || time.Since(start) != 0 {
			t.Errorf("Trigger = %v after %v", err, time.Since(start))
		}
	})
}
