package agent

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"linemark/drivers"
	"linemark/internal/line"
)

// printer owns a printer's sessions: it opens one after another for as long as it takes, sends
// what the station hands over, and tells the station what the printer says. It never decides
// about codes.
type printer struct {
	device
	driver drivers.Printer
	post   line.Post
	jobs   chan job
	ended  chan struct{}                  // closed when run has returned: nobody takes jobs any more
	open   atomic.Pointer[printerSession] // nil: none is
	trying sync.Mutex                     // one test label at a time
}

// printerSession is one session as a test of its printer sees it.
type printerSession struct {
	number int
	tests  chan *testLabel
	gone   chan struct{} // closed when it takes no test any more
}

type job struct {
	session int
	labels  []line.Label
}

func newPrinter(d device, driver drivers.Printer) *printer {
	return &printer{device: d, driver: driver, jobs: make(chan job, 64), ended: make(chan struct{}), post: func(line.Event) {}}
}

// Send implements line.PrintPort.
func (p *printer) Send(session int, labels []line.Label) {
	select {
	case p.jobs <- job{session, labels}:
	case <-p.ended:
	}
}

func (p *printer) run(ctx context.Context) {
	defer close(p.ended)
	p.keep(ctx, func(ctx context.Context, number int) error {
		session, err := p.driver.Open(ctx)
		if err != nil {
			p.discard()
			p.post(line.PrinterDown{Why: err.Error()})
			return err
		}
		p.up()
		p.post(line.PrinterUp{Session: number})
		now := &printerSession{number: number, tests: make(chan *testLabel), gone: make(chan struct{})}
		p.open.Store(now)
		err = p.serve(ctx, now, session)
		p.open.Store(nil)
		close(now.gone)
		_ = session.Close() // the session's own error is the one to tell
		p.discard()
		p.post(line.PrinterDown{Session: number, Why: err.Error()})
		var test *testLabel
		if errors.As(err, &test) {
			return p.print(ctx, test)
		}
		return err
	})
}

// discard drops labels of sessions that have ended; their codes are in doubt already, or will
// be when the station learns of the end.
func (p *printer) discard() {
	for {
		select {
		case <-p.jobs:
		default:
			return
		}
	}
}

// idlePoll is how often a printer with nothing to do is asked whether it is there.
const idlePoll = time.Second

func (p *printer) serve(ctx context.Context, of *printerSession, s drivers.PrintSession) error {
	number, poll := of.number, p.driver.Traits().Poll
	sent, counted := 0, 0
	timer := time.NewTimer(idlePoll)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case test := <-of.tests:
			return test
		case j := <-p.jobs:
			if j.session != number {
				continue
			}
			if err := s.Send(ctx, labels(j.labels)); err != nil {
				return err
			}
			if sent == counted {
				timer.Reset(poll)
			}
			sent += len(j.labels)
		case <-timer.C:
			n, err := s.Printed(ctx)
			if err != nil {
				return err
			}
			if n != counted {
				counted = n
				p.post(line.PrintedCount{Session: number, Count: n})
			}
			if counted < sent {
				timer.Reset(poll)
			} else {
				timer.Reset(idlePoll)
			}
		}
	}
}

// unusable stands in for a printer that cannot print what it is to print: its label is wrong, or
// cannot carry the codes. Its station waits and says why; the others go on.
type unusable struct{ why error }

func (a *Agent) unusable(name string, why error) drivers.Printer {
	a.alarms.add(name, "nothing is printed until this is put right and the agent started again: "+why.Error())
	return unusable{why}
}

func (unusable) Traits() drivers.PrinterTraits { return drivers.PrinterTraits{} }

func (u unusable) Open(context.Context) (drivers.PrintSession, error) { return nil, u.why }

func labels(from []line.Label) []drivers.Label {
	to := make([]drivers.Label, len(from))
	for i, l := range from {
		to[i] = drivers.Label{Code: []byte(l.Code), Fields: l.Fields()}
		if l.Code == "" {
			to[i].Code = nil
		}
	}
	return to
}
