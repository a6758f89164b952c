package diadoc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/internal/upstream/diadoc/diadoctest"
)

// next is Next after the course went over disk.
func next(t testing.TB, c Course, now time.Time, err error) (Course, Step) {
	t.Helper()
	b, fault := json.Marshal(c)
	if fault != nil {
		t.Fatal(fault)
	}
	var kept Course
	if fault := json.Unmarshal(b, &kept); fault != nil {
		t.Fatal(fault)
	}
	if kept != c {
		t.Fatalf("kept as %+v, was %+v", kept, c)
	}
	return kept.Next(now, err)
}

func TestCourse(t *testing.T) {
	var (
		notReady  = func(after time.Duration) error { return &NotReadyError{Document: testDocument, After: after} }
		temporary = func(after time.Duration) error { return &TemporaryError{Document: testDocument, After: after} }
		conflict  = &Refusal{Document: testDocument, Status: 409}
		late      = &Refusal{Document: testDocument, Status: 409, After: 20 * time.Minute}
		access    = &Refusal{Document: testDocument, Status: 401, WholeBox: true}
		missing   = &Refusal{Document: testDocument, Status: 404, Final: true, Meaning: "no such message"}
		unpaid    = &Refusal{Document: testDocument, Status: 402, Final: true, WholeBox: true}
		unusable  = &UnusableError{Document: testDocument, Err: errors.New("it is empty")}
		long      = &UnusableError{Document: testDocument, Err: errors.New("too long"), Final: true}
		over      = -time.Nanosecond // give up
		s, m, h   = time.Second, time.Minute, time.Hour
	)
	type ask struct {
		at   time.Duration // after the first
		err  error
		wait time.Duration
	}
	cases := []struct {
		name   string
		course Course
		asks   []ask
		why    string // of the last
	}{
		{"not ready", Course{}, []ask{{0, notReady(3 * s), 3 * s}, {m, notReady(3 * s), 3 * s}, {h, notReady(1400 * s), 1400 * s}}, "not ready"},
		{"not ready for long", Course{}, []ask{{0, notReady(3 * s), 3 * s}, {2 * m, notReady(3 * s), 6 * s}, {h, notReady(3 * s), 3 * m}, {20 * h, notReady(3 * s), 30 * m}}, "not ready"},
		{"not ready at the very end", Course{}, []ask{{0, notReady(3 * s), 3 * s}, {24*h - 10*s, notReady(3 * s), 10 * s}, {24 * h, notReady(3 * s), over}},
			"asked 3 times without success, and the 24h0m0s for it are over; the last time: the protocol of"},
		{"less time left than the server asks for", Course{}, []ask{{0, notReady(3 * s), 3 * s}, {24*h - 2*s, notReady(3 * s), over}}, "are over"},
		{"a deadline of its own", Course{Within: h}, []ask{{0, notReady(3 * s), 3 * s}, {59 * m, notReady(3 * s), m}, {h, notReady(3 * s), over}}, "the 1h0m0s for it are over"},
		{"refused for good", Course{}, []ask{{0, missing, over}}, "no such message"},
		{"not paid", Course{}, []ask{{0, notReady(s), s}, {m, unpaid, over}}, "HTTP 402"},
		{"no protocol can be made", Course{}, []ask{{0, conflict, m}, {m, conflict, 4 * m}, {5 * m, conflict, 10 * m}, {15 * m, conflict, 15 * m}, {30 * m, conflict, over}},
			"the same 5 times over half an hour: asking Diadoc for the protocol of document " + testID},
		{"a conflict that asks for more time", Course{}, []ask{{0, late, 20 * m}}, ""},
		{"a conflict that passes", Course{}, []ask{{0, conflict, m}, {m, conflict, 4 * m}, {5 * m, notReady(5 * s), 15 * s}, {6 * m, conflict, m}, {7 * m, conflict, 4 * m}}, ""},
		{"trouble between conflicts", Course{}, []ask{{0, conflict, m}, {m, temporary(0), 5 * s}, {2 * m, conflict, 4 * m}, {6 * m, temporary(0), 5 * s}}, ""},
		{"empty every time", Course{}, []ask{{0, unusable, m}, {m, unusable, 4 * m}, {5 * m, unusable, 10 * m}, {15 * m, unusable, 15 * m}, {30 * m, unusable, over}}, "it is empty"},
		{"too long", Course{}, []ask{{0, long, over}}, "too long"},
		{"access refused", Course{}, []ask{{0, access, 30 * m}, {10 * h, access, 30 * m}, {24*h - m, access, m}, {24 * h, access, over}}, "are over"},
		{"trouble", Course{}, []ask{{0, temporary(0), 5 * s}, {1, temporary(0), 10 * s}, {2, temporary(0), 20 * s}, {3, temporary(0), 40 * s}, {4, temporary(0), 80 * s},
			{5, temporary(0), 160 * s}, {6, temporary(0), 320 * s}, {7, temporary(0), 640 * s}, {8, temporary(0), 15 * m}, {9, temporary(0), 15 * m}, {m, notReady(s), 3 * s}, {m, temporary(0), 5 * s}}, ""},
		{"trouble with a time", Course{}, []ask{{0, temporary(70 * s), 70 * s}, {1, temporary(s), 10 * s}, {2, temporary(30 * m), 30 * m}}, ""},
		{"an error of another kind", Course{}, []ask{{0, errors.New("no disk"), 5 * s}, {1, fmt.Errorf("x: %w", context.DeadlineExceeded), 10 * s}}, ""},
		{"wrapped", Course{}, []ask{{0, fmt.Errorf("line 1: %w", missing), over}}, "line 1: "},
		{"there", Course{}, []ask{{0, nil, over}}, "the protocol is there"},
		{"a machine that was off for two days", Course{Began: newClock().at.Add(-48 * h), Asked: 7}, []ask{{0, notReady(3 * s), over}}, "asked 8 times"},
		{"a clock that was set back", Course{Began: newClock().at.Add(1000 * h), Asked: 7}, []ask{{0, notReady(3 * s), 3 * s}, {23 * h, notReady(3 * s), 30 * m}, {24 * h, notReady(3 * s), over}}, "asked 10 times"},
		{"spoilt on disk", Course{Asked: -5, Failures: -5, Conflicts: -5, Unusable: -5, Within: -5}, []ask{{0, conflict, m}, {0, unusable, m}, {0, temporary(0), 5 * s}}, ""},
		{"far too often on disk", Course{Failures: 1 << 62, Conflicts: 1 << 62, Asked: 1}, []ask{{0, temporary(0), 15 * m}, {0, conflict, over}}, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c, began := tc.course, newClock().at
			var step Step
			for i, a := range tc.asks {
				c, step = next(t, c, began.Add(a.at), a.err)
				want := Step{Wait: a.wait, Why: step.Why}
				if a.wait == over {
					want = Step{GiveUp: true, Why: step.Why}
				}
				if step != want || step.Why == "" {
					t.Fatalf("ask %d: %+v, want %+v", i+1, step, want)
				}
			}
			if !strings.Contains(step.Why, tc.why) {
				t.Errorf("it says %q, want it to say %q", step.Why, tc.why)
			}
		})
	}
}

