package dynamark

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

	"linemark/drivers"
	"linemark/drivers/drivertest"
)

func TestSendAndPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"fields": map[string]any{"LOT": "{batch}", "CODE": "{code}"}}))
		var got []string
		p.Answer(func(c string) string {
			got = append(got, c)
			if c == "MARK START" { // the mark comes right behind, in one piece
				return "OK\r\nMSG 26\r\nMSG 1\r\nMSG 2\r\nMSG 25\r\nMSG 3\r\n"
			}
			return healthy(c)
		})
		for want := 1; want <= 2; want++ {
			got = nil
			if err := s.Send(t.Context(), []drivers.Label{{Code: []byte(nasty), Fields: map[string]string{"batch": "L 1"}}}); err != nil {
				t.Fatal(err)
			}
			if n, err := s.Printed(t.Context()); n != want || err != nil {
				t.Errorf("Printed = %d, %v, want %d", n, err, want)
			}
			commands := []string{"BEGINTRANS", `SETTEXT "CODE" "01046012345678932155<&'_1>=,;%/~193dGVz"`, `SETTEXT "LOT" "L 1"`, "EXECTRANS", "MARK START", "MARK STOP"}
			if !slices.Equal(got, commands) {
				t.Errorf("sent %q, want %q", got, commands)
			}
		}
	})
}

// P1, P3: a second copy of a label's "applied" that comes while the next one's MARK START is under way
// does not open the laser to a trigger: the mark would be one of the old texts.
func TestP1AppliedTwice(t *testing.T) {
	for name, c := range map[string]struct{ start, then, want string }{
		"mark while it is open":    {"MSG 26\r\nOK\r\nMSG 3\r\n", "", "before it had applied"},
		"mark before the answer":   {"MSG 26\r\nMSG 3\r\nOK\r\n", "", "before it had applied"},
		"applied for certain":      {"MSG 26\r\nOK\r\n", "MSG 26\r\n", ""},
		"and not told of any more": {"MSG 26\r\nOK\r\n", "", "before its OK to MARK START"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				s := drivertest.Open(t, printer(t, p.Dial, nil))
				if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
					t.Fatal(err)
				}
				go p.Say("MSG 3\r\n")
				if n, err := s.Printed(t.Context()); n != 1 || err != nil {
					t.Fatalf("Printed = %d, %v", n, err)
				}
				p.Answer(except("MARK START", c.start))
				if c.then != "" {
					go func() {
						time.Sleep(2 * time.Second)
						p.Say(c.then)
					}()
				}
				start := time.Now()
				err := s.Send(t.Context(), drivertest.Labels("01B"))
				if c.want == "" {
					if err != nil || time.Since(start) != 2*time.Second {
						t.Errorf("Send = %v after %v", err, time.Since(start))
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Send = %v, want %q", err, c.want)
				}
				if n, again := s.Printed(t.Context()); n != 0 || again != err {
					t.Errorf("Printed = %d, %v", n, again)
				}
			})
		})
	}
}

// A mark is waited for, and the laser is stopped as soon as it comes.
func TestPrintedStopsTheLaser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"poll": "10s", "marked": "25"}))
		if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
			t.Fatal(err)
		}
		stopped := time.Time{}
		p.Answer(func(c string) string {
			if c == "MARK STOP" {
				stopped = time.Now()
			}
			return healthy(c)
		})
		var marked time.Time
		go func() {
			time.Sleep(3 * time.Second)
			marked = time.Now()
			p.Say("MSG 3\r\nMSG 25\r\n")
		}()
		if n, err := s.Printed(t.Context()); n != 1 || err != nil {
			t.Errorf("Printed = %d, %v", n, err)
		}
		if stopped.IsZero() || stopped != marked {
			t.Errorf("marked at %v, stopped at %v", marked, stopped)
		}
	})
}

