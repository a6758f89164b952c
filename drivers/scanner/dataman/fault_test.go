package dataman

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/dataman/datamantest"
	"linemark/drivers/scanner/scantest"
)

func TestRefusedTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, nil)
		r.Place([]byte("01"))
		for status := 100; status <= 105; status++ {
			r.Refuse(status)
			scantest.Trigger(t, s)
			if got := scantest.Next(t, s); !strings.Contains(got, "bad: the reader refused the trigger: ") || !strings.Contains(got, fmt.Sprint(status)) {
				t.Errorf("%d: %s", status, got)
			}
		}
		r.Refuse(0)
		scantest.Trigger(t, s)
		scantest.Want(t, s, "01")
	})
}

// What is no reading and no answer is told as a bad reading, and the session goes on.
func TestBadFrames(t *testing.T) {
	for name, c := range map[string]struct {
		raw, want string
		options   map[string]any
	}{
		"no header":        {"0104601234567893\r\n", "no DMCC header", nil},
		"no base64":        {"||[1]0104#\r\n", "no base64", nil},
		"cut base64":       {"||[1]MDE\r\n", "no base64", nil},
		"nothing read":     {"||[1]\r\n", "no code", nil},
		"unknown status":   {"||[7]MDE=\r\n", "status 7", nil},
		"wrong checksum":   {"||1[1]MDE=x\r\n", "checksum", map[string]any{"checksum": "xor"}},
		"endless":          {strings.Repeat("x", 300) + "\r\n", "longer than 256", map[string]any{"max_length": int64(256)}},
		"AIM missing":      {"||[1]MDE=\r\n", "AIM", map[string]any{"aim": "require"}},
		"silent, no":       {"||0:4[102]\r\n", "not silent", silent},
		"silent, answered": {"||[1]MDE=\r\n", "not silent", silent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := connect(t, datamantest.Options{}, c.options)
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

// Answers of a reader that was not silent before are no readings.
func TestSilentIgnoresAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{Formatted: "\x03"}, drivertest.Changed(silent, map[string]any{"terminator": "\x04|"}))
		r.Raw([]byte("||0:1[0]\r\n||[0]\r\n01\x04|"))
		scantest.Want(t, s, "01")
	})
}

func TestSpoiledChecksum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, map[string]any{"checksum": "xor"})
		r.Spoil(true)
		r.Read([]byte("01"))
		scantest.Want(t, s, "bad: the checksum is wrong")
	})
}

func TestOpenTellsWhatIsWrong(t *testing.T) {
	say := func(text string) func(net.Conn) {
		return func(c net.Conn) {
			go io.WriteString(c, text)
			io.Copy(io.Discard, c)
			c.Close()
		}
	}
	emulated := func(opt datamantest.Options) func(*testing.T) func(net.Conn) {
		return func(t *testing.T) func(net.Conn) { return servetest.Start(t, datamantest.New(opt)).ServeConn }
	}
	raw := func(text string) func(*testing.T) func(net.Conn) {
		return func(*testing.T) func(net.Conn) { return say(text) }
	}
	// It answers the first command, and not before: an answer before its question is none.
	refusing := func(*testing.T) func(net.Conn) {
		return func(c net.Conn) {
			defer c.Close()
			if _, err := bufio.NewReader(c).ReadString('\n'); err == nil {
				_, _ = io.WriteString(c, "||0:1[105]\r\n")
				_, _ = io.Copy(io.Discard, c)
			}
		}
	}
	for name, c := range map[string]struct {
		serve   func(*testing.T) func(net.Conn)
		options map[string]any
		want    string
	}{
		"login":           {raw("Welcome to In-Sight(tm) 5403 Session 0\r\nUser: "), nil, "asks for a login"},
		"login line":      {raw("login:\r\n"), nil, "asks for a login"},
		"login, silent":   {raw("hello\r\nUser: "), silent, "asks for a login"},
		"garbage":         {raw("\xd8\xff\xfe\xd9"), nil, `no DataMan reader that speaks DMCC: it said "\xd8`},
		"another device":  {raw("220 ready\r\n"), nil, `it said "220 ready`},
		"endless":         {raw(strings.Repeat("y", 1<<16)), nil, "no DataMan reader"},
		"mute":            {emulated(datamantest.Options{Mute: true}), nil, "did not answer GET COM.DMCC-RESPONSE"},
		"value not known": {emulated(datamantest.Options{Extended: "2"}), nil, "stays silent: it does not know COM.DMCC-RESPONSE 1"},
		"refused":         {refusing, nil, "the reader refused SET COM.DMCC-RESPONSE 1: the reader is unavailable (status 105)"},
		"stays":           {raw("||0:1[0]\r\n||0:2[0]0\r\n"), nil, "did not answer"}, // an answer before its question is none
		"hangs up":        {func(*testing.T) func(net.Conn) { return func(c net.Conn) { c.Close() } }, nil, "the scanner"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := open(t, c.serve(t), c.options)
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%v, want %s", err, c.want)
				}
			})
		})
	}
}

