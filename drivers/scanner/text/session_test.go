package text

import (
	"context"
	"errors"
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
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
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

func TestEveryReadingCountsWithoutAWindow(t *testing.T) {
	s, far := opened(t, nil)
	go io.WriteString(far, "A\r\nA\r\n")
	for range 2 {
		if got := next(t, s); string(got.Code) != "A" {
			t.Error(show(got))
		}
	}
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
