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

func (w *word) Trigger(now time.Time) ([]byte, func()) {
	w.until = now.Add(time.Second)
	return []byte("go!"), func() { w.until = time.Time{} }
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
		begun := time.Now()
		triggered := trigger(s)
		read(t, far, "go!")
		if err := <-triggered; err != nil {
			t.Error(err)
		}
		if err := <-ended; err != errLate || at.Sub(begun) != time.Second {
			t.Errorf("%v after %v", err, at.Sub(begun))
		}
	})
}

func trigger(s *Session) <-chan error {
	done := make(chan error, 1)
	go func() { done <- s.Trigger(context.Background()) }()
	return done
}

func read(t *testing.T, far net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(far, got); err != nil || string(got) != want {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}

// What waits is taken before anything is called late.
func TestWhatWaitsIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		s, err := Open(t.Context(), near, &word{ready: true, until: time.Now()}, 0) // late at once
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		io.WriteString(far, "aaa")
		synctest.Wait()
		want(t, s, "aaa")
	})
}

// A trigger whose caller gives up is taken back if the scanner has nothing of it: it is sent neither late
// nor waited for. The session goes on.
func TestTriggerTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		results := make(chan error)
		for range 2 { // one under way, one behind it
			go func() { results <- s.Trigger(ctx) }()
		}
		for range 2 {
			if err := <-results; !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
				t.Errorf("%v after %v", err, time.Since(begun))
			}
		}
		if err := s.Trigger(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		go io.WriteString(far, "aaa")
		want(t, s, "aaa")
		triggered := trigger(s)
		read(t, far, "go!")
		if err := <-triggered; err != nil {
			t.Error(err)
		}
		s.Close()
		if rest, _ := io.ReadAll(far); len(rest) > 0 {
			t.Errorf("%q was sent too", rest)
		}
	})
}

// A command that was begun cannot be taken back: what the scanner has of it would spoil the next.
func TestHalfATrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go far.Read(make([]byte, 1))
		err := s.Trigger(ctx)
		if err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Trigger = %v", err)
		}
		if _, got := s.Next(t.Context()); got != err {
			t.Errorf("Next = %v, want %v", got, err)
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
		if err := s.Trigger(t.Context()); err != nil {
			t.Error(err)
		}
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

// A scanner that does not take a command ends the session, and readings before that are kept.
func TestUnreadCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		begun := time.Now()
		triggered := trigger(s)
		synctest.Wait() // so that aaa comes after it
		io.WriteString(far, "aaa")
		want(t, s, "aaa")
		_, err := s.Next(t.Context())
		if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(err.Error(), "sending the trigger to the scanner") || time.Since(begun) != WriteTimeout {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if got := <-triggered; got != err {
			t.Errorf("Trigger = %v, Next = %v", got, err)
		}
		if got := s.Trigger(t.Context()); got != err {
			t.Errorf("a trigger afterwards: %v", got)
		}
	})
}

// Close ends everything at any moment, also while something was read and not taken.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t)
		io.WriteString(far, "aaa")
		first, second := trigger(s), trigger(s)
		synctest.Wait()
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Next(t.Context()); err == nil {
			t.Error("a reading after Close")
		}
		if <-first == nil || <-second == nil {
			t.Error("a trigger that was not sent")
		}
	})
}

var _ drivers.Triggerer = (*Session)(nil)
