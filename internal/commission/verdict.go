package commission

import (
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/config"
)

// Row is one product of a run.
type Row struct {
	N        int
	Code     code.Code // what it bears
	Expected string
	Seen     string // at each station that reads it
	OK       bool
}

const (
	pass   = "pass"
	reject = "reject"
)

// verdict is what one station made of one product.
type verdict struct {
	scan     scanned
	label    int // of the plan; -1: no label of it
	rejected bool
	told     time.Time // when the PLC had taken the verdict; zero: it was told nothing
	counted  time.Time // when the rejection was counted
}

// verdicts follows the products past one station, in the order of their readings. A verdict belongs
// to the reading before it: the station gives none for a product that another has followed.
func verdicts(r *record, s config.Station, labels []planned) []verdict {
	reads := r.of(s.Scanner)
	all := make([]verdict, len(reads))
	left := map[code.Code][]int{}
	for i, l := range labels {
		left[l.shown] = append(left[l.shown], i)
	}
	for i, read := range reads {
		all[i] = verdict{scan: read, label: -1}
		if n := left[code.Code(read.scan.Code)]; len(n) > 0 && !read.scan.NoRead && read.scan.Bad == "" {
			all[i].label, left[code.Code(read.scan.Code)] = n[0], n[1:]
		}
	}
	for _, w := range r.wrote {
		at := latest(all, w.began)
		if at < 0 {
			continue
		}
		switch w.plc + "." + w.output {
		case s.Reject:
			if w.value == 1 && !all[at].rejected {
				all[at].rejected, all[at].told = true, w.finish
			}
		case s.Verdict:
			all[at].rejected = w.value == uint64(s.VerdictReject)
		case s.Acknowledge:
			all[at].told = w.finish
		}
	}
	count(r, s, all)
	return all
}

// latest is the last reading before a moment; -1: none.
func latest(all []verdict, at time.Time) int {
	found := -1
	for i := range all {
		if !all[i].scan.at.After(at) {
			found = i
		}
	}
	return found
}

// rises are the moments at which a counter has risen, one for each product that it counted.
func rises(r *record, ref string) (all []time.Time) {
	for _, c := range r.changed {
		if c.plc+"."+c.name != ref {
			continue
		}
		n := c.now - c.was
		if p, ok := r.points[ref]; ok && p.Bits < 64 {
			n &= 1<<p.Bits - 1
		}
		for range min(n, 1000) {
			all = append(all, c.at)
		}
	}
	return all
}

// count gives each rejection the rise of the counter that is its own: the first after it that no
// rejection before has.
func count(r *record, s config.Station, all []verdict) {
	if s.Confirm == "" {
		return
	}
	counted := rises(r, s.Confirm)
	for i := range all {
		if !all[i].rejected {
			continue
		}
		for len(counted) > 0 && counted[0].Before(all[i].scan.at) {
			counted = counted[1:]
		}
		if len(counted) > 0 && counted[0].Sub(all[i].told) <= s.Within {
			all[i].counted, counted = counted[0], counted[1:]
		}
	}
}

// rows says of each label what was expected, and what each station made of it.
func (s *Sheet) rows(p *private, r *record) {
	labels := p.printedOrder(r)
	for i, l := range labels {
		if l.tail {
			continue
		}
		row := Row{N: i + 1, Code: l.shown, Expected: pass, OK: true}
		if l.bad != "" {
			row.Expected = reject + ": " + l.bad
		}
		s.Rows = append(s.Rows, row)
	}
	for _, st := range p.line.Stations {
		if st.Kind == "verify" {
			s.station(st, labels, verdicts(r, st, labels))
		}
	}
}

// station judges one station's verdicts.
func (s *Sheet) station(st config.Station, labels []planned, all []verdict) {
	of := map[int]verdict{}
	strangers := 0
	for _, v := range all {
		if v.label >= 0 {
			of[v.label] = v
			continue
		}
		strangers++
		if !v.rejected {
			s.fail("station %s: a reading that is none of the labels (%s) was not rejected", st.Name, what(v.scan.scan))
		}
	}
	if strangers > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("station %s: %d readings that are none of the labels, such as no-reads", st.Name, strangers))
	}
	next := 0
	for i, l := range labels {
		v, read := of[i]
		if l.tail {
			if v.rejected {
				s.fail("station %s: product %d is good and was rejected", st.Name, i+1)
			}
			continue
		}
		row := &s.Rows[next]
		next++
		seen, ok := "not read", false
		switch {
		case !read:
			s.fail("station %s: product %d was not read", st.Name, row.N)
		case v.rejected && l.bad == "":
			seen = "rejected"
			s.fail("station %s: product %d is good and was rejected", st.Name, row.N)
		case v.rejected:
			seen, ok = "rejected", true
			if st.Confirm != "" && v.counted.IsZero() {
				seen, ok = "rejected, not counted", false
				s.fail("station %s: product %d (%s) was rejected, and %s has not counted it within %s: it may have passed", st.Name, row.N, l.bad, st.Confirm, st.Within)
			} else if st.Confirm != "" {
				seen = "rejected and counted"
			}
		case l.bad != "":
			seen = "passed"
			s.fail("station %s: product %d bears %s and passed", st.Name, row.N, l.bad)
		default:
			seen, ok = "passed", true
		}
		if row.Seen != "" {
			row.Seen += "; "
		}
		row.Seen += st.Name + ": " + seen
		row.OK = row.OK && ok
	}
}

func what(s drivers.Scan) string {
	switch {
	case s.NoRead:
		return "no-read"
	case s.Bad != "":
		return s.Bad
	}
	return visible(string(s.Code))
}

// printedOrder is the plan in the order in which the printers were given the labels; what none was
// given stands at the end.
func (p *private) printedOrder(r *record) []planned {
	all := map[code.Code]planned{}
	for _, labels := range p.labels {
		for _, l := range labels {
			all[l.claimed] = l
		}
	}
	var order []planned
	for _, s := range r.sent {
		if l, ok := all[s.claimed]; ok {
			order = append(order, l)
			delete(all, s.claimed)
		}
	}
	for _, product := range p.cfg.Products {
		for _, l := range p.labels[product.Name] {
			if _, ok := all[l.claimed]; ok {
				order = append(order, l)
			}
		}
	}
	return order
}
