package trend

import (
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// hall is a line and the clock on the wall beside it, which somebody may set.
type hall struct {
	*Trend
	zone   *time.Location
	set    time.Duration // how far the wall clock was set
	counts Counts
}

func (h *hall) wall() time.Time { return time.Now().Round(0).Add(h.set).In(h.zone) }

// inHall runs a test in a bubble, from a moment of the wall clock on.
func inHall(t *testing.T, from time.Time, test func(t *testing.T, h *hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &hall{zone: from.Location()}
		h.set = from.Sub(h.wall())
		h.Trend = New(h.wall)
		test(t, h)
	})
}

// work lets a line work for a time: each second more is counted, then looked at.
func (h *hall) work(d time.Duration, each Counts, s State) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(time.Second)
		h.counts = h.counts.plus(each)
		h.Look(h.counts, s)
	}
}

var (
	tashkent = time.FixedZone("", 5*3600)
	morning  = time.Date(2026, 11, 22, 6, 0, 0, 0, tashkent)
	two      = Counts{Read: 2, Verified: 1, Rejected: 1, Packed: 1}
)

func clock(all []Minute) []string {
	var names []string
	for _, m := range all {
		names = append(names, m.At.Format("15:04"))
	}
	return names
}

func TestMinutes(t *testing.T) {
	inHall(t, morning.Add(30*time.Second), func(t *testing.T, h *hall) {
		h.Look(Counts{}, Running)
		h.Delay(9 * time.Second)
		h.work(90*time.Second, two, Running)
		for _, ms := range []int{100, 200, 300, 400, 4000} {
			h.Delay(time.Duration(ms) * time.Millisecond)
		}
		h.Grade(4)
		h.Grade(3)
		h.Grade(2)
		h.work(20*time.Second, Counts{}, Waiting)
		h.work(15*time.Second, Counts{}, Stopped)
		got := h.Last(ShiftLength)
		want := []Minute{
			{At: morning, Counts: Counts{58, 29, 29, 29}, Timed: 1, P50: 9000, P95: 9000, Spent: Spent{Running: 30}},
			{At: morning.Add(time.Minute), Counts: Counts{120, 60, 60, 60}, Spent: Spent{Running: 60}},
			{At: morning.Add(2 * time.Minute), Counts: Counts{2, 1, 1, 1}, Timed: 5, P50: 300, P95: 4000, Graded: 3, Grade: 3, Spent: Spent{Running: 1, Waiting: 20, Stopped: 14}},
		}
		if len(got.Minutes) != len(want) {
			t.Fatalf("%d minutes: %+v", len(got.Minutes), got.Minutes)
		}
		for i, m := range got.Minutes {
			if math.Abs(m.P50/max(want[i].P50, 1)-1) < 1./32 {
				m.P50 = want[i].P50
			}
			if math.Abs(m.P95/max(want[i].P95, 1)-1) < 1./32 {
				m.P95 = want[i].P95
			}
			if !m.At.Equal(want[i].At) {
				t.Errorf("minute %d is of %v", i, m.At)
			}
			if m.At = want[i].At; m != want[i] {
				t.Errorf("got  %+v\nwant %+v", m, want[i])
			}
		}
		s := Sums{Since: morning.Add(30 * time.Second), Counts: Counts{180, 90, 90, 90}, Spent: Spent{Running: 91, Waiting: 20, Stopped: 14}}
		for _, sums := range []Sums{got.Hour, got.Shift} {
			if sums.PerMinute == nil || math.Abs(*sums.PerMinute-180./(125./60)) > 1e-6 {
				t.Errorf("speed %v", sums.PerMinute)
			}
			if sums.PerMinute = nil; !sums.Since.Equal(s.Since) {
				t.Errorf("since %v", sums.Since)
			}
			if sums.Since = s.Since; sums != s {
				t.Errorf("got  %+v\nwant %+v", sums, s)
			}
		}
	})
}

