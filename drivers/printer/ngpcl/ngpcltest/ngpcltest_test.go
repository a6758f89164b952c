package ngpcltest

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

// word reads what the printer says, to a }.
func (h far) word() string {
	h.T.Helper()
	return h.Until('}')
}

// talk sends each command and wants the answer beside it.
func (h far) talk(pairs ...string) {
	h.T.Helper()
	for i := 0; i < len(pairs); i += 2 {
		h.Send(pairs[i])
		if got := h.word(); got != pairs[i+1] {
			h.T.Fatalf("%q is answered with %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

func codes(labels []Label) (all []string) {
	for _, l := range labels {
		all = append(all, string(l.Code))
	}
	return all
}

const well = "{~DS0|0|1|0|0|0|2|0|000000000|06|1|}"

func TestDay(t *testing.T) {
	p := start(t, Options{Trigger: true, Jobs: []string{"a.job", "job.job"}, Fields: []string{"CODE", "LOT"}})
	h := connect(t, p)
	if _, ok := p.Print(); ok {
		t.Error("marked without a value")
	}
	h.talk("{~JR|}", "{~JN0|a.job|}", "{~JS0|job.job|0|}", "{~JS0|}", "{~JS0|x|0|}", "{~JS1|}", "{~JR|}", "{~JN0|job.job|}",
		"{~JU0||0|CODE|"+code+"|LOT|7|NONE|x|}", "{~JU0|}", "{~FR|CODE|}", "{~FC0|CODE|"+code+"|}", "{~FR|LOT|}", "{~FC0|LOT|7|}",
		"{~FR|NONE|}", "{~FC1|}", "{~DR|}", well)
	if p.Waiting() != 1 || p.Job() != "job.job" {
		t.Errorf("%d wait, job %s", p.Waiting(), p.Job())
	}
	<-p.Labelled()
	for range 2 { // the same again: nothing new came in between
		if l, ok := p.Print(); !ok || string(l.Code) != code || l.Fields["LOT"] != "7" || l.Seq != 1 {
			t.Errorf("marked %+v, %v", l, ok)
		}
	}
	if p.Waiting() != 0 || p.Odometer() != 2 || len(p.Received()) != 1 {
		t.Errorf("%d wait, %d marked, %d received", p.Waiting(), p.Odometer(), len(p.Received()))
	}
	p.SelectJob("a.job")
	h.talk("{~FR|CODE|}", "{~FC0|CODE||}")
}

func TestRefusals(t *testing.T) {
	h := connect(t, start(t, Options{Trigger: true, GS: "\\F"}))
	for _, bad := range []string{"{}", "{~XX|}", "{~JR}", "{~JU0||0|}", "{~JU0||0|CODE|}", "{~JU0||0|CODE|a\x1db|}", "{~JU0||0|CODE|\xe8|}", "{~JU0||0|CODE|a\r|}"} {
		h.talk(bad, "{~NK1|}")
	}
	h.talk("x}y{~JR{~JR|}", "{~JN0|unit.job|}", "{~FR|}", "{~FC1|}", "{~JS0|}", "{~JS1|}")
}

func TestForms(t *testing.T) {
	p := start(t, Options{Trigger: true, GS: "\\F", Lead: "\\F", Padded: true, LineEnds: true})
	h := connect(t, p)
	h.talk("{~JU0||0|CODE|\\F01\\F93|}", "{~JU0|}", "{~FR|CODE|}", "\r\n{~FC0|CODE   |\\F01\\F93   |}")
	if l, _ := p.Print(); string(l.Code) != "01\x1d93" {
		t.Errorf("marked %q", l.Code)
	}
}

func TestFaults(t *testing.T) {
	p := start(t, Options{Trigger: true})
	h := connect(t, p)
	h.talk("{~JU0||0|CODE|1|}", "{~JU0|}")
	for _, c := range []struct {
		f             Fault
		state, update string
		marks         bool
	}{
		{Attention, "{~DS0|0|0|0|1|0|2|0|000000000|05|1|}", "{~JU0|}", false},
		{BeamStop, "{~DS0|0|0|1|0|0|2|0|000000000|09|1|}", "{~JU0|}", false},
		{Pause, "{~DS0|0|0|0|0|0|2|0|000000000|04|1|}", "{~JU0|}", false},
		{Off, "{~DS0|0|0|0|0|0|2|0|000000000|02|1|}", "{~JU0|}", false},
		{Refuse, well, "{~NK1|}", true},
		{Deaf, well, "{~JU0|}", true},
	} {
		p.SetFault(c.f)
		h.talk("{~DR|}", c.state, "{~JU0||0|CODE|2|}", c.update)
		if _, ok := p.Print(); ok != c.marks {
			t.Errorf("%v: marked is %v", c.f, ok)
		}
		p.SetFault(NoFault)
	}
	p.SetFault(Deaf)
	h.talk("{~JU0||0|CODE|3|}", "{~JU0|}", "{~FR|CODE|}", "{~FC0|CODE|2|}")
	if s := Fault(99).String(); s != "unknown" {
		t.Error(s)
	}
}

func TestPowerCycle(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		p := start(t, Options{Trigger: true, KeepsFields: keeps})
		h := connect(t, p)
		h.talk("{~JU0||0|CODE|1|}", "{~JU0|}")
		p.SetFault(Pause)
		p.PowerCycle()
		h.WantEnd()
		connect(t, p).talk("{~DR|}", well, "{~FR|CODE|}", map[bool]string{false: "{~FC0|CODE||}", true: "{~FC0|CODE|1|}"}[keeps])
	}
}

func TestManners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		p.SetManner(Manner{Double: true, Split: true, Between: "?"})
		h.Send("{~DR|}")
		if got := h.word() + h.word(); got != "?"+well+well {
			t.Errorf("doubled: %q", got)
		}
		p.SetManner(Manner{Late: time.Second})
		begun := time.Now()
		h.Send("{~DR|}")
		if got := h.word(); got != well || time.Since(begun) != time.Second {
			t.Errorf("late: %q after %v", got, time.Since(begun))
		}
		p.SetManner(Manner{Garbled: true})
		h.Send("{~DR|}")
		if got := h.Read(len(well)); strings.ContainsAny(got, "~{}") {
			t.Errorf("garbled: %q", got)
		}
		p.SetManner(Manner{Silent: true})
		h.Send("{~DR|}")
		p.SetManner(Manner{})
		h.talk("{~JR|}", "{~JN0|unit.job|}")
	})
}

