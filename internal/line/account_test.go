package line

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// whole is a line that has everything.
var whole = AccountConfig{Limit: 20, Products: true, Thrown: true, Printers: "mark", Checks: "check", Packers: "box", Ahead: 8}

// ledgerless drives an account: counts are added, and time passes.
type ledgerless struct {
	*Account
	now time.Time
	m   Moment
	all []string
}

func newLedgerless(c AccountConfig, batch string) *ledgerless {
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.Local)
	return &ledgerless{Account: NewAccount(c, at), now: at, m: Moment{PLCUp: true, Batch: batch}}
}

// after lets time pass, with looks every few seconds.
func (l *ledgerless) after(d time.Duration, change func(m *Moment)) *ledgerless {
	if change != nil {
		change(&l.m)
	}
	for end := l.now.Add(d); l.now.Before(end); {
		l.now = l.now.Add(min(5*time.Second, end.Sub(l.now)))
		for _, t := range l.Look(l.now, l.m) {
			l.all = append(l.all, strings.TrimPrefix(t.Station+"! "+t.Text, "! "))
		}
	}
	return l
}

// flow is n products that have passed everything.
func flow(n int) func(m *Moment) {
	return func(m *Moment) {
		m.Products += n
		m.Printed += n
		m.Read += n
		m.Verified += n
		m.Packing += n
		m.Packed += n
	}
}

