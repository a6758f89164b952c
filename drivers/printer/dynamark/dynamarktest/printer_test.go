package dynamarktest

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is the far end of a connection to a laser.
type peer struct{ *servetest.Host }

func connect(t testing.TB, p *Printer) peer {
	t.Helper()
	return peer{servetest.Connect(t, p.ServeConn)}
}

func (h peer) line() string {
	h.T.Helper()
	line := h.Until('\n')
	if !strings.HasSuffix(line, "\r\n") {
		h.T.Errorf("the line %q does not end with CR LF", line)
	}
	return strings.TrimSpace(line)
}

// says sends a command and compares the lines that follow, separated by bars.
func (h peer) says(command, want string) {
	h.T.Helper()
	h.Send(command + "\r\n")
	h.hears(command, want)
}

func (h peer) hears(after, want string) {
	h.T.Helper()
	var got []string
	for range strings.Split(want, "|") {
		got = append(got, h.line())
	}
	if all := strings.Join(got, "|"); all != want {
		h.T.Errorf("after %q came %q, want %q", after, all, want)
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

type step struct{ command, want string }

func (h peer) steps(all ...step) {
	h.T.Helper()
	for _, s := range all {
		h.says(s.command, s.want)
	}
}

func TestMarking(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true}))
	h := connect(t, p)
	h.steps(step{"MARK STOP", "OK"}, step{"SETMSG 1 1", "OK"}, step{"SETMSG 3 1", "OK"}, step{"SETMSG 25 1", "OK"}, step{"SETMSG 26 1", "OK"},
		step{`LOADPROJECT "store:MsgStore1/Format1"`, "OK"}, step{"MARK START", "OK|MSG 26|MSG 1"})
	if _, ok := p.Print(); ok {
		t.Error("marked without a text")
	}
	h.steps(step{"BEGINTRANS", "OK"}, step{`SETTEXT "CODE" "01 'A<&>"`, "OK"}, step{"SETTEXT LOT 7", "OK"}, step{"EXECTRANS", "OK"})
	if p.Waiting() != 0 {
		t.Error("new texts count before MARK START")
	}
	h.says("MARK START", "OK|MSG 26|MSG 1")
	<-p.Labelled()
	if p.Waiting() != 1 || !p.Started() {
		t.Errorf("waiting %d, started %v", p.Waiting(), p.Started())
	}
	if l, ok := p.Print(); !ok || l.Seq != 1 || l.Texts["LOT"] != "7" || codes([]Label{l}) != "01 'A<&>" {
		t.Errorf("Print = %+v, %v", l, ok)
	}
	h.hears("a product", "MSG 25|MSG 3")
	if p.Waiting() != 0 {
		t.Error("a label waits after its mark")
	}
	p.Print() // the next product gets the same
	h.hears("a product", "MSG 25|MSG 3")
	h.says("TRIGGER", "OK|MSG 25|MSG 3")
	h.says(`SETTEXT "CODE" "02"`, "OK|MSG 26|MSG 1") // without a transaction it is applied at once
	p.Print()
	h.hears("a product", "MSG 25|MSG 3")
	h.says("MARK STOP", "OK")
	if _, ok := p.Print(); ok {
		t.Error("marked while stopped")
	}
	h.says("TRIGGER", "ERROR 3")
	if got := codes(p.Printed()); got != "01 'A<&> 01 'A<&> 01 'A<&> 02" || p.Odometer() != 4 {
		t.Errorf("marked %q", got)
	}
	if got := p.Received(); codes(got) != "01 'A<&> 02" || got[1].Texts["LOT"] != "7" {
		t.Errorf("received %+v", got)
	}
	h.says("SETMSG 3 0", "OK")
	h.says("SETMSG 25 0", "OK")
	h.says("MARK START", "OK|MSG 26|MSG 1")
	p.Print() // tells nothing
	h.says("MARK STOP", "OK")
}

func TestRefused(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true, Fields: []string{"CODE"}, Projects: []string{"Unit"}}))
	h := connect(t, p)
	for _, command := range []string{
		"mark start", "MARK", "MARK UP", "SETMSG 3", "SETMSG 3 2", "SETMSG x 1", "SETMSG 0 1", `LOADPROJECT "Box"`, "LOADPROJECT", "EXECTRANS", "ROLLBACKTRANS",
		`SETTEXT "LOT" "7"`, `SETTEXT "CODE"`, `SETTEXT "CODE" "a"b"`, `SETTEXT "CODE" "a`, `SETTEXT "CODE" a b`, `SETTEXT  "CODE" "a"`, `SETTEXT CO"DE a`, `SETTEXT "" "a"`,
		"BUFFERDATA 01", "GETXML", "\x00", strings.Repeat("x", maxLine+9), " ",
	} {
		h.Send(command + "\r\n")
		if got := h.line(); !strings.HasPrefix(got, "ERROR ") {
			t.Errorf("%.30q is answered with %q", command, got)
		}
	}
	h.steps(step{"\r\nBEGINTRANS", "OK"}, step{`SETTEXT "CODE" "01"`, "OK"}, step{"MARK STOP", "ERROR 3"}, step{"BEGINTRANS", "ERROR 3"},
		step{"ROLLBACKTRANS", "OK"}, step{"MARK STOP", "OK"}, step{`LOADPROJECT "Unit"`, "OK"})
	if len(p.Received()) != 0 {
		t.Errorf("received %+v", p.Received())
	}
	h.says("BEGINTRANS", "OK") // and the client goes away
	h.Conn.Close()
	h = connect(t, p)
	h.steps(step{"MARK STOP", "ERROR 3"}, step{"ROLLBACKTRANS", "OK"}, step{"MARK STOP", "OK"})
}

