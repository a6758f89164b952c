// Package chart draws what a line did as SVG, for a page without scripts: what passed in each few minutes, how long
// products took from the printer to the reading, and how well the symbols were printed. It knows no language and no
// line: words and figures come from whoever shows the page.
//
// Colours come from the page's style by classes, and nothing is told by colour alone: rejected products are
// hatched, the slower line is dashed. Where nothing is known nothing is drawn.
package chart

import (
	"html"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Axis is the time that a chart shows, from left to right. Its labels are in From's location.
type Axis struct{ From, To time.Time }

// Text is what a chart says, in any language.
type Text struct {
	ID    string    // of the chart, unique on its page: letters, digits, - and _
	Title string    // what is shown
	Desc  string    // the main figures, for who does not see them
	Unit  string    // of the vertical axis, such as ms; may be empty
	Names [2]string // of the two series where there are two: good and rejected, median and 95 %
}

// The drawing, in units of the viewBox.
const (
	width, height           = 960, 240
	left, right             = 56, 944
	top, bottom             = 32, 208
	fontSize                = 13
	baseline                = 4 // a text's middle is so far above its baseline
	legendFrom, legendApart = 300, 260
)

// canvas is a chart being drawn.
type canvas struct {
	strings.Builder
	id   string
	axis Axis
	span float64 // of the axis, in seconds; 0: it shows nothing
}

func begin(a Axis, t Text) *canvas {
	c := &canvas{id: ident(t.ID), axis: a, span: max(0, a.To.Sub(a.From).Seconds())}
	c.put(`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 `, width, ` `, height, `" role="img" aria-labelledby="`, c.id, `-t `, c.id, `-d"><title id="`, c.id, `-t">`)
	c.text(t.Title)
	c.put(`</title><desc id="`, c.id, `-d">`)
	c.text(t.Desc)
	c.put(`</desc>`)
	if t.Unit != "" {
		c.label(left-6, 14, "end", t.Unit)
	}
	return c
}

func (c *canvas) end() template.HTML {
	c.WriteString("</svg>\n")
	return template.HTML(c.String()) // every text in it went through text or ident
}

// put writes texts and whole numbers as they are.
func (c *canvas) put(all ...any) {
	for _, v := range all {
		switch v := v.(type) {
		case string:
			c.WriteString(v)
		case int:
			c.WriteString(strconv.Itoa(v))
		}
	}
}

// text writes what somebody else has said: escaped, and without what may stand in no document.
func (c *canvas) text(s string) {
	c.WriteString(html.EscapeString(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\t' && r != '\n' || r >= 0x7f && r < 0xa0 || r&0xfffe == 0xfffe {
			return utf8.RuneError
		}
		return r
	}, s)))
}

// ident leaves of a name what may be an identifier everywhere.
func ident(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, s)
	if s == "" {
		return "chart"
	}
	return s
}

// label writes a text at a place; anchor is start, middle or end.
func (c *canvas) label(x, y int, anchor, text string) {
	c.put(`<text class="c-text" x="`, x, `" y="`, y, `" font-size="`, fontSize, `" text-anchor="`, anchor, `">`)
	c.text(text)
	c.put(`</text>`)
}

// legend names the two series; sample draws what they look like, at x of a place 24 wide.
func (c *canvas) legend(names [2]string, sample func(series, x int)) {
	for i, name := range names {
		if name != "" {
			x := legendFrom + i*legendApart
			sample(i, x)
			c.label(x+30, 14, "start", name)
		}
	}
}

// x is the place of a moment. shown is false where it lies outside.
func (c *canvas) x(at time.Time) (x int, shown bool) {
	if c.span == 0 {
		return left, false
	}
	share := at.Sub(c.axis.From).Seconds() / c.span
	return left + round(min(max(share, 0), 1)*(right-left)), share >= 0 && share <= 1
}

func round(f float64) int { return int(f + 0.5) }
