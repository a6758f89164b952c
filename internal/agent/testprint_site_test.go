package agent

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// troubled wants a device's error of a kind with these words.
func troubled(t *testing.T, err error, want web.Trouble, words ...string) {
	t.Helper()
	var d *web.DeviceError
	if !errors.As(err, &d) || d.Trouble != want {
		t.Errorf("the error is %v, want trouble %d", err, want)
		return
	}
	for _, w := range words {
		if !strings.Contains(d.What, w) {
			t.Errorf("it says %q, want %q in it", d.What, w)
		}
	}
}

// endBatch ends the batch, and lets the products pass for which the printer holds labels.
func (s *site) endBatch() {
	s.t.Helper()
	must(s.agent.Office().EndBatch(s.t.Context(), "3"))
	time.Sleep(time.Second)
	for {
		l, ok := s.tij.Print()
		if !ok {
			break
		}
		time.Sleep(250 * time.Millisecond)
		s.cam1.Read(bytes.Clone(l.Symbols[0].Data))
		time.Sleep(250 * time.Millisecond)
		s.cam2.Read(bytes.Clone(l.Symbols[0].Data))
	}
	time.Sleep(3 * time.Second)
}

func (s *site) startBatch(name string) {
	s.t.Helper()
	s.try(s.agent.Office().StartBatch(s.t.Context(), ledger.Batch{Line: "3", Name: name}))
}

// states are those of the codes that something was done with.
func (s *site) states() map[string]int {
	all := s.status().Products[0].States
	delete(all, "in_stock")
	return all
}

type said struct {
	text string
	err  error
}

// printTest begins a test print.
func (s *site) printTest(ctx context.Context, printer string) <-chan said {
	done := make(chan said, 1)
	go func() {
		text, err := s.agent.TestPrint(ctx, printer)
		done <- said{text, err}
	}()
	return done
}

// issued says whether the ledger has a code.
func (s *site) issued(c []byte) bool {
	s.t.Helper()
	_, err := s.agent.Ledger().Trace(s.t.Context(), code.Code(c))
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		s.t.Fatal(err)
	}
	return err == nil
}

// TestP1_TestPrint: a test label is refused while a line may feed the printer, and while it holds labels. Then one
// comes out, with a code of nobody's; no code is doubted or sent twice, and the line marks on.
func TestP1_TestPrint(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(2)
		s.ready()
		ctx := s.t.Context()
		received := len(s.tij.Received())
		_, err := s.agent.TestPrint(ctx, "tij-1")
		troubled(t, err, web.NotNow, "tij-1 is in use at 3/mark", "line 3 is marking")
		_, err = s.agent.TestPrint(ctx, "box-1")
		troubled(t, err, web.NotNow, "box-1 is in use at 3/box", "line 3 is marking")
		must(s.agent.Office().EndBatch(ctx, "3"))
		time.Sleep(time.Second)
		_, err = s.agent.TestPrint(ctx, "tij-1")
		troubled(t, err, web.NotNow, "the printer holds labels with 4 codes")
		if n := len(s.tij.Received()); n != received || s.tij.Waiting() != 4 {
			t.Errorf("the printer has got %d labels and holds %d; it had got %d", n, s.tij.Waiting(), received)
		}
		for s.tij.Waiting() > 0 {
			l, _ := s.tij.Print()
			c := bytes.Clone(l.Symbols[0].Data)
			time.Sleep(250 * time.Millisecond)
			s.cam1.Read(c)
			time.Sleep(250 * time.Millisecond)
			s.cam2.Read(c)
		}
		time.Sleep(3 * time.Second)

		before, alarms := s.states(), len(s.status().Alarms)
		received, printed := len(s.tij.Received()), len(s.tij.Printed())
		done := s.printTest(ctx, "tij-1")
		s.until("the test label", func() bool { return s.tij.Waiting() == 1 })
		if d := s.device("tij-1"); d.Up || d.Error != "a test label is printed" {
			t.Errorf("meanwhile it is %+v", d)
		}
		_, err = s.agent.TestPrint(ctx, "tij-1")
		troubled(t, err, web.NotNow, "a test label is being printed on tij-1")
		s.startBatch("B2") // whatever happens to the line now must wait
		time.Sleep(5 * time.Second)
		if n := len(s.tij.Received()); n != received+1 {
			t.Errorf("%d labels came beside the test label", n-received-1)
		}
		l, _ := s.tij.Print()
		r := <-done
		c := l.Symbols[0].Data
		if r.err != nil || !strings.HasPrefix(r.text, "printed: tij-1 says so") || !strings.Contains(r.text, code.Visible(code.Code(c))) {
			t.Errorf("said %q, %v", r.text, r.err)
		}
		if !bytes.HasPrefix(c, []byte("01"+nobody)) || s.issued(c) || !l.Symbols[0].GS1 {
			t.Errorf("it bears %q", c)
		}
		s.ready()
		if n := len(s.tij.Printed()); n != printed+1 {
			t.Errorf("%d labels were printed, want one", n-printed)
		}
		after := s.states()
		if after["claimed"] -= 4; after["doubtful"] != before["doubtful"] || after["verified"] != before["verified"] || after["claimed"] != before["claimed"] {
			t.Errorf("the states were %v and are %v", before, after)
		}
		if n := len(s.status().Alarms); n != alarms {
			t.Errorf("alarms %+v", s.status().Alarms[alarms:])
		}
		was := s.verified()
		s.pass(3)
		s.until("three more units", func() bool { return s.verified() == was+3 })
		given := map[string]int{}
		for _, l := range s.tij.Received() {
			if given[string(l.Symbols[0].Data)]++; given[string(l.Symbols[0].Data)] > 1 {
				t.Errorf("%q was sent twice", l.Symbols[0].Data)
			}
		}
		if lines := s.log.with("is down", "name=tij-1"); len(lines) != 0 {
			t.Errorf("a test is no fault: %q", lines)
		}
	})
}

