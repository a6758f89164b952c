package text

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/drivertest"
)

func TestEventsByIndex(t *testing.T) {
	meet(t, full, healthy, func(t *testing.T, p *peer, pr *Printer, s drivers.PrintSession) {
		if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
			t.Fatal(err)
		}
		if want := []string{"CLEAR", "S", "P 1|01A", "P 2|01B"}; !slices.Equal(p.Commands(), want) {
			t.Errorf("sent %q, want %q", p.Commands(), want)
		}
		drivertest.WantPrinted(t, s, 0)
		p.say("HELLO\rOUT 1\rOUT 1\r")
		drivertest.WantPrinted(t, s, 1)
		p.say("OUT 2\r")
		drivertest.WantPrinted(t, s, 2)
		for range 2 { // indexes go on in the next session, and begin anew behind the highest
			s.Close()
			var err error
			if s, err = pr.Open(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), drivertest.Labels("01C", "01D", "01E", "01F")); err != nil {
				t.Fatal(err)
			}
		}
		defer s.Close()
		if got := p.Commands()[len(p.Commands())-4:]; !slices.Equal(got, []string{"P 7|01C", "P 8|01D", "P 9|01E", "P 1|01F"}) {
			t.Errorf("sent %q", got)
		}
		p.say("OUT 7\rOUT 8\rOUT 9\rOUT 1\r")
		drivertest.WantPrinted(t, s, 4)
	})
}

// P3: what the printer says of prints must be possible, or the session ends.
func TestP3ImpossiblePrints(t *testing.T) {
	for name, c := range map[string]struct {
		options m
		last    string
		say     string
		want    string
	}{
		"one passed over":  {full, "", "OUT 2\r", "printed index 2, and said nothing of index 1"},
		"not given":        {full, "", "OUT 4\r", "index 4, which it was not given"},
		"counter too high": {asked("counter"), "LAST 14\r", "", "counts 4 labels since the start, 3 were sent"},
		"counter back":     {asked("counter"), "LAST 9\r", "", "went back from 10 to 9"},
		"index not given":  {asked("index"), "LAST 6\r", "", "index 6, which it was not given"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := maps.Clone(healthy)
			answers["L"] = "LAST 10\r"
			if c.options["index_last"] != nil {
				answers["L"] = "LAST 2\r"
			}
			meet(t, c.options, answers, func(t *testing.T, p *peer, _ *Printer, s drivers.PrintSession) {
				if err := s.Send(t.Context(), drivertest.Labels("01A", "01B", "01C")); err != nil {
					t.Fatal(err)
				}
				drivertest.WantPrinted(t, s, 0)
				changed := maps.Clone(answers)
				changed["L"] = c.last
				p.Answer(always(changed))
				if c.say != "" {
					p.say(c.say)
				}
				_, err := s.Printed(t.Context())
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Fatalf("Printed = %v, want %q", err, c.want)
				}
				before := len(p.Commands())
				if again := s.Send(t.Context(), drivertest.Labels("01D")); again != err {
					t.Errorf("Send after the fault = %v", again)
				}
				if _, again := s.Printed(t.Context()); again != err {
					t.Errorf("Printed after the fault = %v", again)
				}
				synctest.Wait()
				if len(p.Commands()) != before {
					t.Errorf("sent %q after the fault", p.Commands()[before:])
				}
			})
		})
	}
}

// unnumbered is the same printer with a message for each print that holds no number.
func unnumbered() m {
	options := maps.Clone(full)
	options["label"], options["printed"] = "P {code}", "OUT"
	delete(options, "index_last")
	return options
}

