package datamantest

import (
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServingAndClosing(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *Reader { return New(Options{Log: log}) },
		func(r *Reader) { r.NoRead() })
}

// What the manual shows of commands and answers, byte for byte.
func TestDialogue(t *testing.T) {
	for name, c := range map[string]struct {
		opt       Options
		say, want string
	}{
		"silent":            {Options{NoRead: "NR"}, "||>SET SYMBOL.NONE ON\r\n||>GET COM.DMCC-RESPONSE\r\n||>trigger on\r\n", "0\r\nNR\r\n"},
		"extended":          {Options{NoRead: "NR"}, "||>SET COM.DMCC-RESPONSE 1\r\n||0:7>NONE\r\n||>TRIGGER ON\r\n", "||[0]\r\n||:7[101]\r\n||[0]\r\n||[1]TlINCg==\r\n"},
		"checksum":          {Options{}, "||1:5>SET COM.DMCC-RESPONSE 1\x3b\r\n", "||1:5[0]\x08\r\n"},
		"wrong checksum":    {Options{}, "||>SET COM.DMCC-RESPONSE 1\r\n||1>TRIGGER ON\x00\r\n", "||[0]\r\n||1[103]"},
		"wrong value":       {Options{Extended: "2", Unacknowledged: true}, "||>SET COM.DMCC-RESPONSE 1\r\n||>GET COM.DMCC-RESPONSE\r\n", "0\r\n"},
		"newer, long":       {Options{Extended: "2", Unacknowledged: true, Long: true}, "||>SET COM.DMCC-RESPONSE 2\r\n||>GET COM.DMCC-RESPONSE\r\n", "||:::3[0]2\r\n"},
		"what is no header": {Options{}, "TRIGGER ON\r\nGET X\r\n||>GET COM.DMCC-RESPONSE\r\n", "0\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := servetest.Start(t, New(c.opt))
			host := servetest.Pipe(t, r.ServeConn)
			host.SetDeadline(time.Now().Add(10 * time.Second))
			go io.WriteString(host, c.say)
			got := make([]byte, len(c.want))
			if _, err := io.ReadFull(host, got); err != nil || string(got) != c.want {
				t.Errorf("%q %v, want %q", got, err, c.want)
			}
		})
	}
}
