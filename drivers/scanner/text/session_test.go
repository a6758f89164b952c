package text

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened returns a session and the scanner's end of its connection.
func opened(t *testing.T, options map[string]any) (drivers.ScanSession, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	sc, err := New(drivers.Settings{Name: "cam-1", Address: "peer", Options: options,
		Dial: func(context.Context, string) (link.Conn, error) { return near, nil }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sc.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); far.Close() })
	return s, far
}

func next(t *testing.T, s drivers.ScanSession) drivers.Scan {
	t.Helper()
	scan, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return scan
}

func TestNext(t *testing.T) {
	s, far := opened(t, map[string]any{"no_read": "NOREAD", "heartbeat": "ALIVE", "max_length": int64(128)})
	go func() {
		for _, piece := range []string{"ALIVE\r\n]d2", nasty, "\r", "\nNOREAD\r\nALIVE\r\n", strings.Repeat("x", 200), "\r\n01\r\n02\r\n"} {
			io.WriteString(far, piece)
		}
		far.Close()
	}()
	if got := next(t, s); string(got.Code) != nasty || got.AIM != "]d2" || string(got.Raw) != "]d2"+nasty {
		t.Errorf("first %s", show(got))
	}
	if got := next(t, s); !got.NoRead {
		t.Errorf("second %s", show(got))
	}
	if got := next(t, s); !strings.Contains(got.Bad, "128 bytes") || len(got.Raw) != 128 {
		t.Errorf("third %s", show(got))
	}
	for _, want := range []string{"01", "02"} {
		if got := next(t, s); string(got.Code) != want {
			t.Errorf("%s, want %s", show(got), want)
		}
	}
	_, err := s.Next(t.Context())
	if !errors.Is(err, io.EOF) {
		t.Errorf("after the scanner has gone: %v", err)
	}
	if _, again := s.Next(t.Context()); again != err {
		t.Errorf("and again: %v", again)
	}
}

func TestNextByteByByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, nil)
		go func() {
			for i := range nasty + "\r" {
				time.Sleep(100 * time.Millisecond)
				io.WriteString(far, (nasty + "\r")[i:i+1])
			}
		}()
		if got := next(t, s); string(got.Code) != nasty {
			t.Error(show(got))
		}
	})
}

func TestNextEndsWithContextAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, nil)
		go io.WriteString(far, "0101")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		start := time.Now()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second/2 {
			t.Errorf("Next = %v after %v", err, time.Since(start))
		}
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Next under an ended context = %v", err)
		}
		go io.WriteString(far, "02\r\n")
		if got := next(t, s); string(got.Code) != "010102" {
			t.Error(show(got))
		}
	})
}

func TestNextEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := opened(t, nil)
		ended := make(chan error)
		go func() { _, err := s.Next(t.Context()); ended <- err }()
		synctest.Wait()
		s.Close()
		if err := <-ended; err == nil {
			t.Error("Next went on after Close")
		}
	})
}

func TestDuplicateWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"duplicate_window": "1s", "no_read": "NR"})
		go func() {
			for _, frame := range []string{"A", "A", "B", "A", "NR", "NR", "A"} { // all at once
				io.WriteString(far, frame+"\r\n")
			}
			for range 3 { // 0.6 s, 1.2 s, 1.8 s after the last A
				time.Sleep(600 * time.Millisecond)
				io.WriteString(far, "A\r\n")
			}
			io.WriteString(far, "end\r\n")
		}()
		var got []string
		start := time.Now()
		for {
			scan := next(t, s)
			if string(scan.Code) == "end" {
				break
			}
			if scan.NoRead {
				scan.Code = []byte("NR")
			}
			got = append(got, string(scan.Code)+" "+time.Since(start).String())
		}
		if want := "A 0s, B 0s, A 0s, NR 0s, NR 0s, A 0s, A 1.2s"; strings.Join(got, ", ") != want {
			t.Errorf("%s, want %s", strings.Join(got, ", "), want)
		}
	})
}

// A picture is one frame: its last reading says that no more of it comes. What a frame says twice of one place
// is one reading, of two places it is two packs with one code; a code of the frame before is not new.
func TestDuplicatesInAPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"duplicate_window": "1s", "no_read": "NR", "separator": "|", "template": "{code}@{place}"})
		go func() {
			for _, frame := range []string{
				"A@1|B@2|A@1", "A@1|B@2", // the second says nothing
				"B@1|C@2", "C@5|C@6", "A@1|A@2", "A@1|NR|A@1", "NR", "A@3|",
			} {
				io.WriteString(far, frame+"\r\n")
			}
			time.Sleep(time.Second)
			io.WriteString(far, "A@4|end@1\r\n")
		}()
		var got []string
		for {
			scan := next(t, s)
			word := string(scan.Code) + scan.Place
			if scan.NoRead {
				word = "NR"
			}
			if scan.More {
				word += "+"
			}
			got = append(got, word)
			if word == "end1" {
				break
			}
		}
		if want := "A1+ B2 C2 A1+ A2 NR NR A3 A4+ end1"; strings.Join(got, " ") != want {
			t.Errorf("%s, want %s", strings.Join(got, " "), want)
		}
	})
}