// P3: a message without a number that comes twice confirms no label of its own: there is one label at a
// time, and the second message ends the session, also while the next label is on its way.
func TestP3UnnumberedMessageTwice(t *testing.T) {
	meet(t, unnumbered(), healthy, func(t *testing.T, p *peer, pr *Printer, s drivers.PrintSession) {
		if got := pr.Traits(); got.MaxAhead != 1 || got.Confirms != drivers.ConfirmsCount {
			t.Errorf("%+v", got)
		}
		if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err == nil || !strings.Contains(err.Error(), "hold 2 labels") {
			t.Errorf("Send of two = %v", err)
		}
		if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
			t.Fatal(err)
		}
		p.say("OUT\rOUT\r")
		if _, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "tells of 2 printed labels, 1 were sent") {
			t.Errorf("Printed = %v", err)
		}
	})
	meet(t, unnumbered(), healthy, func(t *testing.T, p *peer, _ *Printer, s drivers.PrintSession) {
		if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
			t.Fatal(err)
		}
		p.say("OUT\r")
		drivertest.WantPrinted(t, s, 1)
		p.Answer(always(map[string]string{"P": "OUT\rOK\r"}))
		if err := s.Send(t.Context(), drivertest.Labels("01B")); err == nil || !strings.Contains(err.Error(), "tells of 2 printed labels, 1 were sent") {
			t.Errorf("Send = %v", err)
		}
	})
}

// P3: a label of an earlier run that comes out late bears no index of this one.
func TestP3IndexOfAnEarlierRun(t *testing.T) {
	options := maps.Clone(full)
	options["index_last"] = int64(9999)
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(always(healthy))
		var last string
		for run := range 3 { // each a new process, soon after the last
			s, err := made(t, p, options).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
				t.Fatal(err)
			}
			sent := p.Commands()
			if run > 0 { // the last label of the run before comes out
				p.say("OUT " + last + "\r")
				if n, err := s.Printed(t.Context()); n != 0 || err == nil || !strings.Contains(err.Error(), "which it was not given") {
					t.Errorf("Printed = %d, %v", n, err)
				}
			}
			last, _, _ = strings.Cut(strings.TrimPrefix(sent[len(sent)-1], "P "), "|")
			time.Sleep(10 * time.Second)
			s.Close()
		}
	})
}

// The number at the beginning is not counted, and neither is what comes out while Open waits.
func TestBaseline(t *testing.T) {
	for _, number := range []string{"counter", "index"} {
		t.Run(number, func(t *testing.T) {
			last := 3
			answers := func(frame string) string {
				if frame == "L" {
					return fmt.Sprintf("LAST %d\r", last)
				}
				return always(healthy)(frame)
			}
			synctest.Test(t, func(t *testing.T) {
				p := newPeer(nil)
				n := 0
				p.Answer(func(frame string) string {
					if n++; frame == "L" && last < 5 {
						last++ // a label of earlier comes out
					}
					return answers(frame)
				})
				s, err := made(t, p, asked(number)).Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				p.Answer(answers)
				drivertest.WantPrinted(t, s, 0)
				if err := s.Send(t.Context(), drivertest.Labels("01A", "01B")); err != nil {
					t.Fatal(err)
				}
				drivertest.WantPrinted(t, s, 0)
				last = 7
				drivertest.WantPrinted(t, s, 2)
			})
		})
	}
}

// Messages of earlier labels that come while Open waits are not counted.
func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPeer(nil)
		p.Answer(func(frame string) string {
			if frame == "S" {
				go func() {
					time.Sleep(400 * time.Millisecond)
					p.Say("OUT 1\r")
				}()
			}
			return always(healthy)(frame)
		})
		s, err := made(t, p, full).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		p.Answer(always(healthy))
		if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
			t.Fatal(err)
		}
		drivertest.WantPrinted(t, s, 0)
	})
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		frame, answer string
		want          string
	}{
		"init refused":    {"CLEAR", "NO 3\r", `frame 1 of init: tij-2: refused: "NO 3"`},
		"init silent":     {"CLEAR", "", "frame 1 of init: the printer keeps silent for 3s"},
		"half an answer":  {"CLEAR", "DON", "keeps silent"},
		"another printer": {"CLEAR", "\x02030,0\x03\r", `"\x02030,0\x03", which no setting explains`},
		"wrong baud rate": {"CLEAR", "\xfe\x80\x00\r", `"\xfe\x80\x00", which no setting explains: look at the address, the baud rate`},
		"endless":         {"CLEAR", strings.Repeat("x", 5000), "without an end"},
		"fault":           {"S", "HEAD 1\r", `head open ("HEAD 1")`},
		"not ready":       {"S", "BUSY\r", `"BUSY", which no setting explains`},
		"accepts early":   {"S", "OK\r", "what was not sent"},
		"never still":     {"L", "", "goes on printing"},
		"index too high":  {"L", "LAST 10\r", "last index is 10, and index_last is 9"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				p := newPeer(func(frame string) string {
					if frame == c.frame && c.answer == "" && frame == "L" {
						n++
						return fmt.Sprintf("LAST %d\r", n%9)
					}
					if frame == c.frame {
						return c.answer
					}
					return always(healthy)(frame)
				})
				s, err := made(t, p, asked("index")).Open(t.Context())
				if err == nil {
					s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("Open = %v, want %q", err, c.want)
				}
			})
		})
	}
}

