package shift

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linemark/drivers/plc/modbus/modbustest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/upstream/izkm/izkmtest"
)

// happen lets the plan's acts take place, and then the calm.
func (s *site) happen() error {
	for _, a := range s.plan.Acts {
		s.at(a.At, a.String(), func() error { return s.act(a) })
	}
	for len(s.due) > 0 && time.Since(s.began) < s.plan.Length {
		next := s.due[0]
		if fell, err := s.wait(next.at); err != nil || fell {
			if err != nil {
				return err
			}
			continue
		}
		s.due = s.due[1:]
		if err := next.do(); err != nil {
			return fmt.Errorf("%s: %w", next.name, err)
		}
	}
	return s.calmDown()
}

// at puts something on the list, by its time.
func (s *site) at(after time.Duration, name string, do func() error) {
	d := due{at: s.began.Add(after), name: name, do: do}
	i := slices.IndexFunc(s.due, func(o due) bool { return o.at.After(d.at) })
	if i < 0 {
		i = len(s.due)
	}
	s.due = slices.Insert(s.due, i, d)
}

// wait waits for a moment, or for the agent's death in a trap, which it carries out.
func (s *site) wait(until time.Time) (fell bool, err error) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return false, nil
	case <-s.wires.fell:
		if err := s.kill(); err != nil {
			return true, err
		}
		s.result.Kills++
		return true, s.start0()
	}
}

// start0 begins the next life some seconds after a death in a trap.
func (s *site) start0() error {
	s.at(time.Since(s.began)+time.Duration(3+s.result.Kills%20)*time.Second, "the agent is started", s.restart)
	return nil
}

func (s *site) restart() error {
	if s.agent != nil {
		return nil
	}
	s.result.Starts++
	return s.start()
}

// away makes an address unreachable for a while.
func (s *site) away(address string, a Act) {
	s.wires.goAway(address)
	s.after(a, func() { s.wires.comeBack(address) })
}

// after does something when an act is over.
func (s *site) after(a Act, do func()) {
	s.at(time.Since(s.began)+a.For, "end of: "+a.String(), func() error { do(); return nil })
}

// act lets one thing happen.
func (s *site) act(a Act) error {
	tij, cam, plc := s.plant.Printers["tij-"+a.Line], s.plant.Scanners["cam-"+a.Line], s.plant.PLCs["plc-"+a.Line]
	box := s.plant.Printers["box-"+a.Line]
	switch a.Kind {
	case CameraAway:
		s.away("cam-"+a.Line+":9004", a)
	case CameraFrozen:
		cam.Freeze()
		s.after(a, func() { s.wires.cut("cam-" + a.Line + ":9004") }) // the far side comes back and knows nothing of the old connection
	case PackAway:
		s.away("pack-"+a.Line+":9004", a)
	case PrinterAway:
		s.away("tij-"+a.Line+":9100", a)
	case LabellerAway:
		s.away("box-"+a.Line+":9100", a)
	case PLCAway:
		s.away("plc-"+a.Line+":502", a)
	case Outage:
		s.away("izkm:80", a)
	case HeadOpen:
		s.fault(tij, zpltest.HeadOpen, a)
	case LabellerOpen:
		s.fault(box, zpltest.HeadOpen, a)
	case Paused:
		s.fault(tij, zpltest.Pause, a)
	case Interrupted:
		if _, ok := tij.Interrupt(zpltest.HeadOpen); ok {
			s.after(a, func() { tij.SetFault(zpltest.NoFault) })
		}
	case PowerCycle:
		tij.PowerCycle()
	case LabellerCycle:
		if box != nil {
			box.PowerCycle()
		}
	case PLCRestart:
		plc.Restart()
	case PLCRefuses:
		every := 1 + a.N%5
		plc.SetFault(func(n int, _ byte) modbustest.Fault {
			if n%every == 0 {
				return modbustest.Fault{Kind: modbustest.Exception, Code: 4}
			}
			return modbustest.Fault{}
		})
		s.after(a, func() { plc.SetFault(nil) })
	case PLCSilent:
		plc.SetFault(func(int, byte) modbustest.Fault { return modbustest.Fault{Kind: modbustest.Silence} })
		s.after(a, func() { plc.SetFault(nil) })
	case RejectorStuck:
		s.plant.BreakRejector(a.Line, true)
		s.after(a, func() { s.plant.BreakRejector(a.Line, false) })
	case Storm, Denied, Slow:
		s.weather(a)
	case ClockAhead, ClockBehind, ClockUnset:
		off := time.Duration(a.N) * time.Hour
		switch a.Kind {
		case ClockBehind:
			off = -off
		case ClockUnset:
			off = time.Until(time.Unix(0, 0))
		}
		s.clock.Store(int64(off))
		s.after(a, func() { s.clock.Store(0) })
	case BatchEnds:
		return s.nextBatch(a)
	case Stopped:
		if err := s.stop(); err != nil {
			return err
		}
		s.result.Stops++
		s.at(time.Since(s.began)+a.For, "the agent is started", s.restart)
	case Killed:
		if err := s.kill(); err != nil {
			return err
		}
		s.result.Kills++
		s.at(time.Since(s.began)+a.For, "the agent is started", s.restart)
	case KilledWriting:
		to := map[string]string{"tij": "tij-" + a.Line + ":9100", "plc": "plc-" + a.Line + ":502", "box": "box-" + a.Line + ":9100", "izkm": "izkm:80"}[writesTo[a.N%len(writesTo)]]
		s.wires.set(&trap{address: to, after: a.N / 4 % 8, share: a.N / 64 % 5})
		s.after(a, func() { s.wires.set(nil) })
	}
	return nil
}

