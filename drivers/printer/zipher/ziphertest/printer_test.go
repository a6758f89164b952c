package ziphertest

import (
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nasty = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// peer is the far end of a connection to a printer.
type peer struct{ *servetest.Host }

func connect(t testing.TB, p *Printer) peer {
	t.Helper()
	return peer{servetest.Connect(t, p.ServeConn)}
}

func (h peer) line() string {
	h.T.Helper()
	line := h.Until('\r')
	return strings.TrimSuffix(line, "\r")
}

// says sends a command and compares the lines that follow, separated by spaces.
func (h peer) says(command, want string) {
	h.T.Helper()
	h.Send(command + "\r")
	var got []string
	for range strings.Fields(want) {
		got = append(got, h.line())
	}
	if all := strings.Join(got, " "); all != want {
		h.T.Errorf("%q is answered with %q, want %q", command, all, want)
	}
}

func codes(labels []Label) string {
	var all []string
	for _, l := range labels {
		for _, s := range l.Symbols {
			all = append(all, string(s.Data))
		}
	}
	return strings.Join(all, " ")
}

func TestBuffer(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true, Fields: []string{"CODE", "LOT"}}))
	h := connect(t, p)
	h.Send("half a comm\r")
	h.line()
	for _, step := range []struct{ command, want string }{
		{"SLR", "SLR|0|"}, {"SNI", "SNI|1|"}, {"SRC", "SRC|0|"}, {"SGM", "SGM|150|"}, {"SMR|2|", "ACK"}, {"SMR|0|", "ERR"}, {"SFS", "SFS|2000|"},
		{"SID|7|x|", "ERR"}, // no header
		{"SHO|CODE|CODE|", "ERR"}, {"SHO|NONE|", "ERR"}, {"SHO", "ERR"}, {"SHO|CODE|LOT|", "ACK"},
		{"SID|1042|" + nasty + "|L1|", "ACK"},
		{"SID|1042|again|L1|", "ERR"}, {"SID|7|falls|L1|", "ERR"}, {"SID|1043|few|", "ERR"}, {"SID|1043|no|end", "ERR"}, {"SID|x|a|b|", "ERR"}, {"SID|1043|a\n|b|", "ERR"},
		{"SDO|second|L2|", "SFS|0|"}, {"SID|1050|third|L3|", "ERR"}, {"SDO|third|L3|", "ERR"},
		{"SRC", "SRC|2|"}, {"SNI", "SNI|1044|"}, {"SLR", "SLR|0|"}, {"NOT", "ERR"}, {"VER", "VER|1.37|"}, {"GJN", "JOB|Job1|-|"}, {"GWN", "WRN|0|"}, {"CAF", "ACK"},
	} {
		h.says(step.command, step.want)
	}
	if l, ok := p.Print(); !ok || l.Index != 1042 || l.Seq != 1 || l.Values["LOT"] != "L1" {
		t.Errorf("Print = %+v, %v", l, ok)
	}
	h.says("SLR", "SLR|1042|")
	h.says("\n\r\rSCB", "ACK")
	h.says("SRC", "SRC|0|")
	if _, ok := p.Print(); ok {
		t.Error("printed from an empty buffer")
	}
	if got := codes(p.Received()); got != nasty+" second" {
		t.Errorf("received %q", got)
	}
	if got := codes(p.Printed()); got != nasty || p.Odometer() != 1 || p.Waiting() != 0 {
		t.Errorf("printed %q, odometer %d", got, p.Odometer())
	}
	<-p.Labelled()
}

func TestSymbol(t *testing.T) {
	for _, c := range []struct {
		opt         Options
		value, want string
		gs1         bool
	}{
		{Options{}, nasty, nasty, true},
		{Options{Separator: "~1"}, "01~193~2", "01\x1d93~2", true},
		{Options{Separator: "~1", Lead: "~1"}, "~101~193", "01\x1d93", true},
		{Options{Separator: "~1", Lead: "~1"}, "01~193", "01\x1d93", false},
		{Options{Lead: "\x1d"}, "\x1d01\x1d93", "01\x1d93", true},
	} {
		if s := New(c.opt); true {
			got := s.symbol(c.value)
			if string(got.Data) != c.want || got.GS1 != c.gs1 || got.Kind != "datamatrix" {
				t.Errorf("%q: %+v, want %q", c.value, got, c.want)
			}
			s.Close()
		}
	}
}

