package line

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/ledger"
)

// step is one event of a handshake, at a moment in milliseconds.
type step struct {
	at       int
	request  uint64 // announced
	scan     int64  // read
	good     int64  // this reading's verdict came: good
	bad      int64  // or bad
	andStops bool
	want     string // the answers, as "7+" and "8-"
}

func TestHandshake(t *testing.T) {
	base := step{at: -1000, request: 5}
	for name, steps := range map[string][]step{
		"what stands there at the beginning": {{at: -1000, request: 7}, {at: 500}},
		"announced, read, good":              {base, {at: 10, request: 6}, {at: 30, scan: 1}, {at: 31, good: 1, want: "6+"}},
		"announced, read, bad":               {base, {at: 10, request: 6}, {at: 30, scan: 1}, {at: 31, bad: 1, want: "6-"}},
		"read before it was announced":       {base, {at: 10, scan: 1}, {at: 12, good: 1}, {at: 40, request: 6, want: "6+"}},
		"the verdict comes last":             {base, {at: 10, scan: 1}, {at: 40, request: 6}, {at: 45, good: 1, want: "6+"}},
		"two after each other": {base, {at: 10, request: 6}, {at: 20, scan: 1}, {at: 21, good: 1, want: "6+"},
			{at: 300, request: 7}, {at: 310, scan: 2}, {at: 311, bad: 2, want: "7-"}},
		"never read":                     {base, {at: 10, request: 6}, {at: 110}, {at: 111, want: "6-"}},
		"never read, the next is":        {base, {at: 10, request: 6}, {at: 240, scan: 1}, {at: 241, good: 1}, {at: 242, request: 7}, {at: 250, want: "6-7+"}},
		"a verdict that is late":         {base, {at: 10, request: 6}, {at: 20, scan: 1}, {at: 120, want: "6-"}, {at: 130, good: 1}, {at: 300, request: 7}, {at: 301, scan: 2}, {at: 302, bad: 2, want: "7-"}},
		"read and never announced":       {base, {at: 10, scan: 1}, {at: 111, andStops: true}},
		"announced far too late":         {base, {at: 10, scan: 1}, {at: 120, request: 6, want: "6-", andStops: true}},
		"a number passed over":           {base, {at: 10, request: 8, want: "8-", andStops: true}, {at: 300, request: 9}, {at: 301, scan: 1}, {at: 302, good: 1, want: "9+"}},
		"products too close for match":   {base, {at: 10, request: 6}, {at: 20, request: 7, want: "6-7-", andStops: true}, {at: 30, scan: 1}, {at: 300}},
		"still of a product from before": {{request: 5}, {at: 60, scan: 1}, {at: 61, good: 1}, {at: 90, request: 6, want: "6-"}, {at: 120, scan: 2}, {at: 400, request: 7}, {at: 410, scan: 3}, {at: 411, good: 3, want: "7+"}},
		"two wait for a number":          {base, {at: 10, scan: 1}, {at: 20, scan: 2}, {at: 30, request: 6, want: "6-", andStops: true}},
		"after the largest number":       {{at: -1000, request: 65535}, {at: 10, request: 0}, {at: 12, scan: 1}, {at: 13, good: 1, want: "0+"}},
		"after a restart":                {{at: -1000, request: 700}, {at: 10, request: 1}, {at: 12, scan: 1}, {at: 13, good: 1, want: "1+"}},
	} {
		h := handshake{match: 100 * time.Millisecond}
		for i, s := range steps {
			now := clock.Add(time.Duration(s.at) * time.Millisecond)
			var got told
			switch {
			case s.scan != 0:
				got = h.read(s.scan, now)
			case s.good != 0:
				got = h.settle(s.good, false)
			case s.bad != 0:
				got = h.settle(s.bad, true)
			case s.request != 0 || i > 0 && strings.HasPrefix(s.want, "0") || name == "after the largest number" && i == 1:
				got = h.request(Requested{Seq: s.request, At: now})
			default:
				got = h.tick(now)
			}
			if answers := answersOf(got); answers != s.want || (got.stop != "") != s.andStops {
				t.Errorf("%s, step %d: answers %q and stop %q, want %q", name, i+1, answers, got.stop, s.want)
			}
		}
	}
}

func answersOf(t told) (text string) {
	for _, e := range t.answers {
		a := e.(Answer)
		text += fmt.Sprint(a.Seq) + map[bool]string{true: "+", false: "-"}[a.Good]
	}
	return text
}

