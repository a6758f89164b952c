package zpltest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/servetest"
)

func TestCancel(t *testing.T) {
	p := start(t, Options{Trigger: true})
	one, two := connect(t, p), connect(t, p)
	two.send("^XA^BXN,4,200,,,,#^FD#1half")
	two.sync()
	one.send(zpl("a") + zpl("b") + "^XA^FDx~JA^FS^XZ" + zpl("c"))
	one.sync()
	two.send("^FS^XZ" + zpl("d"))
	two.sync()
	p.Print()
	p.Print()
	if got := datas(p.Printed()); !slices.Equal(got, []string{"c", "d"}) || p.Waiting() != 0 {
		t.Errorf("after ~JA %q came out and %d wait", got, p.Waiting())
	}
	if s := one.status(); s[0][7] != "0" {
		t.Error("after ~JA a format is still shown as partial")
	}
}

// ~JA lets the label under the head come out, and nothing after it.
func TestCancelWhilePrinting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{PrintTime: time.Second})
		h := connect(t, p)
		h.send(strings.Replace(zpl("a"), "^PQ1", "^PQ3", 1) + zpl("b"))
		time.Sleep(500 * time.Millisecond)
		h.send("~JA")
		time.Sleep(time.Minute)
		if got := datas(p.Printed()); !slices.Equal(got, []string{"a"}) || p.Waiting() != 0 {
			t.Errorf("printed %q, %d wait", got, p.Waiting())
		}
	})
}

func TestPowerCycle(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.send("^XA^JZN^XZ" + zpl("a") + zpl("b") + "^XA^BXN,4,200,,,,#^FD#1half")
	h.sync()
	p.Print()
	p.PowerCycle()
	if _, err := h.in.ReadByte(); err != io.EOF {
		t.Errorf("the connection outlived the power cycle: %v", err)
	}
	if p.Waiting() != 0 || p.Odometer() != 1 {
		t.Errorf("%d wait, odometer %d; want 0 and 1", p.Waiting(), p.Odometer())
	}
	h = connect(t, p)
	h.send("^FS^XZ" + zpl("c"))
	h.sync()
	p.Interrupt(MediaOut)
	p.SetFault(NoFault) // ^JZ is Y again
	if got := datas(p.Printed()); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("printed %q", got)
	}
}

// What a connection sent before the power cycle is not taken after it.
func TestBytesOfADeadConnection(t *testing.T) {
	p := start(t, Options{Trigger: true})
	conn, far := net.Pipe()
	defer far.Close()
	s := newStream(p, conn)
	p.PowerCycle()
	if err := s.feed([]byte(zpl("late") + "^XA^JZN^XZ~JA")); err != nil {
		t.Fatal(err)
	}
	if len(p.Received()) != 0 || !p.reprint {
		t.Error("a dropped connection still reached the printer")
	}
}

// watched is a log that can be read while it is written.
type watched struct {
	mu    sync.Mutex
	lines []map[string]any
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var line map[string]any
	if err := json.Unmarshal(bytes.TrimSuffix(b, []byte("\n")), &line); err != nil {
		return 0, err
	}
	w.lines = append(w.lines, line)
	return len(b), nil
}

func (w *watched) count(name string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.lines {
		if l["event"] == name {
			n++
		}
	}
	return n
}

func (w *watched) all() []map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

func TestLog(t *testing.T) {
	w := &watched{}
	p := start(t, Options{Trigger: true, Log: w})
	h := connect(t, p)
	p.OnPrinted(func(l Label) {
		if w.count("printed") != l.Seq {
			t.Errorf("label %d is out and not in the log", l.Seq)
		}
	})
	h.send(vector + vector + vector + vector)
	for p.Waiting() < 4 {
		<-p.Labelled()
	}
	p.Print()
	p.Print()
	h.send("~JA")
	h.sync()
	p.PowerCycle()
	var names []string
	for _, l := range w.all() {
		names = append(names, l["event"].(string))
		if _, err := time.Parse(time.RFC3339Nano, l["at"].(string)); err != nil {
			t.Error(err)
		}
		if c, ok := l["code"]; ok && c != hex.EncodeToString([]byte(code)) {
			t.Errorf("code %v", c)
		}
	}
	want := "connected received received received received printed printed cancelled cancelled reset"
	if got := strings.Join(names[:10], " "); got != want {
		t.Errorf("log %s\nwant %s", got, want)
	}
}

// Close waits for the label that is just coming out.
func TestCloseWhilePrinting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{})
		p.OnPrinted(func(Label) { time.Sleep(time.Second) })
		connect(t, p).send(zpl("a"))
		synctest.Wait()
		begun := time.Now()
		p.Close()
		if took := time.Since(begun); took != time.Second {
			t.Errorf("Close returned after %v, the label was out after a second", took)
		}
	})
}

func TestServingAndClosing(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *Printer { return New(Options{Log: log}) },
		func(p *Printer) { p.SetFault(Pause) })
}

// Over TCP, at the speed of a fast line, from several connections.
func TestServe(t *testing.T) {
	l := servetest.Listen(t)
	p := start(t, Options{})
	go p.Serve(l)
	const labels, conns = 3000, 3
	printed := make(chan struct{}, labels)
	p.OnPrinted(func(Label) { printed <- struct{}{} })
	for range conns {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go conn.Write([]byte(strings.Repeat(vector, labels/conns)))
	}
	for range labels {
		<-printed
	}
	for _, l := range p.Printed() {
		if string(l.Symbols[0].Data) != code {
			t.Fatalf("printed %q", l.Symbols[0].Data)
		}
	}
}

func BenchmarkLabels(b *testing.B) {
	p := start(b, Options{Trigger: true})
	h := connect(b, p)
	b.SetBytes(int64(len(vector)))
	for b.Loop() {
		h.send(vector)
	}
	h.sync()
}