// The speed of the minute slides, and is not guessed from a few seconds or from long ago.
func TestPace(t *testing.T) {
	inHall(t, morning, func(t *testing.T, h *hall) {
		speed := func(want float64, when string) {
			t.Helper()
			switch got := h.Last(time.Hour).PerMinute; {
			case got == nil && want >= 0, got != nil && math.Abs(*got-want) > 1e-6:
				t.Errorf("%s it is %v, want %v", when, got, want)
			}
		}
		speed(-1, "before any look")
		h.work(5*time.Second, two, Running)
		speed(-1, "in the first seconds")
		h.work(20*time.Second, two, Running)
		speed(120, "after 25 s")
		h.work(3*time.Minute, two, Running)
		speed(120, "after minutes")
		h.work(30*time.Second, Counts{}, Running)
		speed(60, "after half a minute of nothing")
		h.work(time.Minute, Counts{}, Running)
		speed(0, "after a minute of nothing")
		h.work(time.Minute, two, Running)
		speed(120, "running again")
		time.Sleep(10 * time.Second)
		speed(-1, "when nobody has looked for long")
	})
}

// A line that begins anew counts from nothing, and nothing is counted twice or taken back.
func TestRestart(t *testing.T) {
	inHall(t, morning, func(t *testing.T, h *hall) {
		h.work(30*time.Second, two, Running)
		h.counts = Counts{Read: 5}
		h.Look(h.counts, Running)
		h.work(10*time.Second, two, Running)
		if got := h.Last(time.Hour).Hour; got.Counts != (Counts{85, 40, 40, 40}) || got.Running != 39 { // of the first second nobody knows
			t.Errorf("counted %+v", got)
		}
	})
}

// Of a time in which nobody looked nothing is known; what was counted then is of the minute of the next look.
func TestGap(t *testing.T) {
	inHall(t, morning, func(t *testing.T, h *hall) {
		h.Look(Counts{}, Running)
		h.work(2*time.Minute, two, Running)
		time.Sleep(5 * time.Minute)
		h.counts = h.counts.plus(Counts{Read: 50})
		h.Look(h.counts, Running)
		h.work(59*time.Second, two, Running)
		got := h.Last(time.Hour)
		if names := clock(got.Minutes); !slices.Equal(names, []string{"06:00", "06:01", "06:02", "06:07"}) {
			t.Errorf("known are %v", names)
		}
		if m := got.Minutes[len(got.Minutes)-1]; m.Read != 50+118 || m.Running != 59 {
			t.Errorf("the minute behind the gap is %+v", m)
		}
		if s := got.Shift; s.Running != 179 || math.Abs(*s.PerMinute-float64(s.Read)*60/179) > 1e-6 {
			t.Errorf("the shift is %+v", s)
		}
		time.Sleep(25 * time.Hour)
		if got := h.Last(Kept); len(got.Minutes) != 0 || got.Shift.PerMinute != nil || got.Hour.Counts != (Counts{}) {
			t.Errorf("a day later: %+v", got)
		}
		h.work(time.Minute, two, Running)
		if got := h.Last(Kept); len(got.Minutes) != 1 || got.Shift.Running != 59 {
			t.Errorf("and working again: %+v", got)
		}
	})
}

// Whoever sets the clock renames all minutes: none is there twice, none is lost, and they stay in their order.
func TestClockIsSet(t *testing.T) {
	for _, jump := range []time.Duration{-26 * 365 * 24 * time.Hour, -5 * time.Hour, -90 * time.Second, -time.Second, time.Second, 29 * time.Second, 31 * time.Second, 5 * time.Hour, 26 * 365 * 24 * time.Hour} {
		inHall(t, morning, func(t *testing.T, h *hall) {
			h.work(10*time.Minute, two, Running)
			h.set += jump
			h.work(10*time.Minute, two, Running)
			got := h.Last(ShiftLength)
			if len(got.Minutes) < 20 || len(got.Minutes) > 21 {
				t.Errorf("set by %v: %d minutes", jump, len(got.Minutes))
			}
			sum := Counts{}
			for i, m := range got.Minutes {
				if sum = sum.plus(m.Counts); i > 0 && m.At.Sub(got.Minutes[i-1].At) != time.Minute {
					t.Errorf("set by %v: %v comes behind %v", jump, m.At, got.Minutes[i-1].At)
				}
				if m.At.Second() != 0 {
					t.Errorf("set by %v: a minute begins at %v", jump, m.At)
				}
				if m.At.After(h.wall()) && m.At.Sub(h.wall()) > 30*time.Second {
					t.Errorf("set by %v: %v is to come", jump, m.At)
				}
			}
			if want := (Counts{2400, 1200, 1200, 1200}); sum != want || got.Shift.Counts != want {
				t.Errorf("set by %v: the minutes have %+v, the shift %+v", jump, sum, got.Shift.Counts)
			}
			if began := got.Minutes[0].At.Sub(morning.Add(jump)); began.Abs() > 30*time.Second {
				t.Errorf("set by %v: the first minute is of %v", jump, got.Minutes[0].At)
			}
		})
	}
}

