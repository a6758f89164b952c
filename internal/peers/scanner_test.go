package peers

import (
	"context"
	"errors"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/drivers/scanner/text/texttest"
)

func textScanner(t *testing.T, address string, options map[string]any) drivers.Scanner {
	t.Helper()
	s, err := drivers.NewScanner("text", drivers.Settings{Name: "cam-1", Address: address, Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func watch(t *testing.T, driver drivers.Scanner, e *texttest.Scanner) drivers.ScanSession {
	t.Helper()
	s, err := driver.Open(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	await(t, "connected", e.Connected(), 1)
	return s
}

// P8: every reading arrives once, in order and byte for byte, beside its AIM identifier.
func TestP8ScannerReads(t *testing.T) {
	e := texttest.New(texttest.Options{Prefix: "]d2"})
	s := watch(t, textScanner(t, listen(t, e), map[string]any{"aim": "require", "no_read": "NOREAD"}), e)
	want := append(numbered("A", 200), nasty, nasty)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i, c := range want {
			e.Read([]byte(c))
			if i%10 == 0 {
				e.NoRead()
			}
		}
	}()
	for i, c := range want {
		got, err := s.Next(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Code) != c || got.AIM != "]d2" || got.Bad != "" || got.NoRead {
			t.Fatalf("reading %d = %+v, want %q", i, got, c)
		}
		if i%10 > 0 {
			continue
		}
		if got, err := s.Next(soon(t)); err != nil || !got.NoRead || got.Code != nil {
			t.Fatalf("no-read after %d = %+v, %v", i, got, err)
		}
	}
	<-sent
}

// P6: what is no clear reading of a code is given on as bad, never as a code.
func TestP6ScannerDoubts(t *testing.T) {
	e := texttest.New(texttest.Options{})
	s := watch(t, textScanner(t, listen(t, e), map[string]any{"aim": "require", "max_length": int64(128)}), e)
	for _, c := range []struct {
		frame string
		code  string // "": bad
		aim   string
	}{
		{"]d2" + nasty + "\r\n", nasty, "]d2"},
		{nasty + "\r\n", "", ""}, // no identifier
		{"]d1" + nasty + "\r\n", nasty, "]d1"},
		{"]d2\x1d" + nasty + "\r\n", nasty, "]d2"}, // FNC1 shown too
		{"]d2\r\n", "", "]d2"},
		{"]d2" + strings.Repeat(numbered("A", 1)[0], 4) + "\r\n", "", ""}, // too long for one code
		{"]d2" + nasty + "\r\n", nasty, "]d2"},
	} {
		e.Raw([]byte(c.frame[:5]))
		e.Raw([]byte(c.frame[5:]))
		got, err := s.Next(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Code) != c.code || got.AIM != c.aim || (got.Bad != "") != (c.code == "") {
			t.Errorf("%q gives %+v", c.frame, got)
		}
	}
}

func TestScannerComesBack(t *testing.T) {
	e := texttest.New(texttest.Options{Prefix: "]d2"})
	driver := textScanner(t, listen(t, e), nil)
	first := watch(t, driver, e)
	waits, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := first.Next(waits); !errors.Is(err, context.Canceled) {
		t.Errorf("Next under an ended context = %v", err)
	}
	e.Read([]byte(nasty))
	if got, err := first.Next(soon(t)); err != nil || string(got.Code) != nasty {
		t.Errorf("Next = %+v, %v", got, err)
	}
	e.Raw([]byte("]d2" + nasty[:9])) // half a frame
	e.Close()
	if got, err := first.Next(soon(t)); err == nil || got.Code != nil {
		t.Errorf("a cut frame gives %+v, %v", got, err)
	}
	if _, err := driver.Open(soon(t)); err == nil {
		t.Error("Open of a scanner that is off succeeded")
	}
}