// TestP6_aVerdictIsForItsOwnProduct lets products come by, further apart than a number and a reading of
// one lie, and everything be late, lost or in another order: a product that has no good reading of
// its own gets no good verdict, and every announced one gets exactly one.
func TestP6_aVerdictIsForItsOwnProduct(t *testing.T) {
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		const match, distance = 90, 250 // ms
		type event struct {
			at int
			do func(h *handshake, now time.Time) told
		}
		var events []event
		good, announced := map[uint64]bool{}, map[uint64]bool{}
		for n := uint64(1); n <= uint64(rapid.IntRange(1, 12).Draw(t, "products")); n++ {
			at := int(n) * distance
			draw := func(what string, most int) int { return rapid.IntRange(0, most).Draw(t, what) }
			if draw("is announced", 9) > 0 {
				announced[n] = true
				events = append(events, event{at + draw("heard after", 60), func(h *handshake, now time.Time) told { return h.request(Requested{Seq: n, At: now}) }})
			}
			if draw("is read", 5) == 0 {
				continue
			}
			read := at + draw("read after", 60)
			fine := rapid.Bool().Draw(t, "is good")
			good[n] = fine
			events = append(events,
				event{read, func(h *handshake, now time.Time) told { return h.read(int64(n), now) }},
				event{read + 1 + draw("verdict after", 400), func(h *handshake, _ time.Time) told { return h.settle(int64(n), !fine) }})
		}
		for at := 0; at < 5000; at += 10 {
			events = append(events, event{at, func(h *handshake, now time.Time) told { return h.tick(now) }})
		}
		slices.SortStableFunc(events, func(a, b event) int { return a.at - b.at })
		h := handshake{match: match * time.Millisecond}
		h.request(Requested{Seq: 0, At: clock})
		answered := map[uint64]int{}
		for _, e := range events {
			for _, effect := range e.do(&h, clock.Add(time.Duration(e.at)*time.Millisecond)).answers {
				a := effect.(Answer)
				answered[a.Seq]++
				if a.Good && !good[a.Seq] {
					t.Fatalf("product %d passes without a good reading of its own", a.Seq)
				}
				if a.Good {
					passed++
				}
			}
		}
		for n := range announced {
			if answered[n] != 1 {
				t.Fatalf("product %d got %d verdicts", n, answered[n])
			}
		}
	})
	if passed == 0 {
		t.Error("no product ever passed")
	}
}

// TestP6_theHandshakeDoesNotSlip: products further apart than twice match, and once something that
// belongs to none of them or is missing: no product ever gets its neighbour's verdict.
func TestP6_theHandshakeDoesNotSlip(t *testing.T) {
	const match, distance, latency = 59, 120, 50
	for name, disturb := range map[string]func(h *handshake, now time.Time){
		"a start while products pass": func(*handshake, time.Time) {},
		"one reading too many":        func(h *handshake, now time.Time) { h.read(1000, now); h.settle(1000, true) },
		"a restart of the line":       func(h *handshake, now time.Time) { h.begin(now) },
		"the PLC was away":            func(h *handshake, _ time.Time) { *h = handshake{match: h.match} },
	} {
		for moment := range distance {
			h := handshake{match: match * time.Millisecond}
			answered := map[uint64]bool{}
			take := func(t told) {
				for _, e := range t.answers {
					answered[e.(Answer).Seq] = e.(Answer).Good
				}
			}
			stopped := false
			for at := range 20 * distance {
				now := clock.Add(time.Duration(at) * time.Millisecond)
				n := uint64(at / distance)
				var got told
				switch at % distance {
				case 0:
					got = h.request(Requested{Seq: n, At: now})
				case latency:
					got = h.read(int64(n)+1, now)
				case latency + 1:
					got = h.settle(int64(n)+1, n%5 == 3)
				default:
					got = h.tick(now)
				}
				take(got)
				stopped = stopped || got.stop != ""
				if at == 5*distance+moment {
					disturb(&h, now)
				}
			}
			for n, good := range answered {
				if good && n%5 == 3 {
					t.Fatalf("%s, %d ms after a number: the bad product %d passes (stopped: %v)", name, moment, n, stopped)
				}
			}
			if !answered[19] {
				t.Fatalf("%s, %d ms after a number: the good product 19 is rejected long after", name, moment)
			}
		}
	}
}

