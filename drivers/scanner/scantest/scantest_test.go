package scantest

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCodes(t *testing.T) {
	all := strings.Join(codes, "")
	for _, c := range set82 {
		if !strings.ContainsRune(all, c) {
			t.Errorf("no code holds %q", c)
		}
	}
	for i, code := range codes {
		if !rightForm(code) || slices.Contains(codes[:i], code) {
			t.Errorf("%q has no right form or stands there twice", code)
		}
		if rightForm(code[1:]) || rightForm(code[:15]) || rightForm("x"+code) {
			t.Errorf("a piece of %q has the right form", code)
		}
	}
}

func TestPlaces(t *testing.T) {
	for total, want := range map[int]int{0: 0, 1: 1, 64: 64, 120: 120, 5000: 70} {
		got := places(total)
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || len(got) < want || len(got) > 4*64 {
			t.Errorf("%d: %d places, %v", total, len(got), got)
		}
	}
}

// The wire does what it is told, and then nothing more.
func TestWire(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(w *wire)
		want []string // pieces, and how long after the beginning
	}{
		"as it is": {func(*wire) {}, []string{"ABCD 0s", "EFGH 1s"}},
		"single":   {func(w *wire) { w.single = true }, []string{"A 0s", "B 0s", "C 0s", "D 0s", "E 1s", "F 1s", "G 1s", "H 1s"}},
		"split":    {func(w *wire) { w.split = 3 }, []string{"ABC 0s", "D 100ms", "EFGH 1s"}},
		"later":    {func(w *wire) { w.split = 5 }, []string{"ABCD 0s", "E 1s", "FGH 1.1s"}},
		"join":     {func(w *wire) { w.join = 2 * time.Second }, []string{"ABCDEFGH 2s"}},
		"drop":     {func(w *wire) { w.drop = 1 }, []string{"A 0s", "EFGH 1s"}},
		"cut":      {func(w *wire) { w.cut = 6 }, []string{"ABCD 0s", "EF 1s", "end 1s"}},
		"frozen":   {func(w *wire) { w.frozen = true }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire(func(c net.Conn) {
					_, _ = io.WriteString(c, "ABCD") // its end is seen below
					time.Sleep(time.Second)
					_, _ = io.WriteString(c, "EFGH")
					_, _ = io.Copy(io.Discard, c)
				})
				c.set(w)
				begun := time.Now()
				conn, err := w.dial(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				_ = conn.SetReadDeadline(begun.Add(10 * time.Second))
				buf := make([]byte, 16)
				for {
					n, err := conn.Read(buf)
					if n > 0 {
						got = append(got, string(buf[:n])+" "+time.Since(begun).String())
					}
					if err != nil {
						if err == io.EOF {
							got = append(got, "end "+time.Since(begun).String())
						}
						break
					}
				}
				conn.Close()
				w.running.Wait()
				if !slices.Equal(got, c.want) {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}