// What is kept is equal to what was, in whatever zone the clock is and with its monotonic part.
func TestCourseIsKept(t *testing.T) {
	for _, now := range []time.Time{time.Now(), newClock().at.In(time.FixedZone("", 5*3600))} {
		c, _ := Course{}.Next(now, &NotReadyError{After: time.Second})
		next(t, c, now, &NotReadyError{After: time.Second})
		if !c.Began.Equal(now) {
			t.Errorf("began %s, not %s", c.Began, now)
		}
	}
}

// A cancelled ask is not the server's doing, and changes nothing.
func TestCourseOfCancelledAsk(t *testing.T) {
	was := Course{Began: newClock().at, Asked: 3, Failures: 2}
	c, step := was.Next(was.Began.Add(48*time.Hour), fmt.Errorf("asking: %w", context.Canceled))
	if c != was || step.GiveUp || step.Wait <= 0 {
		t.Errorf("%+v %+v", c, step)
	}
}

// Whatever comes: a wait is never shorter than the server's, never leads beyond the deadline, and it ends.
func TestCourseEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Course{Within: time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "within"))}
		within := c.Within
		if within == 0 {
			within = 24 * time.Hour
		}
		now := newClock().at
		began := now
		for asks := 1; ; asks++ {
			after := time.Duration(rapid.Int64Range(int64(time.Second), int64(30*time.Minute)).Draw(t, "after"))
			err := rapid.SampledFrom([]error{
				&NotReadyError{After: after}, &NotReadyError{After: time.Second}, &NotReadyError{After: time.Second}, &TemporaryError{After: after}, &TemporaryError{},
				&Refusal{Status: 409}, &Refusal{Status: 401, WholeBox: true}, &UnusableError{Err: errors.New("x")},
			}).Draw(t, "error")
			var step Step
			c, step = c.Next(now, err)
			var told time.Duration
			switch e := err.(type) {
			case *NotReadyError:
				told = e.After
			case *TemporaryError:
				told = e.After
			}
			switch {
			case c.Asked != asks || c.Began != began:
				t.Fatalf("%+v after %d asks", c, asks)
			case step.GiveUp:
				return
			case step.Wait < told || step.Wait > 30*time.Minute:
				t.Fatalf("wait %s, told %s", step.Wait, told)
			case now.Add(step.Wait).After(began.Add(within)):
				t.Fatalf("asks %s after the end", now.Add(step.Wait).Sub(began.Add(within)))
			case asks > 10_000:
				t.Fatal("it does not end")
			}
			now = now.Add(step.Wait)
		}
	})
}

