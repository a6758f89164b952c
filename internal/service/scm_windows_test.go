package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/windows/svc"
)

// control is a stand-in for the service control manager.
type control struct {
	t        *testing.T
	h        *scm
	log      *written
	requests chan svc.ChangeRequest
	told     chan svc.Status
	ticks    chan time.Time
	crashed  chan bool
	ended    chan [2]uint32 // specific, code
	last     svc.Status
}

func (w *written) Close() error { return nil }

// begin starts a program as a service and takes its first answer.
func begin(t *testing.T, program func(context.Context, *Life) error) *control {
	t.Helper()
	c := &control{t: t, log: &written{}, requests: make(chan svc.ChangeRequest), told: make(chan svc.Status), ticks: make(chan time.Time), crashed: make(chan bool), ended: make(chan [2]uint32, 1)}
	c.h = newSCM(program)
	c.h.tick = c.ticks
	c.h.crash = func() { c.crashed <- true; select {} }
	c.h.openEvents = func() (eventLog, error) { return c.log, nil }
	go func() {
		specific, code := c.h.Execute(nil, c.requests, c.told)
		is := uint32(0)
		if specific {
			is = 1
		}
		c.ended <- [2]uint32{is, code}
	}()
	c.last = <-c.told
	if c.last.State != svc.StartPending || c.last.CheckPoint == 0 || c.last.WaitHint == 0 || c.last.Accepts != 0 {
		t.Errorf("first answer %+v", c.last)
	}
	return c
}

// next waits for the next state that is told.
func (c *control) next(want svc.State) svc.Status {
	c.t.Helper()
	select {
	case c.last = <-c.told:
	case <-time.After(10 * time.Second):
		c.t.Fatal("nothing is told")
	}
	if c.last.State != want {
		c.t.Fatalf("told %+v, want state %d", c.last, want)
	}
	return c.last
}

func (c *control) ask(cmd svc.Cmd) {
	c.requests <- svc.ChangeRequest{Cmd: cmd, CurrentStatus: c.last}
}

func (c *control) end() [2]uint32 {
	c.t.Helper()
	for {
		select {
		case how := <-c.ended:
			return how
		case c.last = <-c.told:
		case <-time.After(10 * time.Second):
			c.t.Fatal("the service does not end")
		}
	}
}

func (c *control) wrote(want ...string) {
	c.t.Helper()
	if !slices.Equal(c.log.all, want) {
		c.t.Errorf("event log %q\nwant %q", c.log.all, want)
	}
}

// The service control manager has its answer before anything else is done.
func TestServiceAnswersFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var did []string
		h := newSCM(func(context.Context, *Life) error { did = append(did, "program"); return nil })
		h.openEvents = func() (eventLog, error) { did = append(did, "event log"); return &written{}, nil }
		told := make(chan svc.Status)
		done := make(chan bool)
		go func() {
			h.Execute(nil, nil, told)
			close(done)
		}()
		synctest.Wait()
		if len(did) > 0 {
			t.Errorf("%q before the answer", did)
		}
		if s := <-told; s.State != svc.StartPending {
			t.Errorf("%+v", s)
		}
		<-done
		if len(did) != 2 {
			t.Errorf("did %q", did)
		}
	})
}

func TestServiceLife(t *testing.T) {
	for name, cmd := range map[string]svc.Cmd{"stop": svc.Stop, "shutdown": svc.Shutdown, "preshutdown": svc.PreShutdown} {
		t.Run(name, func(t *testing.T) {
			proceed, finish := make(chan bool), make(chan bool)
			c := begin(t, func(ctx context.Context, life *Life) error {
				life.Starting("migrating", time.Hour)
				<-proceed
				life.Ready("line 3 running")
				life.Ready("line 3 running")
				<-life.Reload()
				life.Reloading()
				life.Ready("line 3 running")
				proceed <- true
				<-ctx.Done()
				<-finish
				return nil
			})
			for range 2 { // a long start: the checkpoint rises, and so does what it may take
				before := c.last.CheckPoint
				c.ticks <- time.Time{}
				if s := c.next(svc.StartPending); s.CheckPoint <= before || s.WaitHint < uint32(time.Hour/time.Millisecond) || s.Accepts != 0 {
					t.Errorf("%+v", s)
				}
			}
			proceed <- true
			want := svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown | svc.AcceptParamChange
			if s := c.next(svc.Running); s.Accepts != want || s.CheckPoint != 0 || s.WaitHint != 0 {
				t.Errorf("%+v", s)
			}
			c.ask(svc.Interrogate)
			if s := c.next(svc.Running); s.Accepts != want {
				t.Errorf("%+v", s)
			}
			c.ask(svc.ParamChange)
			<-proceed
			c.ask(cmd)
			c.next(svc.StopPending)
			c.ask(cmd) // once more changes nothing
			for range 2 {
				before := c.last.CheckPoint
				c.ticks <- time.Time{}
				if s := c.next(svc.StopPending); s.CheckPoint <= before || s.WaitHint == 0 || s.Accepts != 0 {
					t.Errorf("%+v", s)
				}
			}
			finish <- true
			if got := c.end(); got != [2]uint32{0, 0} {
				t.Errorf("ended with %v", got)
			}
			c.wrote("info 1 line 3 running", "info 11 line 3 running", "info 2 linemark has stopped")
		})
	}
}

