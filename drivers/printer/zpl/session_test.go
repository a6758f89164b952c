package zpl

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
	"linemark/drivers/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reports(one, two string) string {
	return "\x02" + one + "\x03\r\n\x02" + two + "\x03\r\n\x02" + idle3 + "\x03\r\n"
}

const getvar = "! U1 getvar \"odometer.total_label_count\"\r\n"

func TestOpenPreparesThePrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		busy, moving := 3, 5
		p.set(func() string {
			if moving--; moving > 0 {
				return []string{"", `"1002"`, `"1001"`, `"1000"`, `"1000"`}[moving]
			}
			return "ALERT: PQ JOB COMPLETED [x]\r\n\"1003\""
		}, func() string {
			switch busy--; busy {
			case 2:
				return reports("030,0,0,0245,001,0,0,0,000,0,0,0", idle2)
			case 1:
				return reports(idle1, "001,0,0,0,1,2,4,0,00000002,1,000")
			}
			return healthy()
		})
		s := open(t, p)
		want := []string{"~JA", "^XA^JZN^XZ", "~HS", getvar, "~HS", getvar, "~HS", getvar, "~HS", getvar, "~HS", getvar, "~HS", getvar}
		if got := p.commands(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		if n, err := s.Printed(t.Context()); n != 0 || err != nil {
			t.Errorf("Printed = %d, %v", n, err)
		}
	})
}

// P3: the label of an earlier job that is under the head is counted while the printer says that
// it is idle. It is none of ours.
func TestP3OpenWaitsForTheLastLabel(t *testing.T) {
	for _, late := range []time.Duration{0, 300 * time.Millisecond, 999 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			p := newPeer()
			start := time.Now()
			p.set(func() string {
				if time.Since(start) > late {
					return `"1001"`
				}
				return `"1000"`
			}, nil)
			s, err := printer(t, p, map[string]any{"settle": "1s"}).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if d := time.Since(start); d < late+time.Second {
				t.Errorf("opened after %v, %v after the odometer had moved", d, d-late)
			}
			if err := s.Send(t.Context(), labels("01A", "01B")); err != nil {
				t.Fatal(err)
			}
			if n, err := s.Printed(t.Context()); n != 0 || err != nil {
				t.Errorf("Printed = %d, %v, and none of ours is out", n, err)
			}
		})
	}
}

// The printer rests only as long as it is idle.
func TestOpenWaitsFromTheLastBusyState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		start := time.Now()
		p.set(nil, func() string {
			if d := time.Since(start); d > 500*time.Millisecond && d < 700*time.Millisecond {
				return reports(idle1, "001,0,0,0,1,2,4,0,00000001,1,000")
			}
			return healthy()
		})
		s, err := printer(t, p, map[string]any{"settle": "1s"}).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if d := time.Since(start); d < 1680*time.Millisecond {
			t.Errorf("opened after %v", d)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	n := 0
	for name, c := range map[string]struct {
		odometer, status func() string
		want             string
	}{
		"paper out":        {nil, func() string { return reports("030,1,0,0245,000,0,0,0,000,0,0,0", idle2) }, "paper out"},
		"paused":           {nil, func() string { return reports("030,0,1,0245,000,0,0,0,000,0,0,0", idle2) }, "paused"},
		"head up":          {nil, func() string { return reports(idle1, "001,0,1,0,1,2,4,0,00000000,1,000") }, "head up"},
		"ribbon out":       {nil, func() string { return reports(idle1, "001,0,0,1,1,2,4,0,00000000,1,000") }, "ribbon out"},
		"never idle":       {nil, func() string { return reports(idle1, "001,0,0,0,1,2,4,0,00000002,1,000") }, "still holds 0 formats and 2 labels"},
		"silent":           {nil, func() string { return "" }, "keeps silent"},
		"no third frame":   {nil, func() string { return "\x02" + idle1 + "\x03\x02" + idle2 + "\x03" }, "keeps silent"},
		"wrong frames":     {nil, func() string { return "\x02" + idle2 + "\x03" }, "11 fields, not 12"},
		"flag":             {nil, func() string { return reports("030,x,0,0245,000,0,0,0,000,0,0,0", idle2) }, `paper out is "x"`},
		"formats":          {nil, func() string { return reports("030,0,0,0245,-1,0,0,0,000,0,0,0", idle2) }, "count of formats"},
		"alert":            {nil, func() string { return "ERROR CONDITION: HEAD OPEN [x]\r\n" }, "HEAD OPEN"},
		"no odometer":      {func() string { return `"?"` }, nil, "does not know this variable"},
		"odometer no text": {func() string { return `"many"` }, nil, "no number"},
		"odometer moves":   {func() string { n++; return `"` + strings.Repeat("1", n%9+1) + `"` }, nil, "does not stand still"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				p.set(c.odometer, c.status)
				s, err := printer(t, p, nil).Open(t.Context())
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Open = %v, want %q", err, c.want)
				}
				for _, command := range p.commands() {
					if strings.Contains(command, "^FD") {
						t.Errorf("Open printed %q", command)
					}
				}
			})
		})
	}
}

func TestOpenEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		p.set(nil, func() string { return "" })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := printer(t, p, nil).Open(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Open = %v after %v", err, time.Since(start))
		}
	})
}

func TestSendAndPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		before := len(p.commands())
		if err := s.Send(t.Context(), labels("01A", "01B\x1dC")); err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), nil); err != nil {
			t.Errorf("Send of nothing = %v", err)
		}
		synctest.Wait()
		want := []string{
			"^XA^FO20,20^BXN,4,200,,,,#^FD#101A^FS^PQ1^XZ",
			"~HS", getvar, "~HS", // its answer may be there before the second label is
			"^XA^FO20,20^BXN,4,200,,,,#^FD#101B#1C^FS^PQ1^XZ",
		}
		if got := p.commands()[before:]; !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		for odometer, printed := range []int{0, 1, 1, 2} {
			p.counts(1000 + printed)
			start := time.Now()
			if n, err := s.Printed(t.Context()); n != printed || err != nil {
				t.Errorf("odometer %d: Printed = %d, %v, want %d", odometer, n, err, printed)
			}
			if d := time.Since(start); d != 0 {
				t.Errorf("waited %v of its own", d)
			}
		}
	})
}

// P1: a label that cannot be printed keeps the whole call from being sent.
func TestP1SendIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		before := len(p.commands())
		if err := s.Send(t.Context(), labels("01A", "01^B")); err == nil || !strings.Contains(err.Error(), "label 2 of 2") {
			t.Errorf("Send = %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Send(ctx, labels("01A")); !errors.Is(err, context.Canceled) {
			t.Errorf("Send under an ended context = %v", err)
		}
		synctest.Wait()
		if got := p.commands()[before:]; len(got) > 0 {
			t.Errorf("sent %q", got)
		}
		if n, err := s.Printed(t.Context()); n != 0 || err != nil {
			t.Errorf("the session did not survive a refusal: %d, %v", n, err)
		}
	})
}

// P1: whatever goes wrong once the first byte has left, the session is over and sends nothing more.
func TestP1FaultEndsTheSession(t *testing.T) {
	always := func(reply string) func() string { return func() string { return reply } }
	for name, c := range map[string]struct {
		odometer func() string
		want     string
	}{
		"goes back":      {always(`"1000"`), "went back from 1001 to 1000"},
		"jumps":          {always(`"1003"`), "counts 3 labels since the start, 2 were sent"},
		"no number":      {always(`"1001 LABELS"`), "no number"},
		"silent":         {always(""), "keeps silent"},
		"half an answer": {always(`"100`), "keeps silent"},
		"head open":      {always("ERROR CONDITION: HEAD OPEN [2026]\r\n\"1001\""), "HEAD OPEN"},
		"endless":        {always(strings.Repeat("x", 2*maxAnswer)), "without an end"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				s := open(t, p)
				if err := s.Send(t.Context(), labels("01A", "01B")); err != nil {
					t.Fatal(err)
				}
				p.counts(1001)
				if n, err := s.Printed(t.Context()); n != 1 || err != nil {
					t.Fatalf("Printed = %d, %v", n, err)
				}
				p.set(c.odometer, nil)
				start := time.Now()
				_, err := s.Printed(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Printed = %v, want %q", err, c.want)
				}
				if d := time.Since(start); d > silence+20*time.Millisecond {
					t.Errorf("noticed after %v", d)
				}
				p.counts(1002)
				before := len(p.commands())
				if _, again := s.Printed(t.Context()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				if again := s.Send(t.Context(), labels("01C")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				synctest.Wait()
				if got := p.commands()[before:]; len(got) > 0 {
					t.Errorf("sent %q after the fault", got)
				}
			})
		})
	}
}

func TestPrintedBetweenOtherAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		if err := s.Send(t.Context(), labels("01A")); err != nil {
			t.Fatal(err)
		}
		p.set(func() string {
			return "\r\nALERT: PQ JOB COMPLETED [06-01-2026 10:00:00] [52J1]\r\n" + healthy() + "\"1001\"\r\nALERT: LABEL TAKEN\r\n"
		}, nil)
		for range 2 {
			if n, err := s.Printed(t.Context()); n != 1 || err != nil {
				t.Errorf("Printed = %d, %v", n, err)
			}
		}
	})
}

func TestSendMeetsADeafPrinter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe() // nobody reads far
		defer far.Close()
		s := &session{printer: printer(t, newPeer(), nil), conn: near}
		defer s.Close()
		start := time.Now()
		err := s.Send(t.Context(), labels("01A"))
		if err == nil || !strings.Contains(err.Error(), "keeps silent") {
			t.Errorf("Send = %v", err)
		}
		if d := time.Since(start); d < silence || d > 2*silence {
			t.Errorf("gave up after %v", d)
		}
	})
}

func TestConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		p.conn.Close()
		if _, err := s.Printed(t.Context()); !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, io.EOF) {
			t.Errorf("Printed = %v", err)
		}
	})
}

func TestCloseEndsPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		p.set(func() string { return "" }, nil)
		ended := make(chan error)
		go func() { _, err := s.Printed(t.Context()); ended <- err }()
		time.Sleep(time.Second)
		s.Close()
		start := time.Now()
		if err := <-ended; err == nil || time.Since(start) != 0 {
			t.Errorf("Printed = %v, %v after Close", err, time.Since(start))
		}
	})
}

func TestDialError(t *testing.T) {
	refused := errors.New("connection refused")
	pr := printer(t, newPeer(), nil)
	pr.dial = func(context.Context, string) (link.Conn, error) { return nil, refused }
	if _, err := pr.Open(t.Context()); !errors.Is(err, refused) {
		t.Errorf("Open = %v", err)
	}
}

var _ drivers.Printer = (*Printer)(nil)

// A pause loses no label, so the session waits; a fault may have spoilt the label under the head.
func TestPrintedAsksTheState(t *testing.T) {
	for name, c := range map[string]struct {
		one, two string
		over     string
	}{
		"idle":    {idle1, idle2, ""},
		"pause":   {"030,0,1,0245,000,0,0,0,000,0,0,0", idle2, ""},
		"paper":   {"030,1,0,0245,000,0,0,0,000,0,0,0", idle2, "paper out"},
		"head up": {idle1, "001,0,1,0,1,2,4,0,00000000,1,000", "head up"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPeer()
				s := open(t, p)
				if err := s.Send(t.Context(), labels("01A")); err != nil {
					t.Fatal(err)
				}
				p.counts(1001)
				p.set(nil, func() string { return reports(c.one, c.two) })
				n, err := s.Printed(t.Context())
				if c.over == "" && (n != 1 || err != nil) {
					t.Errorf("Printed = %d, %v", n, err)
				}
				if c.over != "" && (err == nil || !strings.Contains(err.Error(), c.over)) {
					t.Errorf("Printed = %d, %v, want %s", n, err, c.over)
				}
			})
		})
	}
}

// P3: all that was sent is counted while the printer still holds it: something else was counted.
func TestP3CountWhileTheLabelIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer()
		s := open(t, p)
		if err := s.Send(t.Context(), labels("01A")); err != nil {
			t.Fatal(err)
		}
		p.counts(1001)
		p.set(nil, func() string { return reports("030,0,0,0245,001,0,0,0,000,0,0,0", idle2) })
		if n, err := s.Printed(t.Context()); n != 0 || err != nil {
			t.Errorf("Printed = %d, %v while the printer holds the label, want 0", n, err)
		}
		p.set(nil, func() string { return reports(idle1, idle2) })
		if n, err := s.Printed(t.Context()); n != 1 || err != nil {
			t.Errorf("Printed = %d, %v when it holds nothing more, want 1", n, err)
		}
	})
}
