package zpl

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"linemark/drivers"
	"linemark/drivers/printer/graphics"
	"linemark/drivers/printer/template"
)

const (
	// maxGraphic is how many bytes one ^GF takes (ZPL II Programming Guide: b and c from 1 to 99999).
	maxGraphic = 99_999
	// maxPlace is the largest coordinate of ^FO.
	maxPlace = 32_000
)

const pictureHint = "write it like ^FO50,50{picture:40}^FS"

// place is where the label's picture goes: its upper left corner, or the right one where the label says so.
type place struct {
	x, y      int
	alignment string // the third parameter of ^FO with its comma, or empty
}

// origin is the ^FO in front of a picture.
var origin = regexp.MustCompile(`^(\d{1,5}),(\d{1,5})((?:,[012])?)(\{[^{}]*\})$`)

// place takes a ^FO with the picture behind it; it is false where the command is another one.
func (c *compiler) place(b []byte) bool {
	m := origin.FindSubmatch(b[3:])
	if m == nil {
		return false
	}
	parts, err := template.Parse(string(m[4]), template.Picture)
	if err != nil || parts[0].Name != template.Picture {
		return false
	}
	p := &place{alignment: string(m[3])}
	p.x, _ = strconv.Atoi(string(m[1]))
	p.y, _ = strconv.Atoi(string(m[2]))
	if p.x > maxPlace || p.y > maxPlace {
		c.fail(pictureHint, "^FO%s,%s is no place of a label", m[1], m[2])
	}
	if c.label.picture.Width > 0 {
		c.fail("leave the second out", "there is more than one {picture}")
	}
	c.label.picture.Width = template.Millimetres(parts[0])
	c.names = append(c.names, template.Picture)
	c.label.pieces = append(c.label.pieces, piece{command: "^FO", literal: bytes.Clone(b[:bytes.IndexByte(b, '{')]), place: p})
	c.open = true
	return true
}

// draw appends the picture behind its ^FO, in hexadecimal: of all forms of ^GF the one that every printer
// takes. What is too large for one ^GF goes on in a field below.
func (p *place) draw(dst []byte, dots *drivers.Picture) []byte {
	for y, band := range graphics.Bands(dots, maxGraphic) {
		if y > 0 {
			dst = fmt.Appendf(dst, "^FS^FO%d,%d%s", p.x, p.y+y, p.alignment)
		}
		n := len(band.Black)
		dst = fmt.Appendf(dst, "^GFA,%d,%d,%d,", n, n, n/band.Height)
		dst = append(dst, bytes.ToUpper(hex.AppendEncode(nil, band.Black))...)
	}
	return dst
}