func TestStates(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true, NoJob: true, Capacity: 3}))
	h := connect(t, p)
	h.says("GST", "STS|4|0||0|0|")
	h.says("SST|3|", "ERR") // no job
	p.SelectJob("Unit")
	h.says("SST|3|", "ACK")
	h.says("SST|0|", "ERR")
	h.says("GFT", "FLT|0|")
	h.says("SHO|CODE|", "ACK")
	for _, f := range []Fault{HeadOpen, MediaOut, RibbonOut} {
		h.says("SDO|01|", "SFS|2000|")
		if _, ok := p.Interrupt(Pause); ok {
			t.Error("a pause interrupts a label")
		}
		if l, ok := p.Interrupt(f); !ok || codes([]Label{l}) != "01" {
			t.Errorf("Interrupt = %+v, %v", l, ok)
		}
		if _, ok := p.Print(); ok {
			t.Errorf("printed with %s", f)
		}
		h.says("GST", "STS|3|2|Unit|0|0|")
		h.Send("GFT\r")
		if got := h.line(); !strings.Contains(got, "FLT|1|") || !strings.Contains(got, "|"+f.String()+"|") {
			t.Errorf("%s: %q", f, got)
		}
		p.SetFault(NoFault)
		h.says("SLR", "SLR|0|") // a spoilt label is gone and not counted
		h.says("SRC", "SRC|0|")
	}
	p.SetFault(Pause)
	p.SetFault(Pause)
	h.says("GST", "STS|4|0|Unit|0|0|")
	h.says("SST|3|", "ERR")
	p.SetFault(NoFault)
	h.says("SST|4|", "ACK")
	h.says("GST", "STS|4|0|Unit|0|0|")
}

func TestNotices(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true}))
	h := connect(t, p)
	h.says("SHO|CODE|", "ACK")
	h.says("SID|5|01|", "ACK")
	h.says("SID|6|02|", "ACK")
	p.Print() // nothing is told
	h.says("EAN", "ACK")
	p.Print()
	h.says("SLR", "PRS PRC SLR|6|")
	p.SetFault(MediaOut)
	h.says("DAN", "STS|3|2|Job1|2|2| ACK")
	p.SetFault(NoFault)
	h.says("SRC", "SRC|0|")
}

func TestManners(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true}))
	h := connect(t, p)
	p.Behave(Manner{Twice: true, Before: []string{"PRC"}})
	h.says("SLR", "PRC SLR|0| SLR|0|")
	p.Behave(Manner{Split: true, Late: time.Millisecond})
	h.says("SLR", "SLR|0|")
	p.Behave(Manner{Refuse: true})
	h.says("SCB", "ERR")
	h.says("SLR", "SLR|0|")
	p.Behave(Manner{Silent: true})
	h.Send("SHO|CODE|\rSDO|01|\r")
	<-p.Labelled()
	p.Behave(Manner{Garble: true})
	h.Send("SLR\r")
	if got := h.Read(6); strings.Contains(got, "SLR") {
		t.Errorf("garbled: %q", got)
	}
	start := time.Now()
	p.Behave(Manner{Late: 30 * time.Millisecond})
	second := connect(t, p)
	second.says("SLR", "SLR|0|")
	if d := time.Since(start); d < 30*time.Millisecond {
		t.Errorf("answered after %v", d)
	}
}

