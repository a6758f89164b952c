package keyence

import (
	"fmt"
	"net"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/keyence/keyencetest"
	"linemark/drivers/scanner/scantest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// open opens a session with what serve does at the other end.
func open(t testing.TB, serve func(net.Conn), options map[string]any) (drivers.ScanSession, error) {
	t.Helper()
	sc, err := New(scantest.Piped(t, settings(options), serve))
	if err != nil {
		t.Fatal(err)
	}
	return scantest.Open(t, sc)
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
