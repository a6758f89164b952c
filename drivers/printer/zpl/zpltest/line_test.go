package zpltest

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/servetest"
)

// each is what a byte takes at 9600 baud, 8N1.
const each = 10 * time.Second / 9600

// near tells whether a time is what so many bytes take, give or take two milliseconds of a timer.
func near(d time.Duration, bytes int) bool {
	want := time.Duration(bytes) * each
	return d >= want && d < want+3*time.Millisecond
}

func TestLineSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Baud: 9600})
		var out []time.Time
		p.OnPrinted(func(Label) { out = append(out, time.Now()) })
		h := connect(t, p)
		begun := time.Now()
		h.send(strings.Repeat(vector, 3) + "~HI")
		h.frames(1)
		took := time.Since(begun)
		if len(out) != 3 {
			t.Fatalf("%d labels before the answer", len(out))
		}
		for i, at := range out {
			if d := at.Sub(begun); !near(d, (i+1)*len(vector)) {
				t.Errorf("label %d came out after %v", i+1, d)
			}
		}
		if !near(took, 3*len(vector)+len("~HI")+len(identification)) {
			t.Errorf("the answer came after %v", took)
		}

		time.Sleep(time.Second) // the line is idle
		h.send(vector)
		h.sync()
		busy, total := p.Busy()
		if want := 3 * len(vector); !near(busy, want) && !near(busy+5*time.Millisecond, want+5) {
			t.Errorf("busy for %v, want the time of %d bytes", busy, want)
		}
		if idle := total - busy; idle < time.Second || idle > time.Second+time.Duration(len(identification)+10)*each {
			t.Errorf("idle for %v of %v", idle, total)
		}
	})
}

// The printer takes no more than its buffer ahead of the line: the host feels its speed.
func TestLineHoldsTheHostBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Baud: 9600, Trigger: true})
		h := connect(t, p)
		text := strings.Repeat(vector, 40)
		begun := time.Now()
		if _, err := h.conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(begun); d < time.Duration(len(text)-512)*each || d > time.Duration(len(text))*each {
			t.Errorf("%d bytes were taken in %v", len(text), d)
		}
		h.sync()
		if n := p.Waiting(); n != 40 {
			t.Errorf("%d labels", n)
		}
	})
}

// A host that does not read its answers is still heard, as by a printer with an output buffer.
func TestAnswersWait(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.send("~HS" + vector + "~HI" + vector)
	for p.Waiting() < 2 {
		<-p.Labelled()
	}
	h.frames(4)
}

// Close does not wait for what a slow line still carries.
func TestCloseOfASlowLine(t *testing.T) {
	for name, end := range map[string]func(*Printer, net.Conn){
		"host gone":   func(_ *Printer, c net.Conn) { c.Close() },
		"power cycle": func(p *Printer, _ net.Conn) { p.PowerCycle() },
		"as it is":    func(*Printer, net.Conn) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, Options{Baud: 300})
				far := servetest.Pipe(t, p.ServeConn)
				go io.WriteString(far, strings.Repeat("~HS", 500))
				time.Sleep(time.Second)
				begun := time.Now()
				end(p, far)
				p.Close()
				if d := time.Since(begun); d > 0 {
					t.Errorf("Close took %v", d)
				}
				if _, err := far.Read(make([]byte, 1)); err == nil {
					t.Error("the connection goes on")
				}
			})
		})
	}
}
