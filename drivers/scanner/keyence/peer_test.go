package keyence

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/keyence/keyencetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// open opens a session with what serve does at the other end.
func open(t testing.TB, serve func(net.Conn), options map[string]any) (drivers.ScanSession, error) {
	t.Helper()
	s := settings(options)
	s.Dial = func(context.Context, string) (link.Conn, error) { return servetest.Pipe(t, serve), nil }
	sc, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	session, err := sc.Open(context.Background())
	if err == nil {
		t.Cleanup(func() { session.Close() })
	}
	return session, err
}

// connect opens a session with an emulated reader.
func connect(t testing.TB, opt keyencetest.Options, options map[string]any) (*keyencetest.Reader, drivers.ScanSession) {
	t.Helper()
	r := servetest.Start(t, keyencetest.New(opt))
	s, err := open(t, r.ServeConn, options)
	if err != nil {
		t.Fatal(err)
	}
	<-r.Connected()
	return r, s
}

func next(t testing.TB, s drivers.ScanSession) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	scan, err := s.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return show(scan)
}

// show is a reading without what came with it.
func show(s drivers.Scan) (text string) {
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

func trigger(t testing.TB, s drivers.ScanSession) {
	t.Helper()
	if err := s.(drivers.Triggerer).Trigger(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func texts(commands []keyencetest.Command) (all []string) {
	for _, c := range commands {
		all = append(all, fmt.Sprintf("%s %v %d", c.Text, c.Boxed, c.Cleared))
	}
	return all
}

// forms are readers as the manuals know them, and how each is configured.
var forms = map[string]struct {
	opt     keyencetest.Options
	options map[string]any
}{
	"CR":         {keyencetest.Options{}, nil},
	"CR LF":      {keyencetest.Options{Tailed: true}, nil},
	"STX ETX":    {keyencetest.Options{Boxed: true}, map[string]any{"framing": "stx-etx"}},
	"no answers": {keyencetest.Options{Wordless: true}, map[string]any{"answers": "none"}},
	"old":        {keyencetest.Options{Old: true}, nil},
	"no check":   {keyencetest.Options{Old: true}, map[string]any{"check": ""}},
	"mute":       {keyencetest.Options{Mute: true}, map[string]any{"check": "", "answers": "none"}},
	"own text":   {keyencetest.Options{NoRead: "NIX"}, map[string]any{"no_read": "NIX"}},
}

func with(options map[string]any, key string, value any) map[string]any {
	all := map[string]any{key: value}
	for k, v := range options {
		all[k] = v
	}
	return all
}
