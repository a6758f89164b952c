package drivertest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestShapes(t *testing.T) {
	lengths := map[string]int{"water": 38, "alcohol and beer": 32, "pharma": 85, "appliances": 92, "tobacco, group": 43, "tobacco, pack": 29}
	for _, s := range shapes {
		seen := map[string]bool{}
		for n := range 500 {
			code := string(s.code(n))
			if seen[code] || len(code) != lengths[s.name] || strings.Count(code, "\x1d") != len(s.tail) && s.ais {
				t.Fatalf("%s: %q", s.name, code)
			}
			seen[code] = true
		}
		all := ""
		for n := range 12 {
			all += string(s.code(n))
		}
		for _, c := range set82 {
			if !strings.ContainsRune(all, c) {
				t.Errorf("%s: twelve codes without %q", s.name, c)
			}
		}
	}
}

func TestPlaces(t *testing.T) {
	for total, want := range map[int]int{0: 0, 1: 1, 64: 64, 100: 100, 5000: 80} {
		got := places(total)
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || len(got) < want || len(got) > 2*most+want {
			t.Errorf("%d: %d places, %v", total, len(got), got)
		}
	}
}

// echo is an emulator that says back what it gets.
func echo(_ string, c net.Conn) {
	_, _ = io.Copy(c, c) // the end of the connection is the end
	_ = c.Close()
}

// exchange sends a text through wires and returns what comes back in a time.
func exchange(t *testing.T, w *wires, text string, d time.Duration) string {
	t.Helper()
	c, err := w.dial(t.Context(), "emulator")
	if err != nil {
		t.Fatal(err)
	}
	defer w.running.Wait()
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(d))
	go func() { _, _ = io.WriteString(c, text) }()
	all, _ := io.ReadAll(c)
	return string(all)
}

func TestWires(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(w *wires)
		want string
	}{
		"as it is":      {func(*wires) {}, "ABCD"},
		"split":         {func(w *wires) { w.set(fate{change: split}) }, "ABCD"},
		"double":        {func(w *wires) { w.set(fate{change: double}) }, "ABCDABCD"},
		"garble":        {func(w *wires) { w.set(fate{change: garble}) }, "\xc1\xc2\xc3\xc4"},
		"spoil":         {func(w *wires) { w.set(fate{change: spoil()}) }, "\xc1BCD"},
		"shorten":       {func(w *wires) { w.set(fate{change: shorten}) }, "ABC"},
		"lose":          {func(w *wires) { w.set(fate{change: lose}) }, ""},
		"between":       {func(w *wires) { w.set(fate{change: between([]string{"<", ">"})}) }, "<>ABCD<>"},
		"in time":       {func(w *wires) { w.set(fate{delay: time.Second / 2}) }, "ABCD"},
		"too late":      {func(w *wires) { w.set(fate{delay: 2 * time.Second}) }, ""},
		"cut up":        {func(w *wires) { w.cutUp = 3 }, "ABC"},
		"cut up at 0":   {func(w *wires) { w.cutUp = 0 }, ""},
		"cut down":      {func(w *wires) { w.cutDown = 2 }, "AB"},
		"cut down at 0": {func(w *wires) { w.cutDown = 0 }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWires(echo)
				c.set(w)
				got := exchange(t, w, "ABCD", time.Second)
				// What was cut on its way up may come back or not.
				if got != c.want && !(name == "cut up" && strings.HasPrefix(c.want, got)) {
					t.Errorf("%q came back, want %q", got, c.want)
				}
				if name[:3] == "cut" {
					if again := exchange(t, w, "ABCD", time.Second); again != "ABCD" {
						t.Errorf("after the cut: %q", again)
					}
				}
			})
		})
	}
}

func TestDeafWires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires(echo)
		hear := w.deafen()
		if got := exchangeDeaf(t, w, hear); got != "ABCD" {
			t.Errorf("%q came back", got)
		}
	})
}

// exchangeDeaf writes to a printer that takes nothing at first.
func exchangeDeaf(t *testing.T, w *wires, hear func()) string {
	t.Helper()
	c, err := w.dial(t.Context(), "emulator")
	if err != nil {
		t.Fatal(err)
	}
	defer w.running.Wait()
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(c, "XYZ"); err == nil {
		t.Error("the deaf printer took something")
	}
	_ = c.SetWriteDeadline(time.Time{})
	hear()
	go func() { _, _ = io.WriteString(c, "ABCD") }()
	buf := make([]byte, 16)
	n, _ := c.Read(buf)
	return string(bytes.Clone(buf[:n]))
}

func TestLongest(t *testing.T) {
	without := func(characters string) func([]byte) error {
		return func(code []byte) error {
			if bytes.ContainsAny(code, characters) {
				return errors.New("refused")
			}
			return nil
		}
	}
	for characters, want := range map[string]int{"": 92, `"`: 92, "\x1d": 29, "<>\"": 43} {
		check := without(characters)
		next := longest(t, check)
		seen := map[string]bool{}
		for range 100 {
			code := next()
			if len(code) != want || check(code) != nil || seen[string(code)] {
				t.Fatalf("without %q: %q, want other codes of %d bytes", characters, code, want)
			}
			seen[string(code)] = true
		}
	}
}
