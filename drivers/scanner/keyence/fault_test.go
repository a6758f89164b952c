package keyence

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/keyence/keyencetest"
	"linemark/drivers/scanner/scantest"
)

func TestRefusedTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		r.Refuse("21")
		scantest.Trigger(t, s)
		scantest.Want(t, s, "bad: the reader refused the trigger: its buffer is full (21)")
		r.Refuse("")
		scantest.Trigger(t, s)
		scantest.Trigger(t, s) // while it still reads
		scantest.Want(t, s, "bad: the reader refused the trigger: not in its present state (20)")
		r.Place([]byte("01"))
		scantest.Want(t, s, "01")
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
				if got := scantest.Next(t, s); !strings.HasPrefix(got, "bad: ") || !strings.Contains(got, c.want) {
					t.Errorf("%s", got)
				}
				r.Read([]byte("]d202"))
				scantest.Want(t, s, "]d202")
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
		scantest.Want(t, s, "01")
	})
}

func TestUnansweredTriggerEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		r.SetAnswers(answertest.Answers{Lost: true})
		scantest.WantUnanswered(t, s, "the reader did not answer LON in 3s")
	})
}

// A quiet reader is asked; one that is gone is noticed, one that reads is left alone.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, keyencetest.Options{}, nil)
		scantest.WantChecked(t, s, func() { r.Read([]byte("01")) }, func() int { return len(r.Commands()) },
			func() { r.SetAnswers(answertest.Answers{Lost: true}) }, "did not answer KEYENCE")
	})
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
				got = append(got, scantest.Words(t, scans)...)
				rest = rest[n:]
			}
			return got
		}
		if got, want := run(size), run(len(b)+1); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, whole: %q", size, got, want)
		}
	})
}
