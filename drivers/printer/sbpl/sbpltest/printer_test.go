package sbpltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
)

const (
	lan    = 32
	noName = "                "
)

var trigger = Options{Trigger: true, FNC1: "~1"}

func TestLife(t *testing.T) {
	servetest.Check(t, func(log io.Writer) *Printer { return New(Options{Trigger: true, Log: log}) },
		func(p *Printer) { p.SetFault(HeadOpen) })
}

func TestSymbols(t *testing.T) {
	for _, c := range []struct{ name, fnc1, ecc, commands, want string }{
		{"GS1", "~1", "", "BX05200404000000001|DC~10104601234567893215\"<&'_1>=,;%/~193dGVz", `"0104601234567893215\"<&'_1>=,;%/\x1d93dGVz" true`},
		{"another form", "_1", "", "BX05200404000000001|DC_101~1_12", `"01~1\x1d2" true`},
		{"no form", "", "", "BX05200404000000001|DC~101\x1d2", `"~101\x1d2" false`},
		{"raw GS", "\x1d", "", "BX05200404000000001|DC\x1d01\x1d2", `"01\x1d2" true`},
		{"200", "", "200", "BX052000404000000001|DCa", `"a" false`},
		{"20 where it is 200", "", "200", "BX05200404000000001|DCa", ``},
		{"200 where it is 20", "", "", "BX052000404000000001|DCa", ``},
		{"fixed size", "", "", "BX11200312032032001|DCa", `"a" false`},
		{"cell too small", "", "", "BX05200204000000001|DCa", ``},
		{"cell too large", "", "", "BX05200413000000001|DCa", ``},
		{"no format", "", "", "BX07200404000000001|DCa", ``},
		{"reversed", "", "", "BX05200404000000101|DCa", ``},
		{"no symbol", "", "", "DCa", ``},
		{"data once", "", "", "BX05200404000000001|DCa|DCb", `"a" false`},
		{"no data", "~1", "", "BX05200404000000001|DC~1", ``},
		{"500", "", "", "BX05200404000000001|DC" + strings.Repeat("1", 501), ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, Options{Trigger: true, FNC1: c.fnc1, ECC: c.ecc})
			h := connect(t, p)
			h.Send("\x02\x1bA\x1b" + strings.ReplaceAll(c.commands, "|", "\x1b") + "\x1bQ1\x1bZ\x03")
			h.status(lan)
			var got []string
			for _, s := range p.Received()[0].Symbols {
				got = append(got, fmt.Sprintf("%q %v", s.Data, s.GS1))
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
}

// The bytes of every form of a status, as the programming references give them.
func TestStatusForms(t *testing.T) {
	for _, c := range []struct {
		status Status
		form   Form
		want   string
	}{
		{Status3, FormLAN, "\x0207G000001\x03"},
		{Status3, FormPlain, "\x0207G000001\x03"},
		{Status3, FormLegacy, "\x00\x00\x00\x0b\x0207G000001\x03"},
		{Status4, FormPlain, "\x0207G000001" + noName + "\x03"},
		{Status4, FormLAN, "\x00\x00\x00\x1c\x05\x0207G000001" + noName + "\x03"},
		{Status4, FormLegacy, "\x00\x00\x00\x20\x00\x00\x00\x1c\x05\x0207G000001" + noName + "\x03"},
	} {
		p := start(t, Options{Trigger: true, Status: c.status, Form: c.form})
		h := connect(t, p)
		h.Send(sbpl("07", "a"))
		if c.status == Status3 || c.form == FormPlain {
			h.acknowledged(1)
		}
		if got := h.status(len(c.want)); got != c.want {
			t.Errorf("status %q, want %q", got, c.want)
		}
	}
}

// How <CAN> is answered, by the form and by whether there is an error.
func TestCancelIsAnswered(t *testing.T) {
	for _, c := range []struct {
		status Status
		form   Form
		fault  Fault
		want   string
	}{
		{Status3, FormLAN, NoFault, "\x06"},
		{Status4, FormPlain, NoFault, "\x06"},
		{Status4, FormLegacy, HeadOpen, "\x15"},
		{Status4, FormLAN, NoFault, "\x00\x00\x00\x01\x06"},
		{Status4, FormLAN, MediaOut, "\x00\x00\x00\x01\x15"},
	} {
		p := start(t, Options{Trigger: true, Status: c.status, Form: c.form})
		p.SetFault(c.fault)
		h := connect(t, p)
		h.Send("\x18")
		if got := h.Read(len(c.want)); got != c.want {
			t.Errorf("%+v: answered %q", c, got)
		}
	}
}

func TestPrint(t *testing.T) {
	for _, last := range []bool{false, true} {
		p := start(t, Options{Trigger: true, FNC1: "~1", Form: FormPlain, LastID: last})
		h := connect(t, p)
		want := "\x02  A000000" + noName + "\x03"
		if got := h.status(27); got != want {
			t.Errorf("idle status %q", got)
		}
		h.Send(sbpl("00", "a") + strings.Replace(sbpl("01", "b"), "Q1", "Q000002", 1))
		h.acknowledged(2)
		if got := h.status(27)[1:10]; got != "00G000001" {
			t.Errorf("status %q", got)
		}
		p.Print()
		if got := h.status(27)[1:10]; got != "01G000002" {
			t.Errorf("status %q", got)
		}
		p.Print()
		p.Print()
		want = map[bool]string{false: "  A000000", true: "01A000000"}[last]
		if got := h.status(27)[1:10]; got != want {
			t.Errorf("status %q, want %q", got, want)
		}
		if got := datas(p.Printed()); !slices.Equal(got, []string{"a", "b", "b"}) || p.Odometer() != 3 {
			t.Errorf("printed %q", got)
		}
	}
}

func TestTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true, Form: FormPlain, Tail: time.Second})
		h := connect(t, p)
		h.Send(sbpl("07", "a"))
		h.acknowledged(1)
		h.status(27)
		p.Print()
		if got := h.status(27)[1:10]; got != "07G000000" {
			t.Errorf("status %q", got)
		}
		time.Sleep(time.Second)
		if got := h.status(27)[1:10]; got != "  A000000" {
			t.Errorf("status %q", got)
		}
	})
}

