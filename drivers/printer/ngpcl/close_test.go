package ngpcl

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/printer/ngpcl/ngpcltest"
)

// What an earlier session left in the fields is not marked any more once a session is open.
func TestOpenTakesTheLastCodeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := connect(t, ngpcltest.Options{}, nil)
		marked(t, p, s, "01A")
		p.SetFault(ngpcltest.Refuse)
		s.Close()
		p.SetFault(ngpcltest.NoFault)
		wantMark(t, p, "01A")
		reopen(t, made(t, p, false, nil))
		wantMark(t, p, "NOCODE")
	})
}

// P1: a session that ends leaves no code behind, which further products would get too, whatever ended it.
func TestP1CloseTakesTheLastCodeOut(t *testing.T) {
	for name, happen := range map[string]func(*ngpcltest.Printer, drivers.PrintSession){
		"well": func(*ngpcltest.Printer, drivers.PrintSession) {},
		"a fault": func(p *ngpcltest.Printer, s drivers.PrintSession) {
			p.SetFault(ngpcltest.Attention)
			if _, err := s.Printed(context.Background()); err == nil {
				t.Error("attention is no fault")
			}
			p.SetFault(ngpcltest.NoFault)
		},
		"an answer that does not come": func(p *ngpcltest.Printer, s drivers.PrintSession) {
			p.SetManner(ngpcltest.Manner{Silent: true})
			if _, err := s.Printed(context.Background()); err == nil {
				t.Error("silence is no fault")
			}
			p.SetManner(ngpcltest.Manner{})
		},
		"in a call": func(p *ngpcltest.Printer, s drivers.PrintSession) {
			p.SetManner(ngpcltest.Manner{Silent: true})
			go func() { _, _ = s.Printed(context.Background()) }()
			time.Sleep(time.Second)
			p.SetManner(ngpcltest.Manner{})
		},
	} {
		for _, serial := range []bool{false, true} {
			t.Run(fmt.Sprint(name, serial), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := servetest.Start(t, ngpcltest.New(ngpcltest.Options{Trigger: true}))
					s := reopen(t, made(t, p, serial, nil))
					marked(t, p, s, nasty)
					happen(p, s)
					if err := s.Close(); err != nil {
						t.Errorf("Close = %v", err)
					}
					for range 3 {
						wantMark(t, p, "NOCODE")
					}
				})
			})
		}
	}
}

// Close waits for a dead printer no longer than it promises, and tries nothing where no code was sent or
// the printer has another job.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := connect(t, ngpcltest.Options{}, nil)
		marked(t, p, s, "01A")
		p.SetManner(ngpcltest.Manner{Silent: true})
		start := time.Now()
		if err := s.Close(); err != nil || time.Since(start) > farewell {
			t.Errorf("Close = %v after %v", err, time.Since(start))
		}
	})
	for name, happen := range map[string]func(*ngpcltest.Printer, drivers.PrintSession){
		"no code": func(*ngpcltest.Printer, drivers.PrintSession) {},
		"another job": func(p *ngpcltest.Printer, s drivers.PrintSession) {
			marked(t, p, s, "01A")
			p.SelectJob("box.job")
			if _, err := s.Printed(context.Background()); err == nil {
				t.Error("another job is no fault")
			}
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, s := connect(t, ngpcltest.Options{Jobs: []string{"unit.job", "box.job"}}, nil)
			happen(p, s)
			before := len(p.Commands())
			s.Close()
			synctest.Wait()
			if got := p.Commands()[before:]; len(got) > 0 {
				t.Errorf("%s: Close sent %q", name, got)
			}
		})
	}
}
