package zipher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
)

// P1: no index ever means two labels, whatever became of those that were sent before.
func TestP1IndexesAreNeverUsedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		used := map[string]int{}
		newest := "1042"
		p.Answer(func(c string) string {
			if args := strings.Split(c, "|"); args[0] == "SID" {
				used[args[1]]++
				newest = args[1]
			}
			if c == "SNI" {
				return "SNI|" + newest + "|\r"
			}
			return healthy(c)
		})
		pr := printer(t, p.Dial, nil)
		for range 2 { // two processes
			for range 3 { // three sessions each, in which nothing is printed
				s, err := pr.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Send(t.Context(), drivertest.Labels(slices.Repeat([]string{"01A"}, 50)...)); err != nil {
					t.Fatal(err)
				}
				s.Close()
			}
			pr = printer(t, p.Dial, nil)
		}
		if len(used) != 300 {
			t.Errorf("%d indexes for 300 labels", len(used))
		}
	})
}

// P1: within one process that does not depend on what the printer calls its next index.
func TestP1IndexesAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		used := map[string]bool{}
		p.Answer(func(c string) string {
			if args := strings.Split(c, "|"); args[0] == "SID" {
				used[args[1]] = true
			}
			return healthy(c)
		})
		pr := printer(t, p.Dial, nil)
		for range 3 {
			s := drivertest.Open(t, pr)
			if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
				t.Fatal(err)
			}
			s.Close()
		}
		if len(used) != 6 {
			t.Errorf("%d indexes for 6 labels", len(used))
		}
	})
}

// P1: a label that cannot be printed keeps the whole call from being sent.
func TestP1SendIsAllOrNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, map[string]any{"fields": map[string]any{"CODE": "{code}", "LOT": "{batch}"}}))
		p.Answer(func(c string) string {
			if strings.HasPrefix(c, "SID") {
				t.Errorf("sent %q", c)
			}
			return healthy(c)
		})
		good := drivers.Label{Code: []byte("01A"), Fields: map[string]string{"batch": "L1"}}
		for _, bad := range []drivers.Label{
			{Code: []byte("01|"), Fields: good.Fields}, {Code: []byte("01A")},
			{Code: []byte("01A"), Fields: map[string]string{"batch": "L|1"}}, {Fields: good.Fields},
		} {
			if err := s.Send(t.Context(), []drivers.Label{good, bad}); err == nil || !strings.Contains(err.Error(), "label 2 of 2") {
				t.Errorf("Send = %v", err)
			}
		}
		if err := s.Send(t.Context(), slices.Repeat([]drivers.Label{good}, 51)); err == nil || !strings.Contains(err.Error(), "holds 50") {
			t.Errorf("Send of more than the buffer holds = %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Send(ctx, []drivers.Label{good}); !errors.Is(err, context.Canceled) {
			t.Errorf("Send under an ended context = %v", err)
		}
		if n, err := s.Printed(t.Context()); n != 0 || err != nil {
			t.Errorf("the session did not survive a refusal: %d, %v", n, err)
		}
	})
}

func TestPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := scripted(healthy)
		s := drivertest.Open(t, printer(t, p.Dial, nil))
		if err := s.Send(t.Context(), drivertest.Labels("01A", "01B", "01C")); err != nil {
			t.Fatal(err)
		}
		first := s.(*session).first
		for _, c := range []struct {
			last  int64
			state string
			want  int
		}{
			{1041, "3|0", 0}, {1042, "3|0", 0}, // a label of an earlier session came out late
			{first, "3|0", 1}, {first, "4|1", 1}, {first + 1, "4|0", 2}, {first + 2, "3|0", 3}, {first + 2, "3|0", 3},
		} {
			p.Answer(func(command string) string {
				switch command {
				case "SLR":
					return fmt.Sprintf("PRC\rSTS|3|0|Unit|0|0|\rNEW|1|\rSLR|%d|\rOUT|1|\r", c.last)
				case "GST":
					return "STS|" + c.state + "|Unit|0|0|\r"
				}
				return healthy(command)
			})
			if n, err := s.Printed(t.Context()); n != c.want || err != nil {
				t.Errorf("last index %d: Printed = %d, %v, want %d", c.last, n, err, c.want)
			}
		}
	})
}