// On the night when summer time ends the hour from two to three comes twice, and at midnight a day begins: an hour
// is an hour.
func TestHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		from        time.Time
		first, last string
		hour        int // products of the running hour
	}{
		{"the clock goes back", time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC).In(berlin), "02:50", "02:09", 10 * 120},
		{"the clock goes ahead", time.Date(2026, 3, 29, 0, 50, 0, 0, time.UTC).In(berlin), "01:50", "03:09", 10 * 120},
		{"midnight", time.Date(2026, 12, 31, 23, 50, 0, 0, berlin), "23:50", "00:09", 10 * 120},
		{"within an hour", time.Date(2026, 12, 31, 20, 30, 0, 0, berlin), "20:30", "20:49", 20 * 120},
		{"half hours away", time.Date(2026, 12, 31, 20, 50, 0, 0, time.FixedZone("", 5*3600+1800)), "20:50", "21:09", 10 * 120},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHall(t, c.from, func(t *testing.T, h *hall) {
				h.work(20*time.Minute-time.Second, two, Running)
				got := h.Last(ShiftLength)
				names := clock(got.Minutes)
				if len(names) != 20 || names[0] != c.first || names[19] != c.last {
					t.Errorf("the minutes are %v", names)
				}
				if got.Hour.Read < c.hour-2 || got.Hour.Read > c.hour || got.Shift.Read != 20*120-2 {
					t.Errorf("the hour has %d since %v, the shift %d", got.Hour.Read, got.Hour.Since, got.Shift.Read)
				}
			})
		})
	}
}

// A day is kept, a shift is its last third, and the memory is always the same.
func TestKept(t *testing.T) {
	inHall(t, morning, func(t *testing.T, h *hall) {
		for range 26 * 60 * 15 {
			time.Sleep(4 * time.Second)
			h.counts = h.counts.plus(two)
			h.Look(h.counts, Running)
		}
		got := h.Last(Kept)
		if n := len(got.Minutes); n < 1439 || n > 1440 {
			t.Errorf("%d minutes are kept", n)
		}
		if got.Shift.Read < 30*478 || got.Shift.Read > 30*481 {
			t.Errorf("the shift has %d", got.Shift.Read)
		}
		if n := len(h.Last(time.Hour).Minutes); n < 60 || n > 61 {
			t.Errorf("an hour has %d minutes", n)
		}
		if size := unsafe.Sizeof(Trend{}); size > 160<<10 {
			t.Errorf("%d bytes", size)
		}
	})
}

// Whatever is told and whenever: no product is lost or invented, and no minute is longer than one.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		type step struct {
			wait, set time.Duration
			more      Counts
			anew      bool
			state     State
		}
		span := func(name string, from, to time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(from), int64(to)).Draw(r, name))
		}
		begin := span("begin", 0, 24*time.Hour)
		steps := make([]step, rapid.IntRange(1, 40).Draw(r, "steps"))
		for i := range steps {
			n := rapid.IntRange(0, 1000).Draw(r, "n")
			steps[i] = step{wait: span("wait", 0, rapid.SampledFrom([]time.Duration{time.Second, 6 * time.Second, 20 * time.Minute}).Draw(r, "most")), more: Counts{n, n / 2, n - n/2, n / 3}, state: State(rapid.IntRange(0, 2).Draw(r, "state"))}
			if rapid.IntRange(0, 5).Draw(r, "event") == 0 {
				steps[i].set = span("set", -48*time.Hour, 48*time.Hour)
			}
			steps[i].anew = rapid.IntRange(0, 9).Draw(r, "anew") == 0
		}
		var got Shift
		var all Counts
		inHall(t, morning.Add(begin), func(t *testing.T, h *hall) {
			for _, s := range steps {
				time.Sleep(s.wait)
				h.set += s.set
				if s.anew && h.counts.Read > 0 {
					h.counts = Counts{}
					h.Look(h.counts, s.state)
				}
				h.counts, all = h.counts.plus(s.more), all.plus(s.more)
				h.Look(h.counts, s.state)
			}
			got = h.Last(Kept)
		})
		var sum Counts
		for i, m := range got.Minutes {
			sum = sum.plus(m.Counts)
			if spent := m.Running + m.Waiting + m.Stopped; spent > 61 { // each is rounded
				r.Fatalf("a minute of %d s", spent)
			}
			if i > 0 && !m.At.After(got.Minutes[i-1].At) {
				r.Fatalf("%v comes behind %v", m.At, got.Minutes[i-1].At)
			}
		}
		if sum != all {
			r.Fatalf("%+v were counted, the minutes have %+v", all, sum)
		}
	})
}

