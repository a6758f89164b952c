package dialogue

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// word is a device that says words of three letters: hi! makes it ready, end is an error, others are readings.
// It wants an answer to each trigger in a second.
type word struct {
	buf   string
	ready bool
	until time.Time
}

var errLate, errEnd = errors.New("late"), errors.New("end")

func (w *word) Ready() bool { return w.ready }

func (w *word) Trigger(now time.Time) []byte {
	w.until = now.Add(time.Second)
	return []byte("go!")
}

func (w *word) Tick(now time.Time) (Due, error) {
	if !w.until.IsZero() && !now.Before(w.until) {
		return Due{}, errLate
	}
	return Due{Wake: w.until}, nil
}

func (w *word) Take(_ time.Time, b []byte) (scans []drivers.Scan, err error) {
	for w.buf += string(b); len(w.buf) >= 3; w.buf = w.buf[3:] {
		switch w.buf[:3] {
		case "hi!":
			w.ready = true
		case "end":
			return scans, errEnd
		default:
			w.until = time.Time{}
			scans = append(scans, drivers.Scan{Code: []byte(w.buf[:3])})
		}
	}
	return scans, nil
}

// opened returns a session of a device that is ready, and the device's end of the connection.
func opened(t *testing.T) (*Session, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	s, err := Open(t.Context(), near, &word{ready: true}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); far.Close() })
	return s, far
}

func want(t *testing.T, s *Session, code string) {
	t.Helper()
	if got, err := s.Next(t.Context()); err != nil || string(got.Code) != code {
		t.Errorf("%q, %v, want %s", got.Code, err, code)
	}
}

// Readings go before the error that came with them, and the error stays.
func TestReadingsGoBeforeTheError(t *testing.T) {
	s, far := opened(t)
	go io.WriteString(far, "aaabbbendccc")
	want(t, s, "aaa")
	want(t, s, "bbb")
	for range 2 {
		if _, err := s.Next(t.Context()); err != errEnd {
			t.Error(err)
		}
	}
}

func TestOpenWaitsUntilReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		go func() {
			time.Sleep(time.Hour)
			io.WriteString(far, "aaahi!bbb")
		}()
		begun := time.Now()
		s, err := Open(t.Context(), near, &word{}, 0)
		if err != nil || time.Since(begun) != time.Hour {
			t.Fatal(err, time.Since(begun))
		}
		defer s.Close()
		want(t, s, "aaa")
		want(t, s, "bbb")
	})
}

// An Open that fails leaves nothing behind.
func TestOpenFails(t *testing.T) {
	for name, c := range map[string]struct {
		say  string
		want error
	}{
		"context": {"", context.DeadlineExceeded},
		"device":  {"end", errEnd},
		"flood":   {strings.Repeat("aaa", mostAhead+1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				go io.WriteString(far, c.say)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := Open(ctx, near, &word{}, 0)
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Error(err)
				}
				if _, err := near.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("the connection is open: %v", err)
				}
			})
		})
	}
}

// A trigger that comes while Next waits is answered in time, or is late from its own moment on.
func TestTriggerWhileNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		ended := make(chan error, 1)
		var at time.Time
		go func() {
			_, err := s.Next(t.Context())
			at = time.Now()
			ended <- err
		}()
		time.Sleep(time.Hour)
		if err := s.Trigger(t.Context()); err != nil {
			t.Error(err)
		}
		begun := time.Now()
		got := make([]byte, 3)
		if _, err := io.ReadFull(far, got); err != nil || string(got) != "go!" {
			t.Errorf("%q %v", got, err)
		}
		if err := <-ended; err != errLate || at.Sub(begun) != time.Second {
			t.Errorf("%v after %v", err, at.Sub(begun))
		}
	})
}

// While nobody calls Next nothing is late.
func TestTheClockStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		go io.Copy(io.Discard, far)
		short := func(d time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_, err := s.Next(ctx)
			return err
		}
		if err := short(time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		s.Trigger(t.Context())
		time.Sleep(time.Hour)
		if err := short(900 * time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		begun := time.Now()
		if err := short(time.Hour); err != errLate || time.Since(begun) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// Triggers of many goroutines do not mix.
func TestTriggersDoNotMix(t *testing.T) {
	s, far := opened(t)
	const many = 50
	for range many {
		go s.Trigger(t.Context())
	}
	got := make([]byte, 3*many)
	if _, err := io.ReadFull(far, got); err != nil || string(got) != strings.Repeat("go!", many) {
		t.Errorf("%q %v", got, err)
	}
}

// A scanner that does not take a command ends the session; Trigger does not wait for it.
func TestUnreadCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		begun := time.Now()
		s.Trigger(t.Context())
		io.WriteString(far, "aaa")
		want(t, s, "aaa")
		_, err := s.Next(t.Context())
		if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(err.Error(), "sending to the scanner") || time.Since(begun) != WriteTimeout {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if err := s.Trigger(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a trigger afterwards: %v", err)
		}
	})
}

// Close ends everything at any moment, also while something was read and not taken.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		io.WriteString(far, "aaa")
		s.Trigger(t.Context())
		synctest.Wait()
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Next(t.Context()); err == nil {
			t.Error("a reading after Close")
		}
	})
}

var _ drivers.Triggerer = (*Session)(nil)