// TestTestPrintOfABox: the printer of a pack station, which prints by itself.
func TestTestPrintOfABox(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(7)
		s.endBatch()
		n := len(s.box.Printed())
		said, err := s.agent.TestPrint(s.t.Context(), "box-1")
		if err != nil || !strings.HasPrefix(said, "printed: box-1") || len(s.box.Printed()) != n+1 {
			t.Fatalf("said %q, %v; printed are %d, before %d", said, err, len(s.box.Printed()), n)
		}
		if c := s.box.Printed()[n].Symbols[0].Data; !bytes.HasPrefix(c, []byte("01"+nobody)) || s.issued(c) {
			t.Errorf("it bears %q", c)
		}
		s.startBatch("B2")
		s.pass(6)
		s.until("another box", func() bool { return len(s.box.Printed()) == n+2 })
	})
}

// TestP1_TestPrintDies: the printer goes away within the test, does not print, or whoever asked goes away. No code
// is doubted, and the line marks on.
func TestP1_TestPrintDies(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(s *site, cancel context.CancelFunc)
		want    string
	}{
		"gone": {func(s *site, _ context.CancelFunc) { s.goAway("tij"); time.Sleep(10 * time.Second); s.comeBack("tij") }, "printer tij-1: "},
		"no paper": {func(s *site, _ context.CancelFunc) {
			s.tij.SetFault(zpltest.MediaOut)
			time.Sleep(10 * time.Second)
			s.tij.SetFault(zpltest.NoFault)
		}, "printer tij-1: "},
		"no product": {func(*site, context.CancelFunc) {}, "it has not said that the label is printed"},
		"cancelled":  {func(_ *site, cancel context.CancelFunc) { cancel() }, "it has not said that the label is printed"},
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, func(s *site) {
				s.start()
				s.ready()
				s.pass(1)
				s.endBatch()
				before := s.states()
				ctx, cancel := context.WithCancel(s.t.Context())
				defer cancel()
				done := s.printTest(ctx, "tij-1")
				s.until("the test label", func() bool { return s.tij.Waiting() == 1 })
				test.happens(s, cancel)
				r := <-done
				troubled(t, r.err, web.DeviceFailed, test.want)
				s.until("the printer", func() bool { return s.device("tij-1").Up })
				if n := s.tij.Waiting(); n != 0 {
					t.Errorf("the printer still holds %d labels", n)
				}
				if after := s.states(); after["doubtful"] != before["doubtful"] || after["claimed"] != before["claimed"] {
					t.Errorf("the states were %v and are %v", before, after)
				}
				s.startBatch("B2")
				was := s.verified()
				s.pass(2)
				s.until("two more units", func() bool { return s.verified() == was+2 })
				if n := s.states()["doubtful"]; n != before["doubtful"] {
					t.Errorf("%d codes are in doubt", n)
				}
			})
		})
	}
}

