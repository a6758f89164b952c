package sppltest

import (
	"encoding/hex"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers/link/linktest/answertest"
	"linemark/drivers/link/linktest/servetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const code = "0104601234567893215\"<&'_1>=,;%/\x1d93dGVz"

// start runs a printer until the end of the test.
func start(t testing.TB, opt Options) *Printer { return servetest.Start(t, New(opt)) }

// far is the host's end of a connection.
type far struct{ *servetest.Host }

func connect(t testing.TB, p *Printer) far {
	t.Helper()
	return far{servetest.Connect(t, p.ServeConn)}
}

// word reads what the printer says, to a ^.
func (h far) word() string {
	h.T.Helper()
	return h.Until('^')
}

// talk sends each command and wants the answer beside it.
func (h far) talk(pairs ...string) {
	h.T.Helper()
	for i := 0; i < len(pairs); i += 2 {
		h.Send(pairs[i])
		if got, want := h.word(), "~SPGRES{"+pairs[i+1]+"}^"; got != want {
			h.T.Fatalf("%q is answered with %q, want %q", pairs[i], got, want)
		}
	}
}

func codes(labels []Label) (all []string) {
	for _, l := range labels {
		all = append(all, string(l.Code))
	}
	return all
}

// The order of the maker's text: stop, load, clear, word, rows, count, start.
func TestDay(t *testing.T) {
	p := start(t, Options{Trigger: true, Preload: 2})
	h := connect(t, p)
	h.talk("~SPPSTA^", "SPPSTA:WAITING<", "~SPPSTP^", "SPPSTP:FAIL", "~SPLLTF{x_53.rox}^", "SPLLTF:OK", "~SPLGQC{CODE}^", "SPLGQC:2",
		"~SPLCQD{CODE}^", "SPLCQD:OK", "~SPPSAP^", "SPPSAP:FAIL", "~SPCSPM{1>MK}^", "SPCSPM:OK",
		"~SPLAQD{CODE~gt~0104601234567893215&quot;&lt;&amp;&apos;_1&gt;=,;%/\x1d93dGVz}^", "SPLAQD:OK",
		"~SPLAQD{CODE~gt~01A\n01B}^", "SPLAQD:OK", "~SPLGQC{CODE}^", "SPLGQC:3")
	if _, ok := p.Print(); ok {
		t.Error("a stopped printer printed")
	}
	h.talk("~SPPSAP^", "SPPSAP:OK", "~SPPSAP^", "SPPSAP:FAIL", "~SPLLTF{x_53.rox}^", "SPLLTF:FAIL", "~SPPSTA^", "SPPSTA:RUNNING<")
	for _, want := range []string{code, "01A", "01B"} {
		if l, ok := p.Print(); !ok || string(l.Code) != want {
			t.Errorf("printed %q, %v; want %q", l.Code, ok, want)
		}
		if got := h.word(); got != "~SPGRES{MK}^" {
			t.Errorf("after a print it says %q", got)
		}
	}
	if _, ok := p.Print(); ok {
		t.Error("printed without rows")
	}
	h.talk("~SPPSTA^", "SPPSTA:WAITING<", "~SPGGTP^", "SPGGTP:3", "~SPGGCP^", "SPGGTP:3", "~SPLGFV{CODE}^", "SPLGFV:01B")
	if got := codes(p.Received()); !slices.Equal(got, []string{"SAMPLE1", "SAMPLE2", code, "01A", "01B"}) {
		t.Errorf("received %q", got)
	}
	if p.Waiting() != 0 || p.Odometer() != 3 || p.Running() {
		t.Errorf("%d wait, %d printed, running %v", p.Waiting(), p.Odometer(), p.Running())
	}
}

func TestFailures(t *testing.T) {
	h := connect(t, start(t, Options{Trigger: true, Fields: []string{"A", "B"}}))
	h.talk("~SPLAQD{C~gt~1}^", "SPLAQD:C not found", "~SPLCQD{C}^", "SPLCQD:C not found", "~SPLGQC{}^", "SPLGQC: not found",
		"~SPLAQD{A}^", "SPLAQD:FAIL", "~SPLAQD{A~gt~1~gt~B~gt~2}^", "SPLAQD:FAIL", "~SPLAQD{A~gt~<}^", "SPLAQD:FAIL",
		"~SPLAQD{A~gt~\xe8}^", "SPLAQD:FAIL", "~SPLAMQ{A~gt~1~gt~C~gt~1}^", "SPLAMQ:C not found", "~SPLGQC{A}^", "SPLGQC:0",
		"~SPXXX^", "SPXXX:FAIL", "~SPCSPM{1>}^", "SPCSPM:FAIL", "~SPCSPM{1>ELEVENWORDS}^", "SPCSPM:FAIL", "~SPLLTF{x}^", "SPLLTF:FAIL")
}

func TestSeveralFields(t *testing.T) {
	p := start(t, Options{Trigger: true, Fields: []string{"A", "B"}})
	h := connect(t, p)
	h.talk("~SPLAMQ{A~gt~1\n2~gt~B~gt~x\ny}^", "SPLAMQ:OK", "~ SPLGMQ{ A~gt~B}^", "SPLGQC:A=2<B=2", "~SPLAQD{A~gt~3}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
	p.Print()
	p.Print()
	if _, ok := p.Print(); ok || p.Running() {
		t.Error("printed with one queue empty")
	}
	if l := p.Printed()[1]; l.Fields["A"] != "2" || l.Fields["B"] != "y" || l.Seq != 2 {
		t.Errorf("printed %+v", l)
	}
	own := connect(t, start(t, Options{Trigger: true, OwnTag: true, Spaced: true}))
	own.Send("~SPLGMQ{CODE}^")
	if got := own.word(); got != "~ SPGRES{ SPLGMQ:CODE=0}^" {
		t.Errorf("answered %q", got)
	}
	connect(t, start(t, Options{Trigger: true, OldController: true})).talk("~SPLAMQ{CODE~gt~1}^", "SPLAMQ:FAIL", "~SPLAQD{CODE~gt~1}^", "SPLAQD:OK")
}

func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		opt       Options
		row, want string
	}{
		"once only": {Options{}, "&amp;lt;", "&lt;"},
		"bare":      {Options{}, "a&b'\"", "a&b'\""},
		"raw":       {Options{RawEntities: true}, "&lt;<", "&lt;<"},
		"stand-in":  {Options{GS: "\\F"}, "01\\F93", "01\x1d93"},
	} {
		c.opt.Trigger = true
		p := start(t, c.opt)
		connect(t, p).talk("~SPLAQD{CODE~gt~"+c.row+"}^", "SPLAQD:OK")
		if got := codes(p.Received()); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	connect(t, start(t, Options{Trigger: true, GS: "!"})).talk("~SPLAQD{CODE~gt~01\x1d93}^", "SPLAQD:FAIL")
}

func TestChain(t *testing.T) {
	h := connect(t, start(t, Options{Trigger: true}))
	h.Send("junk~SPLCQD{CODE}|SPPSTA^\r\n")
	if a, b := h.word(), h.word(); a != "~SPGRES{SPLCQD:OK}^" || b != "~SPGRES{SPPSTA:WAITING<}^" {
		t.Errorf("answered %q and %q", a, b)
	}
}

func TestFaults(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	ready := func() {
		h.talk("~SPLCQD{CODE}^", "SPLCQD:OK", "~SPLAQD{CODE~gt~1\n2}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
	}
	for _, c := range []struct {
		f             Fault
		state, append string
		prints, after bool
	}{
		{HeadOpen, "ERROR<HEAD OPEN", "OK", false, false},
		{MediaOut, "ERROR<MEDIA OUT", "OK", false, false},
		{RibbonOut, "ERROR<RIBBON OUT", "OK", false, false},
		{Pause, "WAITING<", "OK", false, true},
		{Menu, "RUNNING<BLOCKED", "FAIL", true, true},
		{Starting, "INIT<", "FAIL", false, false},
		{QueueFull, "RUNNING<", "FAIL", true, true},
		{Refuse, "RUNNING<", "FAIL", true, true},
	} {
		ready()
		p.SetFault(c.f)
		h.talk("~SPPSTA^", "SPPSTA:"+c.state, "~SPLAQD{CODE~gt~3}^", "SPLAQD:"+c.append)
		if _, ok := p.Print(); ok != c.prints {
			t.Errorf("%v: printed is %v", c.f, ok)
		}
		p.SetFault(NoFault)
		if p.Running() != c.after {
			t.Errorf("after %v: running is %v", c.f, p.Running())
		}
		if p.Running() {
			h.talk("~SPPSTP^", "SPPSTP:OK")
		}
	}
	if s := Fault(99).String(); s != "unknown" {
		t.Error(s)
	}
}

func TestInterruptAndClear(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.talk("~SPCSPM{1>MK}^", "SPCSPM:OK", "~SPLAQD{CODE~gt~1\n2\n3}^", "SPLAQD:OK")
	if _, ok := p.Interrupt(HeadOpen); ok {
		t.Error("a stopped printer was interrupted")
	}
	h.talk("~SPPSAP^", "SPPSAP:OK")
	if l, ok := p.Interrupt(HeadOpen); !ok || string(l.Code) != "1" || len(p.Printed()) != 0 || p.Waiting() != 2 {
		t.Errorf("interrupted %+v, %v; %d wait", l, ok, p.Waiting())
	}
	p.ClearQueue()
	h.talk("~SPLGQC{CODE}^", "SPLGQC:0")
}

func TestPowerCycle(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		p := start(t, Options{Trigger: true, KeepsQueue: keeps})
		h := connect(t, p)
		h.talk("~SPCSPM{1>MK}^", "SPCSPM:OK", "~SPLAQD{CODE~gt~1\n2}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
		p.PowerCycle()
		h.WantEnd()
		h = connect(t, p)
		want := map[bool]string{false: "0", true: "2"}[keeps]
		h.talk("~SPPSTA^", "SPPSTA:WAITING<", "~SPLGQC{CODE}^", "SPLGQC:"+want)
		if keeps {
			h.talk("~SPPSAP^", "SPPSAP:OK")
			p.Print()
			h.talk("~SPGGTP^", "SPGGTP:1") // and no word
		}
	}
}

func TestManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		const good = "~SPGRES{SPPSTA:WAITING<}^"
		p.SetManner(Manner{Double: true, Split: true, Between: "?"})
		h.Send("~SPPSTA^")
		if got := h.word() + h.word(); got != "?"+good+good {
			t.Errorf("doubled: %q", got)
		}
		p.SetManner(Manner{Late: time.Second})
		begun := time.Now()
		h.Send("~SPPSTA^")
		if got := h.word(); got != good || time.Since(begun) != time.Second {
			t.Errorf("late: %q after %v", got, time.Since(begun))
		}
		p.SetManner(Manner{Garbled: true})
		h.Send("~SPPSTA^")
		if got := h.Read(len(good)); strings.ContainsAny(got, "~^{}") {
			t.Errorf("garbled: %q", got)
		}
		p.SetManner(Manner{Silent: true})
		h.Send("~SPPSTA^")
		p.SetManner(Manner{Mute: true})
		h.talk("~SPCSPM{1>MK}^", "SPCSPM:OK", "~SPLAQD{CODE~gt~1}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
		p.Print()
		h.talk("~SPGGTP^", "SPGGTP:1")
	})
}

