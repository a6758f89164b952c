package scantest

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
)

// What follows serves the tests that a driver has besides the suite.

// Piped returns settings whose connections serve serves at the other end, in memory.
func Piped(t testing.TB, s drivers.Settings, serve func(net.Conn)) drivers.Settings {
	s.Dial = func(context.Context, string) (link.Conn, error) { return servetest.Pipe(t, serve), nil }
	return s
}

// Open opens a session, which the end of the test closes.
func Open(t testing.TB, sc drivers.Scanner) (drivers.ScanSession, error) {
	t.Helper()
	s, err := sc.Open(context.Background())
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// Want fails the test where the next readings are not these, as Word writes them.
func Want(t testing.TB, s drivers.ScanSession, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := Next(t, s); got != w {
			t.Errorf("the driver gives %q, want %q", got, w)
		}
	}
}

// Next returns the next reading as Word writes it.
func Next(t testing.TB, s drivers.ScanSession) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	scan, err := s.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return Word(scan)
}

// Word is a reading without what came with it: the identifier and the code, "no-read" or "bad: "
// and the reason, and " +" where more follows.
func Word(s drivers.Scan) (text string) {
	switch {
	case s.NoRead:
		text = "no-read"
	case s.Bad != "":
		text = "bad: " + s.Bad
	default:
		text = s.AIM + string(s.Code)
	}
	if s.More {
		text += " +"
	}
	return text
}

// Words writes readings as Word does. A reading that is not one of code, no-read and bad fails
// the test.
func Words(t testing.TB, scans []drivers.Scan) (all []string) {
	t.Helper()
	for _, s := range scans {
		oneThing(t, s)
		all = append(all, Word(s))
	}
	return all
}

func oneThing(t testing.TB, s drivers.Scan) {
	t.Helper()
	ways := 0
	for _, is := range []bool{s.Code != nil, s.NoRead, s.Bad != ""} {
		if is {
			ways++
		}
	}
	if ways != 1 {
		t.Errorf("%+v is not one of code, no-read, bad", s)
	}
}

// Trigger makes the device of a session read.
func Trigger(t testing.TB, s drivers.ScanSession) {
	t.Helper()
	if err := s.(drivers.Triggerer).Trigger(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// WantUnanswered triggers a device that does not answer: after three seconds the session ends with
// an error of these words, and stays so. It runs in a bubble.
func WantUnanswered(t *testing.T, s drivers.ScanSession, words string) {
	t.Helper()
	Trigger(t, s)
	begun := time.Now()
	_, err := s.Next(t.Context())
	if err == nil || err.Error() != words || time.Since(begun) != 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	if _, again := s.Next(t.Context()); !errors.Is(again, err) {
		t.Errorf("and again: %v", again)
	}
}

// WantChecked wants that a device is asked whether it is there when it was quiet for ten seconds,
// and not before, and that it is missed three seconds later. read makes it read, asked counts the
// commands that it got, mute silences it. It runs in a bubble.
func WantChecked(t *testing.T, s drivers.ScanSession, read func(), asked func() int, mute func(), words string) {
	t.Helper()
	before := asked()
	go func() {
		for range 9 { // within the quiet that is allowed
			time.Sleep(9 * time.Second)
			read()
		}
		if n := asked() - before; n != 0 {
			t.Errorf("a device that reads was asked %d times", n)
		}
		time.Sleep(35 * time.Second)
		if n := asked() - before; n != 3 {
			t.Errorf("asked %d times in 35 s", n)
		}
		mute()
	}()
	for range 9 {
		Next(t, s)
	}
	begun := time.Now()
	if _, err := s.Next(t.Context()); err == nil || !strings.Contains(err.Error(), words) || time.Since(begun) != 43*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

// Accepted checks that a driver takes each of the options.
func Accepted(t *testing.T, driver string, settings func(map[string]any) drivers.Settings, all ...map[string]any) {
	t.Helper()
	for _, options := range all {
		if _, err := drivers.NewScanner(driver, settings(options)); err != nil {
			t.Errorf("%q: %v", options, err)
		}
	}
}

// Sample checks a driver's sample configuration: the driver takes it, with and without its
// comments' keys, and it and the README name every key.
func Sample(t *testing.T, sample, readme string, keys ...string) {
	t.Helper()
	var open strings.Builder
	for l := range strings.Lines(sample) {
		open.WriteString(strings.TrimPrefix(l, "# "))
	}
	for _, text := range []string{sample, open.String()} {
		var file struct{ Scanner []map[string]any }
		if _, err := toml.Decode(text, &file); err != nil || len(file.Scanner) != 1 {
			t.Fatalf("%v in\n%s", err, text)
		}
		device := file.Scanner[0]
		s := drivers.Settings{Address: device["address"].(string), Options: maps.Clone(device)}
		for _, key := range []string{"name", "driver", "address"} {
			delete(s.Options, key)
		}
		if _, err := drivers.NewScanner(device["driver"].(string), s); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		s.Address = "listen://:9004"
		if role, is := s.Options["role"]; is && role == "client" {
			delete(s.Options, "role")
		}
		if _, err := drivers.NewScanner(device["driver"].(string), s); err != nil {
			t.Errorf("at listen://: %v", err)
		}
	}
	for _, key := range slices.Concat(keys, []string{"listen://"}) {
		if !strings.Contains(sample, key) || !strings.Contains(readme, "`"+key) {
			t.Errorf("%s is not in the sample or not in the README", key)
		}
	}
}