// A quantile is right to a thirty-second part.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, int64(27*time.Minute)), 1, 200).Draw(r, "all")
		if rapid.Bool().Draw(r, "short") {
			for i := range all {
				all[i] %= int64(20 * time.Millisecond)
			}
		}
		var h histogram
		for _, d := range all {
			h.add(time.Duration(d))
		}
		slices.Sort(all)
		for _, q := range []float64{0.5, 0.95, 1} {
			want := float64(all[int(math.Ceil(q*float64(len(all))))-1])
			if got := float64(h.quantile(q)); math.Abs(got-want) > max(want/32, float64(unit)) {
				r.Fatalf("of %v the quantile %v is %v, want %v", all, q, time.Duration(got), time.Duration(want))
			}
		}
	})
	var h histogram
	if h.quantile(0.5) != 0 {
		t.Error("of nothing something is half")
	}
	h.add(-time.Second)
	h.add(time.Duration(math.MaxInt64))
	if h.quantile(0.5) > unit || h.quantile(1) < 27*time.Minute {
		t.Errorf("from %v to %v", h.quantile(0.5), h.quantile(1))
	}
}

func TestEvery(t *testing.T) {
	at := func(minute int) time.Time { return morning.Add(time.Duration(minute) * time.Minute) }
	got := Every(5, []Minute{
		{At: at(3), Counts: two, Graded: 1, Grade: 4, Timed: 3, P50: 7, Spent: Spent{Running: 60}},
		{At: at(4), Counts: two, Graded: 3, Grade: 2, Spent: Spent{Waiting: 60}},
		{At: at(5), Counts: two, Spent: Spent{Stopped: 60}},
		{At: at(20), Counts: two},
	})
	want := []Minute{
		{At: at(0), Counts: two.plus(two), Graded: 4, Grade: 2.5, Spent: Spent{Running: 60, Waiting: 60}},
		{At: at(5), Counts: two, Spent: Spent{Stopped: 60}},
		{At: at(20), Counts: two},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := Every(5, nil); got == nil || len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// Everybody may tell at once.
func TestAllAtOnce(t *testing.T) {
	tr := New(nil)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 500 {
				switch n {
				case 0:
					tr.Look(Counts{Read: i}, Running)
				case 1:
					tr.Delay(time.Duration(i) * time.Millisecond)
				case 2:
					tr.Grade(3)
				case 3:
					tr.Last(Kept)
				}
			}
		})
	}
	wg.Wait()
	s := tr.Last(time.Hour)
	if s.Shift.Read != 499 {
		t.Errorf("%+v", s)
	}
}

// What is told of every product costs no allocation.
func TestNothingIsAllocated(t *testing.T) {
	tr := New(nil)
	if n := testing.AllocsPerRun(1000, func() { tr.Delay(time.Second); tr.Grade(4) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkProduct(b *testing.B) {
	tr := New(nil)
	b.ReportAllocs()
	for b.Loop() {
		tr.Delay(734 * time.Millisecond)
		tr.Grade(3)
	}
}

func BenchmarkLast(b *testing.B) {
	tr := New(nil)
	for i := range tr.kept { // a whole day
		tr.kept[i] = slot{number: int64(i), counts: two, timed: 100, graded: 50, spent: [states]time.Duration{time.Minute}}
	}
	tr.open = keptMinutes - 1
	b.ReportAllocs()
	for b.Loop() {
		if n := len(tr.Last(Kept).Minutes); n != len(tr.kept) {
			b.Fatal(n)
		}
	}
}