func TestAccount(t *testing.T) {
	const minute = time.Minute
	lost := func(n int) func(m *Moment) {
		return func(m *Moment) { m.Products += n; m.Printed += n }
	}
	thirtyFour := "check! since 14:00 the PLC has counted 1,204 products, station mark 1,204 printed, station check 1,170 read: at least 34 are missing at station check"
	for _, test := range []struct {
		name  string
		cfg   AccountConfig
		batch string
		do    func(l *ledgerless)
		want  []string
	}{
		{"nothing", whole, "", func(l *ledgerless) { l.after(minute, nil) }, nil},
		{"an idle hour is not worth a line", whole, "B1", func(l *ledgerless) { l.after(3*time.Hour, nil) }, nil},
		{"all well", whole, "", func(l *ledgerless) { l.after(minute, flow(5000)).after(minute, flow(5000)) }, nil},
		{"on their way", whole, "", func(l *ledgerless) { l.after(minute, flow(500)).after(minute, lost(20)) }, nil},
		{"missing at the check station", whole, "", func(l *ledgerless) { l.after(minute, flow(1170)).after(minute, lost(34)) }, []string{thirtyFour}},
		{"told once for the hour and the batch", whole, "B1", func(l *ledgerless) {
			l.after(minute, flow(1170)).after(minute, lost(34)).after(10*minute, flow(100)).after(time.Hour, nil).after(minute, flow(100))
		}, []string{thirtyFour, "counted from 14:00 to 15:00: 1,304 passed the PLC's sensor, 1,304 printed, 1,270 read, 1,270 verified, 1,270 packed"}},
		{"again when it was within the limit", whole, "", func(l *ledgerless) {
			l.after(minute, lost(21)).after(minute, func(m *Moment) { m.Read++ }).after(minute, lost(1))
		}, []string{"check! since 14:00 the PLC has counted 21 products, station mark 21 printed, station check 0 read: at least 21 are missing at station check",
			"check! since 14:00 the PLC has counted 22 products, station mark 22 printed, station check 1 read: at least 21 are missing at station check"}},
		{"a moment is no difference", whole, "", func(l *ledgerless) { l.after(5*time.Second, lost(50)).after(minute, func(m *Moment) { m.Read += 50 }) }, nil},
		{"not marked", whole, "", func(l *ledgerless) { l.after(minute, func(m *Moment) { m.Products += 40 }) },
			[]string{"mark! since 14:00 the PLC has counted 40 products, station mark 0 printed: at least 32 are missing at station mark"}},
		{"from nowhere", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { m.Read += 29; m.Verified += 29; m.Packing += 29 })
		},
			[]string{"check! since 14:00 the PLC has counted 0 products, station mark 0 printed, station check 29 read: at least 21 are too many at station check"}},
		{"not thrown out", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { flow(100)(m); m.Verified -= 30; m.Packing -= 30; m.Rejected += 30; m.Thrown += 9 })
		},
			[]string{"check! since 14:00 station check 30 rejected, its rejector 9 thrown out: 21 are missing at station check"}},
		{"not packed", whole, "", func(l *ledgerless) { l.after(minute, func(m *Moment) { flow(100)(m); m.Packing -= 30 }) },
			[]string{"box! since 14:00 station check 100 verified, station box 70 packing: 30 are missing at station box"}},
		{"samples are no difference", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { flow(100)(m); m.Packing -= 30; m.Dropped += 30; m.Taken += 30 })
		}, nil},
		{"reworked products are none", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { flow(100)(m); m.Packing += 30; m.Reworked += 30 })
		}, nil},
		{"those that pass the check again are none", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { flow(100)(m); m.Read += 30; m.Rejected += 30; m.Thrown += 30; m.Ready += 30 })
		}, nil},
		{"labels of a lost session may be on products", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { flow(100)(m); m.Printed -= 32; m.Unsure += 40 })
		}, nil},
		{"labels that a printer held when the agent started", whole, "", func(l *ledgerless) { l.after(minute, func(m *Moment) { m.Read, m.Verified, m.Packing = 28, 28, 28 }) }, nil},
		{"and only then", whole, "", func(l *ledgerless) {
			l.after(time.Hour+minute, flow(100)).after(minute, func(m *Moment) { flow(100)(m); m.Printed -= 21 })
		}, []string{"counted from 14:00 to 15:00: 100 passed the PLC's sensor, 100 printed, 100 read, 100 verified, 100 packed",
			"mark! since 15:00 the PLC has counted 100 products, station mark 79 printed: 21 are missing at station mark",
			"check! since 15:00 the PLC has counted 100 products, station mark 79 printed, station check 100 read: 21 are too many at station check"}},
		{"the PLC was away", whole, "", func(l *ledgerless) {
			away := func(m *Moment) { flow(300)(m); m.Products -= 300; m.PLCUp = false; m.PLCGaps++ }
			l.after(minute, flow(100)).after(minute, away).after(minute, func(m *Moment) { m.PLCUp = true }).after(minute, flow(100))
		}, nil},
		{"its counter jumped", whole, "", func(l *ledgerless) {
			l.after(minute, flow(100)).after(minute, func(m *Moment) { flow(300)(m); m.Products -= 300; m.PLCGaps++ }).after(minute, flow(100))
		}, nil},
		{"missing since the PLC is back", whole, "", func(l *ledgerless) {
			l.after(minute, flow(100)).after(minute, func(m *Moment) { m.PLCUp = false; m.PLCGaps++ }).after(minute, func(m *Moment) { m.PLCUp = true }).
				after(minute, func(m *Moment) { m.Products += 21 })
		}, []string{"mark! since 14:02 the PLC has counted 21 products, station mark 0 printed: 21 are missing at station mark"}},
		{"without its word the others are compared", whole, "", func(l *ledgerless) {
			l.after(minute, func(m *Moment) { m.PLCUp = false; m.PLCGaps++ }).after(minute, lost(30))
		}, []string{"check! since 14:00 station mark 30 printed, station check 0 read: at least 30 are missing at station check"}},
		{"no printer", AccountConfig{Limit: 5, Products: true, Checks: "a+b"}, "", func(l *ledgerless) { l.after(minute, func(m *Moment) { m.Products += 6 }) },
			[]string{"a+b! since 14:00 the PLC has counted 6 products, station a+b 0 read: 6 are missing at station a+b"}},
		{"one", AccountConfig{Limit: 1, Products: true, Checks: "check"}, "", func(l *ledgerless) { l.after(minute, func(m *Moment) { m.Products += 2 }) },
			[]string{"check! since 14:00 the PLC has counted 2 products, station check 0 read: 2 are missing at station check"}},
		{"no limit", AccountConfig{Products: true, Printers: "mark", Checks: "check"}, "", func(l *ledgerless) { l.after(minute, lost(1000)) }, nil},
		{"a batch ends, another begins", whole, "B1", func(l *ledgerless) {
			l.after(minute, flow(100)).after(minute, func(m *Moment) { m.Batch = "" }).after(minute, flow(10)).after(minute, func(m *Moment) { m.Batch = "B2" }).after(minute, flow(7)).
				after(minute, func(m *Moment) { m.Batch = "B3" })
		}, []string{"batch B1 counted from 14:00 to 14:01: 100 passed the PLC's sensor, 100 printed, 100 read, 100 verified, 100 packed",
			"batch B2 counted from 14:03 to 14:05: 7 passed the PLC's sensor, 7 printed, 7 read, 7 verified, 7 packed"}},
		{"slowly, over the hours of a batch", whole, "B1", func(l *ledgerless) {
			l.after(time.Hour+minute, lost(15)).after(minute, lost(15))
		}, []string{"counted from 14:00 to 15:00: 15 passed the PLC's sensor, 15 printed",
			"check! since 14:00 the PLC has counted 30 products, station mark 30 printed, station check 0 read: at least 30 are missing at station check"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLedgerless(test.cfg, test.batch)
			test.do(l)
			if !slices.Equal(l.all, test.want) {
				t.Errorf("\n got %s\nwant %s", strings.Join(l.all, "\n     "), strings.Join(test.want, "\n     "))
			}
		})
	}
}