func TestEveryReadingCountsWithoutAWindow(t *testing.T) {
	s, far := opened(t, nil)
	go io.WriteString(far, "A\r\nA\r\n")
	for range 2 {
		if got := next(t, s); string(got.Code) != "A" {
			t.Error(show(got))
		}
	}
}

// A frame that stops in the middle is given on as bad once the device has been silent for long enough, and what
// follows is another frame. Slow is not silent.
func TestUnendedFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, nil)
		start := time.Now()
		go func() {
			for range 20 {
				time.Sleep(900 * time.Millisecond)
				io.WriteString(far, "1")
			}
			time.Sleep(time.Minute)
			io.WriteString(far, "02\r\n")
		}()
		got := next(t, s)
		if !strings.Contains(got.Bad, "no end") || !strings.Contains(got.Bad, "1s") || len(got.Raw) != 20 || got.Code != nil || time.Since(start) != 19*time.Second {
			t.Errorf("after %v: %s", time.Since(start), show(got))
		}
		if got := next(t, s); string(got.Code) != "02" {
			t.Error(show(got))
		}
	})
}

// The time for a frame runs on over calls that are interrupted, and only while somebody listens.
func TestUnendedFrameOverInterruptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, nil)
		go io.WriteString(far, "01")
		start := time.Now()
		var got drivers.Scan
		for err := error(context.DeadlineExceeded); err != nil; {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			got, err = s.Next(ctx)
			cancel()
			if got.Bad == "" {
				time.Sleep(time.Minute) // busy elsewhere
			}
		}
		if !strings.Contains(got.Bad, "no end") || time.Since(start) != 3*time.Minute+time.Second {
			t.Errorf("after %v: %s", time.Since(start), show(got))
		}
	})
}

func TestUnendedFrameMayWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"frame_timeout": "0s"})
		go func() {
			io.WriteString(far, "01")
			time.Sleep(time.Hour)
			io.WriteString(far, "02\r")
		}()
		if got := next(t, s); string(got.Code) != "0102" {
			t.Error(show(got))
		}
	})
}

// A device that should send heartbeats and says nothing at all is gone, though its connection looks open.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"heartbeat_pattern": "HB [0-9]+", "heartbeat_within": "10s"})
		start := time.Now()
		go func() {
			for i := range 3 {
				time.Sleep(9 * time.Second)
				io.WriteString(far, fmt.Sprintf("HB %d\r\n", i))
			}
			time.Sleep(9 * time.Second)
			io.WriteString(far, "01\r\n")
		}()
		if got := next(t, s); string(got.Code) != "01" {
			t.Error(show(got))
		}
		_, err := s.Next(t.Context())
		if err == nil || !strings.Contains(err.Error(), "silent for 10s") || time.Since(start) != 46*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if _, again := s.Next(t.Context()); again != err {
			t.Errorf("and again: %v", again)
		}
	})
}

// Half a frame and then nothing: first the frame is bad, then the device is gone.
func TestSilenceInAFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"heartbeat": "ALIVE", "heartbeat_within": "3s"})
		start := time.Now()
		go io.WriteString(far, "01")
		if got := next(t, s); !strings.Contains(got.Bad, "no end") || time.Since(start) != time.Second {
			t.Errorf("after %v: %s", time.Since(start), show(got))
		}
		if _, err := s.Next(t.Context()); err == nil || time.Since(start) != 3*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// What came while nobody listened is read before anybody is called silent.
func TestSilenceOfTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, far := opened(t, map[string]any{"heartbeat": "ALIVE", "heartbeat_within": "3s"})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second-1)
		defer cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		go io.WriteString(far, "01\r\n")
		time.Sleep(time.Hour)
		if got := next(t, s); string(got.Code) != "01" {
			t.Error(show(got))
		}
	})
}

func TestDialError(t *testing.T) {
	refused := errors.New("connection refused")
	sc, err := New(drivers.Settings{Dial: func(context.Context, string) (link.Conn, error) { return nil, refused }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sc.Open(t.Context()); !errors.Is(err, refused) {
		t.Errorf("Open = %v", err)
	}
}
