package line

import (
	"fmt"
	"strings"
	"time"
)

// neighbour is a pair of counts that follow each other on the line.
type neighbour struct {
	has   func(AccountConfig) bool
	plc   bool // one of the two is the PLC's
	where func(AccountConfig) string
	// ahead and behind are how many have passed the two, at least and at most.
	ahead, behind func(Counts) (least, most int)
	says          func(cfg AccountConfig, c Counts, plc bool) []string
}

// neighbours are all pairs, in the order of a line.
var neighbours = []neighbour{
	{ // What was sent past the check station again may have passed the sensor twice.
		has:    func(c AccountConfig) bool { return c.Products && c.Printers != "" },
		plc:    true,
		where:  func(c AccountConfig) string { return c.Printers },
		ahead:  func(c Counts) (int, int) { return c.Products - c.Ready, c.Products },
		behind: func(c Counts) (int, int) { return c.Printed, c.Printed + c.Unsure },
		says: func(cfg AccountConfig, c Counts, _ bool) []string {
			return []string{sensor(c), station(cfg.Printers, c.Printed, "printed")}
		},
	},
	{
		has:    func(c AccountConfig) bool { return c.Products && c.Printers == "" && c.Checks != "" },
		plc:    true,
		where:  func(c AccountConfig) string { return c.Checks },
		ahead:  func(c Counts) (int, int) { return c.Products, c.Products + c.Ready },
		behind: func(c Counts) (int, int) { return c.Read, c.Read },
		says: func(cfg AccountConfig, c Counts, _ bool) []string {
			return []string{sensor(c), station(cfg.Checks, c.Read, "read")}
		},
	},
	{
		has:    func(c AccountConfig) bool { return c.Printers != "" && c.Checks != "" },
		where:  func(c AccountConfig) string { return c.Checks },
		ahead:  func(c Counts) (int, int) { return c.Printed, c.Printed + c.Unsure + c.Ready },
		behind: func(c Counts) (int, int) { return c.Read, c.Read },
		says: func(cfg AccountConfig, c Counts, plc bool) []string {
			all := []string{station(cfg.Printers, c.Printed, "printed"), station(cfg.Checks, c.Read, "read")}
			if plc {
				all = append([]string{sensor(c)}, all...)
			}
			return all
		},
	},
	{
		has:    func(c AccountConfig) bool { return c.Thrown && c.Checks != "" },
		plc:    true,
		where:  func(c AccountConfig) string { return c.Checks },
		ahead:  func(c Counts) (int, int) { return c.Rejected, c.Rejected },
		behind: func(c Counts) (int, int) { return c.Thrown, c.Thrown },
		says: func(cfg AccountConfig, c Counts, _ bool) []string {
			return []string{station(cfg.Checks, c.Rejected, "rejected"), "its rejector " + grouped(c.Thrown) + " thrown out"}
		},
	},
	{
		has:    func(c AccountConfig) bool { return c.Checks != "" && c.Packers != "" },
		where:  func(c AccountConfig) string { return c.Packers },
		ahead:  func(c Counts) (int, int) { return c.Verified - c.Taken, c.Verified + c.Reworked },
		behind: func(c Counts) (int, int) { return c.Packing, c.Packing },
		says: func(cfg AccountConfig, c Counts, _ bool) []string {
			return []string{station(cfg.Checks, c.Verified, "verified"), station(cfg.Packers, c.Packing, "packing")}
		},
	},
}

func sensor(c Counts) string { return "the PLC has counted " + grouped(c.Products) + " products" }

func station(name string, n int, what string) string {
	return "station " + name + " " + grouped(n) + " " + what
}

// compare looks at each pair in a period. What another period has told already is not told again.
func (a *Account) compare(p, other *period, now time.Time, m Moment, lost bool) []Told {
	var told []Told
	for i, n := range neighbours {
		l := &p.links[i]
		if a.cfg.Limit == 0 || !n.has(a.cfg) {
			continue
		}
		if n.plc && (lost || l.lost) {
			*l = link{since: now, start: m.Counts, lost: !m.PLCUp}
			continue
		}
		c := m.Counts.minus(l.start)
		perhaps := c
		if l.start == (Counts{}) {
			perhaps.Unsure += a.cfg.Ahead
		}
		off, exact := distance(n, perhaps)
		if max(off, -off) <= a.cfg.Limit {
			l.beyond, l.told = time.Time{}, false
			continue
		}
		if l.beyond.IsZero() {
			l.beyond = now
		}
		if l.told || now.Sub(l.beyond) < steady {
			continue
		}
		if l.told = true; other != nil && other.links[i].told {
			continue
		}
		plcToo := a.cfg.Products && m.PLCGaps == p.gaps
		told = append(told, Told{Station: n.where(a.cfg), Text: "since " + clockTime(l.since, now) + " " + strings.Join(n.says(a.cfg, c, plcToo), ", ") + ": " + verdictOn(off, exact) + " at station " + n.where(a.cfg)})
	}
	return told
}

// distance is how many more have passed the first of a pair than the second, at least; below 0 the
// other way round; exact says that it is no more either.
func distance(n neighbour, c Counts) (off int, exact bool) {
	least, most := n.ahead(c)
	low, high := n.behind(c)
	return max(least-high, 0) - max(low-most, 0), least == most && low == high
}

func verdictOn(off int, exact bool) string {
	n, what := off, "missing"
	if off < 0 {
		n, what = -off, "too many"
	}
	are := "are"
	if n == 1 {
		are = "is"
	}
	if !exact {
		return fmt.Sprintf("at least %s %s %s", grouped(n), are, what)
	}
	return fmt.Sprintf("%s %s %s", grouped(n), are, what)
}