// A reader that stays in another form is not believed.
func TestOpenChecksTheForm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := open(t, func(c net.Conn) {
			buf := make([]byte, 100)
			c.Read(buf)
			io.WriteString(c, "||0:1[0]\r\n")
			c.Read(buf)
			io.WriteString(c, "||0:2[0]0\r\n")
			io.Copy(io.Discard, c)
		}, nil)
		if err == nil || !strings.Contains(err.Error(), `is "0" and stays so, not 1`) {
			t.Error(err)
		}
	})
}

// Firmware that answers without numbers may be late with its first answer.
func TestLateFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := open(t, func(c net.Conn) {
			buf := make([]byte, 100)
			c.Read(buf)
			c.Read(buf) // the question back, after half a second
			io.WriteString(c, "||:::2[0]\r\n||:::3[0]1\r\n||[1]MDE=\r\n")
			io.Copy(io.Discard, c)
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		scantest.Want(t, s, "01")
	})
}

// A text in the answer to a trigger is told and not taken for a code.
func TestTextInTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, nil)
		r.SetAnswers(answertest.Answers{Lost: true})
		scantest.Trigger(t, s)
		r.Raw([]byte("||0:3[0]MDE=\r\n"))
		if got := scantest.Next(t, s); !strings.HasPrefix(got, "bad: the reader answered the trigger itself") {
			t.Errorf("%q", got)
		}
	})
}

// Readings that come in frames while the session begins are kept.
func TestReadingWhileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, s := connect(t, datamantest.Options{Greeting: "||[1]MDE=\r\n"}, nil)
		scantest.Want(t, s, "01")
	})
}

func TestUnansweredTriggerEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, nil)
		r.SetAnswers(answertest.Answers{Lost: true})
		scantest.WantUnanswered(t, s, "the reader did not answer TRIGGER ON in 3s")
	})
}

// A quiet reader is asked; one that is gone is noticed, one that reads is left alone.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := connect(t, datamantest.Options{}, nil)
		scantest.WantChecked(t, s, func() { r.Read([]byte("01")) }, func() int { return len(r.Commands()) },
			func() { r.SetAnswers(answertest.Answers{Lost: true}) }, "did not answer GET")
	})
}

// Whatever comes and however it is cut, the readings of a reader that is ready are the same, each one thing.
func FuzzTake(f *testing.F) {
	f.Add([]byte("||0:1[0]\r\n||0:2[0]1\r\n||[1]MDE=\r\n||0:3[104]\r\n"), 3, false)
	f.Add([]byte("01\r\n||[0]\r\n\r\nNOREAD\r\nUser: "), 1, true)
	f.Add([]byte("||[1]"+strings.Repeat("MDEw", 19)+"\r\nMDE=\r\n||1[1]x\r\n"), 7, false)
	f.Fuzz(func(t *testing.T, b []byte, size int, quiet bool) {
		if size < 1 {
			return
		}
		options := map[string]any(nil)
		if quiet {
			options = silent
		}
		sc, err := New(settings(options))
		if err != nil {
			t.Fatal(err)
		}
		run := func(size int) (got []string) {
			d, now := newDevice(sc.rules), time.Unix(1, 0)
			d.phase = ready
			d.stream.Start(now)
			take := func(scans []drivers.Scan, err error) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, scantest.Words(t, scans)...)
			}
			for rest := b; len(rest) > 0; {
				n := min(size, len(rest))
				take(d.Take(now, rest[:n]))
				rest = rest[n:]
			}
			due, err := d.Tick(now.Add(time.Second))
			take(due.Scans, err)
			return got
		}
		if got, want := run(size), run(len(b)+1); !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: %q, whole: %q", size, got, want)
		}
	})
}
