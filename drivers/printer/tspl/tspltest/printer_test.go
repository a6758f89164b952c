package tspltest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/servetest"
)

func TestLife(t *testing.T) {
	servetest.Check(t, func(log io.Writer) *Printer { return New(Options{Trigger: true, Log: log}) },
		func(p *Printer) { p.SetFault(HeadOpen) })
}

func TestPrint(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.Send(tspl("a") + "PRINT 1\r\nCLS\r\nPRINT 2,2\r\n")
	if s := h.status(); s != 0x20 {
		t.Errorf("status %02X with labels waiting", s)
	}
	if got := h.count(); got != "X=0" {
		t.Errorf("count %q", got)
	}
	if p.Waiting() != 6 {
		t.Errorf("%d wait, want 6", p.Waiting())
	}
	for range 3 {
		p.Print()
	}
	// Without CLS the image stays.
	if got := datas(p.Printed()); !slices.Equal(got, []string{"a", "a"}) || p.Odometer() != 3 || h.count() != "X=3" {
		t.Errorf("printed %q, count %d", got, p.Odometer())
	}
	p.Print()
	p.Print()
	p.Print()
	if _, ok := p.Print(); ok || h.status() != 0 {
		t.Error("an empty printer printed")
	}
}

func TestErrorsAreLogged(t *testing.T) {
	var log bytes.Buffer
	p := New(Options{Trigger: true, Log: &log})
	h := connect(t, p)
	h.Send(tspl("a") + "PRINT 1CLS\r\nOUT COM \"X\";STR$(LABEL)\r\nprint 1\r\nNONSENSE\r\n" + strings.Repeat("x", maxLine+1) + "\r\nSIZE 60 mm,40 mm\r\n")
	h.status()
	p.Print()
	p.Close()
	var events []string
	for line := range strings.Lines(log.String()) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "printed" && e.Code != hex.EncodeToString([]byte("a")) {
			t.Errorf("printed %q", e.Code)
		}
		events = append(events, e.Event)
	}
	want := []string{"connected", "received", "error", "error", "error", "error", "error", "printed"}
	if len(events) < len(want) || !slices.Equal(events[:len(want)], want) {
		t.Errorf("logged %q, want %q", events, want)
	}
}

func TestFaults(t *testing.T) {
	for f, bit := range map[Fault]byte{HeadOpen: 1, PaperJam: 2, MediaOut: 4, RibbonOut: 8, Pause: 0x30, OtherFault: 0x80} {
		t.Run(f.String(), func(t *testing.T) {
			p := start(t, Options{Trigger: true})
			h := connect(t, p)
			h.Send(tspl("a"))
			h.status()
			p.SetFault(f)
			if got := h.status(); got != bit {
				t.Errorf("status %02X, want %02X", got, bit)
			}
			if _, ok := p.Print(); ok {
				t.Error("it prints")
			}
			h.Send("OUT NET \"X=\";STR$(LABEL)\r\n")
			if f != Pause { // a paused printer answers now, any other when the fault is cleared
				h.status()
				p.SetFault(NoFault)
			}
			if got := h.line(); got != "X=0" {
				t.Errorf("count %q", got)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	for cancel, want := range map[byte][]string{0: {"a", "b"}, '.': {"b"}} {
		p := start(t, Options{Trigger: true, Cancel: cancel})
		h := connect(t, p)
		h.Send(tspl("a") + "\x1b!." + tspl("b"))
		h.status()
		for range 2 {
			p.Print()
		}
		if got := datas(p.Printed()); !slices.Equal(got, want) {
			t.Errorf("%q: printed %q, want %q", cancel, got, want)
		}
	}
}

func TestReprint(t *testing.T) {
	for off, want := range map[string][]string{"": {"a", "b"}, "SET REPRINT OFF\r\n": {"b"}, "SET REPRINT OFF\r\nSET REPRINT ON\r\n": {"a", "b"}} {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		h.Send(off + tspl("a") + tspl("b"))
		h.status()
		if l, ok := p.Interrupt(MediaOut); !ok || l.Seq != 1 {
			t.Error("nothing was interrupted")
		}
		p.SetFault(NoFault)
		for range 2 {
			p.Print()
		}
		if got := datas(p.Printed()); !slices.Equal(got, want) {
			t.Errorf("%q: printed %q, want %q", off, got, want)
		}
	}
}

func TestPowerCycle(t *testing.T) {
	for _, keep := range []bool{false, true} {
		p := start(t, Options{Trigger: true, KeepBuffer: keep})
		h := connect(t, p)
		h.Send(tspl("a") + tspl("b"))
		h.status()
		p.Print()
		p.PowerCycle()
		if _, err := h.In.ReadByte(); err == nil {
			t.Error("the connection outlived the power cycle")
		}
		if got := p.Waiting(); got != map[bool]int{true: 1}[keep] || p.Odometer() != 1 {
			t.Errorf("%d wait, count %d", got, p.Odometer())
		}
	}
}

// A line whose connection ended goes on with the next connection's bytes.
func TestRestOfALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		h.Send(strings.TrimSuffix(tspl("a"), ",1\r\n"))
		h.status()
		h.Conn.Close()
		synctest.Wait()
		two := connect(t, p)
		two.Send("\r\n")
		two.status()
		if p.Waiting() != 1 {
			t.Errorf("%d labels wait", p.Waiting())
		}
	})
}

func TestOutWaits(t *testing.T) {
	p := start(t, Options{Trigger: true, OutWaits: true})
	h := connect(t, p)
	h.Send(tspl("a") + "OUT NET \"X=\";STR$(LABEL)\r\n" + tspl("b"))
	h.status() // is answered before
	p.Print()
	if got := h.line(); got != "X=1" {
		t.Errorf("count %q", got)
	}
}

func TestBufferFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true, Buffer: 2})
		h := connect(t, p)
		h.Send(tspl("a") + tspl("b") + tspl("c"))
		synctest.Wait()
		if got := p.Waiting(); got != 2 {
			t.Errorf("%d wait, want 2", got)
		}
		p.Print()
		synctest.Wait()
		if got := len(p.Received()); got != 3 {
			t.Errorf("%d received, want 3", got)
		}
	})
}

func TestPrintTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{PrintTime: time.Second})
		h := connect(t, p)
		h.Send("SET REPRINT OFF\r\n" + tspl("a") + tspl("b") + tspl("c"))
		time.Sleep(1500 * time.Millisecond)
		p.SetFault(RibbonOut) // b comes out half
		time.Sleep(time.Minute)
		p.SetFault(NoFault)
		time.Sleep(time.Minute)
		if got := datas(p.Printed()); !slices.Equal(got, []string{"a", "c"}) {
			t.Errorf("printed %q", got)
		}
	})
}

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		began := time.Now()
		p.SetAnswers(Answers{Before: "READY\r\n", Twice: true, Bytewise: true, Delay: time.Second})
		if got := h.count(); got != "READY" || time.Since(began) != time.Second {
			t.Errorf("%q after %v", got, time.Since(began))
		}
		if one, two := h.line(), h.line(); one != "X=0" || two != "X=0" {
			t.Errorf("%q, %q", one, two)
		}
		p.SetAnswers(Answers{Garbled: true})
		if got := h.status(); got == 0 {
			t.Error("the answer is not garbled")
		}
		p.SetAnswers(Answers{Lost: true})
		h.Send("\x1b!?")
		synctest.Wait()
		p.SetAnswers(Answers{})
		if got := h.status(); got != 0 || h.In.Buffered() > 0 {
			t.Error("a lost answer came")
		}
	})
}