// TestP1_TestPrintAtTheEnd: the agent stops in the middle of a test. Whoever asked is told, and the next run doubts nothing.
func TestP1_TestPrintAtTheEnd(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(1)
		s.endBatch()
		before := s.states()
		done := s.printTest(s.t.Context(), "tij-1")
		s.until("the test label", func() bool { return s.tij.Waiting() == 1 })
		s.stop()
		if r := <-done; r.err == nil {
			t.Errorf("said %q", r.text)
		}
		s.start()
		s.until("the printer", func() bool { return s.device("tij-1").Up })
		s.startBatch("B2")
		was := s.verified()
		s.pass(2)
		s.until("two more units", func() bool { return s.verified() == was+2 })
		if n := s.states()["doubtful"]; n != before["doubtful"] {
			t.Errorf("%d codes are in doubt", n)
		}
	})
}

// TestP1_TestPrintsAmongEverything: tests are asked for at any moment, from both sides, while batches begin and end
// and the printer comes and goes. Whatever was taken for a test bears no code of the stock, and no code is sent twice.
func TestP1_TestPrintsAmongEverything(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		stop := make(chan struct{})
		ended := make(chan int, 2)
		for i := range 2 {
			go func() {
				n := 0
				for {
					select {
					case <-stop:
						ended <- n
						return
					case <-time.After(time.Duration(37+20*i) * time.Millisecond):
					}
					ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
					if _, err := s.agent.TestPrint(ctx, "tij-1"); err == nil {
						n++
					}
					cancel()
				}
			}()
		}
		tests := map[int]bool{}
		for round := range 12 {
			must(s.agent.Office().EndBatch(s.t.Context(), "3"))
			for range 40 {
				time.Sleep(time.Duration(50+7*round) * time.Millisecond)
				if l, ok := s.tij.Print(); ok && !bytes.HasPrefix(l.Symbols[0].Data, []byte("01"+nobody)) {
					s.cam1.Read(bytes.Clone(l.Symbols[0].Data))
				} else if ok {
					tests[l.Seq] = true
				}
			}
			if round%4 == 3 {
				s.goAway("tij")
				time.Sleep(300 * time.Millisecond)
				s.comeBack("tij")
			}
			s.startBatch("C" + string(rune('a'+round)))
			time.Sleep(time.Duration(211*round) * time.Millisecond)
		}
		close(stop)
		printed := <-ended + <-ended
		t.Logf("%d tests were confirmed, %d came out, %d codes were sent", printed, len(tests), len(s.tij.Received()))
		if printed < 5 || len(tests) < printed {
			t.Errorf("%d tests were confirmed, %d came out", printed, len(tests))
		}
		given := map[string]int{}
		for _, l := range s.tij.Received() {
			c := l.Symbols[0].Data
			if bytes.HasPrefix(c, []byte("01"+nobody)) {
				continue
			}
			if given[string(c)]++; given[string(c)] > 1 {
				t.Errorf("%q was sent %d times", c, given[string(c)])
			}
		}
		s.ready()
		// Only what the printer took with it is in doubt.
		if n := s.states()["doubtful"]; n > 3*4 {
			t.Errorf("%d codes are in doubt", n)
		}
		recount := must(s.agent.Ledger().Recount(s.t.Context()))
		if !recount[0].Equal() {
			t.Errorf("the balance is %+v", recount[0])
		}
	})
}

// TestTestPrintOfOthers: what is no printer, is down, or belongs to nobody.
func TestTestPrintOfOthers(t *testing.T) {
	inSite(t, func(s *site) {
		s.goAway("tij")
		s.start()
		time.Sleep(time.Second)
		ctx := s.t.Context()
		_, err := s.agent.TestPrint(ctx, "tij-1")
		troubled(t, err, web.NotNow, "tij-1 is down: ", "connection refused")
		_, err = s.agent.TestPrint(ctx, "cam-1")
		troubled(t, err, web.WrongDevice, "cam-1 is a scanner, no printer")
		_, err = s.agent.TestPrint(ctx, "tij-9")
		troubled(t, err, web.NoDevice, `there is no printer "tij-9"`)
		_, err = s.agent.TestScan(ctx, "tij-1")
		troubled(t, err, web.WrongDevice, "tij-1 is a printer, no scanner")
	})
}

// A printer that no station has is tested without asking anybody.
func TestTestPrintWithoutStation(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg.Printers = append(s.cfg.Printers, config.Device{Name: "spare", Driver: "zpl", Address: "tcp://spare:9100", Options: s.cfg.Printers[0].Options})
		spare := zpltest.New(zpltest.Options{})
		defer spare.Close()
		s.served["spare"] = spare.ServeConn
		s.start()
		s.ready()
		if said, err := s.agent.TestPrint(s.t.Context(), "spare"); err != nil || len(spare.Printed()) != 1 {
			t.Errorf("said %q, %v", said, err)
		}
	})
}
