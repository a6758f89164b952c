package keyencetest

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

// What the manuals say of commands and answers, byte for byte.
func TestDialogue(t *testing.T) {
	for name, c := range map[string]struct {
		opt       Options
		say, want string
	}{
		"LON, LOFF":        {Options{}, "LON\rLOFF\r", "OK,LON\rOK,LOFF\rERROR\r"},
		"LF may follow":    {Options{}, "LON\r\nLOFF\r\n", "OK,LON\rOK,LOFF\rERROR\r"},
		"same frame":       {Options{Boxed: true}, "\x02LON\x03LOFF\r", "\x02OK,LON\x03OK,LOFF\r\x02ERROR\x03"},
		"ESC clears":       {Options{}, "XYZ\x1bLON\r", "OK,LON\r"},
		"twice":            {Options{}, "LON\rLON\r", "OK,LON\rER,LON,20\r"},
		"LOFF for nothing": {Options{}, "LOFF\r", "ER,LOFF,20\r"},
		"one shot":         {Options{OneShot: true, NoRead: "NIX", Tailed: true}, "LON\rLOFF\r", "OK,LON\rNIX\r\nER,LOFF,20\r"},
		"wordless":         {Options{Wordless: true}, "LON\rLOFF\rKEYENCE\r", "ERROR\rOK,KEYENCE,SR-2000,1.00\r"},
		"old":              {Options{Old: true}, "KEYENCE\r", "ER,KEYENCE,00\r"},
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
