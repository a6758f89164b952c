package line

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Counts are what the parts of a line have counted.
type Counts struct {
	Products int `json:"products"`   // passed the PLC's sensor
	Printed  int `json:"printed"`    // told by the printers
	Unsure   int `json:"unsure"`     // labels of which nobody knows whether they were printed
	Read     int `json:"read"`       // by the check stations, no-reads among them
	Verified int `json:"verified"`   // good ones of these
	Rejected int `json:"rejected"`   // the others
	Thrown   int `json:"thrown_out"` // rejections counted by the PLC
	Packing  int `json:"packing"`    // units that passed the pack stations of the belt
	Packed   int `json:"packed"`     // units in containers
	Dropped  int `json:"dropped"`    // codes withdrawn at places of the line
	Taken    int `json:"taken"`      // verified products among these: they do not come to be packed
	Reworked int `json:"reworked"`   // products back behind the check stations
	Ready    int `json:"ready"`      // products sent past the check stations again
}

func (c Counts) minus(o Counts) Counts {
	return Counts{c.Products - o.Products, c.Printed - o.Printed, c.Unsure - o.Unsure, c.Read - o.Read, c.Verified - o.Verified, c.Rejected - o.Rejected, c.Thrown - o.Thrown,
		c.Packing - o.Packing, c.Packed - o.Packed, c.Dropped - o.Dropped, c.Taken - o.Taken, c.Reworked - o.Reworked, c.Ready - o.Ready}
}

// Sums are the counts of an hour or a batch. They begin with the agent's start where it was later.
type Sums struct {
	Batch string     `json:"batch,omitempty"`
	Since time.Time  `json:"since"`
	Until *time.Time `json:"until"` // null: it is going on
	Counts
	// PLCGaps says how often the PLC's counters were lost: what passed meanwhile is not in them.
	PLCGaps int `json:"plc_gaps"`
}

// AccountConfig is what an Account is told. Names are those of the stations; empty: the line has none.
type AccountConfig struct {
	Limit    int    // products that may lie between two neighbours; 0: differences are not told
	Products bool   // the PLC counts the products
	Thrown   bool   // the PLC counts what is thrown out
	Printers string // whose labels are counted
	Checks   string
	Packers  string // those on the belt
	Ahead    int    // labels that the printers may have held when the agent started, and printed since
}

// Account holds what the parts of a line have counted against each other, for the running hour and the
// batch. Between two neighbours products are on their way, so their counts may differ by Limit: when
// they differ by more, and go on doing so, products are missing or too many there. It only tells.
type Account struct {
	cfg         AccountConfig
	gaps        int
	hour, batch *period // batch is nil while none runs
	last, ended *Sums   // the hour and the batch before
	begun       bool
}

// period is an hour or a batch.
type period struct {
	hour  time.Time // its beginning by the clock
	sums  Sums
	start Counts
	gaps  int
	links []link
}

// link is what an Account knows of two neighbours in a period.
type link struct {
	since  time.Time
	start  Counts
	lost   bool // the PLC's counter is not there: the link begins anew when it is
	beyond time.Time
	told   bool
}

// Moment is how a line stands when it is looked at.
type Moment struct {
	Counts         // since the agent's start
	PLCGaps int    // as in Sums, since the agent's start
	PLCUp   bool   // the PLC's counters can be read now
	Batch   string // that runs; empty: none does
}

// Told is what an Account has to say.
type Told struct {
	Station string // an alarm: where the difference is; empty: sums
	Text    string
}

// steady is how long a difference must last: the counts come over different ways, and not at once.
const steady = 10 * time.Second

// NewAccount begins an account with nothing counted.
func NewAccount(c AccountConfig, now time.Time) *Account {
	a := &Account{cfg: c}
	a.hour = a.begin(now, Counts{}, "")
	return a
}

func (a *Account) begin(now time.Time, c Counts, batch string) *period {
	p := &period{hour: hourOf(now), sums: Sums{Batch: batch, Since: now}, start: c, gaps: a.gaps, links: make([]link, len(neighbours))}
	for i := range p.links {
		p.links[i] = link{since: now, start: c}
	}
	return p
}

// hourOf is the beginning of an hour as clocks on the wall show it.
func hourOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, t.Location())
}

// Look takes what was counted so far, and returns what people should know.
func (a *Account) Look(now time.Time, m Moment) []Told {
	base := m.Counts
	if !a.begun {
		base = Counts{} // all of it was counted in this hour and batch
	}
	a.begun = true
	var told []Told
	lost := m.PLCGaps != a.gaps || !m.PLCUp
	a.gaps = m.PLCGaps
	if a.hour.hour != hourOf(now) {
		told, a.last = append(told, a.end(a.hour, now, m)...), &a.hour.sums
		a.hour = a.begin(now, m.Counts, "")
	}
	if a.batch != nil && a.batch.sums.Batch != m.Batch {
		told, a.ended = append(told, a.end(a.batch, now, m)...), &a.batch.sums
		a.batch = nil
	}
	if a.batch == nil && m.Batch != "" {
		a.batch = a.begin(now, base, m.Batch)
	}
	told = append(told, a.compare(a.hour, nil, now, m, lost)...)
	if a.batch != nil {
		told = append(told, a.compare(a.batch, a.hour, now, m, lost)...)
	}
	return told
}

// Sums returns those of the running hour, the hour before, and the batch that runs or was the last; the
// latter two may be nil.
func (a *Account) Sums(m Moment) (hour Sums, before, batch *Sums) {
	batch = a.ended
	if a.batch != nil {
		running := a.batch.until(m)
		batch = &running
	}
	return a.hour.until(m), a.last, batch
}

func (p *period) until(m Moment) Sums {
	s := p.sums
	s.Counts, s.PLCGaps = m.Counts.minus(p.start), m.PLCGaps-p.gaps
	return s
}

// end closes a period and tells its sums, if anything happened in it.
func (a *Account) end(p *period, now time.Time, m Moment) []Told {
	p.sums = p.until(m)
	p.sums.Until = &now
	if p.sums.Counts == (Counts{}) {
		return nil
	}
	what := "counted"
	if p.sums.Batch != "" {
		what = "batch " + p.sums.Batch + " counted"
	}
	return []Told{{Text: fmt.Sprintf("%s from %s to %s: %s", what, clockTime(p.sums.Since, now), now.Format("15:04"), p.sums.Text())}}
}

// Text says the counts that are not 0.
func (s Sums) Text() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{
		{s.Products, "passed the PLC's sensor"}, {s.Printed, "printed"}, {s.Unsure, "perhaps printed"}, {s.Read, "read"}, {s.Verified, "verified"}, {s.Rejected, "rejected"},
		{s.Thrown, "thrown out"}, {s.Packed, "packed"}, {s.Dropped, "dropped"}, {s.Reworked, "reworked"}, {s.Ready, "sent past the check again"},
	} {
		if c.n != 0 {
			parts = append(parts, grouped(c.n)+" "+c.what)
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	if s.PLCGaps > 0 {
		parts = append(parts, fmt.Sprintf("the PLC was away %s", times(s.PLCGaps)))
	}
	return strings.Join(parts, ", ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// clockTime is a moment for people: the time, with the date when that is another day's.
func clockTime(t, now time.Time) string {
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// grouped writes 1204 as 1,204.
func grouped(n int) string {
	s := strconv.Itoa(max(n, -n))
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if n < 0 {
		s = "-" + s
	}
	return s
}