// The verify station with a handshake: no pulses, a verdict for each number.
func TestVerify_withAHandshake(t *testing.T) {
	at := func(ms int) time.Time { return clock.Add(time.Duration(ms) * time.Millisecond) }
	request := func(seq uint64, ms int) Requested { return Requested{Seq: seq, At: at(ms)} }
	scan := func(seq int64, ms int) Scans {
		return Scans{Scans: []Scan{{Seq: seq, Code: codeNo(int(seq)), At: at(ms)}}}
	}
	up := []Event{ScannerState{Up: true}, PLCState{Up: true}, request(5, -1000)}
	with := func(more ...Event) []Event { return append(slices.Clone(up), more...) }
	try(t, func() Station {
		return NewVerify(VerifyConfig{StopAfter: 3, StopShare: 4, StopOf: 10, Window: 9, Match: 100 * time.Millisecond})
	}, []rule{
		{name: "good", history: with(request(6, 10), scan(1, 20)), event: verdicts(good(1)), want: []Effect{Answer{Seq: 6, Good: true}}},
		{name: "bad", history: with(request(6, 10)), event: Scans{Scans: []Scan{{Seq: 1, NoRead: true, At: at(20)}}}, want: []Effect{Answer{Seq: 6}, Alarm{}}},
		{name: "a product waits for the verdict on its own reading", history: with(request(6, 10), Scans{Scans: []Scan{{Seq: 1, NoRead: true, At: at(20)}}}, scan(2, 250)), event: request(7, 260)},
		{name: "never read", history: with(request(6, 10)), event: later{111 * time.Millisecond, Tick{}}, want: []Effect{Answer{Seq: 6}, Alarm{Text: "product rejected: product 6 was not read"}}},
		{name: "a bad verdict that comes too late is counted once", history: with(request(6, 10), scan(1, 20), later{111 * time.Millisecond, Tick{}}), event: verdicts(ledger.Verdict{Outcome: ledger.Unknown}),
			want: []Effect{Alarm{Text: "a product that was rejected before its verdict: unknown code"}}},
		{name: "a good verdict that comes too late is told", history: with(request(6, 10), scan(1, 20), later{111 * time.Millisecond, Tick{}}), event: verdicts(good(1)), want: []Effect{Alarm{}}},
		{name: "a number passed over", history: up, event: request(9, 10), state: "stopped",
			want: []Effect{Answer{Seq: 9}, Alarm{}, StopLine{Cause: "the PLC announced product 9 after 5: the products cannot be told apart"}, Alarm{}}},
		{name: "a camera that is blind stops the line", history: with(request(6, 10), later{111 * time.Millisecond, Tick{}}, request(7, 300), later{300 * time.Millisecond, Tick{}}, request(8, 600)),
			event: later{400 * time.Millisecond, Tick{}}, state: "stopped",
			want: []Effect{Answer{Seq: 8}, Alarm{}, StopLine{Cause: "3 failures in a row, the last: product 8 was not read"}, Alarm{}}},
		{name: "a PLC that was away begins anew", history: with(request(6, 10), PLCState{Why: "gone"}, PLCState{Up: true}), event: request(90, 20)},
		{name: "a verdict that the PLC does not take", history: up, event: Failed{Effect: Answer{Seq: 6}, Err: errDisk}, state: "stopped",
			want: []Effect{StopLine{Cause: "a verdict could not be given to the PLC: the disk is full"}, Alarm{}}},
	})
}

func TestVerify_shareOfFailures(t *testing.T) {
	history := []Event{ScannerState{Up: true}, PLCState{Up: true}}
	for n := range int64(3) {
		history = append(history, noRead(2*n+1), scans(int(n)+1), verdicts(good(n+1)))
	}
	try(t, func() Station { return NewVerify(VerifyConfig{StopAfter: 3, StopShare: 4, StopOf: 10, Window: 99}) }, []rule{
		{name: "too many among the last", history: history, event: noRead(9), state: "stopped",
			want: []Effect{Reject{Seq: 9}, Alarm{}, StopLine{Cause: "4 failures among the last 7 products, the last: no read"}, Alarm{}}},
		{name: "counted anew after a restart", history: append(slices.Clone(history), noRead(9), StopOutput{Set: true}, StopOutput{}), event: noRead(10), want: []Effect{Reject{Seq: 10}, Alarm{}}},
	})
}

// What the symbol itself says is judged before the ledger is asked: a product that must not pass must
// not become verified.
func TestVerify_quality(t *testing.T) {
	plain := Scans{Scans: []Scan{{Seq: 1, Code: codeNo(1), AIM: "]d1"}}}
	try(t, func() Station { return NewVerify(VerifyConfig{StopAfter: 9, Window: 9, Quality: Quality{GS1: true}}) }, []rule{
		{name: "a symbol without FNC1", event: plain, want: []Effect{Reject{Seq: 1}, Alarm{Text: "product rejected: the symbol is no GS1 symbol (]d1): its leading FNC1 is missing"}}},
	})
}

// A skipped product is healed within a few readings; the alarm says which codes it lies between.
func TestVerify_heals(t *testing.T) {
	v := NewVerify(VerifyConfig{StopAfter: 9, Window: 99, HealAfter: 2})
	v.Step(clock, Given{Claims: []int64{11, 12, 13, 14, 15}})
	var effects []Effect
	for _, claim := range []int64{11, 13, 14, 15} {
		v.Step(clock, scans(int(claim)))
		effects = append(effects, v.Step(clock, verdicts(goodOf(claim)))...)
	}
	want := []Effect{OvertakenBefore{Claim: 13, Cause: overtaken, Told: "1 code between ident-11 and ident-13 never read: taken off the belt before the scanner, or not printed"}}
	if !sameEffects(effects, want) {
		t.Errorf("got %s\nwant %s", shown(effects), shown(want))
	}
}
