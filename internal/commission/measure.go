package commission

import (
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/config"
)

// Measure is how long one thing took during a run.
type Measure struct {
	Name string
	Of   Spread
}

// Limit is a speed above which one thing is too slow.
type Limit struct {
	PerSecond float64
	Why       string
}

func (s *Sheet) measure(name string, of Spread) {
	if len(of) > 0 {
		s.Measures = append(s.Measures, Measure{name, of})
	}
}

// measures takes all delays of a run, and the speed that each allows.
func (s *Sheet) measures(p *private, r *record) {
	for _, st := range p.line.Stations {
		switch st.Kind {
		case "print":
			s.printing(p, r, st)
		case "verify":
			s.verifying(p, r, st)
		}
	}
}

// printing measures one printer.
func (s *Sheet) printing(p *private, r *record, st config.Station) {
	var given, done, next Spread
	began := map[time.Time]bool{}
	for _, l := range r.sent {
		if l.printer != st.Printer {
			continue
		}
		if !began[l.began] { // labels that were handed over together
			began[l.began] = true
			given = append(given, l.finish.Sub(l.began))
		}
		if at := r.printedAt(l); !at.IsZero() {
			done = append(done, at.Sub(l.finish))
		}
	}
	for i, told := range r.printed {
		if told.printer != st.Printer {
			continue
		}
		for _, l := range r.sent {
			if l.printer != st.Printer || l.began.Before(told.at) {
				continue
			}
			if i+1 >= len(r.printed) || !l.began.After(r.printed[i+1].at) {
				next = append(next, l.began.Sub(told.at))
			}
			break
		}
	}
	s.measure(st.Printer+": labels handed over", given)
	s.measure(st.Printer+": from handed over to printed, with the wait for the product", done)
	s.measure(st.Printer+": from a print to the next label on its way", next)
	s.triggered(p, r, st)
	poll, ahead := p.poll(st.Printer), st.Ahead
	if len(next) > 0 && ahead > 0 {
		slow := next.Max() + given.Max() + poll
		s.Limits = append(s.Limits, Limit{float64(ahead) / slow.Seconds(),
			fmt.Sprintf("printer %s holds %d labels, and the next is there at most %s ms after a print (it is asked every %s)", st.Printer, ahead, ms(slow), poll)})
	}
}

// triggered measures from the product that the PLC counts to its print. Without a print for every
// product nobody knows which belong together.
func (s *Sheet) triggered(p *private, r *record, st config.Station) {
	for _, d := range p.cfg.PLCs {
		products := rises(r, d.Name+".products")
		var prints []time.Time
		count := map[int]int{}
		for _, told := range r.printed {
			if told.printer != st.Printer {
				continue
			}
			for range told.count - count[told.session] {
				prints = append(prints, told.at)
			}
			count[told.session] = told.count
		}
		n := min(len(products), len(prints))
		if n == 0 || max(len(products), len(prints)) > n+1 { // one may be on its way
			continue
		}
		var took Spread
		for i := range n {
			took = append(took, prints[i].Sub(products[i]))
		}
		s.measure(fmt.Sprintf("%s: from the product counted by %s to the print (less than 0: the sensor stands behind the printer)", st.Printer, d.Name), took)
	}
}

// points are those of all PLCs of the line.
func (p *private) points() map[string]drivers.Point {
	all := map[string]drivers.Point{}
	for _, d := range p.cfg.PLCs {
		if driver, err := drivers.NewPLC(d.Driver, p.cfg.DeviceSettings(d)); err == nil {
			for name, point := range driver.Points() {
				all[d.Name+"."+name] = point
			}
		}
	}
	return all
}

func (p *private) poll(printer string) time.Duration {
	d, _ := p.cfg.Printer(printer)
	driver, err := drivers.NewPrinter(d.Driver, p.cfg.DeviceSettings(d))
	if err != nil {
		return 0
	}
	return driver.Traits().Poll
}

// verifying measures one station that reads every product.
func (s *Sheet) verifying(p *private, r *record, st config.Station) {
	labels := p.printedOrder(r)
	all := verdicts(r, st, labels)
	var apartBy, from, told, counted Spread
	printedAt := map[code.Code]time.Time{}
	for _, l := range r.sent {
		at := r.printedAt(l)
		if at.IsZero() {
			at = l.finish
		}
		printedAt[l.claimed] = at
	}
	for i, v := range all {
		if i > 0 && !all[i-1].scan.scan.More {
			apartBy = append(apartBy, v.scan.at.Sub(all[i-1].scan.at))
		}
		if v.label >= 0 {
			if at, ok := printedAt[labels[v.label].claimed]; ok {
				from = append(from, v.scan.at.Sub(at))
			}
		}
		if !v.told.IsZero() {
			told = append(told, v.told.Sub(v.scan.at))
		}
		if !v.counted.IsZero() {
			counted = append(counted, v.counted.Sub(v.told))
		}
	}
	s.measure(st.Name+": from product to product", apartBy)
	s.measure(st.Name+": from print (or label handed over) to reading", from)
	s.measure(st.Name+": from reading to verdict taken by the PLC", told)
	s.measure(st.Name+": from rejection to its count", counted)
	if len(apartBy) > 0 && apartBy.Median() > 0 {
		s.Ran = max(s.Ran, 1/apartBy.Median().Seconds())
	}
	switch {
	case len(told) == 0:
	case st.Request != "":
		s.Limits = append(s.Limits, Limit{1 / told.Max().Seconds(), fmt.Sprintf("station %s answers the PLC at most %s ms after the reading", st.Name, ms(told.Max()))})
	default:
		slow := told.Max() + st.Pulse
		s.Limits = append(s.Limits, Limit{1 / slow.Seconds(),
			fmt.Sprintf("station %s: the verdict is out at most %s ms after the reading, the pulse takes %s, and both must end before the next product is read", st.Name, ms(told.Max()), st.Pulse)})
	}
}