// Degraded is running: the page is up. What is wrong is in the event log as an error.
func TestServiceDegraded(t *testing.T) {
	c := begin(t, func(ctx context.Context, life *Life) error {
		life.Degraded("linemark.toml:3: no name")
		<-ctx.Done()
		return nil
	})
	c.next(svc.Running)
	c.ask(svc.Stop)
	c.end()
	c.wrote("error 3 linemark.toml:3: no name", "info 2 linemark has stopped")
}

// A code has recovery actions bring the service up again. Who was asked to stop leaves without one.
func TestServiceEnds(t *testing.T) {
	broken := errors.New("the port is taken")
	for name, test := range map[string]struct {
		asked bool
		err   error
		want  [2]uint32
		event string
	}{
		"with an error at once":     {false, broken, [2]uint32{1, exitError}, "error 4 linemark has ended and is started again: the port is taken"},
		"without one and unasked":   {false, nil, [2]uint32{1, exitEarly}, "error 4 linemark has ended and is started again: nobody had asked it to"},
		"with an error, when asked": {true, broken, [2]uint32{0, 0}, "info 2 linemark has stopped: the port is taken"},
	} {
		t.Run(name, func(t *testing.T) {
			c := begin(t, func(ctx context.Context, life *Life) error {
				if test.asked {
					life.Ready("x")
					<-ctx.Done()
				}
				return test.err
			})
			if test.asked {
				c.next(svc.Running)
				c.ask(svc.Stop)
			}
			if got := c.end(); got != test.want {
				t.Errorf("ended with %v, want %v", got, test.want)
			}
			if last := c.log.all[len(c.log.all)-1]; last != test.event {
				t.Errorf("event %q, want %q", last, test.event)
			}
			if c.h.err == nil {
				t.Error("Run would return no error")
			}
		})
	}
}

// A program without progress for a minute is ended; any sign of life begins the minute anew.
func TestServiceWatchdog(t *testing.T) {
	alive := make(chan bool)
	c := begin(t, func(ctx context.Context, life *Life) error {
		life.Ready("x")
		for range alive {
			life.Alive()
			alive <- true
		}
		<-ctx.Done()
		return nil
	})
	c.next(svc.Running)
	for range 3 {
		for range 59 {
			c.ticks <- time.Time{}
		}
		c.ask(svc.Interrogate) // it is done with the last tick
		c.next(svc.Running)
		alive <- true
		<-alive
	}
	for range 60 {
		c.ticks <- time.Time{}
	}
	select {
	case <-c.crashed:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
	if last := c.log.all[len(c.log.all)-1]; !strings.HasPrefix(last, "error 5 ") {
		t.Errorf("event %q", last)
	}
}

// A program that does not end when it is asked to is left behind after a minute, without a code.
func TestServiceStopOverdue(t *testing.T) {
	release := make(chan bool)
	c := begin(t, func(context.Context, *Life) error {
		<-release
		return nil
	})
	defer close(release)
	c.h.tell(ready, "x", 0)
	c.next(svc.Running)
	c.ask(svc.Stop)
	c.next(svc.StopPending)
	for range 59 {
		c.ticks <- time.Time{}
		c.next(svc.StopPending)
	}
	c.ticks <- time.Time{}
	if got := c.end(); got != [2]uint32{0, 0} {
		t.Errorf("ended with %v", got)
	}
	c.wrote("info 1 x", "warning 6 "+eventOf("stop overdue").About)
}

// A machine without an event log has a service all the same.
func TestServiceWithoutEvents(t *testing.T) {
	h := newSCM(func(context.Context, *Life) error { return nil })
	h.openEvents = func() (eventLog, error) { return nil, errors.New("none") }
	told := make(chan svc.Status, 1)
	if specific, code := h.Execute(nil, nil, told); !specific || code != exitEarly {
		t.Errorf("%v %d", specific, code)
	}
}
