package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// limits are what a run is judged by. Growth is that of the last quarter's median over the second one's:
// the first is the warm-up, in which caches fill and the first reports are made.
type limits struct {
	goroutines  int64   // more or fewer
	descriptors int64   // more or fewer
	rss         int64   // bytes of growth
	live        int64   // bytes of growth
	log         int64   // bytes by which the longest log of the last quarter exceeds the longest before
	rate        float64 // of the planned speed that each line reaches at least
	slower      float64 // p99 of the last quarter's minutes, as a multiple of the second one's; later comes on top
	later       time.Duration
	gap         time.Duration // between two products of a line, but for stops of the plant's own
	stops       bool          // stops by late verdicts, which a machine with other work has, are findings too
}

const mebi = 1 << 20

// caches is what the ledger's connections keep of it at most: the writer and four readers, each SQLite's
// usual 2,000 KiB of pages.
const caches = 5 * 2000 << 10

// strict is for a run long enough to show a trend, on a machine that has nothing else to do.
//
// The memory of the process may grow by the ledger's caches, as if none had been full in the second quarter,
// and by as much again as lives in the Go heap: the collector lets that much pile up before it runs. What
// lives in the heap itself has no reason to grow; how full the flight recorder's queue happens to be at a
// collection, 4 MiB at most, does not show in medians.
func strict() limits {
	return limits{goroutines: 6, descriptors: 4, rss: caches + 8*mebi, live: 4 * mebi, log: 8 * mebi, rate: 0.97, slower: 1.5, later: 5 * time.Millisecond, gap: time.Second, stops: true}
}

// loose is for a run of seconds beside other work. It shows that everything is measured and nothing grows
// with every product.
func loose() limits {
	return limits{goroutines: 12, descriptors: 8, rss: caches + 16*mebi, live: 8 * mebi, log: 4 * mebi, rate: 0.1, slower: 10, later: 3 * time.Second, gap: 10 * time.Second}
}

// quarter returns the samples of a quarter, 1 to 4.
func (r *run) quarter(n int) []sample {
	all := r.samples
	return all[len(all)*(n-1)/4 : len(all)*n/4]
}

// median of what of gives for each sample.
func median(all []sample, of func(sample) int64) int64 {
	values := make([]int64, len(all))
	for i, m := range all {
		values[i] = of(m)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// judge says what is wrong with a run.
func (r *run) judge() (found []string) {
	find := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	l := r.plan.limits
	for _, is := range []struct {
		name string
		of   func(sample) int64
		most int64
		both bool // fewer is no better
		show func(int64) string
	}{
		{"goroutines", func(m sample) int64 { return m.inside.Goroutines }, l.goroutines, true, plain},
		{"descriptors", func(m sample) int64 { return int64(m.agent.descriptors) }, l.descriptors, true, plain},
		{"MiB in memory", func(m sample) int64 { return m.agent.rss }, l.rss, false, mib},
		{"MiB alive in the Go heap", func(m sample) int64 { return m.inside.Live }, l.live, false, mib},
	} {
		was, now := median(r.quarter(2), is.of), median(r.quarter(4), is.of)
		if grown := now - was; grown > is.most || is.both && -grown > is.most {
			find("%s: %s in the second quarter, %s in the last; %s are no growth", is.name, is.show(was), is.show(now), is.show(is.most))
		}
	}
	longest := func(all []sample) int64 {
		return slices.MaxFunc(all, func(a, b sample) int { return cmp.Compare(a.log, b.log) }).log
	}
	if was, now := longest(r.samples[:len(r.samples)/2]), longest(r.quarter(4)); now-was > l.log {
		find("MiB of the ledger's log: %s at most in the first half, %s in the last quarter", mib(was), mib(now))
	}
	if n := r.samples[len(r.samples)-1].dropped; n > r.samples[0].dropped && l.stops {
		find("the flight recorder has dropped %d records", n-r.samples[0].dropped)
	}
	found = append(found, r.judgeDelays()...)
	for _, name := range slices.Sorted(maps.Keys(r.belts)) {
		found = append(found, r.judgeBelt(r.belts[name])...)
	}
	if len(r.belts) != r.plan.lines {
		find("%d lines have left logs, want %d", len(r.belts), r.plan.lines)
	}
	return found
}

// judgeDelays wants no trend in the p99 of the minutes.
func (r *run) judgeDelays() (found []string) {
	rows := r.rows()
	for name, of := range map[string]func(row) spread{"from a label that came out to the next one in": func(w row) spread { return w.fed }, "from the camera to the rejector": func(w row) spread { return w.thrown }} {
		quarter := func(n int) time.Duration {
			var all []time.Duration
			for _, w := range rows[len(rows)*(n-1)/4 : len(rows)*n/4] {
				if s := of(w); s.n > 0 {
					all = append(all, s.p99)
				}
			}
			return spreadOf(all).p50
		}
		was, now := quarter(2), quarter(4)
		if was > 0 && now > time.Duration(float64(was)*r.plan.limits.slower)+r.plan.limits.later {
			found = append(found, fmt.Sprintf("the delay %s has a p99 of %v in the second quarter and of %v in the last", name, was, now))
		}
	}
	return found
}

// judgeBelt wants a line to go at its speed and to stand for no reason but the plant's own: so many bad
// products in a row that the line has to be stopped.
func (r *run) judgeBelt(b *belt) (found []string) {
	find := func(at time.Time, format string, args ...any) {
		found = append(found, fmt.Sprintf("line %s, after %v: ", b.name, at.Sub(r.began).Round(time.Second/10))+fmt.Sprintf(format, args...))
	}
	l, over := r.plan.limits, r.samples[len(r.samples)-1].at
	during := func(at time.Time) bool { return at.After(r.began) && at.Before(over) }
	stood := time.Duration(0)
	explained := func(from, to time.Time) bool { // each stop is judged by itself
		return slices.ContainsFunc(b.stops, func(s stand) bool { return !s.at.Before(from) && s.at.Before(to) })
	}
	for _, s := range b.stops {
		if during(s.at) && !s.own() && (l.stops || s.why == "held") {
			find(s.at, "%s, with %d bad products in a row: %s", s.why, s.row, r.saidOf(b, s.at)+r.witnessed(s.at))
		}
	}
	made, last := 0, r.began
	for _, at := range append(slices.Clone(b.made), over) {
		if at.Before(r.began) || at.After(over) {
			continue
		}
		if made++; at.Sub(last) > l.gap {
			if explained(last.Add(-time.Second), at) {
				stood += at.Sub(last)
			} else {
				find(last, "no product for %v", at.Sub(last).Round(time.Millisecond))
			}
		}
		last = at
	}
	if speed := float64(made) / (over.Sub(r.began) - stood).Seconds(); speed < r.plan.rate*l.rate {
		find(over, "%.1f products a second, want %v", speed, r.plan.rate)
	}
	return found
}

// own says whether the stand is the plant's own doing.
func (s stand) own() bool { return s.why == "stopped" && s.row >= stopAfter }

func plain(n int64) string { return fmt.Sprint(n) }
