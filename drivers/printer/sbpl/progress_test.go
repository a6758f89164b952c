package sbpl

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func told4(t testing.TB, text string) status {
	t.Helper()
	s, err := parseStatus(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each case: the id before the session, how many labels were sent, and statuses a second apart.
// The last one gives the outcome, where the printer has acknowledged the labels and where it has
// not: "lost" is that a label never showed which the printer has gone past.
func TestTake(t *testing.T) {
	const lost = "never showed in its status: whether it was lost"
	for _, c := range []struct {
		name       string
		id, sent   int
		statuses   string
		want, bare string // bare: without acknowledgement, where that is another
	}{
		{"nothing received yet", 7, 3, "__A000000", "0", ""},
		{"id of an older job", 7, 3, "07A000000", "0", ""},
		{"first in work", 7, 3, "08G000001", "0", ""},
		{"second in work", 7, 3, "09G000001", "1", lost},
		{"third in work", 7, 3, "08G000001 10G000001", "2", lost},
		{"done, id kept", 7, 3, "10A000000", "3", lost},
		{"done, no id", 7, 3, "10G000001 __A000000", "3", lost},
		{"first done, no id", 7, 3, "08G000001 __A000000", "1", ""},
		{"nothing to come and still printing", 7, 3, "10G000000", "2", lost},
		{"presented", 7, 3, "10M000000", "3", lost},
		{"received, not begun", 7, 3, "09A000001", "1", lost},
		{"near end", 7, 3, "10B000000", "3", lost},
		{"wrap", 98, 3, "01A000000", "3", lost},
		{"wrap in work", 98, 3, "00H000001", "1", lost},
		{"read ahead", 7, 3, "10S000001", "0", ""},
		{"read ahead and no job", 7, 3, "10S000001 __A000000", "0", ""},
		{"no job in a state of printing", 7, 3, "08G000001 __G000000", "0", ""},
		{"foreign", 7, 3, "11G000001", "none of this line's", ""},
		{"foreign, long ago", 7, 3, "06A000000", "none of this line's", ""},
		{"foreign while nothing is missing", 7, 0, "11G000001", "none of this line's", ""},
		{"old id while nothing is missing", 7, 0, "11A000000", "0", ""},
		{"back", 7, 3, "10G000001 09G000001", "went back to job 09", lost},
		{"fault", 7, 3, "10c000001", "paper out", ""},
		{"unknown fault", 7, 3, "10k000001", "code 'k'", ""},
		{"offline", 7, 3, "09G000001 090000001", "1", lost},
		{"offline and on again", 7, 3, "09G000001 090000001 09G000001 __A000000", "2", lost},
		{"dropped while offline", 7, 3, "09G000001 090000001 __A000000", "taken offline", lost},
		{"skipped while offline", 7, 3, "09G000001 090000001 10G000001", "taken offline", lost},
		{"dropped while offline, id kept", 7, 3, "09G000001 090000001 09A000000", "taken offline", lost},
		{"offline before the first", 7, 3, "__0000000 08G000001 __A000000", "1", ""},
		{"never shown", 7, 3, "__A000000 __A000000 __A000000 __A000000 __A000000", "3 labels that were sent never showed", ""},
		{"rest never shown", 7, 3, "09A000000 09A000000 09A000000 09A000000 09A000000", "1 labels that were sent never showed", lost},
		{"shown one after another", 7, 3, "08G000001 09G000001 10G000001 10A000000", "3", ""},
		{"shown as read ahead", 7, 3, "08S000001 09S000001 10G000001", "2", ""},
		{"read ahead of somebody's", 7, 3, "08G000001 50S000001 09G000001", "1", ""},
		{"ids again, not shown again", 7, 99, "08G000001 09G000001 11G000001", "3", lost},
		{"shown in time", 7, 3, "__A000000 __A000000 __A000000 08G000001 __A000000", "1", ""},
	} {
		for _, assured := range []bool{true, false} {
			want := c.want
			if !assured && c.bare != "" {
				want = c.bare
			}
			p := progress{id: c.id, silence: silence, assured: assured}
			for range c.sent {
				p.add()
			}
			var err error
			now := time.Unix(0, 0)
			for _, s := range strings.Fields(c.statuses) {
				if err != nil && want != lost {
					t.Errorf("%s: %v before %s", c.name, err, s)
				}
				if err == nil {
					err = p.take(told4(t, strings.Replace(s, "__", "  ", 1)), now)
				}
				now = now.Add(time.Second)
			}
			got := fmt.Sprint(p.printed)
			if err != nil {
				got = err.Error()
			}
			if got != want && (err == nil || !strings.Contains(got, want)) {
				t.Errorf("%s, acknowledged %v: %s, want %s", c.name, assured, got, want)
			}
		}
	}
}

// P3: of a printer that takes jobs in their order and tells the truth, in any of the ways that are
// known, no label ever counts as printed that has not come out, also where jobs get lost on their
// way; and where none is lost and each was seen, all count in the end.
func TestP3NeverAhead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := progress{id: rapid.IntRange(0, 99).Draw(r, "id"), silence: time.Hour, assured: rapid.Bool().Draw(r, "acknowledged")}
		kept := rapid.Bool().Draw(r, "id kept")
		lossy := !p.assured && rapid.Bool().Draw(r, "lossy")
		var waiting []int // labels on their way into the printer, and in it
		var out, last int // the label that came out last; the last one that the printer has done
		gone := map[int]bool{}
		now := time.Unix(0, 0)
		state := func() status {
			switch {
			case len(waiting) > 0:
				letters := "GHIJKGGGAMS"
				return status{id: p.idOf(waiting[0]), letter: rapid.SampledFrom([]byte(letters)).Draw(r, "letter"), remaining: 1}
			case kept:
				return status{id: p.idOf(last), letter: 'A'}
			}
			return status{id: noJob, letter: 'A'}
		}
		take := func(s status) bool {
			err := p.take(s, now)
			if err != nil && p.assured {
				r.Fatalf("%v: %v, %+v", s, err, p)
			}
			for label := 1; label <= p.printed; label++ {
				if label > out || gone[label] {
					r.Fatalf("%d count as printed: %d came out last, lost %v", p.printed, out, gone)
				}
			}
			return err == nil
		}
		printOne := func() {
			if len(waiting) > 0 {
				out, last, waiting = waiting[0], waiting[0], waiting[1:]
			}
		}
		for range rapid.IntRange(1, 400).Draw(r, "steps") {
			switch rapid.IntRange(0, 3).Draw(r, "step") {
			case 0:
				if p.sent-p.printed < maxAhead {
					p.add()
					if lossy && rapid.IntRange(0, 5).Draw(r, "lost (0)") == 0 {
						gone[p.sent] = true
					} else {
						waiting = append(waiting, p.sent)
					}
				}
			case 1:
				printOne()
			default:
				s := state()
				for range rapid.IntRange(1, 2).Draw(r, "told so often") { // an answer may come twice
					if !take(s) {
						return // the session is over
					}
				}
			}
		}
		for len(waiting) > 0 {
			for s := state(); ; s = state() {
				if !take(s) {
					return
				}
				if s.letter != 'S' { // which leaves open whether the one before is out
					break
				}
			}
			printOne()
		}
		if !take(state()) {
			return
		}
		if p.printed != p.sent && len(gone) == 0 && (kept || p.seen == p.sent) {
			r.Fatalf("%d count as printed of %d", p.printed, p.sent)
		}
	})
}
