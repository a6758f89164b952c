package zpl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/zpl"
	"linemark/drivers/printer/zpl/zpltest"
)

// benchLabel is a common label of a line: the code, four values beside it, and what stays the same.
const benchLabel = "^XA^CI28^PW480^LL320^LH0,0^FO20,20^BXN,6,200,,,,#^FD{code}^FS" +
	"^FO200,24^A0N,28,28^FDLINEMARK DEMO 0.5 L^FS^FO200,64^A0N,22,22^FDGTIN {gtin}^FS" +
	"^FO200,96^A0N,22,22^FDSN {serial}^FS^FO200,128^A0N,22,22^FDLOT {batch}^FS" +
	"^FO200,160^A0N,22,22^FDEXP {expiration_date:dd.MM.yyyy}^FS^FO20,220^GB440,2,2^FS^PQ1^XZ"

// A serial line of 115200 baud to a printer that prints at once: what it gets through is what
// the line lets through.
func BenchmarkWholeFormat(b *testing.B)  { feed(b, nil) }
func BenchmarkStoredFormat(b *testing.B) { feed(b, map[string]any{"format": "stored"}) }

// feed keeps the printer fed as a print station does: so many labels ahead, filled up with what
// Printed frees, asked again when Traits.Poll has passed.
func feed(b *testing.B, options map[string]any) {
	const ahead = 8
	e := servetest.Start(b, zpltest.New(zpltest.Options{Baud: 115200, SGDNewline: true}))
	l := servetest.Listen(b)
	go func() { _ = e.Serve(l) }() // until the end of the test closes it
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "unit.zpl"), []byte(benchLabel), 0o600); err != nil {
		b.Fatal(err)
	}
	s := drivers.Settings{Name: "p", Address: "tcp://" + l.Addr().String(), Dir: dir, Dial: link.Dial, Options: map[string]any{"label": "unit.zpl", "settle": "20ms"}}
	for k, v := range options {
		s.Options[k] = v
	}
	p, err := zpl.New(s)
	if err != nil {
		b.Fatal(err)
	}
	session, err := p.Open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer session.Close()

	labels := max(b.N, 200) // enough for the beginning not to count
	b.ResetTimer()
	for sent, printed := 0, 0; printed < labels; {
		var batch []drivers.Label
		for ; sent < labels && sent-printed < ahead; sent++ {
			batch = append(batch, benchCode(sent))
		}
		if err := session.Send(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		time.Sleep(p.Traits().Poll) // the station's pace
		if printed, err = session.Printed(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	bytes := 0
	for _, l := range e.Received() {
		bytes += len(l.ZPL)
	}
	busy, total := e.Busy()
	b.ReportMetric(busy.Seconds()/total.Seconds(), "busy")
	b.ReportMetric(float64(bytes)/float64(len(e.Received())), "bytes/code")
	b.ReportMetric(float64(labels-1)/total.Seconds(), "codes/s")
}

// benchCode is a label with a code as long as those of most product groups.
func benchCode(n int) drivers.Label {
	serial := fmt.Sprintf("5%06d<&'_1>", n)
	return drivers.Label{Code: []byte("0104601234567893" + "21" + serial + "\x1d93dGVz"), Fields: map[string]string{
		"gtin": "04601234567893", "serial": serial, "batch": "L2403", "expiration_date": "2027-03-07",
	}}
}