// P1, P3: whatever goes wrong once a record has left, the session is over and sends nothing more.
func TestP1FaultEndsTheSession(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(first int64, command string) string
		want   string
	}{
		"silent":       {func(int64, string) string { return "" }, "keeps silent"},
		"half a line":  {func(first int64, _ string) string { return fmt.Sprintf("SLR|%d", first) }, "keeps silent"},
		"cut off":      {func(first int64, _ string) string { return fmt.Sprintf("SLR|%d\r", first) }, "no line of the Zipher protocol"},
		"goes back":    {func(_ int64, c string) string { return except("SLR", "SLR|0|\r")(c) }, "went back from"},
		"never sent":   {func(first int64, c string) string { return except("SLR", fmt.Sprintf("SLR|%d|\r", first+2))(c) }, "the last one sent is"},
		"refused":      {func(_ int64, c string) string { return except("SLR", "ERR\r")(c) }, "ERR"},
		"no number":    {func(_ int64, c string) string { return except("SLR", "SLR|x|\r")(c) }, "no number"},
		"ACK instead":  {func(_ int64, c string) string { return "ACK\r" }, "nobody asked for"},
		"garbage":      {func(_ int64, c string) string { return except("SLR", "S\xccR|\r")(c) }, "no line"},
		"endless":      {func(_ int64, c string) string { return strings.Repeat("x", 2*maxLine) }, "without an end"},
		"fault notice": {func(_ int64, c string) string { return except("SLR", "STS|3|2|Unit|0|0|\rSLR|1|\r")(c) }, "reports a fault"},
		"going down":   {func(_ int64, c string) string { return except("SLR", "STS|2|0|Unit|0|0|\rSLR|1|\r")(c) }, "shutting down"},
		"fault with the count": {func(first int64, c string) string {
			if c == "SLR" {
				return fmt.Sprintf("SLR|%d|\r", first+1)
			}
			return faulty("FLT|1|E7|0|Ribbon out|\r")(c)
		}, "the printer reports: Ribbon out (E7)"},
		"another job": {func(first int64, c string) string {
			if c == "SLR" {
				return fmt.Sprintf("SLR|%d|\r", first)
			}
			return except("GST", "STS|3|0|Box|0|0|\r")(c)
		}, `changed from "Unit" to "Box"`},
		"starting": {func(first int64, c string) string {
			if c == "SLR" {
				return fmt.Sprintf("SLR|%d|\r", first)
			}
			return except("GST", "STS|1|0|Unit|0|0|\r")(c)
		}, "starting"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				s := drivertest.Open(t, printer(t, p.Dial, nil))
				first := s.(*session).first
				if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
					t.Fatal(err)
				}
				p.Answer(except("SLR", fmt.Sprintf("SLR|%d|\r", first)))
				if n, err := s.Printed(t.Context()); n != 1 || err != nil {
					t.Fatalf("Printed = %d, %v", n, err)
				}
				p.Answer(func(command string) string { return c.answer(first, command) })
				start := time.Now()
				_, err := s.Printed(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Printed = %v, want %q", err, c.want)
				}
				if d := time.Since(start); d > silence+100*time.Millisecond {
					t.Errorf("noticed after %v", d)
				}
				p.Answer(func(command string) string {
					t.Errorf("sent %q after the fault", command)
					return ""
				})
				if _, again := s.Printed(t.Context()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				if again := s.Send(t.Context(), drivertest.Labels("01C")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				synctest.Wait()
			})
		})
	}
}

// P1: a record that is not acknowledged is not sent again, and none after it.
func TestP1SilenceIsNoAcknowledgement(t *testing.T) {
	for name, c := range map[string]struct{ reply, want string }{
		"silent":      {"", "sending label 2 of 3: the printer keeps silent"},
		"refused":     {"ERR\r", "sending label 2 of 3: the printer refuses it"},
		"a notice":    {"PRC\r", "keeps silent"},
		"other reply": {"SLR|1|\r", "nobody asked for"},
		"doubled":     {"ACK\rACK\r", "nobody asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := scripted(healthy)
				s := drivertest.Open(t, printer(t, p.Dial, nil))
				var got []string
				p.Answer(func(command string) string {
					got = append(got, command)
					if len(got) == 2 {
						return c.reply
					}
					return healthy(command)
				})
				err := s.Send(t.Context(), drivertest.Labels("01A", "01B", "01C"))
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Send = %v, want %q", err, c.want)
				}
				if again := s.Send(t.Context(), drivertest.Labels("01D")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				synctest.Wait()
				if len(got) != 2 {
					t.Errorf("sent %q", got)
				}
			})
		})
	}
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
