package texttest

import (
	"bytes"
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

var protocol = Protocol{
	End: "\r", Label: "P {index}|{code}|{batch}", GS: "~1", FNC1: "~1", Stands: map[string]string{"&lt;": "<", "&": "AND"},
	Commands:  map[string]Command{"N": {Answer: "N {counter} {index} {state}"}, "C": {Answer: "C", Empties: true}},
	AnswerEnd: "\r", Accepts: "OK", Refuses: "NO", Full: "FULL", Tells: "OUT {index} {counter}", Capacity: 2,
	States: map[Fault]string{NoFault: "READY", HeadOpen: "HEAD"},
}

func TestLife(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *Printer { return New(Options{Protocol: protocol, Log: log}) },
		func(p *Printer) { p.SetFault(HeadOpen) })
}

// desk is a printer in a bubble and a host that notes all that it hears.
type desk struct {
	*Printer
	conn  net.Conn
	mu    sync.Mutex
	heard bytes.Buffer
}

func (d *desk) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.heard.Write(b)
}

func sit(t *testing.T, opt Options, f func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opt.Protocol = protocol
		d := &desk{Printer: servetest.Start(t, New(opt))}
		d.conn = servetest.Pipe(t, d.ServeConn)
		go func() { _, _ = io.Copy(d, d.conn) }()
		f(d)
	})
}

// wants sends frames and compares what the printer has said since.
func (d *desk) wants(t *testing.T, frames, want string) {
	t.Helper()
	if frames != "" {
		if _, err := io.WriteString(d.conn, frames); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if got := d.heard.String(); got != want {
		t.Errorf("after %q the printer said %q, want %q", frames, got, want)
	}
	d.heard.Reset()
}

func TestTalk(t *testing.T) {
	var log bytes.Buffer
	sit(t, Options{Trigger: true, Log: &log}, func(d *desk) {
		d.wants(t, "N\r", "N 0 0 READY\r")
		d.wants(t, "P 7|~101&lt;~193|L&\rP 8|~1", "OK\r")
		d.wants(t, "02|\rP 9|03|\rX\r", "OK\rFULL\rNO\r")
		got := d.Received()
		if len(got) != 2 || string(got[0].Code) != "01<\x1d93" || !got[0].GS1 || got[0].Values["batch"] != "LAND" || got[0].Values["index"] != "7" || string(got[1].Code) != "02" {
			t.Errorf("received %+v", got)
		}
		if l, out := d.Print(); !out || l.Seq != 1 {
			t.Errorf("Print = %+v, %v", l, out)
		}
		d.wants(t, "N\r", "OUT 7 1\rN 1 7 READY\r")
		d.SetFault(HeadOpen)
		if _, out := d.Print(); out {
			t.Error("printed with an open head")
		}
		d.wants(t, "N\r", "N 1 7 HEAD\r")
		d.SetFault(NoFault)
		d.Refuse(1)
		d.wants(t, "P 9|03|\rP 9|04|\r", "NO\rOK\r")
		d.wants(t, "C\r", "C\r")
		if _, out := d.Print(); out || d.Waiting() != 0 {
			t.Error("the buffer was not emptied")
		}
		if n := len(d.Printed()); n != 1 || len(d.Received()) != 3 {
			t.Errorf("%d printed, %d received", n, len(d.Received()))
		}
		if l := d.Received()[2]; l.GS1 {
			t.Errorf("%+v is no GS1 code", l)
		}
	})
	var events []string
	for line := range strings.Lines(log.String()) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e.Event)
	}
	want := []string{"connected", "command", "received", "received", "full", "unknown", "printed", "said", "command", "fault", "command", "fault",
		"refused", "received", "command", "dropped", "dropped", "disconnected"}
	if !slices.Equal(events, want) {
		t.Errorf("log: %q", events)
	}
}

func TestSpeech(t *testing.T) {
	for want, s := range map[string]Speech{"C\rC\r": {Double: true}, "C\r": {Split: true}, "\xdb\xdd": {Garble: true}, "": {Silent: true}} {
		sit(t, Options{Trigger: true}, func(d *desk) {
			d.SetSpeech(s)
			d.wants(t, "C\r", want)
		})
	}
	sit(t, Options{Trigger: true}, func(d *desk) {
		d.SetSpeech(Speech{Delay: time.Second})
		d.wants(t, "C\r", "")
		time.Sleep(time.Second)
		d.wants(t, "", "C\r")
		d.SetSpeech(Speech{})
		d.Say("HELLO")
		d.wants(t, "", "HELLO\r")
	})
}

func TestPowerCycle(t *testing.T) {
	for keep, want := range map[bool]int{true: 1, false: 0} {
		sit(t, Options{Trigger: true}, func(d *desk) {
			d.wants(t, "P 1|01|\r", "OK\r")
			d.SetFault(Pause)
			d.PowerCycle(keep)
			synctest.Wait()
			if _, err := d.conn.Write([]byte("N\r")); err == nil {
				t.Error("the connection is still there")
			}
			if _, out := d.Print(); out != keep || len(d.Printed()) != want {
				t.Errorf("keep = %v: printed %v", keep, out)
			}
		})
	}
}

func TestPrintsByItself(t *testing.T) {
	sit(t, Options{PrintTime: time.Second}, func(d *desk) {
		var called int
		d.OnPrinted(func(Label) { called++ })
		d.wants(t, "P 1|01|\rP 2|02|\r", "OK\rOK\r")
		<-d.Labelled()
		time.Sleep(time.Second)
		d.wants(t, "", "OUT 1 1\r")
		time.Sleep(time.Second)
		d.wants(t, "", "OUT 2 2\r")
		if _, out := d.Print(); out || called != 2 {
			t.Errorf("Print = %v, %d calls", out, called)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("P 7|~101&lt;~193|L&"))
	f.Add([]byte("P |||"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		l, ok := newGrammar(protocol.Label).label(protocol, frame)
		if ok != (bytes.HasPrefix(frame, []byte("P ")) && bytes.Count(frame, []byte("|")) >= 2) {
			t.Fatalf("%q: %v, %+v", frame, ok, l)
		}
	})
}
