package page

import (
	"fmt"
	"html/template"
	"time"

	"linemark/internal/chart"
	"linemark/internal/trend"
)

// shiftView is what a line has done lately.
type shiftView struct {
	Now      string        // products a minute now; empty: not known
	Hour     int           // products of this hour
	Products template.HTML // charts; empty: there is nothing to draw
	Delay    template.HTML
	Grade    template.HTML
}

// The charts show a shift in steps.
const (
	barStep   = 5
	chartStep = barStep * time.Minute
)

// shiftOf is what a line has done, with charts where they are wanted; nil for one that does not run.
func (v *visit) shiftOf(line string, charts bool) (*shiftView, error) {
	key := v.Language() + " " + line
	drawn, known := v.kept.charts.get(key, v.agent)
	back := trend.ShiftLength
	if known || !charts {
		back = 0
	}
	s, ok := v.agent.Trend(line, back)
	if !ok {
		return nil, nil
	}
	one := &shiftView{Hour: s.Hour.Read}
	if s.PerMinute != nil {
		one.Now = number(fmt.Sprintf("%.0f", *s.PerMinute))
	}
	switch {
	case !charts || !known && len(s.Minutes) == 0:
		return one, nil
	case known:
		one.Products, one.Delay, one.Grade = drawn.Products, drawn.Delay, drawn.Grade
		return one, nil
	}
	defer func() { v.kept.charts.put(key, v.agent, *one) }()
	// The axis moves on with the steps: else a page would be sent all charts anew each minute.
	to := s.At.Local().Truncate(chartStep).Add(chartStep)
	axis := chart.Axis{From: to.Add(-trend.ShiftLength - chartStep), To: to}
	var bars []chart.Bar
	for _, m := range trend.Every(barStep, s.Minutes) {
		bars = append(bars, chart.Bar{At: m.At, Good: m.Verified, Bad: m.Rejected})
	}
	one.Products = chart.Bars(axis, chartStep, bars, chart.Text{ID: "products-" + line, Title: v.T("chart.products"), Desc: v.T("chart.products.desc", s.Shift.Verified, s.Shift.Rejected), Names: [2]string{v.T("good"), v.T("chart.rejected")}})
	var delays []chart.Delay
	var grades []chart.Grade
	for _, m := range s.Minutes {
		if m.Timed > 0 {
			delays = append(delays, chart.Delay{At: m.At, P50: m.P50, P95: m.P95})
		}
		if m.Graded > 0 {
			grades = append(grades, chart.Grade{At: m.At, Value: m.Grade})
		}
	}
	if delays != nil {
		last := delays[len(delays)-1]
		one.Delay = chart.Delays(axis, time.Minute, delays, chart.Text{ID: "delay-" + line, Title: v.T("chart.delay"), Desc: v.T("chart.delay.desc", fmt.Sprintf("%.0f", last.P50), fmt.Sprintf("%.0f", last.P95)), Unit: "ms", Names: [2]string{v.T("chart.median"), "95 %"}})
	}
	if grades != nil {
		one.Grade = chart.Grades(axis, time.Minute, grades, chart.Text{ID: "grade-" + line, Title: v.T("chart.grade"), Desc: v.T("chart.grade.desc", fmt.Sprintf("%.1f", grades[len(grades)-1].Value))})
	}
	return one, nil
}