func TestLog(t *testing.T) {
	w := &servetest.Lines{}
	p := start(t, Options{Trigger: true, Log: w})
	h := connect(t, p)
	h.talk("~SPLAQD{CODE~gt~01A\n01B}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
	p.Print()
	h.talk("~SPLCQD{CODE}^", "SPLCQD:OK")
	p.PowerCycle()
	want := "connected command received received answer command started answer printed command cleared answer reset stopped"
	if got := w.Events(t); !strings.HasPrefix(got, want) {
		t.Errorf("log %s\nwant %s", got, want)
	}
	if printed := w.All()[8]; printed["code"] != hex.EncodeToString([]byte("01A")) {
		t.Errorf("printed %v", printed)
	}
}

// A printer without a trigger prints what is in its queue, at its own pace.
func TestByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{PrintTime: time.Second})
		h := connect(t, p)
		begun, out := time.Now(), []time.Duration{}
		p.OnPrinted(func(Label) { out = append(out, time.Since(begun)) })
		h.talk("~SPLAQD{CODE~gt~1\n2}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
		time.Sleep(time.Minute)
		synctest.Wait()
		if !slices.Equal(out, []time.Duration{time.Second, 2 * time.Second}) || p.Running() {
			t.Errorf("printed after %v, running %v", out, p.Running())
		}
	})
}

