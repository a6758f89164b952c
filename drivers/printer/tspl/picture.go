package tspl

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"linemark/drivers"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/template"
)

const (
	// maxBand is how many bytes of a picture go with one BITMAP. A connection that goes away in the midst of
	// one leaves the printer waiting for the rest: the next session has to fill up no more than this.
	maxBand = 2 << 10
	// maxPlace is the largest coordinate.
	maxPlace = 32_000

	pictureExample = "BITMAP 50,50,{picture:40}"
)

// picture is the label's picture and how this model takes it.
type picture struct {
	graphics.Want
	ones bool // a black dot is a 1
}

// place is where the upper left corner of the picture goes.
type place struct{ x, y int }

var bitmap = regexp.MustCompile(`^BITMAP +(\d{1,5}) *, *(\d{1,5}) *, *\{picture:\d+\}$`)

// bitmap takes the line with the picture.
func (c *compiler) bitmap(line string, parts []template.Part) {
	m := bitmap.FindStringSubmatch(line)
	if m == nil {
		c.fail("write "+pictureExample+": the driver completes it", "%s is no place for a picture", line)
		return
	}
	var at place
	at.x, _ = strconv.Atoi(m[1])
	at.y, _ = strconv.Atoi(m[2])
	if at.x > maxPlace || at.y > maxPlace {
		c.fail("write "+pictureExample, "%s,%s is no place of a label", m[1], m[2])
	}
	if c.label.picture.Width > 0 {
		c.fail("leave the second out", "there is more than one {picture}")
	}
	if c.cleared == 0 {
		c.fail("put CLS before it", "BITMAP stands before CLS, which wipes it away")
	}
	p := parts[len(parts)-1]
	c.label.picture.Width = template.Millimetres(p)
	c.names = append(c.names, template.Picture)
	c.label.parts = append(c.label.parts, part{Part: p, place: &at})
}

// draw appends the picture as BITMAP x,y,width in bytes,height,0 (overwrite),data, in bands. Every line but the
// last is ended. What follows <ESC>! is a command that is obeyed at once, and no document says that it is not in
// the midst of data. Only a dot that is alone in its row can make these two bytes, which no picture of
// modules has: of others it is left out.
func (p picture) draw(dst []byte, at place, dots *drivers.Picture) []byte {
	for y, band := range graphics.Bands(dots, maxBand) {
		if y > 0 {
			dst = append(dst, "\r\n"...)
		}
		dst = fmt.Appendf(dst, "BITMAP %d,%d,%d,%d,0,", at.x, at.y+y, len(band.Black)/band.Height, band.Height)
		begin := len(dst)
		for _, b := range band.Black {
			if !p.ones {
				b = ^b
			}
			if n := len(dst); n > begin && dst[n-1] == 0x1b && b == '!' {
				dst[n-1] = 0x1f
			}
			dst = append(dst, b)
		}
	}
	return dst
}

// filler ends a BITMAP that an interrupted connection left unfinished: what of it is not taken for data is
// empty lines.
func (p picture) filler() string {
	if p.Width == 0 {
		return ""
	}
	return strings.Repeat("\r\n", maxBand/2+1)
}
