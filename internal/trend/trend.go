// Package trend remembers what a line did, minute by minute, for a day. It knows nobody: whoever owns the line
// says once a second what was counted, and of each delay and grade when it comes.
//
// A minute is sixty seconds of the monotonic clock. Its name is what the wall clock, as it stands now, says of
// it: when that clock is set, all that is remembered is renamed with it, so no minute is lost, there twice, or
// in the future. The names are then right to half a minute.
package trend

import (
	"sync"
	"time"
)

// Counts are what a line has counted since it began to work. They never fall, unless it begins anew.
type Counts struct {
	Read     int `json:"read"`     // products that were looked at, no-reads among them
	Verified int `json:"verified"` // good ones of these
	Rejected int `json:"rejected"` // the others
	Packed   int `json:"packed"`
}

func (c Counts) plus(o Counts) Counts {
	return Counts{c.Read + o.Read, c.Verified + o.Verified, c.Rejected + o.Rejected, c.Packed + o.Packed}
}

// since returns what was counted behind an earlier look. Counts that have fallen began anew from nothing.
func (c Counts) since(o Counts) Counts {
	if c.Read < o.Read || c.Verified < o.Verified || c.Rejected < o.Rejected || c.Packed < o.Packed {
		return c
	}
	return Counts{c.Read - o.Read, c.Verified - o.Verified, c.Rejected - o.Rejected, c.Packed - o.Packed}
}

// State is how a line stands.
type State int

// The states of a line.
const (
	Running State = iota
	Waiting
	Stopped
	states
)

const (
	// Kept is how far back a line is remembered.
	Kept = 24 * time.Hour
	// ShiftLength is how long a shift is: the last hours up to now.
	ShiftLength = 8 * time.Hour

	keptMinutes = int64(Kept / time.Minute)
	// mostStep is how far apart two looks may be for the time between them to be known.
	mostStep = 5 * time.Second
)

// Trend remembers one line, in about 150 KB. Its methods may be called from any goroutine and hold nobody up.
type Trend struct {
	wall  func() time.Time
	begun time.Time     // all durations count from here, on the monotonic clock
	phase time.Duration // of the wall clock's minute had gone by then

	mu     sync.Mutex
	kept   [keptMinutes]slot // by number, the open one among them
	open   int64             // its number
	ways   histogram         // of the open minute
	looked time.Duration     // the last look
	heard  bool              // there was one
	last   Counts            // as told then
	state  State             // since then
	pace   pace
}

// slot is one minute. Number k begins k minutes behind the minute in which the trend began.
type slot struct {
	number   int64
	counts   Counts
	spent    [states]time.Duration
	timed    int
	p50, p95 time.Duration
	graded   int
	grades   float64 // their sum
}

func (s *slot) watched() time.Duration { return s.spent[Running] + s.spent[Waiting] + s.spent[Stopped] }

// New begins to remember. wall is the wall clock, in the zone of the people at the line; nil: time.Now.
func New(wall func() time.Time) *Trend {
	if wall == nil {
		wall = time.Now
	}
	now := wall()
	return &Trend{wall: wall, begun: time.Now(), phase: time.Duration(now.Second())*time.Second + time.Duration(now.Nanosecond())}
}

// Look takes the counts and the state of the line. It is called about once a second.
func (t *Trend) Look(c Counts, s State) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Since(t.begun)
	number := int64((now + t.phase) / time.Minute)
	if from := t.looked; t.heard && now-from <= mostStep {
		if edge := t.begins(number); from < edge {
			t.minute().spent[t.state] += edge - from
			from = edge
		}
		t.turn(number)
		t.minute().spent[t.state] += now - from
	}
	t.turn(number)
	m, more := t.minute(), c.since(t.last)
	m.counts = m.counts.plus(more)
	t.pace.add(now, more.Read)
	t.looked, t.heard, t.last, t.state = now, true, c, s
}

// Delay takes how long the way from the printer to the reading took of one product.
func (t *Trend) Delay(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ways.add(d)
}

// Grade takes the print quality of one symbol, 0 (F) to 4 (A).
func (t *Trend) Grade(value float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.minute()
	m.graded++
	m.grades += value
}

// begins returns when a minute begins, counted from the trend's own beginning: before it for the first.
func (t *Trend) begins(number int64) time.Duration {
	return time.Duration(number)*time.Minute - t.phase
}

func (t *Trend) minute() *slot { return &t.kept[t.open%keptMinutes] }

// turn ends the open minute if another one has begun.
func (t *Trend) turn(number int64) {
	if number == t.open {
		return
	}
	t.minute().take(&t.ways)
	t.ways = histogram{}
	t.open = number
	*t.minute() = slot{number: number}
}

// take takes over what was counted of the delays of the minute.
func (s *slot) take(ways *histogram) {
	s.timed, s.p50, s.p95 = ways.all, ways.quantile(0.5), ways.quantile(0.95)
}