func TestErrorsAreLogged(t *testing.T) {
	var log bytes.Buffer
	p := New(Options{Trigger: true, Log: &log, FNC1: "~1"})
	h := connect(t, p)
	h.Send("\x02\x1bA\x1bZ\x03\x02x\x03\x02\x1bA\x1bQ0\x1bZ\x03" + strings.Replace(sbpl("00", "a"), "~1a", "~1\x05a", 1))
	h.status(lan)
	p.Print()
	p.Close()
	var events []string
	for line := range strings.Lines(log.String()) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Event == "printed" && (e.Code != "0561" || e.ID != "00") { // the ENQ has become a part of the label
			t.Errorf("printed %q, job %q", e.Code, e.ID)
		}
		events = append(events, e.Event)
	}
	want := []string{"connected", "error", "error", "error", "received", "printed"}
	if len(events) < len(want) || !slices.Equal(events[:len(want)], want) {
		t.Errorf("logged %q, want %q", events, want)
	}
}

func TestFaults(t *testing.T) {
	for f, letter := range map[Fault]byte{HeadOpen: 'b', MediaOut: 'c', RibbonOut: 'd', MediaError: 'e', Pause: '0'} {
		p := start(t, Options{Trigger: true, Form: FormPlain})
		h := connect(t, p)
		h.Send(sbpl("00", "a"))
		h.acknowledged(1)
		h.status(27)
		p.SetFault(f)
		if got := h.status(27); got[3] != letter || got[1:3] != "00" {
			t.Errorf("%v: status %q", f, got)
		}
		if _, ok := p.Print(); ok {
			t.Errorf("%v: it prints", f)
		}
		p.SetFault(NoFault)
		if _, ok := p.Print(); !ok {
			t.Errorf("%v: it does not print", f)
		}
	}
}