// fault raises a printer's fault for a while.
func (s *site) fault(p *zpltest.Printer, f zpltest.Fault, a Act) {
	if p == nil {
		return
	}
	p.SetFault(f)
	s.after(a, func() { p.SetFault(zpltest.NoFault) })
}

// weather lets calls to the national system fail for a while.
func (s *site) weather(a Act) {
	s.storms++
	seed := s.plan.Seed*100 + uint64(s.storms)
	var f func(method, path string, n int) izkmtest.Fault
	switch a.Kind {
	case Denied:
		f = func(string, string, int) izkmtest.Fault { return izkmtest.Fault{Kind: izkmtest.Status, Status: 401} }
	case Slow:
		f = func(string, string, int) izkmtest.Fault {
			return izkmtest.Fault{Delay: time.Duration(1+a.N%40) * time.Second}
		}
	default:
		share := float64(5+a.N%30) / 100
		f = izkmtest.Storm(seed, share, share, share/5)
	}
	mine := s.storms
	s.plant.IZKM.SetFault(f)
	s.after(a, func() {
		if s.storms == mine {
			s.plant.IZKM.SetFault(nil)
		}
	})
}

// nextBatch ends a line's batch, and begins another after a while. An agent that does not live cannot
// be told.
func (s *site) nextBatch(a Act) error {
	ctx := context.Background()
	if s.agent == nil {
		return nil
	}
	if _, err := s.agent.Office().EndBatch(ctx, a.Line); err != nil && !isInput(err) {
		return err
	}
	s.at(time.Since(s.began)+a.For/4, "a batch begins", func() error { return s.beginBatch(a.Line) })
	return nil
}

func (s *site) beginBatch(line string) error {
	if s.agent == nil {
		return nil
	}
	s.batches++
	err := s.agent.Office().StartBatch(context.Background(), ledger.Batch{Line: line, Name: fmt.Sprintf("B%d", s.batches)})
	if isInput(err) {
		return nil // it runs already
	}
	return err
}

func isInput(err error) bool {
	var e *office.InputError
	return errors.As(err, &e)
}

// calmDown ends everything that is going on, and waits until every line runs by itself again.
func (s *site) calmDown() error {
	s.wires.set(nil)
	select {
	case <-s.wires.fell:
		if err := s.kill(); err != nil {
			return err
		}
	default:
	}
	s.due = nil
	s.clock.Store(0)
	s.plant.IZKM.SetFault(nil)
	s.wires.comeBack("izkm:80")
	for _, l := range s.plan.Lines {
		for _, p := range []string{"tij-" + l.Name, "box-" + l.Name} {
			s.wires.comeBack(p + ":9100")
			if e := s.plant.Printers[p]; e != nil {
				e.SetFault(zpltest.NoFault)
			}
		}
		for _, c := range []string{"cam-" + l.Name, "pack-" + l.Name} {
			s.wires.cut(c + ":9004") // one that is frozen comes back
			s.wires.comeBack(c + ":9004")
		}
		s.wires.comeBack("plc-" + l.Name + ":502")
		s.plant.PLCs["plc-"+l.Name].SetFault(nil)
		s.plant.BreakRejector(l.Name, false)
	}
	if err := s.restart(); err != nil {
		return err
	}
	for _, l := range s.plan.Lines {
		if err := s.beginBatch(l.Name); err != nil {
			return err
		}
	}
	for end := time.Now().Add(calm); ; {
		before := s.reads()
		time.Sleep(observed)
		wrong := s.stands(before)
		if len(wrong) > 0 && time.Now().Before(end) {
			continue
		}
		s.result.Findings = append(s.result.Findings, wrong...)
		return nil
	}
}