func TestPowerCycle(t *testing.T) {
	for _, c := range []struct {
		opt                Options
		state, last, count string
	}{
		{Options{}, "STS|3|0|Job1|1|1|", "SLR|0|", "SRC|0|"},
		{Options{KeepBuffer: true}, "STS|3|0|Job1|1|1|", "SLR|5|", "SRC|1|"},
		{Options{Offline: true}, "STS|4|0|Job1|1|1|", "SLR|0|", "SRC|0|"},
	} {
		c.opt.Trigger = true
		p := servetest.Start(t, New(c.opt))
		h := connect(t, p)
		h.says("SHO|CODE|", "ACK")
		h.says("SID|5|01|", "ACK")
		h.says("SID|6|02|", "ACK")
		p.Print()
		p.SetFault(Pause)
		p.PowerCycle()
		h.WantEnd()
		h = connect(t, p)
		h.says("GST", c.state)
		h.says("SLR", c.last)
		h.says("SRC", c.count)
	}
}

// A printer that prints by itself brings each record out, and a fault spoils the one under the head.
func TestFeed(t *testing.T) {
	p := servetest.Start(t, New(Options{CountsHalf: true, PrintTime: time.Hour}))
	h := connect(t, p)
	h.says("SHO|CODE|", "ACK")
	h.says("SID|5|01|", "ACK")
	for under := false; !under; { // the worker takes it up by itself
		p.mu.Lock()
		under = p.head.Busy()
		p.mu.Unlock()
	}
	h.says("SID|6|02|", "ACK")
	h.says("SCB", "ACK")
	h.says("SRC", "SRC|1|") // the one under the head
	p.SetFault(HeadOpen)
	h.says("SLR", "SLR|5|")
	h.says("SRC", "SRC|0|")

	q := servetest.Start(t, New(Options{PrintTime: time.Millisecond}))
	out := make(chan Label, 2)
	q.OnPrinted(func(l Label) { out <- l })
	h = connect(t, q)
	h.says("SHO|CODE|", "ACK")
	h.says("SID|5|01|", "ACK")
	h.says("SID|6|02|", "ACK")
	for want := int64(5); want <= 6; want++ {
		if l := <-out; l.Index != want {
			t.Errorf("index %d came out, want %d", l.Index, want)
		}
	}
	if _, ok := q.Print(); ok {
		t.Error("a printer without trigger obeys it")
	}
}

func TestServe(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *Printer { return New(Options{Log: log, Trigger: true}) },
		func(p *Printer) { p.SetFault(HeadOpen) })
}

func TestLog(t *testing.T) {
	log := &servetest.Lines{}
	p := New(Options{Log: log, Trigger: true})
	h := connect(t, p)
	h.says("SHO|CODE|", "ACK")
	h.says("SID|5|01\x1d9|", "ACK")
	h.says("SID|5|01|", "ERR")
	p.Print()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, line := range log.All() {
		if (line["event"] == "received" || line["event"] == "printed") && (line["code"] != "30311d39" || line["index"] != 5.0) {
			t.Errorf("%v", line)
		}
	}
	if got := log.Events(t); got != "connected received refused printed disconnected" {
		t.Errorf("log: %s", got)
	}
}

// Bytes from outside never break the printer, and it does not matter how they are cut.
func FuzzLines(f *testing.F) {
	f.Add([]byte("\rSHO|CODE|\rSID|1|"+nasty+"|\r\nSLR\rSCB\r"), 3)
	f.Add([]byte("SHO|A|B|\rSDO|1|2|\rSID|9|||\rSID|\rSST|4|\rSST|3|\rSMR|1|\rEAN\r|\r||\rSID|99999999999999999999|a|b|\r"), 1)
	f.Add([]byte("\n\n\rGST"+strings.Repeat("x", maxLine+1)+"\r"), 100)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		run := func(step int) (string, string) {
			p := New(Options{Trigger: true, Now: func() time.Time { return time.Time{} }})
			defer p.Close()
			w := answertest.NewWriter(nil)
			l := lines{take: func(line string) { p.command(w, 0, line) }}
			servetest.Cut(in, step, l.feed)
			last := int64(0)
			for _, r := range p.Received() {
				if r.Index <= last {
					t.Errorf("the index %d follows %d", r.Index, last)
				}
				last = r.Index
			}
			return strings.Join(w.Waiting(), ""), codes(p.Received())
		}
		out, got := run(len(in))
		out2, got2 := run(step)
		if out != out2 || got != got2 {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
	})
}
