package chart

import (
	"html/template"
	"time"
)

// Bar is what passed in one step of time.
type Bar struct {
	At        time.Time // the step's beginning
	Good, Bad int
}

// Bars draws what passed in each step: good products, and the rejected ones hatched on top of them. A step in which
// nothing passed is a short line at the bottom; one that is missing is not known, and nothing is there.
func Bars(a Axis, step time.Duration, bars []Bar, t Text) template.HTML {
	c := begin(a, t)
	c.put(`<defs><pattern id="`, c.id, `-h" width="5" height="5" patternUnits="userSpaceOnUse"><path class="c-hatch" fill="none" stroke="currentColor" d="M0 5L5 0"/></pattern></defs>`)
	most := 0.
	for _, b := range bars {
		if x, next := c.bar(b, step); next > x {
			most = max(most, b.good()+b.bad())
		}
	}
	s := upTo(most)
	c.values(s, s.number)
	var good, bad, none canvas
	for _, b := range bars {
		x, next := c.bar(b, step)
		if next <= x {
			continue
		}
		from, to := s.y(b.good()), s.y(b.good()+b.bad())
		if b.bad() > 0 {
			from = max(min(from, bottom), top+leastBad)
			to = min(to, from-leastBad)
			bad.box(x, from, next, to)
		}
		if b.good() > 0 {
			good.box(x, bottom, next, min(from, bottom-1))
		}
		if b.good()+b.bad() == 0 {
			none.put(`M`, x, ` `, bottom, `H`, next)
		}
	}
	c.path(`class="c-good"`, &good)
	c.path(`class="c-bad" stroke="currentColor" fill="url(#`+c.id+`-h)"`, &bad)
	c.path(`class="c-none" stroke="currentColor" fill="none"`, &none)
	c.legend(t.Names, func(series, x int) {
		var sample canvas
		sample.box(x, 18, x+24, 4)
		if series == 0 {
			c.path(`class="c-good"`, &sample)
		} else {
			c.path(`class="c-bad" stroke="currentColor" fill="url(#`+c.id+`-h)"`, &sample)
		}
	})
	return c.end()
}

// leastBad is how high a bar of rejected products is at least: a single one must be seen.
const leastBad = 4

func (b Bar) good() float64 { return float64(max(b.Good, 0)) }
func (b Bar) bad() float64  { return float64(max(b.Bad, 0)) }

// bar is the width of a bar, with a gap to the next; none where it lies outside.
func (c *canvas) bar(b Bar, step time.Duration) (x, next int) {
	if c.span == 0 || !b.At.Before(c.axis.To) || !b.At.Add(step).After(c.axis.From) {
		return left, left
	}
	x, _ = c.x(b.At)
	next, _ = c.x(b.At.Add(step))
	return x, max(next-1, x+1)
}

func (c *canvas) box(x, y, x2, y2 int) {
	c.put(`M`, x, ` `, y, `V`, y2, `H`, x2, `V`, y, `z`)
}

// path writes a path of what was drawn, if anything was.
func (c *canvas) path(attributes string, d *canvas) {
	if d.Len() > 0 {
		c.put(`<path `, attributes, ` d="`, d.String(), `"/>`)
	}
}
