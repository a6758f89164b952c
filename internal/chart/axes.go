package chart

import (
	"math"
	"strconv"
	"time"
)

// scale is a vertical axis from 0 up.
type scale struct {
	step  float64 // between its lines
	steps int
}

// mostValue bounds what an axis shows; more is drawn at its end.
const mostValue = 1e12

// upTo returns the scale on which a value has its place: whole numbers, four or five lines.
func upTo(value float64) scale {
	if !(value >= 1) { // NaN is not
		value = 1
	}
	value = min(value, mostValue)
	raw := value / 4
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, by := range []float64{1, 2, 5, 10} {
		if step*by >= raw {
			step *= by
			break
		}
	}
	step = max(step, 1)
	return scale{step: step, steps: max(1, int(math.Ceil(value/step)))}
}

// y is the place of a value.
func (s scale) y(value float64) int {
	if math.IsNaN(value) {
		value = 0
	}
	share := value / (s.step * float64(s.steps))
	return bottom - round(min(max(share, 0), 1)*(bottom-top))
}

// values draws the lines of a scale, each with its label.
func (c *canvas) values(s scale, label func(i int) string) {
	c.put(`<path class="c-grid" fill="none" stroke="currentColor" d="`)
	for i := 1; i <= s.steps; i++ {
		c.put(`M`, left, ` `, s.y(s.step*float64(i)), `H`, right)
	}
	c.put(`"/><path class="c-axis" fill="none" stroke="currentColor" d="M`, left, ` `, bottom, `H`, right)
	times := c.times()
	for _, at := range times {
		x, _ := c.x(at)
		c.put(`M`, x, ` `, bottom, `v5`)
	}
	c.put(`"/>`)
	for i := 0; i <= s.steps; i++ {
		c.label(left-6, s.y(s.step*float64(i))+baseline, "end", label(i))
	}
	for _, at := range times {
		x, _ := c.x(at)
		c.label(x, bottom+20, "middle", at.Format("15:04"))
	}
}

func (s scale) number(i int) string { return strconv.FormatFloat(s.step*float64(i), 'f', -1, 64) }

// mostTimes is how many labels have room below the chart.
const mostTimes = 12

// times are the moments that have a label: round ones by the clock on the wall where the axis begins.
func (c *canvas) times() []time.Time {
	if c.span == 0 {
		return nil
	}
	step := 24 * time.Hour
	for _, s := range []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour} {
		if c.span/s.Seconds() <= mostTimes-1 {
			step = s
			break
		}
	}
	if days := c.span / step.Seconds() / (mostTimes - 1); days > 1 {
		step = time.Duration(math.Ceil(days)) * 24 * time.Hour
	}
	from := c.axis.From
	_, offset := from.Zone()
	over := time.Duration(mod(from.Unix()+int64(offset), int64(step/time.Second)))*time.Second + time.Duration(from.Nanosecond())
	at := from
	if over > 0 {
		at = from.Add(step - over)
	}
	var all []time.Time
	for ; !at.After(c.axis.To) && len(all) < mostTimes; at = at.Add(step) {
		all = append(all, at)
	}
	return all
}

func mod(a, n int64) int64 { return (a%n + n) % n }
