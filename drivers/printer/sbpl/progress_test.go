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
// The last one gives the outcome.
func TestTake(t *testing.T) {
	for _, c := range []struct {
		name     string
		id, sent int
		statuses string
		want     string
	}{
		{"nothing received yet", 7, 3, "__A000000", "0"},
		{"id of an older job", 7, 3, "07A000000", "0"},
		{"first in work", 7, 3, "08G000001", "0"},
		{"second in work", 7, 3, "09G000001", "1"},
		{"third in work", 7, 3, "08G000001 10G000001", "2"},
		{"done, id kept", 7, 3, "10A000000", "3"},
		{"done, no id", 7, 3, "10G000001 __A000000", "3"},
		{"first done, no id", 7, 3, "08G000001 __A000000", "1"},
		{"nothing to come and still printing", 7, 3, "10G000000", "2"},
		{"presented", 7, 3, "10M000000", "3"},
		{"received, not begun", 7, 3, "09A000001", "1"},
		{"near end", 7, 3, "10B000000", "3"},
		{"wrap", 98, 3, "01A000000", "3"},
		{"wrap in work", 98, 3, "00H000001", "1"},
		{"read ahead", 7, 3, "10S000001", "0"},
		{"read ahead and no job", 7, 3, "10S000001 __A000000", "0"},
		{"no job in a state of printing", 7, 3, "08G000001 __G000000", "0"},
		{"foreign", 7, 3, "11G000001", "none of this line's"},
		{"foreign, long ago", 7, 3, "06A000000", "none of this line's"},
		{"foreign while nothing is missing", 7, 0, "11G000001", "none of this line's"},
		{"old id while nothing is missing", 7, 0, "11A000000", "0"},
		{"back", 7, 3, "10G000001 09G000001", "went back to job 09"},
		{"fault", 7, 3, "10c000001", "paper out"},
		{"unknown fault", 7, 3, "10k000001", "code 'k'"},
		{"offline", 7, 3, "09G000001 090000001", "1"},
		{"offline and on again", 7, 3, "09G000001 090000001 09G000001 __A000000", "2"},
		{"dropped while offline", 7, 3, "09G000001 090000001 __A000000", "taken offline"},
		{"skipped while offline", 7, 3, "09G000001 090000001 10G000001", "taken offline"},
		{"dropped while offline, id kept", 7, 3, "09G000001 090000001 09A000000", "taken offline"},
		{"offline before the first", 7, 3, "__0000000 08G000001 __A000000", "1"},
		{"never shown", 7, 3, "__A000000 __A000000 __A000000 __A000000 __A000000", "3 labels that were sent never showed"},
		{"rest never shown", 7, 3, "09A000000 09A000000 09A000000 09A000000 09A000000", "1 labels that were sent never showed"},
		{"shown in time", 7, 3, "__A000000 __A000000 __A000000 08G000001 __A000000", "1"},
	} {
		p := progress{id: c.id, silence: silence}
		for range c.sent {
			p.add()
		}
		var err error
		now := time.Unix(0, 0)
		for _, s := range strings.Fields(c.statuses) {
			if err != nil {
				t.Errorf("%s: %v before %s", c.name, err, s)
			}
			err = p.take(told4(t, strings.Replace(s, "__", "  ", 1)), now)
			now = now.Add(time.Second)
		}
		got := fmt.Sprint(p.printed)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// P3: of a printer that takes jobs in their order and tells the truth, in any of the ways that are
// known, no label ever counts as printed that has not come out, and when all is out and the last job
// was seen, all count.
func TestP3NeverAhead(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := progress{id: rapid.IntRange(0, 99).Draw(r, "id"), silence: time.Hour}
		kept := rapid.Bool().Draw(r, "id kept")
		received, out, shown := 0, 0, 0 // shown: the last label that the driver was told to be in work
		now := time.Unix(0, 0)
		state := func() status {
			switch {
			case received > out:
				letters := "GHIJKGGGAMS"
				return status{id: p.idOf(out + 1), letter: rapid.SampledFrom([]byte(letters)).Draw(r, "letter"), remaining: 1}
			case kept:
				return status{id: p.idOf(out), letter: 'A'}
			}
			return status{id: noJob, letter: 'A'}
		}
		var last *status
		for range rapid.IntRange(1, 400).Draw(r, "steps") {
			switch rapid.IntRange(0, 4).Draw(r, "step") {
			case 0:
				if p.sent-p.printed < maxAhead {
					p.add()
				}
			case 1:
				received = min(received+rapid.IntRange(1, 5).Draw(r, "received"), p.sent)
			case 2:
				out = min(out+1, received)
			case 3:
				s := state()
				last = &s
				fallthrough
			default: // the same once more, as an answer that came twice
				if last == nil {
					continue
				}
				if err := p.take(*last, now); err != nil {
					r.Fatalf("%v: %v, %+v", last, err, p)
				}
				shown = max(shown, p.seen)
			}
			if p.printed > out {
				r.Fatalf("%d count as printed, %d came out", p.printed, out)
			}
		}
		for received = p.sent; ; out++ {
			for range 100 { // until a letter says that it prints
				s := state()
				if err := p.take(s, now); err != nil {
					r.Fatal(err)
				}
				shown = max(shown, p.seen)
				if s.letter != 'S' {
					break
				}
			}
			if out == p.sent {
				break
			}
		}
		if p.printed != p.sent && (kept || shown == p.sent) {
			r.Fatalf("%d count as printed of %d", p.printed, p.sent)
		}
	})
}