// P1: a label that cannot be marked keeps the whole call from being sent.
func TestP1SendIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch}"}}))
		p.Answer(func(c string) string {
			t.Errorf("sent %q", c)
			return healthy(c)
		})
		good := drivers.Label{Code: []byte("01A"), Fields: map[string]string{"batch": "L1"}}
		for _, bad := range []drivers.Label{
			{Code: []byte(`01"`), Fields: good.Fields}, {Code: []byte("01A")},
			{Code: []byte("01A"), Fields: map[string]string{"batch": `L"1`}}, {Fields: good.Fields},
		} {
			if err := s.Send(t.Context(), []drivers.Label{bad}); err == nil || !strings.Contains(err.Error(), "label 1 of 1") {
				t.Errorf("Send = %v", err)
			}
		}
		if err := s.Send(t.Context(), []drivers.Label{good, good}); err == nil || !strings.Contains(err.Error(), "holds one") {
			t.Errorf("Send of two labels = %v", err)
		}
		if err := s.Send(t.Context(), nil); err != nil {
			t.Errorf("Send of nothing = %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Send(ctx, []drivers.Label{good}); !errors.Is(err, context.Canceled) {
			t.Errorf("Send under an ended context = %v", err)
		}
		p.Answer(healthy)
		if err := s.Send(t.Context(), []drivers.Label{good}); err != nil {
			t.Errorf("the session did not survive a refusal: %v", err)
		}
		if err := s.Send(t.Context(), []drivers.Label{good}); err == nil || !strings.Contains(err.Error(), "1 labels are unmarked") {
			t.Errorf("Send above an unmarked label = %v", err)
		}
		go p.Say("MSG 3\r\n")
		if n, err := s.Printed(t.Context()); n != 1 || err != nil {
			t.Errorf("Printed = %d, %v", n, err)
		}
	})
}

// P1: whatever goes wrong while a label is given, the session is over, the transaction is rolled back, the
// laser is stopped, and nothing is given again.
func TestP1FaultInSend(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(string) string
		want   string
		after  []string
	}{
		"refused begin":    {except("BEGINTRANS", "ERROR 4\r\n"), "refuses BEGINTRANS: ERROR 4", []string{"ROLLBACKTRANS"}},
		"refused text":     {except("SETTEXT", "ERROR 4\r\n"), `refuses SETTEXT "CODE" "01A": ERROR 4`, []string{"ROLLBACKTRANS"}},
		"silent text":      {except("SETTEXT", ""), "keeps silent", []string{"ROLLBACKTRANS"}},
		"refused end":      {except("EXECTRANS", "ERROR 4\r\n"), "refuses EXECTRANS", []string{"ROLLBACKTRANS"}},
		"a message for OK": {except("EXECTRANS", "MSG 5\r\n"), "keeps silent", []string{"ROLLBACKTRANS"}},
		"refused start":    {except("MARK START", "ERROR 4\r\n"), "refuses MARK START", []string{"MARK STOP"}},
		"never applied":    {except("MARK START", "OK\r\nMSG 1\r\n"), "did not tell within 10s", []string{"MARK STOP"}},
		"applied before": {func(c string) string {
			switch c {
			case "EXECTRANS":
				return "MSG 26\r\nOK\r\n"
			case "MARK START":
				return "OK\r\n"
			}
			return healthy(c)
		}, "did not tell", []string{"MARK STOP"}},
		"marked too early":  {except("MARK START", "OK\r\nMSG 3\r\nMSG 26\r\n"), "before it had applied", []string{"MARK STOP"}},
		"marked in between": {except("BEGINTRANS", "MSG 3\r\nOK\r\n"), "once more than the 0 labels", []string{"ROLLBACKTRANS"}},
		"doubled":           {except("SETTEXT", "OK\r\nOK\r\n"), "nobody asked for", []string{"ROLLBACKTRANS"}},
		"garbage":           {except("MARK START", "O\xcb\r\n"), "no line of the Dynamark protocol", []string{"MARK STOP"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				s := drivertest.Open(t, printer(t, p.Dial, nil))
				var got []string
				p.Answer(func(command string) string {
					got = append(got, command)
					return c.answer(command)
				})
				err := s.Send(t.Context(), drivertest.Labels("01A"))
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Send = %v, want %q", err, c.want)
				}
				synctest.Wait()
				if n := len(got) - len(c.after); n < 0 || !slices.Equal(got[n:], c.after) {
					t.Errorf("sent %q, want %q at the end", got, c.after)
				}
				got = nil
				if again := s.Send(t.Context(), drivertest.Labels("01B")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				if _, again := s.Printed(t.Context()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				s.Close()
				synctest.Wait()
				if len(got) > 0 {
					t.Errorf("sent %q after the fault", got)
				}
			})
		})
	}
}