func TestReprint(t *testing.T) {
	for reprint, want := range map[bool][]string{false: {"b"}, true: {"a", "b"}} {
		p := start(t, Options{Trigger: true, FNC1: "~1", Reprint: reprint})
		h := connect(t, p)
		h.Send(sbpl("00", "a") + sbpl("01", "b"))
		h.status(lan)
		p.Interrupt(MediaOut)
		p.SetFault(NoFault)
		for range 2 {
			p.Print()
		}
		if got := datas(p.Printed()); !slices.Equal(got, want) {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
}

func TestAcknowledged(t *testing.T) {
	p := start(t, Options{Trigger: true, Status: Status3})
	h := connect(t, p)
	p.Refuse(1)
	h.Send(sbpl("00", "a") + sbpl("01", "b") + "\x02bad\x03")
	if got := h.Read(3); got != nak+ack+nak {
		t.Errorf("answered with %q", got)
	}
	p.SetFault(MediaOut)
	h.Send(sbpl("02", "c") + "\x18")
	if got := h.Read(2); got != nak+nak || len(p.Received()) != 1 || p.Waiting() != 0 {
		t.Errorf("answered with %q, %d wait", got, p.Waiting())
	}
	p.SetFault(NoFault)
	h.Send("\x18")
	if got := h.Read(1); got != ack {
		t.Errorf("cancel is answered with %q", got)
	}
}

// <CAN> drops what waits and every job that has begun, on this connection or another.
func TestCancel(t *testing.T) {
	p := start(t, trigger)
	one, two := connect(t, p), connect(t, p)
	two.Send("\x02\x1bA\x1bBX05200404000000001\x1bDChalf")
	one.Send(sbpl("00", "a") + "\x02\x1bA\x1bID")
	one.Send("\x18")
	one.Read(1)
	two.Send("\x1bQ1\x1bZ\x03" + sbpl("02", "c"))
	two.status(lan)
	p.Print()
	if got := datas(p.Printed()); !slices.Equal(got, []string{"c"}) || p.Waiting() != 0 {
		t.Errorf("printed %q, %d wait", got, p.Waiting())
	}
}

func TestPowerCycle(t *testing.T) {
	for _, keep := range []bool{false, true} {
		p := start(t, Options{Trigger: true, KeepBuffer: keep})
		h := connect(t, p)
		h.Send(sbpl("00", "a"))
		h.status(lan)
		p.PowerCycle()
		if _, err := h.In.ReadByte(); err == nil {
			t.Error("the connection outlived the power cycle")
		}
		if got := p.Waiting(); got != map[bool]int{true: 1}[keep] {
			t.Errorf("%d wait", got)
		}
	}
}

func TestCyclicOnItsOwnPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true, Status: Status4Cyclic, Separate: true})
		h := connect(t, p)
		status := host{servetest.Connect(t, p.ServeStatusConn)}
		status.Read(lan)
		h.Send("\x05" + sbpl("07", "a"))
		status.Send(sbpl("08", "b") + "\x05")
		began := time.Now()
		if got := status.Read(lan)[6:15]; got != "07G000001" || time.Since(began) != 500*time.Millisecond {
			t.Errorf("told %q after %v", got, time.Since(began))
		}
	})
}

func TestBufferFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true, Buffer: 1})
		h := connect(t, p)
		h.Send(sbpl("00", "a") + sbpl("01", "b"))
		synctest.Wait()
		if got := len(p.Received()); got != 1 {
			t.Errorf("%d received, want 1", got)
		}
		p.Print()
		synctest.Wait()
		if got := len(p.Received()); got != 2 {
			t.Errorf("%d received, want 2", got)
		}
	})
}

func TestPrintTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{PrintTime: time.Second, FNC1: "~1"})
		h := connect(t, p)
		h.Send(sbpl("00", "a") + sbpl("01", "b") + sbpl("02", "c"))
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
		p := start(t, Options{Trigger: true, Status: Status3})
		h := connect(t, p)
		began := time.Now()
		p.SetAnswers(Answers{Before: ack, Twice: true, Bytewise: true, Delay: time.Second})
		const one = "\x02  A000000\x03"
		if got := h.status(23); got != ack+one+one || time.Since(began) != time.Second {
			t.Errorf("%q after %v", got, time.Since(began))
		}
		p.SetAnswers(Answers{Garbled: true})
		if got := h.status(11); got == one {
			t.Error("the answer is not garbled")
		}
		p.SetAnswers(Answers{Lost: true})
		h.Send("\x05")
		synctest.Wait()
		p.SetAnswers(Answers{})
		if got := h.status(11); got != one || h.In.Buffered() > 0 {
			t.Error("a lost answer came")
		}
	})
}

// Bytes from outside never break the printer, and it does not matter how they are cut.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		sbpl("00", "a") + "\x05" + sbpl("99", "b") + "\x18\x05", "\x02\x1bA\x1bBX\x1bDC\x1bQ\x1bZ\x03\x02\x02\x03\x03\x05",
		"\x02\x1bA\x1bID1\x1bIDxx\x1bQ999999\x1bBX05200404000000001\x1bDC~1~1\x1bZ\x03", "\x02\x1bA\x1bZ\x03\x02\x05\x18\x03",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		if step < 1 || step > len(in) {
			step = 1
		}
		run := func(step int) ([]Label, int, []string) {
			p := New(Options{Trigger: true, Status: Status3, FNC1: "~1", Now: func() time.Time { return time.Time{} }})
			defer p.Close()
			s := &stream{p: p, out: answertest.NewWriter(nil), jobs: true, status: true}
			for b := in; len(b) > 0; b = b[min(step, len(b)):] {
				s.feed(b[:min(step, len(b))])
			}
			return p.Received(), p.Waiting(), s.out.Waiting()
		}
		labels, waiting, out := run(len(in) + 1)
		labels2, waiting2, out2 := run(step)
		if !reflect.DeepEqual(labels, labels2) || waiting != waiting2 || !reflect.DeepEqual(out, out2) {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
	})
}
