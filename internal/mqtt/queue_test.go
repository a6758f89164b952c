package mqtt

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func texts(all []message) []string {
	var s []string
	for _, m := range all {
		s = append(s, string(m.payload))
	}
	return s
}

// What does not fit goes: first the oldest counts, since later ones say what they said, then the oldest alarm.
func TestQueueDrops(t *testing.T) {
	q := queue{most: 3}
	for _, text := range []string{"a1", "c1", "a2", "c2"} {
		q.add(message{payload: []byte(text), yields: text[0] == 'c'})
	}
	if got := texts(q.all); !slices.Equal(got, []string{"a1", "a2", "c2"}) || q.dropped != 1 {
		t.Errorf("%v are left, %d dropped", got, q.dropped)
	}
	for _, text := range []string{"a3", "a4", "c3"} {
		q.add(message{payload: []byte(text), yields: text[0] == 'c'})
	}
	if got := texts(q.all); !slices.Equal(got, []string{"a2", "a3", "a4"}) || q.dropped != 4 {
		t.Errorf("%v are left, %d dropped", got, q.dropped)
	}
	m, ok := q.take()
	if string(m.payload) != "a2" || !ok {
		t.Errorf("took %s", m.payload)
	}
}

// Whatever is added and taken: the bound holds, the order stays, and everything was taken, waits, or is counted as
// dropped. No alarm is dropped while there are counts to drop.
func TestQueueKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := queue{most: rapid.IntRange(1, 6).Draw(t, "most")}
		added, taken, last := 0, 0, ""
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				yields := rapid.Bool().Draw(t, "yields")
				alarms := func() (n int) {
					for _, m := range q.all {
						if !m.yields {
							n++
						}
					}
					return n
				}
				before, full := alarms(), len(q.all)
				added++
				q.add(message{payload: fmt.Appendf(nil, "%09d", added), yields: yields})
				if after := alarms(); after < before || !yields && before < full && after != before+1 {
					t.Fatalf("%d alarms of %d messages became %d", before, full, after)
				}
			},
			"take": func(t *rapid.T) {
				if m, ok := q.take(); ok {
					if taken++; string(m.payload) <= last {
						t.Fatalf("%s came after %s", m.payload, last)
					}
					last = string(m.payload)
				}
			},
			"": func(t *rapid.T) {
				if len(q.all) > q.most || taken+len(q.all)+int(q.dropped) != added {
					t.Fatalf("%d added, %d taken, %d dropped, %d of %d wait", added, taken, q.dropped, len(q.all), q.most)
				}
				if !slices.IsSorted(texts(q.all)) {
					t.Fatalf("they wait as %v", texts(q.all))
				}
			},
		})
	})
}