// P1, P3: a fault with a label to be marked ends the session, with the laser stopped.
func TestP1FaultInPrinted(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		answer func(string) string
		want   string
	}{
		"marked twice":      {"MSG 3\r\nMSG 3\r\n", healthy, "a label is on two products"},
		"marked, then late": {"MSG 3\r\n", except("MARK STOP", "MSG 3\r\nOK\r\n"), "a label is on two products"},
		"not ready":         {"MSG 4\r\n", healthy, "not ready any more"},
		"cannot stop":       {"MSG 3\r\n", except("MARK STOP", "ERROR 1\r\n"), "refuses MARK STOP"},
		"answer unasked":    {"OK\r\n", healthy, "nobody asked for"},
		"error unasked":     {"ERROR 17\r\n", healthy, "nobody asked for"},
		"garbage":           {"\xf8\r\n", healthy, "no line of the Dynamark protocol"},
		"dead":              {"", func(string) string { return "" }, "keeps silent"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				s := drivertest.Open(t, printer(t, p.Dial, nil))
				if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
					t.Fatal(err)
				}
				stopped := false
				p.Answer(func(command string) string {
					stopped = stopped || command == "MARK STOP"
					return c.answer(command)
				})
				go p.Say(c.says)
				start := time.Now()
				var err error
				for err == nil {
					_, err = s.Printed(t.Context())
				}
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("Printed = %v, want %q", err, c.want)
				}
				if d := time.Since(start); d > silence+alive+farewell+100*time.Millisecond {
					t.Errorf("noticed after %v", d)
				}
				synctest.Wait()
				if !stopped {
					t.Error("the laser was not stopped")
				}
			})
		})
	}
}

func TestMessagesThatMeanNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"not_ready": "ignore"}))
		if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
			t.Fatal(err)
		}
		go p.Say("MSG 1\r\nMSG 2\r\nMSG 4\r\nMSG 5\r\nMSG 18\r\nMSG 25\r\nMSG 99\r\n")
		for range 3 {
			if n, err := s.Printed(t.Context()); n != 0 || err != nil {
				t.Errorf("Printed = %d, %v", n, err)
			}
		}
	})
}

// An idle laser that is dead is noticed, and one that lives is asked nothing but a setting.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, nil))
		p.Answer(except("", "OK\r\n"))
		for range 5 {
			time.Sleep(time.Second)
			if n, err := s.Printed(t.Context()); n != 0 || err != nil {
				t.Errorf("Printed = %d, %v", n, err)
			}
		}
		p.Answer(func(command string) string {
			if command != "SETMSG 3 1" {
				t.Errorf("sent %q", command)
			}
			return ""
		})
		time.Sleep(time.Second)
		if _, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "keeps silent") {
			t.Errorf("Printed = %v", err)
		}
	})
}

func TestConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, nil))
		p.HangUp()
		if _, err := s.Printed(t.Context()); !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, io.EOF) {
			t.Errorf("Printed = %v", err)
		}
	})
}

// P1: Close interrupts what is under way and stops a laser that would mark on.
func TestP1CloseStopsTheLaser(t *testing.T) {
	for name, calling := range map[string]bool{"at rest": false, "in a call": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"poll": "1h"}))
				if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
					t.Fatal(err)
				}
				var got []string
				p.Answer(func(command string) string {
					got = append(got, command)
					return healthy(command)
				})
				ended := make(chan error, 1)
				if calling {
					go func() { _, err := s.Printed(t.Context()); ended <- err }()
					synctest.Wait()
				}
				start := time.Now()
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				if calling {
					if err := <-ended; !errors.Is(err, net.ErrClosed) {
						t.Errorf("Printed = %v", err)
					}
				}
				if time.Since(start) != 0 || !slices.Equal(got, []string{"MARK STOP"}) {
					t.Errorf("sent %q after %v", got, time.Since(start))
				}
				if err := s.Send(t.Context(), drivertest.Labels("01B")); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Send after Close = %v", err)
				}
			})
		})
	}
}