func TestSendRefused(t *testing.T) {
	meet(t, full, healthy, func(t *testing.T, p *peer, _ *Printer, s drivers.PrintSession) {
		p.Answer(always(map[string]string{"P": "NO 7\r"}))
		err := s.Send(t.Context(), drivertest.Labels("01A", "01B"))
		if no, ok := errors.AsType[*drivers.Refusal](err); !ok || no.Device != "tij-2" {
			t.Errorf("Send = %#v", err)
		}
		if last := p.Commands()[len(p.Commands())-1]; last != "P 1|01A" {
			t.Errorf("%q went out after a refusal", last)
		}
		if _, again := s.Printed(t.Context()); again != err {
			t.Errorf("Printed = %v", again)
		}
	})
}

// P1: a label that cannot be sent keeps the whole call from being sent, and costs nothing.
func TestP1SendIsAllOrNothing(t *testing.T) {
	meet(t, full, healthy, func(t *testing.T, p *peer, _ *Printer, s drivers.PrintSession) {
		before := len(p.Commands())
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for want, call := range map[string]func() error{
			"label 2 of 2":     func() error { return s.Send(t.Context(), drivertest.Labels("01A", "01\x03")) },
			"hold 5 labels":    func() error { return s.Send(t.Context(), drivertest.Labels("1", "2", "3", "4", "5")) },
			"context canceled": func() error { return s.Send(ended, drivertest.Labels("01A")) },
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Send = %v, want %q", err, want)
			}
		}
		synctest.Wait()
		if got := p.Commands()[before:]; len(got) > 0 {
			t.Errorf("sent %q", got)
		}
		if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
			t.Error(err)
		}
		if last := p.Commands()[len(p.Commands())-1]; last != "P 1|01A" {
			t.Errorf("the first index is lost: %q", last)
		}
	})
}

func TestKeepAlive(t *testing.T) {
	options := maps.Clone(full)
	delete(options, "status_query")
	delete(options, "ready")
	meet(t, options, healthy, func(t *testing.T, p *peer, _ *Printer, s drivers.PrintSession) {
		for range 12 {
			time.Sleep(time.Second)
			drivertest.WantPrinted(t, s, 0)
		}
		if want := []string{"CLEAR", "K", "K"}; !slices.Equal(p.Commands(), want) {
			t.Errorf("sent %q, want %q", p.Commands(), want)
		}
		p.Answer(always(nil))
		time.Sleep(5 * time.Second)
		if _, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "keep_alive: the printer keeps silent") {
			t.Errorf("Printed = %v", err)
		}
	})
}

// A printer of which no answer is described may not speak, and its end is noticed.
func TestSpeechless(t *testing.T) {
	options := m{"label": "P {code}", "end": `\r`, "ahead": int64(1), "emptied_by": "nothing"}
	for _, far := range []func(*peer){func(p *peer) { p.say("?") }, func(p *peer) { p.HangUp() }} {
		meet(t, options, nil, func(t *testing.T, p *peer, _ *Printer, s drivers.PrintSession) {
			for range 3 {
				if err := s.Send(t.Context(), drivertest.Labels("01A")); err != nil {
					t.Fatal(err)
				}
				drivertest.WantPrinted(t, s, 0)
			}
			far(p)
			synctest.Wait()
			if _, err := s.Printed(t.Context()); err == nil {
				t.Error("Printed goes on")
			}
		})
	}
}

var _ drivers.Printer = (*Printer)(nil)
