package dataman

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/scanner/dataman/datamantest"
	"linemark/drivers/scanner/scantest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// long is a code whose base64 has three lines.
var long = nasty + strings.Repeat("\x1d92abcdefghij", 9)

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
func connect(t testing.TB, opt datamantest.Options, options map[string]any) (*datamantest.Reader, drivers.ScanSession) {
	t.Helper()
	opt.NoRead = "NOREAD"
	r := servetest.Start(t, datamantest.New(opt))
	s, err := open(t, r.ServeConn, options)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

func texts(commands []datamantest.Command) (all []string) {
	for _, c := range commands {
		all = append(all, fmt.Sprintf("%s %s %v %d", c.ID, c.Text, c.Checksum, c.Status))
	}
	return all
}

var silent = map[string]any{"responses": "silent", "encoding": nil}

// forms are the readers that the manual and the field know, and how each is configured.
var forms = map[string]struct {
	opt     datamantest.Options
	options map[string]any
}{
	"base64":         {datamantest.Options{}, nil},
	"folded":         {datamantest.Options{Fold: true}, nil},
	"plain":          {datamantest.Options{Plain: true}, map[string]any{"encoding": "plain"}},
	"checksum":       {datamantest.Options{}, map[string]any{"checksum": "xor"}},
	"unacknowledged": {datamantest.Options{Unacknowledged: true}, nil},
	"newer firmware": {datamantest.Options{Unacknowledged: true, Long: true, Extended: "2"}, map[string]any{"responses": "extended-2"}},
	"formatted":      {datamantest.Options{Formatted: "#~"}, map[string]any{"terminator": "#~"}},
	"greeting":       {datamantest.Options{Greeting: "DM475 ready\r\n"}, nil},
	"silent":         {datamantest.Options{}, silent},
	"silent, ETX":    {datamantest.Options{Formatted: "\x03"}, map[string]any{"responses": "silent", "encoding": nil, "terminator": "\x03"}},
	"silent, own":    {datamantest.Options{Formatted: "#~"}, map[string]any{"responses": "silent", "encoding": nil, "terminator": "#~"}},
}
