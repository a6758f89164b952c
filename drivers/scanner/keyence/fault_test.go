package keyence

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/keyence/keyencetest"
)

func TestRefusedTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		r.Refuse("21")
		trigger(t, s)
		if got := next(t, s); got != "bad: the reader refused the trigger: its buffer is full (21)" {
			t.Errorf("%q", got)
		}
		r.Refuse("")
		trigger(t, s)
		trigger(t, s) // while it still reads
		if got := next(t, s); got != "bad: the reader refused the trigger: not in its present state (20)" {
			t.Errorf("%q", got)
		}
		r.Place([]byte("01"))
		if got := next(t, s); got != "01" {
			t.Errorf("%q", got)
		}
	})
}

// What is no reading and no answer is told as a bad reading, and the session goes on.
func TestBadFrames(t *testing.T) {
	boxed := map[string]any{"framing": "stx-etx"}
	for name, c := range map[string]struct {
		raw, want string
		options   map[string]any
	}{
		"not boxed":   {"01\x03", "does not begin with STX", boxed},
		"boxed":       {"\x0201\x03", "begins with STX", nil},
		"empty box":   {"\x02\x03", "no code", boxed},
		"N unit":      {"ERR94\r", "memory is damaged", nil},
		"endless":     {strings.Repeat("x", 300) + "\r", "longer than 128", map[string]any{"max_length": int64(128)}},
		"AIM missing": {"01\r", "AIM", map[string]any{"aim": "require"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, keyencetest.Options{Boxed: c.options["framing"] != nil}, c.options)
				r.Raw([]byte(c.raw))
				if got := next(t, s); !strings.HasPrefix(got, "bad: ") || !strings.Contains(got, c.want) {
					t.Errorf("%s", got)
				}
				r.Read([]byte("]d202"))
				if got := next(t, s); got != "]d202" {
					t.Errorf("afterwards %q", got)
				}
			})
		})
	}
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	raw := func(text string) func(*testing.T) func(net.Conn) {
		return func(*testing.T) func(net.Conn) {
			return func(c net.Conn) {
				go io.WriteString(c, text)
				io.Copy(io.Discard, c)
				c.Close()
			}
		}
	}
	for name, c := range map[string]struct {
		serve func(*testing.T) func(net.Conn)
		want  string
	}{
		"garbage":        {raw("\xd8\xff\xfe\xd9"), `no Keyence reader that answers commands: it said "\xd8`},
		"another device": {raw("220 ready\r\n250 ok\r\n"), `it said "220 ready"`},
		"endless":        {raw(strings.Repeat("y", 1<<16)), "no Keyence reader"},
		"wrong framing":  {raw("\x02OK,KEYENCE,SR\x03"), "and framing"},
		"silence":        {raw(""), "did not answer KEYENCE"},
		"mute": {func(t *testing.T) func(net.Conn) {
			return servetest.Start(t, keyencetest.New(keyencetest.Options{Mute: true})).ServeConn
		}, "did not answer KEYENCE"},
		"hangs up": {func(*testing.T) func(net.Conn) { return func(c net.Conn) { c.Close() } }, "the scanner"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := open(t, c.serve(t), nil)
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want %s", err, c.want)
				}
			})
		})
	}
}

// Readings that come before the reader has answered the check are kept.
func TestReadingWhileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t, func(c net.Conn) {
			buf := make([]byte, 100)
			c.Read(buf)
			io.WriteString(c, "01\rOK,KEYENCE,SR\r")
			io.Copy(io.Discard, c)
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := next(t, s); got != "01" {
			t.Errorf("%q", got)
		}
	})
}

func TestUnansweredTriggerEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		r.SetAnswers(answertest.Answers{Lost: true})
		trigger(t, s)
		begun := time.Now()
		_, err := s.Next(t.Context())
		if err == nil || err.Error() != "the reader did not answer LON in 3s" || time.Since(begun) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if _, again := s.Next(t.Context()); again != err {
			t.Errorf("and again: %v", again)
		}
	})
}

// A quiet reader is checked; one that is gone is noticed, one that reads is left alone.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		asked := len(r.Commands())
		go func() {
			for range 9 { // within the quiet that is allowed
				time.Sleep(9 * time.Second)
				r.Read([]byte("01"))
			}
			if n := len(r.Commands()) - asked; n != 0 {
				t.Errorf("a reader that reads was asked %d times", n)
			}
			time.Sleep(35 * time.Second)
			if n := len(r.Commands()) - asked; n != 3 {
				t.Errorf("asked %d times in 35 s", n)
			}
			r.SetAnswers(answertest.Answers{Lost: true})
		}()
		for range 9 {
			next(t, s)
		}
		begun := time.Now()
		if _, err := s.Next(t.Context()); err == nil || !strings.Contains(err.Error(), "did not answer KEYENCE") || time.Since(begun) != 43*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

// The end of the context ends Next and loses nothing; Close ends it too; the end of the reader is told.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		r.Raw([]byte("010"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		r.Raw([]byte("1\r02\r"))
		for _, want := range []string{"0101", "02"} {
			if got := next(t, s); got != want[len(want)-len(got):] {
				t.Errorf("%q", got)
			}
		}
		r.Drop()
		if _, err := s.Next(t.Context()); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after the reader has gone: %v", err)
		}

		_, s = connect(t, keyencetest.Options{}, nil)
		ended := make(chan error)
		go func() { _, err := s.Next(t.Context()); ended <- err }()
		synctest.Wait()
		s.Close()
		if err := <-ended; err == nil {
			t.Error("Next went on after Close")
		}
		if err := s.(drivers.Triggerer).Trigger(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a trigger after Close: %v", err)
		}
	})
}

func TestDialError(t *testing.T) {
	refused := errors.New("connection refused")
	s := settings(nil)
	s.Dial = func(context.Context, string) (link.Conn, error) { return nil, refused }
	sc, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sc.Open(t.Context()); !errors.Is(err, refused) {
		t.Errorf("Open = %v", err)
	}
}

// Whatever comes and however it is cut, the readings are the same, each one thing.
func FuzzTake(f *testing.F) {
	f.Add([]byte("OK,KEYENCE\rOK,LON\r01\rERROR\rER,LON,20\r"), 3, false)
	f.Add([]byte("\x02OK,KEYENCE\x03\x0201\x03ERR91\x03"), 1, true)
	f.Fuzz(func(t *testing.T, b []byte, size int, boxed bool) {
		if size < 1 {
			return
		}
		var options map[string]any
		if boxed {
			options = map[string]any{"framing": "stx-etx"}
		}
		sc, err := New(settings(options))
		if err != nil {
			t.Fatal(err)
		}
		run := func(size int) (got []string) {
			d, now := newDevice(sc.rules), time.Unix(1, 0)
			d.Tick(now)
			for rest := b; len(rest) > 0; {
				n := min(size, len(rest))
				scans, err := d.Take(now, rest[:n])
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range scans {
					ways := 0
					for _, is := range []bool{s.Code != nil, s.NoRead, s.Bad != ""} {
						if is {
							ways++
						}
					}
					if ways != 1 {
						t.Errorf("%+v is not one of code, no-read, bad", s)
					}
					got = append(got, show(s))
				}
				rest = rest[n:]
			}
			return got
		}
		if got, want := run(size), run(len(b)+1); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, whole: %q", size, got, want)
		}
	})
}