func TestAccountSums(t *testing.T) {
	l := newLedgerless(whole, "B1")
	l.after(time.Minute, flow(10)).after(time.Minute, func(m *Moment) { m.PLCGaps++ })
	hour, before, batch := l.Sums(l.m)
	if before != nil || hour.Read != 10 || hour.Until != nil || batch.Batch != "B1" || batch.Packed != 10 || batch.PLCGaps != 1 {
		t.Errorf("%+v, %+v, %+v", hour, before, batch)
	}
	l.after(time.Hour, flow(5)).after(time.Minute, func(m *Moment) { m.Batch = "" })
	hour, before, batch = l.Sums(l.m)
	if before.Read != 15 || hour.Read != 0 || before.Until.Hour() != 15 || batch.Until == nil || batch.Read != 15 {
		t.Errorf("%+v, %+v, %+v", hour, before, batch)
	}
	if got := batch.Text(); !strings.HasSuffix(got, "15 packed, the PLC was away once") {
		t.Error(got)
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -4321: "-4,321", 100000: "100,000"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}

// band is a line whose parts count and at times do not: products on their way, lost printer sessions, a PLC
// and an agent that come and go, samples and reworked products.
type band struct {
	t       *rapid.T
	l       *ledgerless
	limit   int
	sensed  int // between the PLC's sensor and the printer
	marked  int // between the printer and the check station
	checked int // between the check station and the packing
	off     int // rejected products
	due     int // rejections that the PLC has not counted
	sensor  bool
	reached reached
}

func (b *band) n(what string, most int) int {
	if most <= 0 {
		return 0
	}
	return rapid.IntRange(0, most).Draw(b.t, what)
}

func (b *band) look() {
	b.l.after(time.Duration(b.n("seconds", 90))*time.Second, nil)
	for _, text := range b.l.all {
		if strings.Contains(text, "!") {
			b.t.Fatalf("a false alarm: %s\n%+v", text, b.l.m)
		}
		b.reached["sums"]++
	}
	b.l.all = nil
}

// room is how many more products may be on their way in a place.
func (b *band) room(held int) int { return b.limit - held }

func (b *band) events() []happening {
	m := &b.l.m
	count := func(c *int, n int) {
		if m.PLCUp {
			*c += n
		}
	}
	return []happening{
		{"products arrive", func() { n := b.n("n", b.room(b.sensed)); b.sensed += n; count(&m.Products, n) }},
		{"they are marked", func() { n := b.n("n", min(b.sensed, b.room(b.marked))); b.sensed -= n; b.marked += n; m.Printed += n }},
		{"they are checked", func() {
			n := b.n("n", min(b.marked, b.room(b.checked)))
			bad := b.n("bad", min(n, b.room(b.due)))
			b.marked -= n
			b.checked += n - bad
			b.off += bad
			b.due += bad
			m.Read += n
			m.Verified += n - bad
			m.Rejected += bad
		}},
		{"they are packed", func() { n := b.n("n", b.checked); b.checked -= n; m.Packing += n; m.Packed += n }},
		{"rejections are counted", func() { count(&m.Thrown, b.due); b.due = 0 }},
		{"time passes", b.look},
		{"much time passes", func() { b.l.after(20*time.Minute, nil); b.look() }},
		{"samples are taken", func() { n := b.n("n", b.checked); b.checked -= n; m.Dropped += n; m.Taken += n }},
		{"products come back behind", func() { n := b.n("n", min(b.off, b.room(b.checked))); b.off -= n; b.checked += n; m.Reworked += n }},
		{"products come back before", func() {
			n := b.n("n", min(b.off, b.room(b.marked)))
			b.off -= n
			b.marked += n
			if m.Ready += n; b.sensor {
				count(&m.Products, n)
			}
		}},
		{"the printer's session is lost", func() {
			held := b.n("labels", whole.Ahead)
			printed := b.n("printed", min(held, b.sensed, b.room(b.marked)))
			b.sensed -= printed
			b.marked += printed
			m.Unsure += held
			b.reached["sessions lost"]++
		}},
		{"the PLC goes", func() {
			if m.PLCUp && b.n("seldom", 4) == 4 {
				m.PLCUp = false
				m.PLCGaps++
				b.reached["PLC away"]++
			}
		}},
		{"the PLC is back", func() { m.PLCUp = true }},
		{"the PLC restarts", func() { m.PLCGaps++ }},
		{"another batch", func() { m.Batch = rapid.SampledFrom([]string{"", "B1", "B2"}).Draw(b.t, "batch") }},
		{"the agent restarts", func() {
			if b.n("seldom", 19) != 19 {
				return
			}
			printed := b.n("printed meanwhile", min(whole.Ahead, b.sensed, b.room(b.marked)))
			b.sensed -= printed
			b.marked += printed
			at := b.l.now
			b.l.Account, b.l.m = NewAccount(b.l.cfg, at), Moment{PLCUp: true, Batch: m.Batch}
			b.reached["restarts"]++
		}},
	}
}

// No history in which at most the limit is on its way raises an alarm, whatever goes away and comes back; but
// when products are taken off the belt, the station behind is named, once.
func TestAccount_tellsWhatIsMissingAndNothingElse(t *testing.T) {
	r := reached{}
	rapid.Check(t, func(t *rapid.T) {
		cfg := whole
		cfg.Limit = rapid.IntRange(1, 30).Draw(t, "limit")
		b := &band{t: t, l: newLedgerless(cfg, ""), limit: cfg.Limit, sensor: rapid.Bool().Draw(t, "what comes back passes the sensor"), reached: r}
		all := b.events()
		for range 1000 {
			r["steps"]++
			random(t, all)
		}
		b.look()
		m := &b.l.m
		m.PLCUp = true
		b.l.after(30*time.Second, nil)
		b.l.after(time.Hour-time.Duration(b.l.now.Minute())*time.Minute, nil) // an hour begins
		b.l.all = nil
		taken := 3*cfg.Limit + 1
		m.Batch = ""
		b.l.after(time.Minute, func(m *Moment) { m.Products += taken; m.Printed += taken }).after(5*time.Minute, nil)
		told := slices.DeleteFunc(b.l.all, func(s string) bool { return !strings.Contains(s, "!") })
		if len(told) != 1 || !strings.HasPrefix(told[0], "check! ") || !strings.HasSuffix(told[0], fmt.Sprintf("%s are missing at station check", grouped(taken))) {
			t.Fatalf("%d products were taken off, told: %q", taken, told)
		}
	})
	r.require(t, 80_000, "sums", "sessions lost", "PLC away", "restarts")
}
