package sbpl

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/drivertest"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/sbpl/sbpltest"
)

// P3: a job of a second host has an id that is among those of 50 labels in the printer, each of
// them acknowledged. It proves nothing about them.
func TestP3ForeignJobAmongOurs(t *testing.T) {
	for name, c := range map[string]struct{ letters, want string }{
		"three labels":                   {"G000003", "3 labels to come of one job"},
		"three labels, offline":          {"0000003", "3 labels to come of one job"},
		"three labels, read ahead":       {"S000003", "3 labels to come of one job"},
		"one label":                      {"G000001", "past 39 that never showed"},
		"one label, and nothing to come": {"A000000", "past 39 that never showed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := progress{id: 0, told: time.Unix(0, 0), silence: silence, assured: true}
			for range 50 {
				p.add()
			}
			err := p.take(told4(t, "40"+c.letters), time.Unix(0, 0).Add(50*time.Millisecond))
			if p.printed != 0 || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("printed %d, %v, want %q", p.printed, err, c.want)
			}
		})
	}
}

// A job of several labels is somebody else's also while nothing of ours is missing.
func TestP3ForeignJobWhileIdle(t *testing.T) {
	p := progress{id: 40, silence: silence}
	if err := p.take(told4(t, "40G000003"), time.Unix(0, 0)); err == nil {
		t.Error("a job of three labels is taken for ours")
	}
}

// Labels that were acknowledged may come out between two statuses, as many as the time allows.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		after   time.Duration
		named   int // the label that the first status names
		label   int // that of the second
		printed int // -1: the session is over
	}{
		{40 * time.Millisecond, 1, 4, 3}, // 2 and 3 never showed
		{39 * time.Millisecond, 1, 4, -1},
		{0, 1, 2, 1},
		{0, 1, 3, -1},
		{time.Second, 1, 50, 49},
	} {
		p := progress{told: time.Unix(0, 0), silence: silence, assured: true}
		for range 50 {
			p.add()
		}
		if err := p.take(told4(t, fmt.Sprintf("%02dG000001", c.named)), p.told); err != nil {
			t.Fatal(err)
		}
		err := p.take(told4(t, fmt.Sprintf("%02dG000001", c.label)), p.told.Add(c.after))
		if (err != nil) != (c.printed < 0) || err == nil && p.printed != c.printed {
			t.Errorf("%+v: printed %d, %v", c, p.printed, err)
		}
	}
}

// The time runs from the last status that was asked for.
func TestP3PaceOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, sbpltest.Options{Trigger: true, Status: sbpltest.Status3}, map[string]any{"status": "3-enq"})
		s := p.open(t)
		drivertest.Send(t, s, "01A", "01B", "01C", "01D", "01E")
		drivertest.WantPrinted(t, s, 0)
		time.Sleep(30 * time.Millisecond)
		p.Print()
		p.Print()
		drivertest.WantPrinted(t, s, 2) // one of them was not seen, and 30 ms have passed
		p.Print()
		p.Print()
		if n, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "never showed") {
			t.Errorf("Printed = %d, %v: two labels in no time", n, err)
		}
	})
}

// P3: a job of three labels from another connection ends the session, whatever its id.
func TestP3ForeignJobOfSeveralLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, trigger, nil)
		s := p.open(t)
		other := servetest.Pipe(t, p.ServeConn)
		job, err := p.driver.label.render(1, drivertest.Labels("01X")[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Write([]byte(strings.Replace(string(job), "\x1bQ1", "\x1bQ3", 1))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		drivertest.Send(t, s, "01A")
		if n, err := s.Printed(t.Context()); err == nil || !strings.Contains(err.Error(), "3 labels to come") {
			t.Errorf("Printed = %d, %v", n, err)
		}
	})
}
