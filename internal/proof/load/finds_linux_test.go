package load

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/proof/site"
)

// A program that leaks is found out, even in a run of seconds by its loose limits: with every product a
// goroutine and some memory, with every twentieth a connection, and a log that is never brought into the
// ledger. Each shows in a figure of its own.
func TestFindsLeaks(t *testing.T) {
	const scanner = "internal/agent/scanner.go"
	program := measured(t, "leaks",
		site.Change{File: scanner, Was: "import (\n", Is: "import (\n\t\"bytes\"\n\t\"net\"\n\t\"strings\"\n"},
		site.Change{File: scanner, Was: "\tseq := int64(0)\n", Is: "\tseq := int64(0)\n\tvar kept [][]byte\n\tvar open []net.Conn\n"},
		site.Change{File: scanner, Was: "\t\t\tseq++\n", Is: `			seq++
			go func() { <-ctx.Done() }()
			kept = append(kept, bytes.Repeat([]byte{1}, 128<<10))
			if seq%20 == 0 {
				if conn, err := net.Dial("tcp", strings.TrimPrefix(s.where, "tcp://")); err == nil {
					open = append(open, conn)
				}
			}
`},
		site.Change{File: "internal/ledger/log.go", Was: "\tif pages < logPages || ", Is: "\tif pages >= 0 || "},
	)
	p := plan{lines: 4, rate: 33, length: 8 * time.Second, reports: time.Minute, limits: loose()}
	s, plant := begin(t, program, p)
	r := watch(t, s, plant, p)
	r.end(t, s, plant)
	found := r.judge()
	for _, what := range []string{"goroutines: ", "descriptors: ", "MiB in memory: ", "MiB alive in the Go heap: ", "MiB of the ledger's log: "} {
		if i := slices.IndexFunc(found, func(f string) bool { return strings.HasPrefix(f, what) }); i < 0 {
			t.Errorf("nothing is said of %s", what)
		} else {
			t.Log(found[i])
		}
	}
}

// sound is a run of 20 minutes with two lines in which nothing is wrong: line 2 stood once, after three bad
// products.
func sound() *run {
	r := &run{plan: plan{lines: 2, rate: 20, length: 20 * time.Minute, limits: strict()}, began: time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC), belts: map[string]*belt{}}
	for i := range 121 {
		at := r.began.Add(time.Duration(i) * 10 * time.Second)
		r.samples = append(r.samples, sample{at: at, verified: map[string]int{"1": 200 * i, "2": 200 * i},
			agent:  process{rss: 40*mebi + int64(i%5)*mebi, descriptors: 50 + i%3, cpu: float64(i), written: int64(i) * mebi},
			inside: inside{Goroutines: int64(120 + i%4), Live: 6 * mebi}, log: 5 * mebi, ledger: int64(i) * mebi})
	}
	for _, name := range []string{"1", "2"} {
		b := &belt{name: name}
		for i := range 20 * 60 * 20 {
			at := r.began.Add(time.Duration(i) * 50 * time.Millisecond)
			if name == "2" && i >= 10000 && i < 10030 {
				continue
			}
			b.made = append(b.made, at)
			b.fed = append(b.fed, delay{at, time.Duration(5+i%20) * time.Millisecond})
			if i%100 == 0 {
				b.thrown = append(b.thrown, delay{at, 4 * time.Millisecond})
			}
		}
		r.belts[name] = b
	}
	r.belts["2"].stops = []stand{{at: r.began.Add(10000 * 50 * time.Millisecond), row: 3, why: "stopped"}}
	return r
}

