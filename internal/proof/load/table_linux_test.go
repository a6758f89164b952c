package load

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is a minute of a run, or an eighth of it where that is shorter.
type row struct {
	from, to     time.Time
	made         []float64 // products a second of each line, sorted
	verified     []float64 // likewise
	fed, thrown  spread
	asked        time.Duration // the longest answer of the page
	last         sample        // of its end
	agent, plant float64       // processors at work, 1 for one
	others       float64       // the same for everything else on the machine
	written      float64       // bytes a second
	recorded     float64       // of them by the flight recorder
	peak         int64         // the longest log of the ledger
	stops        int
}

// spread is the middle and the end of many delays.
type spread struct {
	n        int
	p50, p99 time.Duration
}

func spreadOf(all []time.Duration) spread {
	if len(all) == 0 {
		return spread{}
	}
	slices.Sort(all)
	return spread{len(all), all[len(all)/2], all[min(len(all)-1, len(all)*99/100)]}
}

func (s spread) String() string {
	if s.n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f/%.1f", float64(s.p50.Microseconds())/1000, float64(s.p99.Microseconds())/1000)
}

// rows sums a run up by the minute.
func (r *run) rows() (all []row) {
	length := min(time.Minute, r.plan.length/8)
	first := r.samples[0]
	peak, asked := int64(0), time.Duration(0)
	tape, ring := int64(0), r.plan.ring()
	for i, m := range r.samples[1:] {
		peak, asked = max(peak, m.log), max(asked, m.asked)
		tape += (m.tape - r.samples[i].tape + ring) % ring
		if m.at.Sub(first.at) < length-r.plan.sampling()/2 && i+2 < len(r.samples) {
			continue
		}
		w := row{from: first.at, to: m.at, last: m, peak: peak, asked: asked}
		seconds := m.at.Sub(first.at).Seconds()
		w.agent, w.plant = (m.agent.cpu-first.agent.cpu)/seconds, (m.plant.cpu-first.plant.cpu)/seconds
		w.others = max(0, (m.machine-first.machine)/seconds-w.agent-w.plant)
		w.written, w.recorded = float64(m.agent.written-first.agent.written)/seconds, float64(tape)/seconds
		for line, n := range m.verified {
			w.verified = append(w.verified, float64(n-first.verified[line])/seconds)
		}
		var fed, thrown []time.Duration
		for _, b := range r.belts {
			made := 0
			for _, at := range b.made {
				if w.holds(at) {
					made++
				}
			}
			w.made = append(w.made, float64(made)/seconds)
			fed, thrown = append(fed, w.of(b.fed)...), append(thrown, w.of(b.thrown)...)
			for _, s := range b.stops {
				if w.holds(s.at) {
					w.stops++
				}
			}
		}
		slices.Sort(w.made)
		slices.Sort(w.verified)
		w.fed, w.thrown = spreadOf(fed), spreadOf(thrown)
		all = append(all, w)
		first, peak, asked, tape = m, 0, 0, 0
	}
	return all
}

func (w row) holds(at time.Time) bool { return !at.Before(w.from) && at.Before(w.to) }

func (w row) of(all []delay) (some []time.Duration) {
	for _, d := range all {
		if w.holds(d.at) {
			some = append(some, d.d)
		}
	}
	return some
}

// table shows a run by the minute. Delays are in ms, sizes in MiB.
func (r *run) table() string {
	var b strings.Builder
	head := []string{"until", "made/s", "by line", "verified/s", "by line", "stops", "feed p50/p99", "reject p50/p99", "page max", "RSS", "heap", "live", "goroutines", "fds", "ledger", "wal max", "MiB/s", "recorder", "agent cpu", "plant cpu", "others", "plant RSS", "witness p50/p99/max nap"}
	rows := [][]string{head}
	for _, w := range r.rows() {
		rows = append(rows, []string{
			w.to.Sub(r.began).Round(time.Second / 10).String(),
			fmt.Sprintf("%.1f", sum(w.made)), fmt.Sprintf("%.1f-%.1f", w.made[0], w.made[len(w.made)-1]),
			fmt.Sprintf("%.1f", sum(w.verified)), fmt.Sprintf("%.1f-%.1f", w.verified[0], w.verified[len(w.verified)-1]),
			fmt.Sprint(w.stops), w.fed.String(), w.thrown.String(), fmt.Sprintf("%.0f", float64(w.asked.Microseconds())/1000),
			mib(w.last.agent.rss), mib(w.last.inside.Heap), mib(w.last.inside.Live), fmt.Sprint(w.last.inside.Goroutines), fmt.Sprint(w.last.agent.descriptors),
			mib(w.last.ledger), mib(w.peak), fmt.Sprintf("%.2f", w.written/mebi), fmt.Sprintf("%.2f", w.recorded/mebi),
			fmt.Sprintf("%.2f", w.agent), fmt.Sprintf("%.2f", w.plant), fmt.Sprintf("%.2f", w.others), mib(w.last.plant.rss), r.witness.during(w),
		})
	}
	width := make([]int, len(head))
	for _, cells := range rows {
		for i, c := range cells {
			width[i] = max(width[i], len(c))
		}
	}
	for _, cells := range rows {
		for i, c := range cells {
			fmt.Fprintf(&b, "%*s  ", width[i], c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sum(all []float64) (n float64) {
	for _, v := range all {
		n += v
	}
	return n
}

func mib(n int64) string { return fmt.Sprintf("%.1f", float64(n)/mebi) }