// Client, course and emulator together, over hours of the clock.
func TestHours(t *testing.T) {
	for _, tc := range []struct {
		name     string
		document diadoctest.Document
		box      diadoctest.Box
		fault    func(n int) diadoctest.Fault
		most     int           // asks
		from, to time.Duration // when it is over
		giveUp   string
	}{
		{name: "there at once", most: 1},
		{name: "in the making", document: diadoctest.Document{Making: 90 * time.Second}, most: 2, from: 90 * time.Second, to: 90 * time.Second},
		{name: "three hours of Retry-After: 3", document: diadoctest.Document{Making: 3 * time.Hour, RetryAfter: 3 * time.Second}, most: 150, from: 3 * time.Hour, to: 3*time.Hour + 10*time.Minute},
		{name: "Retry-After: 1400", document: diadoctest.Document{Making: 40 * time.Minute, RetryAfter: 1400 * time.Second}, most: 3, from: 40 * time.Minute, to: 48 * time.Minute},
		{name: "never made", document: diadoctest.Document{Making: 1000 * time.Hour, RetryAfter: 3 * time.Second}, most: 250, from: 24 * time.Hour, to: 24 * time.Hour, giveUp: "the 24h0m0s for it are over"},
		{name: "a conflict that passes", document: diadoctest.Document{Conflicts: 3, Making: time.Minute}, most: 5, from: 16 * time.Minute, to: 16 * time.Minute},
		{name: "a conflict that stays", document: diadoctest.Document{Conflicts: -1}, most: 5, from: 30 * time.Minute, to: 30 * time.Minute, giveUp: "no protocol can be made"},
		{name: "empty every time", document: diadoctest.Document{Body: []byte{0x0A, 0, 0x12, 0}}, most: 5, from: 30 * time.Minute, to: 30 * time.Minute, giveUp: "it is empty"},
		{name: "not paid", box: diadoctest.Box{Unpaid: true}, most: 1, giveUp: "subscription"},
		{name: "an hour and more without Diadoc", document: diadoctest.Document{Making: time.Minute}, most: 20, from: time.Hour, to: 90 * time.Minute,
			fault: func(n int) diadoctest.Fault {
				if n <= 9 {
					return []diadoctest.Fault{{Kind: diadoctest.Reset}, {Kind: diadoctest.HTML, Status: 502}, {Kind: diadoctest.Status, Status: 503, RetryAfter: "1200"}}[n%3]
				}
				return diadoctest.Fault{}
			}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.put(func(d *diadoctest.Document) {
				tc.document.Box, tc.document.Message, tc.document.ID = d.Box, d.Message, d.ID
				tc.document.PrintForm, tc.document.Signature = d.PrintForm, d.Signature
				*d = tc.document
			})
			s.SetBox(testBox, tc.box)
			s.SetFault(func(_, path string, n int) diadoctest.Fault {
				if tc.fault != nil && path == diadoctest.PathProtocol {
					return tc.fault(n)
				}
				return diadoctest.Fault{}
			})
			began := s.clock.now()
			var c Course
			var step Step
			for {
				_, err := s.ask(t.Context())
				if c, step = next(t, c, s.clock.now(), err); step.GiveUp {
					if (err == nil) != (tc.giveUp == "") || !strings.Contains(step.Why, tc.giveUp) {
						t.Errorf("it ends with %v: %s", err, step.Why)
					}
					break
				}
				s.clock.move(step.Wait)
			}
			took := s.clock.now().Sub(began)
			asks := s.History().Count(diadoctest.PathProtocol)
			t.Logf("%d asks in %s", asks, took)
			if asks > tc.most || took < tc.from || took > tc.to {
				t.Errorf("%d asks in %s, want at most %d in %s to %s", asks, took, tc.most, tc.from, tc.to)
			}
			s.unbroken(t)
		})
	}
}