func TestServingAndClosing(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *Printer { return New(Options{Log: log}) },
		func(p *Printer) { p.SetFault(Pause) })
}

func TestServe(t *testing.T) {
	l := servetest.Listen(t)
	p := start(t, Options{Trigger: true})
	go p.Serve(l)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h := far{servetest.NewHost(t, conn)}
	h.talk("~SPLAQD{CODE~gt~1}^", "SPLAQD:OK", "~SPPSAP^", "SPPSAP:OK")
	<-p.Labelled()
}

// Bytes from outside never break the printer, and it does not matter how they are cut.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		"~SPCSPM{1>MK}^~SPLAQD{CODE~gt~a&lt;\nb}^~SPPSAP^~SPLGQC{CODE}^", "~SPLAMQ{CODE~gt~~gt~~gt~}|SPLGMQ{}^",
		"^~~{}|}{^~ SPLLTF{ .rox}^~SPLGFV{CODE^~SPPSTA", "~SPGGCP^~SPGGFW^~SPPSTP^~SPCSPM{0}^",
	} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		run := func(step int) ([]string, []string, string) {
			p := New(Options{Trigger: true})
			defer p.Close()
			h := &host{p: p, out: answertest.NewWriter(nil)}
			servetest.Cut(in, step, h.feed)
			return codes(p.Received()), p.Commands(), strings.Join(h.out.Waiting(), "")
		}
		rows, commands, out := run(len(in))
		rows2, commands2, out2 := run(step)
		if !slices.Equal(rows, rows2) || !slices.Equal(commands, commands2) || out != out2 {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
		if strings.Count(out, "~SPGRES{") < len(commands) {
			t.Errorf("%d commands, answers %q", len(commands), out)
		}
	})
}
