package torture

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"linemark/internal/proof/failpoint"
)

// tally is what all histories together have met.
type tally struct {
	inventory map[string]int // the places that were come to, and how often in one life at least
	byMoment  map[string]int // kills
	byPlace   map[string]int // kills at failpoints
	missed    map[string]int // lives that did not come to the place which was to end them

	histories, restarts, batches int
	codes                        map[string]int // by state, with those that were printed
	reports, orders              map[string]int // by kind and state, by state
	judged, findings             int
	judging, total               time.Duration
}

func newTally() *tally {
	return &tally{inventory: map[string]int{}, byMoment: map[string]int{}, byPlace: map[string]int{}, missed: map[string]int{},
		codes: map[string]int{}, reports: map[string]int{}, orders: map[string]int{}}
}

func (t *tally) kills() int { return total(t.byMoment) }

func total(m map[string]int) (n int) {
	for _, times := range m {
		n += times
	}
	return n
}

// least are the places at which was killed least often: the next kill comes at one of them, so that a rare one
// has as many as one that every life comes to a thousand times. Three lives that did not come to a place count
// as one that did.
func (t *tally) least() (names []string) {
	times := map[string]int{}
	for name := range t.inventory {
		times[name] = t.byPlace[name] + t.missed[name]/3
	}
	fewest := slices.Min(append(slices.Collect(maps.Values(times)), math.MaxInt))
	for _, name := range failpoint.Sorted(times) {
		if times[name] == fewest {
			names = append(names, name)
		}
	}
	return names
}

func (t *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d kills in %d histories, %v (%v of it judging): %d findings in %d judgements\n",
		t.kills(), t.histories, t.total.Round(time.Second), t.judging.Round(time.Second), t.findings, t.judged)
	list(&b, "kills by moment", t.byMoment)
	fmt.Fprintf(&b, "starts of the agent %d, changes of the batch %d\n", t.restarts, t.batches)
	list(&b, "codes", t.codes)
	list(&b, "reports", t.reports)
	list(&b, "orders", t.orders)
	t.places(&b)
	return b.String()
}

// places lists the failpoints, those of one thing that is done in one line.
func (t *tally) places(b *strings.Builder) {
	fmt.Fprintf(b, "failpoints: %d were come to, %d of them killed at:", len(t.inventory), len(t.byPlace))
	before := ""
	for _, name := range slices.Sorted(maps.Keys(t.inventory)) {
		space := strings.LastIndexByte(name, ' ')
		if what := name[:space]; what != before {
			fmt.Fprintf(b, "\n  %s:", what)
			before = what
		}
		fmt.Fprintf(b, " %s %d", name[space+1:], t.byPlace[name])
		if n := t.missed[name]; n > 0 {
			fmt.Fprintf(b, " (and %d lives that did not come to it)", n)
		}
	}
	b.WriteByte('\n')
}

func list(b *strings.Builder, what string, of map[string]int) {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s %d", name, of[name]))
	}
	fmt.Fprintf(b, "%s: %s\n", what, strings.Join(all, ", "))
}