func TestSymbol(t *testing.T) {
	for _, c := range []struct {
		opt         Options
		value, want string
		gs1         bool
	}{
		{Options{}, "01\x1d93", "01\x1d93", true},
		{Options{Separator: "~1", Lead: "~1"}, "~101~193", "01\x1d93", true},
		{Options{Separator: "~1", Lead: "~1"}, "01~193", "01\x1d93", false},
	} {
		p := servetest.Start(t, New(c.opt))
		if got := p.symbol(c.value); string(got.Data) != c.want || got.GS1 != c.gs1 || got.Kind != "datamatrix" {
			t.Errorf("%q: %+v, want %q", c.value, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true}))
	h := connect(t, p)
	h.steps(step{"SETMSG 1 1", "OK"}, step{"SETMSG 3 1", "OK"}, step{"SETMSG 4 1", "OK"}, step{"SETMSG 5 1", "OK"},
		step{"SETTEXT CODE 01", "OK"}, step{"MARK START", "OK|MSG 1"})
	if _, ok := p.Interrupt(Pause); ok {
		t.Error("a pause interrupts a mark")
	}
	if l, ok := p.Interrupt(Interlock); !ok || codes([]Label{l}) != "01" {
		t.Errorf("Interrupt = %+v, %v", l, ok)
	}
	h.hears("interlock", "MSG 5|MSG 4")
	if _, ok := p.Print(); ok || p.Odometer() != 0 {
		t.Error("marked with the interlock open")
	}
	h.says("TRIGGER", "ERROR 3")
	p.SetFault(NoFault)
	p.SetFault(NoFault)
	h.hears("interlock closed", "MSG 5|MSG 1")
	p.SetFault(Pause)
	h.hears("pause", "MSG 5")
	if _, ok := p.Print(); ok {
		t.Error("marked in a pause")
	}
	p.SetFault(NoFault)
	h.hears("pause over", "MSG 5|MSG 1")
	if _, ok := p.Print(); !ok {
		t.Error("does not go on with its texts")
	}
	h.hears("a product", "MSG 3")
}

// Until new texts are applied a product gets the old ones.
func TestApplyTime(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true, ApplyTime: 50 * time.Millisecond}))
	h := connect(t, p)
	h.steps(step{"SETMSG 26 1", "OK"}, step{"SETTEXT CODE 01", "OK|MSG 26"}, step{"MARK START", "OK|MSG 26"}, step{"BEGINTRANS", "OK"},
		step{"SETTEXT CODE 02", "OK"}, step{"EXECTRANS", "OK"}, step{"MARK START", "OK"})
	p.Print()
	h.hears("MARK START", "MSG 26")
	p.Print()
	if got := codes(p.Printed()); got != "01 02" {
		t.Errorf("marked %s", got)
	}
	h.says("MARK START", "OK")
	p.PowerCycle() // before it is applied
}

func TestManners(t *testing.T) {
	p := servetest.Start(t, New(Options{Trigger: true}))
	h := connect(t, p)
	p.Behave(Manner{Twice: true, Before: []string{"MSG 5"}})
	h.says("MARK STOP", "MSG 5|OK|OK")
	p.Behave(Manner{Split: true})
	h.says("MARK STOP", "OK")
	p.Behave(Manner{Refuse: true})
	h.says("MARK STOP", "ERROR 3")
	if p.Pipelined() != 0 {
		t.Errorf("%d commands came too early", p.Pipelined())
	}
	start := time.Now()
	p.Behave(Manner{Late: 30 * time.Millisecond})
	h.Send("MARK STOP\r\nMARK STOP\r\n")
	h.hears("MARK STOP twice", "OK|OK")
	if d := time.Since(start); d < 30*time.Millisecond || p.Pipelined() != 1 {
		t.Errorf("answered after %v, %d commands came too early", d, p.Pipelined())
	}
	p.Behave(Manner{Silent: true})
	h.Send("SETTEXT CODE 01\r\nMARK START\r\n")
	<-p.Labelled()
	p.Behave(Manner{Garble: true})
	h.Send("MARK STOP\r\n")
	if got := h.Read(4); strings.Contains(got, "OK") {
		t.Errorf("garbled: %q", got)
	}
}

func TestEcho(t *testing.T) {
	h := connect(t, servetest.Start(t, New(Options{Echo: true})))
	h.says("MARK STOP", "MARK STOP|OK")
}