func TestCloseEach(t *testing.T) {
	p := start(t, Options{Trigger: true, CloseEach: true})
	h := connect(t, p)
	h.Send("{~JR|}{~DR|}")
	if got, err := io.ReadAll(h.In); string(got) != "{~JN0|unit.job|}" {
		t.Errorf("read %q, %v", got, err)
	}
	if got := p.Commands(); len(got) != 1 {
		t.Errorf("took %q", got)
	}
}

// A printer without a trigger marks each update once, before it acknowledges it.
func TestByItself(t *testing.T) {
	p := start(t, Options{})
	var out []string
	p.OnPrinted(func(l Label) { out = append(out, string(l.Code)) })
	h := connect(t, p)
	h.talk("{~JU0||0|CODE|1|}", "{~JU0|}", "{~DR|}", well, "{~JU0||0|CODE|2|}", "{~JU0|}")
	if !slices.Equal(out, []string{"1", "2"}) || !slices.Equal(codes(p.Printed()), out) {
		t.Errorf("marked %q", out)
	}
	if _, ok := p.Print(); ok {
		t.Error("a trigger that is not in use marked")
	}
}

func TestLog(t *testing.T) {
	w := &servetest.Lines{}
	p := start(t, Options{Trigger: true, Log: w})
	h := connect(t, p)
	h.talk("{~JU0||0|CODE|01A|}", "{~JU0|}")
	p.Print()
	p.SelectJob("x")
	p.PowerCycle()
	if got := w.Events(t); !strings.HasPrefix(got, "connected command received answer printed selected reset") {
		t.Errorf("log %s", got)
	}
	if marked := w.All()[4]; marked["code"] != hex.EncodeToString([]byte("01A")) {
		t.Errorf("marked %v", marked)
	}
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
	h.talk("{~JU0||0|CODE|1|}", "{~JU0|}")
}

// Bytes from outside never break the printer, and it does not matter how they are cut.
func FuzzStream(f *testing.F) {
	for _, s := range []string{
		"{~JR|}{~JU0||0|CODE|a|}\r\n{~FR|CODE|}{~DR|}", "{{~JS0|unit.job|0|}}{~JU0||0|CODE|a", "{|}{~FR||}{~JU0|||||}{~JS0||}",
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
		updates, commands, out := run(len(in))
		updates2, commands2, out2 := run(step)
		if !slices.Equal(updates, updates2) || !slices.Equal(commands, commands2) || out != out2 {
			t.Errorf("cut at every %d bytes the result is another", step)
		}
		if strings.Count(out, "{~") != len(commands) {
			t.Errorf("%d commands, answers %q", len(commands), out)
		}
	})
}
