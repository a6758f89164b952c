package chart

import (
	"html/template"
	"math"
	"time"
)

// Delay is how long products took in one step of time, in milliseconds.
type Delay struct {
	At       time.Time // the step's beginning
	P50, P95 float64
}

// Delays draws how long products took: the median, and dashed the delay that 95 of 100 did not exceed. Where steps
// are missing the lines are broken.
func Delays(a Axis, step time.Duration, all []Delay, t Text) template.HTML {
	c := begin(a, t)
	most := 0.
	p50, p95 := make([]point, len(all)), make([]point, len(all))
	for i, d := range all {
		p50[i], p95[i] = point{d.At, d.P50}, point{d.At, d.P95}
		if c.shows(p50[i], step) {
			most = max(most, d.P50)
		}
		if c.shows(p95[i], step) {
			most = max(most, d.P95)
		}
	}
	s := upTo(most)
	c.values(s, s.number)
	c.path(dashed, c.line(s, step, p95))
	c.path(solid, c.line(s, step, p50))
	c.legend(t.Names, func(series, x int) {
		var sample canvas
		sample.put(`M`, x, ` 10H`, x+24)
		c.path([]string{solid, dashed}[series], &sample)
	})
	return c.end()
}

const (
	solid  = `class="c-p50" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"`
	dashed = `class="c-p95" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" stroke-dasharray="5 3"`
)

// Grade is how well symbols were printed in one step of time, 0 (F) to 4 (A).
type Grade struct {
	At    time.Time // the step's beginning
	Value float64
}

// Grades draws how well symbols were printed, on an axis of the letters.
func Grades(a Axis, step time.Duration, all []Grade, t Text) template.HTML {
	c := begin(a, t)
	s := scale{step: 1, steps: 4}
	c.values(s, func(i int) string { return "FDCBA"[i : i+1] })
	points := make([]point, len(all))
	for i, g := range all {
		points[i] = point{g.At, g.Value}
	}
	c.path(`class="c-grade" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"`, c.line(s, step, points))
	return c.end()
}

// point is a value at the beginning of a step.
type point struct {
	at    time.Time
	value float64
}

// shows says whether a point has a place. A value that is no number is not known.
func (c *canvas) shows(p point, step time.Duration) bool {
	_, shown := c.x(p.at.Add(step / 2))
	return shown && !math.IsNaN(p.value) && !math.IsInf(p.value, 0)
}

// line draws points in the middle of their steps, and joins those of neighbouring steps. One that stands alone is
// a dot.
func (c *canvas) line(s scale, step time.Duration, points []point) *canvas {
	var d canvas
	var last time.Time
	run := 0
	dot := func() {
		if run == 1 {
			d.put(`h1`)
		}
	}
	for _, p := range points {
		if !c.shows(p, step) || run > 0 && !p.at.After(last) {
			continue
		}
		x, _ := c.x(p.at.Add(step / 2))
		if run > 0 && p.at.Sub(last) < step+step/2 {
			d.put(` `)
		} else {
			dot()
			d.put(`M`)
			run = 0
		}
		d.put(x, ` `, s.y(p.value))
		run++
		last = p.at
	}
	dot()
	return &d
}
