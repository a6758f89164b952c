package peers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/drivers/printer/zpl/zpltest"
)

// numbered returns n codes that no other call with another mark returns.
func numbered(mark string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("0104601234567893215%s%04d\"<&'_1\x1d93dGVz", mark, i)
	}
	return all
}

func TestPrinterCounts(t *testing.T) {
	p := zpltest.New(zpltest.Options{SGDNewline: true})
	out := printed(p)
	s := open(t, zplPrinter(t, listen(t, p), "unit.zpl", nil))
	want := numbered("A", 200)
	sent := 0
	for part := range slices.Chunk(want, 8) {
		if err := s.Send(soon(t), labels(part)); err != nil {
			t.Fatal(err)
		}
		sent += len(part)
		if n, err := s.Printed(soon(t)); n > sent || err != nil {
			t.Fatalf("Printed = %d, %v after %d were sent", n, err, sent)
		}
	}
	await(t, "printed", out, len(want))
	counted(t, s, len(want))
	if got := codes(p.Printed()); !slices.Equal(got, want) {
		t.Errorf("%d labels came out, want %d, or in another order", len(got), len(want))
	}
}

// trigger lets n labels out of a printer that waits for a product, as soon as it has them.
func trigger(t *testing.T, p *zpltest.Printer, n int) {
	t.Helper()
	limit := time.After(patience)
	for range n {
		for _, out := p.Print(); !out; _, out = p.Print() {
			select {
			case <-p.Labelled():
			case <-limit:
				t.Fatal("the printer was given too few labels")
			}
		}
	}
}

// holds waits until the printer has n labels that are not printed yet.
func holds(t *testing.T, p *zpltest.Printer, n int) {
	t.Helper()
	for limit := time.After(patience); p.Waiting() < n; {
		select {
		case <-p.Labelled():
		case <-limit:
			t.Fatalf("the printer holds %d labels, want %d", p.Waiting(), n)
		}
	}
}

// P1: a fault ends the session, Open does not come through before the fault is over, and of
// what the printer held nothing comes out twice or later.
func TestP1PrinterFaults(t *testing.T) {
	interrupt := func(f zpltest.Fault) func(*zpltest.Printer) {
		return func(p *zpltest.Printer) { p.Interrupt(f) }
	}
	for _, c := range []struct {
		name   string
		fault  func(*zpltest.Printer)
		during bool // Open is tried while the fault lasts; else only when somebody has mended it
	}{
		{"head open", interrupt(zpltest.HeadOpen), true},
		{"media out", interrupt(zpltest.MediaOut), true},
		{"ribbon out", interrupt(zpltest.RibbonOut), true},
		{"head open, mended before Open", interrupt(zpltest.HeadOpen), false},
		{"media out, mended before Open", interrupt(zpltest.MediaOut), false},
		{"power cycle", (*zpltest.Printer).PowerCycle, false},
		{"head open, then power cycle", func(p *zpltest.Printer) { p.Interrupt(zpltest.HeadOpen); p.PowerCycle() }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := zpltest.New(zpltest.Options{Trigger: true})
			driver := zplPrinter(t, listen(t, p), "unit.zpl", nil)
			s := open(t, driver)
			first, second := numbered("A", 10), numbered("B", 5)
			if err := s.Send(soon(t), labels(first)); err != nil {
				t.Fatal(err)
			}
			holds(t, p, len(first))
			trigger(t, p, 4)
			if n, err := s.Printed(soon(t)); n != 4 || err != nil {
				t.Fatalf("Printed = %d, %v, want 4", n, err)
			}
			c.fault(p)
			n, err := s.Printed(soon(t))
			if err == nil {
				t.Fatalf("Printed = %d and no error", n)
			}
			if again := s.Send(soon(t), labels(second)); !errors.Is(again, err) {
				t.Errorf("Send after the fault = %v, want %v again", again, err)
			}
			s.Close()
			if c.during {
				if _, err := driver.Open(soon(t)); err == nil || !strings.Contains(err.Error(), "look for paper, ribbon and an open head") {
					t.Errorf("Open during the fault = %v", err)
				}
			}
			p.SetFault(zpltest.NoFault)

			s = open(t, driver)
			if n := p.Waiting(); n > 0 {
				t.Errorf("the printer still holds %d labels of the session before", n)
			}
			if n, err := s.Printed(soon(t)); n != 0 || err != nil {
				t.Errorf("a new session begins with Printed = %d, %v", n, err)
			}
			if err := s.Send(soon(t), labels(second)); err != nil {
				t.Fatal(err)
			}
			trigger(t, p, len(second))
			counted(t, s, len(second))
			if got, want := codes(p.Printed()), append(first[:4:4], second...); !slices.Equal(got, want) {
				t.Errorf("printed %q, want %q", got, want)
			}
			if got, want := codes(p.Received()), append(slices.Clone(first), second...); !slices.Equal(got, want) {
				t.Errorf("the printer was given %q, want %q", got, want)
			}
		})
	}
}

// A pause loses nothing and is waited out; a session that would begin in it says so.
func TestPrinterPaused(t *testing.T) {
	p := zpltest.New(zpltest.Options{Trigger: true})
	driver := zplPrinter(t, listen(t, p), "unit.zpl", nil)
	p.SetFault(zpltest.Pause)
	if _, err := driver.Open(soon(t)); err == nil || !strings.Contains(err.Error(), "paused") {
		t.Errorf("Open = %v", err)
	}
	p.SetFault(zpltest.NoFault)
	s, want := open(t, driver), numbered("A", 3)
	if err := s.Send(soon(t), labels(want)); err != nil {
		t.Fatal(err)
	}
	trigger(t, p, 1)
	p.SetFault(zpltest.Pause)
	if n, err := s.Printed(soon(t)); n != 1 || err != nil {
		t.Fatalf("Printed during the pause = %d, %v, want 1", n, err)
	}
	p.SetFault(zpltest.NoFault)
	trigger(t, p, 2)
	if n, err := s.Printed(soon(t)); n != 3 || err != nil {
		t.Errorf("Printed after the pause = %d, %v, want 3", n, err)
	}
	if got := codes(p.Printed()); !slices.Equal(got, want) {
		t.Errorf("printed %q, want %q", got, want)
	}
}
