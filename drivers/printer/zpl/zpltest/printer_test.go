package zpltest

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEverySplit(t *testing.T) {
	text := vector + "~HS" + "\r\n! U1 getvar \"odometer.total_label_count\"\r\n" + vector + "~HQES"
	for i := range len(text) + 1 {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		go func() {
			h.conn.Write([]byte(text[:i]))
			h.conn.Write([]byte(text[i:]))
		}()
		if f := strings.Split(h.frames(3)[1], ","); f[8] != "00000001" {
			t.Fatalf("split at %d: %s labels remaining, want 1", i, f[8])
		}
		if n := h.quoted(); n != "0" {
			t.Fatalf("split at %d: odometer %q", i, n)
		}
		if _, err := h.in.ReadString(3); err != nil {
			t.Fatal(err)
		}
		if got := datas(p.Received()); !slices.Equal(got, []string{code, code}) {
			t.Fatalf("split at %d: received %q", i, got)
		}
	}
}

func TestBufferAndStatus(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	depth := func(formats, labels string) {
		t.Helper()
		s := h.status()
		if len(s[0]) != 12 || len(s[1]) != 11 || len(s[2]) != 2 {
			t.Fatalf("~HS has %d, %d and %d fields", len(s[0]), len(s[1]), len(s[2]))
		}
		if s[0][4] != formats || s[1][8] != labels {
			t.Errorf("formats %s, labels %s; want %s and %s", s[0][4], s[1][8], formats, labels)
		}
	}
	depth("000", "00000000")
	h.send(strings.Replace(zpl("a"), "^PQ1", "^PQ2,0,0,N", 1) + zpl("b"))
	depth("001", "00000002")
	if n := p.Waiting(); n != 3 {
		t.Errorf("%d waiting, want 3", n)
	}
	for _, want := range []string{"a", "a", "b"} {
		l, ok := p.Print()
		if !ok || string(l.Symbols[0].Data) != want {
			t.Fatalf("printed %+v, %v; want %s", l, ok, want)
		}
	}
	depth("000", "00000000")
	if _, ok := p.Print(); ok {
		t.Error("a label came out of an empty buffer")
	}

	h.send("^XA^FO1")
	if s := h.status(); s[0][7] != "1" {
		t.Error("~HS in a format does not show it")
	}
	h.send("^XZ^XA^JZY^XZ")
	if s := h.status(); s[0][7] != "0" || p.Waiting() != 0 {
		t.Error("a format of settings only is taken for a label")
	}
	h.send("! U1 getvar \"odometer.total_label_count\"\r\n")
	if n := h.quoted(); n != "3" {
		t.Errorf("odometer %q, want 3", n)
	}
	h.send("! U1 setvar \"x\" \"y\"\r\n!x! U1 getvar \"no.such\"\r\n")
	if n := h.quoted(); n != "?" {
		t.Errorf("an unknown variable is %q, want ?", n)
	}
}

func TestSGDNewline(t *testing.T) {
	h := connect(t, start(t, Options{Trigger: true, SGDNewline: true}))
	h.send("! U1 getvar \"odometer.total_label_count\"\r\n")
	if line, err := h.in.ReadString('\n'); line != "\"0\"\r\n" {
		t.Errorf("read %q, %v", line, err)
	}
}

func TestStatusOfFaults(t *testing.T) {
	for _, c := range []struct {
		fault  Fault
		silent bool
		bits   string
	}{
		{NoFault, false, "0 00000000 00000000"},
		{MediaOut, true, "1 00000000 00000001"},
		{RibbonOut, true, "1 00000000 00000002"},
		{HeadOpen, true, "1 00000000 00000004"},
		{Pause, false, "1 00000000 00010000"},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			p := start(t, Options{Trigger: true})
			h := connect(t, p)
			p.SetFault(c.fault)
			if c.silent {
				h.send("~HS~HI") // the first answer is that to ~HI
				if f := h.frames(1)[0]; strings.Count(f, ",") != 3 {
					t.Errorf("~HS was answered with %q", f)
				}
			} else if s := h.status(); (s[0][2] == "1") != (c.fault == Pause) {
				t.Errorf("pause flag %s", s[0][2])
			}
			h.send("~HQES")
			text, err := h.in.ReadString(3)
			if err != nil || !strings.Contains(text, c.bits) || !strings.Contains(text, "WARNINGS:") {
				t.Errorf("~HQES is %q, %v; want %s", text, err, c.bits)
			}
			h.send(zpl("a"))
			h.sync()
			if _, ok := p.Print(); ok != (c.fault == NoFault) {
				t.Errorf("printed: %v", ok)
			}
			p.SetFault(NoFault)
			p.Print()
			if got := datas(p.Printed()); !slices.Equal(got, []string{"a"}) {
				t.Errorf("printed %q", got)
			}
		})
	}
}

// A fault in the middle of a label, with the printer working on its own.
func TestInterruptedLabel(t *testing.T) {
	for _, c := range []struct {
		name, set string
		fault     Fault
		want      []string
	}{
		{"reprint by default", "", MediaOut, []string{"a", "b"}},
		{"reprint", "^XA^JZN^XZ^XA^JZY^XZ", HeadOpen, []string{"a", "b"}},
		{"no reprint", "^XA^JZN^XZ", RibbonOut, []string{"b"}},
		{"pause", "", Pause, []string{"a", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, Options{PrintTime: time.Second})
				h := connect(t, p)
				begun := time.Now()
				var out []time.Duration
				p.OnPrinted(func(Label) { out = append(out, time.Since(begun)) })
				h.send(c.set + zpl("a") + zpl("b"))
				time.Sleep(500 * time.Millisecond)
				p.SetFault(c.fault)
				time.Sleep(time.Minute)
				finished := 0
				if c.fault == Pause {
					finished = 1
				}
				if n := len(p.Printed()); n != finished {
					t.Errorf("%d labels came out during the fault, want %d", n, finished)
				}
				p.SetFault(NoFault)
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := datas(p.Printed()); !slices.Equal(got, c.want) || p.Odometer() != len(c.want) || len(out) != len(c.want) {
					t.Fatalf("printed %q, odometer %d, told of %d; want %q", got, p.Odometer(), len(out), c.want)
				}
				if last := out[len(out)-1]; last != 60500*time.Millisecond+time.Duration(len(out))*time.Second && c.fault != Pause {
					t.Errorf("the last came out after %v", last)
				}
			})
		})
	}
}

// With a trigger the interrupted label comes out again when the fault is cleared, not at the next product.
func TestInterruptedTriggeredLabel(t *testing.T) {
	for _, reprint := range []bool{true, false} {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		want := []string{"a", "b"}
		if !reprint {
			h.send("^XA^JZN^XZ")
			want = want[1:]
		}
		h.send(zpl("a") + zpl("b"))
		h.sync()
		if _, ok := p.Interrupt(Pause); ok {
			t.Error("a pause interrupted a label")
		}
		if l, ok := p.Interrupt(HeadOpen); !ok || l.Seq != 1 {
			t.Fatalf("interrupted %+v, %v", l, ok)
		}
		p.SetFault(NoFault)
		if got := datas(p.Printed()); !slices.Equal(got, want[:len(want)-1]) {
			t.Errorf("reprint %v: %q came out by itself", reprint, got)
		}
		p.Print()
		if got := datas(p.Printed()); !slices.Equal(got, want) || p.Waiting() != 0 {
			t.Errorf("reprint %v: printed %q, %d wait", reprint, got, p.Waiting())
		}
	}
}