// Each kind of finding is found, by itself, and a sound run is not found fault with.
func TestJudge(t *testing.T) {
	late := func(r *run) time.Time { return r.began.Add(17 * time.Minute) }
	each := func(r *run, change func(i int, m *sample)) {
		for i := range r.samples {
			change(i, &r.samples[i])
		}
	}
	for name, c := range map[string]struct {
		spoil func(*run)
		want  string // empty: nothing
	}{
		"sound":            {func(*run) {}, ""},
		"goroutines":       {func(r *run) { each(r, func(i int, m *sample) { m.inside.Goroutines += int64(i / 4) }) }, "goroutines: "},
		"fewer goroutines": {func(r *run) { each(r, func(i int, m *sample) { m.inside.Goroutines -= int64(i / 4) }) }, "goroutines: "},
		"descriptors":      {func(r *run) { each(r, func(i int, m *sample) { m.agent.descriptors += i / 6 }) }, "descriptors: "},
		"memory":           {func(r *run) { each(r, func(i int, m *sample) { m.agent.rss += int64(i) * mebi / 2 }) }, "MiB in memory: "},
		"warm-up": {func(r *run) {
			each(r, func(i int, m *sample) {
				m.agent.rss += int64(min(i, 24)) * mebi
				m.inside.Goroutines += int64(min(i, 24))
			})
		}, ""},
		"heap": {func(r *run) { each(r, func(i int, m *sample) { m.inside.Live += int64(i) * mebi / 10 }) }, "MiB alive in the Go heap: "},
		"log":  {func(r *run) { r.samples[115].log = 40 * mebi }, "MiB of the ledger's log: "},
		"a long log from the first report on": {func(r *run) {
			each(r, func(i int, m *sample) {
				if i > 40 {
					m.log = 40 * mebi
				}
			})
		}, ""},
		"recording": {func(r *run) { r.samples[120].dropped = 7 }, "the flight recorder has dropped 7"},
		"feeding": {func(r *run) {
			for i, d := range r.belts["1"].fed {
				r.belts["1"].fed[i].d += time.Duration(d.at.Sub(r.began).Seconds()/10) * time.Millisecond
			}
		}, "the delay from a label"},
		"rejecting": {func(r *run) {
			for i, d := range r.belts["1"].thrown {
				r.belts["1"].thrown[i].d += time.Duration(d.at.Sub(r.began).Seconds()/10) * time.Millisecond
			}
		}, "the delay from the camera"},
		"held": {func(r *run) {
			r.belts["1"].stops = append(r.belts["1"].stops, stand{at: late(r), why: "held"})
		}, "line 1, after 17m0s: held"},
		"stopped": {func(r *run) {
			r.belts["1"].stops = append(r.belts["1"].stops, stand{at: late(r), row: 2, why: "stopped"})
			r.said = []words{{late(r).Add(10 * time.Millisecond), "1", "a late verdict"}, {late(r), "2", "another"}}
		}, "line 1, after 17m0s: stopped, with 2 bad products in a row: a late verdict"},
		"after the end": {func(r *run) {
			r.belts["1"].stops = append(r.belts["1"].stops, stand{at: r.began.Add(21 * time.Minute), why: "held"})
		}, ""},
		"starved": {func(r *run) {
			r.belts["1"].made = slices.DeleteFunc(r.belts["1"].made, func(at time.Time) bool { return at.After(late(r)) && at.Before(late(r).Add(3*time.Second)) })
		}, "line 1, after 17m0s: no product for 3"},
		"starved to the end": {func(r *run) {
			r.belts["1"].made = slices.DeleteFunc(r.belts["1"].made, func(at time.Time) bool { return at.After(r.began.Add(20*time.Minute - 5*time.Second)) })
		}, "line 1, after 19m55s: no product for 5"},
		"slow": {func(r *run) {
			n := 0
			r.belts["1"].made = slices.DeleteFunc(r.belts["1"].made, func(time.Time) bool { n++; return n%10 == 0 })
		}, "line 1, after 20m0s: 18.0 products a second"},
		"a line is missing": {func(r *run) { delete(r.belts, "2") }, "1 lines have left logs"},
	} {
		t.Run(name, func(t *testing.T) {
			r := sound()
			c.spoil(r)
			found := r.judge()
			if c.want == "" && len(found) > 0 || c.want != "" && (len(found) != 1 || !strings.HasPrefix(found[0], c.want)) {
				t.Errorf("found %q, want %q alone", found, c.want)
			}
			if table := r.table(); c.want == "" && strings.Count(table, "\n") != 21 {
				t.Errorf("a table of 20 minutes:\n%s", table)
			}
		})
	}
}

// What the plant's logs say is read as it was written.
func TestReadBelts(t *testing.T) {
	dir := t.TempDir()
	stamp := func(ms int) string {
		return `{"at":"` + time.Date(2026, 1, 1, 6, 0, 0, ms*int(time.Millisecond), time.UTC).Format(time.RFC3339Nano) + `",`
	}
	files := map[string][]string{
		"conveyor-7.jsonl": {
			stamp(0) + `"event":"started"}`, stamp(1) + `"event":"held","note":"the agent's beat stands still"}`,
			stamp(10) + `"event":"made","product":1}`, stamp(11) + `"event":"made","product":2}`,
			stamp(20) + `"event":"read","product":1,"note":"no read"}`, stamp(24) + `"event":"ejected","product":1}`,
			stamp(50) + `"event":"read","product":2}`, stamp(60) + `"event":"ejected","product":2}`,
			stamp(80) + `"event":"read","product":3,"note":"misread"}`, stamp(81) + `"event":"read","product":4,"note":"misread"}`, stamp(85) + `"event":"ejected","product":3}`,
			stamp(90) + `"event":"stopped"}`, stamp(95) + `"event":"restarted"}`, stamp(97) + `"event":"held"}`,
		},
		"printer-tij-7.jsonl": {
			stamp(0) + `"event":"received","label":1}`, stamp(1) + `"event":"received","label":2}`,
			stamp(5) + `"event":"printed","label":1}`, stamp(6) + `"event":"printed","label":2}`,
			stamp(9) + `"event":"received","label":3}`, stamp(12) + `"event":"printed","label":3}`, stamp(15) + `"event":"rec`,
		},
		"printer-box-7.jsonl": {stamp(0) + `"event":"printed","label":1}`},
	}
	for name, lines := range files {
		text := strings.Join(lines, "\n")
		if name != "printer-tij-7.jsonl" {
			text += "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	belts, err := readBelts(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := belts["7"]
	if len(belts) != 1 || b == nil {
		t.Fatalf("%d lines", len(belts))
	}
	delays := func(all []delay) (ms []int) {
		for _, d := range all {
			ms = append(ms, int(d.d.Milliseconds()))
		}
		return ms
	}
	if got := delays(b.thrown); !slices.Equal(got, []int{4}) {
		t.Errorf("rejected after %v ms", got) // product 3 was not at the rejector any more
	}
	if got := delays(b.fed); !slices.Equal(got, []int{4, 3}) || b.empty != 2 {
		t.Errorf("fed after %v ms, %d times empty", got, b.empty)
	}
	if len(b.made) != 2 || len(b.bad) != 3 {
		t.Errorf("%d made, %d bad", len(b.made), len(b.bad))
	}
	if len(b.stops) != 2 || b.stops[0].row != 2 || b.stops[0].why != "stopped" || b.stops[0].own() || b.stops[1].why != "held" {
		t.Errorf("stands: %+v", b.stops)
	}
	said := causes("time=2026-01-01T06:00:00.093Z level=WARN msg=\"product rejected: no read\" at=7/check\ntime=2026-01-01T06:00:00.091Z level=WARN msg=\"line stopped: 3 failures in a row, the last: no read\" at=7/check\n")
	r := &run{said: said}
	if got := r.saidOf(b, b.stops[0].at); got != "3 failures in a row, the last: no read" {
		t.Errorf("the agent said %q", got)
	}
}
