package talk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

func TestDialer(t *testing.T) {
	own := errors.New("own")
	dial := Dialer(drivers.Settings{Dial: func(context.Context, string) (link.Conn, error) { return nil, own }})
	if _, err := dial(t.Context(), ""); !errors.Is(err, own) {
		t.Errorf("%v", err)
	}
	var bad *link.AddressError
	if _, err := Dialer(drivers.Settings{})(t.Context(), "nowhere"); !errors.As(err, &bad) {
		t.Errorf("%v", err)
	}
}

// A printer that takes nothing is waited for as long as its bytes may take.
func TestWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		begun := time.Now()
		err := Write(t.Context(), near, make([]byte, 500), 3*time.Second)
		if d := time.Since(begun); !Silent(err) || d != 4*time.Second {
			t.Errorf("%v after %v", err, d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		err = Write(ctx, near, make([]byte, 500), 3*time.Second)
		if d := time.Since(begun); err == nil || Silent(err) || d != time.Second {
			t.Errorf("%v after %v", err, d)
		}
		go func() { _, _ = io.WriteString(far, "ok") }()
		b := make([]byte, 2)
		if _, err := io.ReadFull(near, b); err != nil {
			t.Errorf("the connection cannot be used any more: %v", err)
		}
	})
}

// What has come already is taken first, and what follows the last answer stays.
func TestRead(t *testing.T) {
	near, far := net.Pipe()
	go func() {
		for _, piece := range []string{"B>", "<C><D>", "<E"} {
			_, _ = io.WriteString(far, piece)
		}
		far.Close()
	}()
	f := frames()
	f.Add([]byte("<A><"))
	for _, want := range []string{"A B C", "D"} {
		var got []string
		err := Read(near, f.Add, f.Next, func(a string) (bool, error) {
			got = append(got, a)
			return a == want[len(want)-1:], nil
		})
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	if err := Read(near, f.Add, f.Next, func(string) (bool, error) { return false, nil }); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	refused := errors.New("refused")
	f.Add([]byte("<F>"))
	if err := Read(near, f.Add, f.Next, func(string) (bool, error) { return false, refused }); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
	f.Add(make([]byte, maxFrame+1))
	f.Add([]byte{'x'})
	if err := Read(near, f.Add, f.Next, func(string) (bool, error) { return false, nil }); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

func TestSilent(t *testing.T) {
	late := fmt.Errorf("reading: %w", os.ErrDeadlineExceeded)
	for _, c := range []struct {
		err  error
		want bool
	}{{nil, false}, {late, true}, {io.EOF, false}, {errors.Join(late, context.Canceled), false}, {errors.Join(late, context.DeadlineExceeded), false}} {
		if Silent(c.err) != c.want {
			t.Errorf("Silent(%v) = %v", c.err, !c.want)
		}
	}
}

func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, c := range []struct{ d, want time.Duration }{{time.Second, time.Second}, {0, 0}, {-1, 0}, {time.Hour, 59 * time.Second}} {
			begun := time.Now()
			err := Pause(ctx, c.d)
			if d := time.Since(begun); d != c.want || (err != nil) != (c.d > time.Minute) {
				t.Errorf("Pause(%v) = %v after %v", c.d, err, d)
			}
		}
		if Pause(ctx, 0) == nil {
			t.Error("a pause of nothing ignores the end of its context")
		}
	})
}

func TestClip(t *testing.T) {
	for in, want := range map[string]string{"": "", "ACK": "ACK", strings.Repeat("x", 60): strings.Repeat("x", 60),
		strings.Repeat("x", 61): strings.Repeat("x", 60) + "...", strings.Repeat("x", 59) + "\u00e8": strings.Repeat("x", 59) + "..."} {
		if got := Clip(in); got != want {
			t.Errorf("Clip(%q) = %q", in, got)
		}
	}
}
