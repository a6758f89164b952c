package tspltest

import (
	"net"
	"slices"
	"strings"
	"testing"

	"linemark/drivers/link/linktest/drawtest"
)

// arrow is the example of TSC's manual: an arrow to the upper left, 16 by 16 dots.
const arrow = "\x00\x00\x00\x00\x00\x00\x07\xff\x03\xff\x11\xff\x18\xff\x1c\x7f\x1e\x3f\x1f\x1f\x1f\x8f\x1f\xc7\x1f\xe3\x1f\xe7\x1f\xff\x1f\xff"

func draws(t *testing.T, opt Options, text string) []drawtest.Dots {
	t.Helper()
	opt.Trigger = true
	p := start(t, opt)
	h := connect(t, p)
	h.Send(text)
	h.status()
	if len(p.Received()) != 1 {
		t.Fatalf("%.60q: %d labels", text, len(p.Received()))
	}
	return p.Received()[0].Drawn
}

func TestBitmap(t *testing.T) {
	got := draws(t, Options{}, "CLS\r\nBITMAP 200,300,2,16,0,"+arrow+"\r\nPRINT 1,1\r\n")
	if len(got) != 1 || got[0].X != 200 || got[0].Y != 300 || got[0].Width != 16 || got[0].Height != 16 {
		t.Fatalf("%+v", got)
	}
	// The bars at the top and at the left are black, and so is the shaft.
	d := got[0]
	for i := range 16 {
		if !d.At(200+i, 300) || !d.At(200, 300+i) || i > 4 && i < 13 && !d.At(200+i, 300+i) {
			t.Errorf("dot %d of the arrow is missing", i)
		}
	}
	if d.At(215, 304) || d.At(204, 315) {
		t.Error("the arrow is in negative")
	}
	inverse := draws(t, Options{Ones: true}, "CLS\r\nBITMAP 200,300,2,16,0,"+arrow+"\r\nPRINT 1,1\r\n")[0]
	for i, b := range inverse.Black {
		if b != arrow[i] {
			t.Fatalf("byte %d is %02X", i, b)
		}
	}
}

// Data is whatever it looks like: ends of lines, commands, quotation marks.
func TestBinary(t *testing.T) {
	for _, data := range []string{"\r\nCLS\r\n\r\n", "PRINT 1,1", "\"\"\"\"\"\"\"\"\"", "\x00\x1b\x00\x1b\x1b?,!,", "BITMAP 1,"} {
		data += strings.Repeat("\n", 9-len(data))
		got := draws(t, Options{Ones: true}, "CLS\r\nBITMAP 1,2,3,3,0,"+data+"\r\nPRINT 1,1\r\n")
		if len(got) != 1 || string(got[0].Black) != data {
			t.Errorf("%q: %+v", data, got)
		}
	}
	// What follows <ESC>! is obeyed at once, here too, and is no data.
	if got := draws(t, Options{Ones: true}, "CLS\r\nBITMAP 1,2,1,4,0,a\x1b!?bcd\r\nPRINT 1,1\r\n"); len(got) != 1 || string(got[0].Black) != "abcd" {
		t.Errorf("%+v", got)
	}
}

func TestNoBitmap(t *testing.T) {
	for _, line := range []string{"BITMAP 1,2,1,4,1,abcd", "BITMAP 1,2,0,4,0,", "BITMAP 1,2,1,4,0", "BITMAP 1,2,1,4,3,abcd", "BITMAP 1,2,9999,99999,0,abcd", "BITMAP 1,2,{picture:4}"} {
		if got := draws(t, Options{}, "CLS\r\n"+line+"\r\nPRINT 1,1\r\n"); len(got) > 0 {
			t.Errorf("%s: %+v", line, got)
		}
	}
	if got := draws(t, Options{}, "BITMAP 1,2,1,1,0,a\r\nCLS\r\nPRINT 1,1\r\n"); len(got) > 0 {
		t.Errorf("CLS leaves %+v", got)
	}
}

// The rest of the data may come with another connection, for the printer waits for it.
func TestUnfinishedBitmap(t *testing.T) {
	p := start(t, Options{Trigger: true, Ones: true})
	near, far := net.Pipe()
	served := make(chan struct{})
	go func() { p.ServeConn(far); close(served) }()
	if _, err := near.Write([]byte("CLS\r\nBITMAP 1,2,1,6,0,ab")); err != nil {
		t.Fatal(err)
	}
	near.Close()
	<-served
	h := connect(t, p)
	h.Send("cdef\r\nPRINT 1,1\r\n")
	h.status()
	if got := p.Received(); len(got) != 1 || !slices.Equal(got[0].Drawn[0].Black, []byte("abcdef")) {
		t.Errorf("%+v", got)
	}
}