func TestPowerCycle(t *testing.T) {
	for kept, want := range map[bool]string{true: "01", false: ""} {
		p := servetest.Start(t, New(Options{Trigger: true, KeepBuffer: kept}))
		h := connect(t, p)
		h.steps(step{"SETMSG 26 1", "OK"}, step{"SETTEXT CODE 01", "OK|MSG 26"}, step{"MARK START", "OK|MSG 26"}, step{"BEGINTRANS", "OK"})
		p.SetFault(Pause)
		p.PowerCycle()
		h.WantEnd()
		h = connect(t, p)
		if p.Started() {
			t.Error("the laser is started after a power cycle")
		}
		h.says("MARK START", "OK") // no transaction, no messages
		p.Print()
		if got := codes(p.Printed()); got != want {
			t.Errorf("kept %v: marked %q", kept, got)
		}
	}
}

// One client is served; the next waits.
func TestOneClient(t *testing.T) {
	p := servetest.Start(t, New(Options{}))
	first := connect(t, p)
	first.says("MARK STOP", "OK")
	l := servetest.Listen(t)
	go p.Serve(l)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	second := peer{servetest.NewHost(t, conn)}
	second.Send("MARK STOP\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if b, err := second.In.ReadByte(); err == nil {
		t.Errorf("a second client hears %q", b)
	}
	first.says("MARK STOP", "OK")
	first.Conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	second.hears("the first has gone", "OK")
}

// A laser that marks by itself marks each label once, and a fault spoils the mark under way.
func TestFeed(t *testing.T) {
	p := servetest.Start(t, New(Options{PrintTime: time.Millisecond}))
	out := make(chan Label, 9)
	p.OnPrinted(func(l Label) { out <- l })
	h := connect(t, p)
	h.steps(step{"SETMSG 3 1", "OK"}, step{"SETTEXT CODE 01", "OK"}, step{"MARK START", "OK|MSG 3"}, step{"SETTEXT CODE 02", "OK|MSG 3"})
	if a, b := <-out, <-out; codes([]Label{a, b}) != "01 02" {
		t.Errorf("marked %+v, %+v", a, b)
	}
	if _, ok := p.Print(); ok {
		t.Error("a laser without trigger obeys it")
	}
	q := servetest.Start(t, New(Options{PrintTime: time.Hour}))
	h = connect(t, q)
	for _, end := range []func(){func() { q.SetFault(Interlock) }, func() { h.says("MARK STOP", "OK") }} {
		h.steps(step{"SETTEXT CODE 01", "OK"}, step{"MARK START", "OK"})
		for under := false; !under; { // the worker takes it up by itself
			q.mu.Lock()
			under = q.head.Busy()
			q.mu.Unlock()
		}
		end()
		if q.Waiting() != 0 || q.Odometer() != 0 {
			t.Errorf("waiting %d, marked %d", q.Waiting(), q.Odometer())
		}
		q.SetFault(NoFault)
	}
}

func TestServe(t *testing.T) {
	// One client is served at a time, so the shared check's two connections would wait for each other:
	// both still have to end with Close.
	servetest.Check(t,
		func(log io.Writer) *Printer { return New(Options{Log: log, Trigger: true}) },
		func(p *Printer) { p.SetFault(Interlock) })
}

func TestLog(t *testing.T) {
	log := &servetest.Lines{}
	p := New(Options{Log: log, Trigger: true})
	h := connect(t, p)
	h.steps(step{"SETTEXT CODE 01\x1d9", "OK"}, step{"MARK START", "OK"}, step{"NO", "ERROR 1"})
	p.Print()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, line := range log.All() {
		if (line["event"] == "received" || line["event"] == "printed") && (line["code"] != "30311d39" || line["label"] != 1.0) {
			t.Errorf("%v", line)
		}
	}
	if got := log.Events(t); got != "connected received refused printed disconnected" {
		t.Errorf("log: %s", got)
	}
}

// Bytes from outside never break the laser, and it does not matter how they are cut.
func FuzzLines(f *testing.F) {
	f.Add([]byte("BEGINTRANS\r\nSETTEXT \"CODE\" \"01\x1d\"\r\nEXECTRANS\r\nMARK START\r\nTRIGGER\r\n"), 3)
	f.Add([]byte("SETMSG 3 1\r\nSETTEXT CODE 1\r\nMARK START\r\nMARK STOP\r\nROLLBACKTRANS\r\nLOADPROJECT \"a\"\r\n\"\r\n\r\n \r\n"), 1)
	f.Add([]byte("\n\r\n\r"+strings.Repeat("x", maxLine+1)+"\r\nMARK STOP\r\n"), 100)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		run := func(step int) (string, string, string) {
			p := New(Options{Trigger: true, Now: func() time.Time { return time.Time{} }})
			defer p.Close()
			w := answertest.NewWriter(nil)
			p.client = w
			l := lines{take: func(line string) { p.command(w, 0, line) }}
			servetest.Cut(in, step, l.feed)
			return strings.Join(w.Waiting(), ""), codes(p.Received()), codes(p.Printed())
		}
		out, got, marked := run(len(in))
		out2, got2, marked2 := run(step)
		if out != out2 || got != got2 || marked != marked2 {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
	})
}
