package zpltest

import (
	"bytes"
	"net"
	"reflect"
	"testing"
	"time"
)

// recorder is a connection that keeps what is written to it.
type recorder struct {
	net.Conn
	out bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) { return r.out.Write(b) }

// Bytes from outside never break the printer, and it does not matter how they are cut.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		vector, vector + "~HS~HI~HQES~JA" + vector,
		"^XA^FH\\^BXN,4,200,,,,#^FD\\231\\5E#]#d029#2123456789#5009##^FS^PQ9,0^XZ",
		"^XA^BCN,100,,,,D^FD>;>80012(34) 5>6ab><>0>=>1>8^FS^XZ", "^XA^JZN^XZ~HQXX~HS",
		"! U1 getvar \"odometer.total_label_count\"\r\n! U1 setvar \"a\" \"b\"\r\n! x^XA^FDa^FS^XZ",
		layout + recall + "^XA^HWR:*.*^XZ^XA^IDR:L?BEL.ZPL^FS^XZ" + recall,
		"^XA^DFE:A^FS^BXN,4,200,,,,#^FN1^FH^FN2^XZ^XA^FN1\"x\"^FDa^FS^XFA^FS^XF^FS^FN99999^FD^FS^FO^FN1^FDb^FS^HWE:[^ID*^XZ",
		"^XA^XA^FD^FS^XZ^XZ~~~^~^^^F~HSD~1x", "^XA^BX^FDx^FS^BX,,,,,,^FDx^FS^FH^FD_^FS^PQ-1^PQ99999999^XZ",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		if step < 1 || step > len(in) {
			step = 1
		}
		run := func(step int) ([]Label, int, bool, string) {
			p := New(Options{Trigger: true, Now: func() time.Time { return time.Time{} }})
			defer p.Close()
			conn := &recorder{}
			s := newStream(p, conn)
			for b := in; len(b) > 0; b = b[min(step, len(b)):] {
				if err := s.feed(b[:min(step, len(b))]); err != nil {
					t.Fatal(err)
				}
			}
			s.end()
			if p.partial != 0 {
				t.Errorf("%d formats are left open", p.partial)
			}
			return p.Received(), p.Waiting(), p.reprint, conn.out.String()
		}
		labels, waiting, reprint, out := run(len(in) + 1)
		for _, l := range labels {
			if !bytes.HasPrefix(l.ZPL, []byte("^XA")) || len(l.ZPL) > maxFormat {
				t.Errorf("the format is kept as %q", l.ZPL)
			}
			for _, s := range l.Symbols {
				if len(s.Data) == 0 || len(s.Data) > maxField {
					t.Errorf("a symbol of %d bytes", len(s.Data))
				}
			}
		}
		labels2, waiting2, reprint2, out2 := run(step)
		if !reflect.DeepEqual(labels, labels2) || waiting != waiting2 || reprint != reprint2 || out != out2 {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
	})
}
