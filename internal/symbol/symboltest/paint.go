// Package symboltest paints pictures of symbols as a browser would.
package symboltest

import (
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"regexp"
	"strings"
)

// element is an element of SVG with whatever attributes it has.
type element struct {
	XMLName    xml.Name
	Attributes []xml.Attr `xml:",any,attr"`
	Inside     []element  `xml:",any"`
}

func (e element) attribute(name string) string {
	for _, a := range e.Attributes {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

var (
	rectangle = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z`)
	colors    = map[string]color.Gray{"#000": {0}, "#fff": {255}}
)

// Paint draws an SVG of a rectangle and a path of rectangles with so many dots to a unit, on grey as if the page were,
// and returns its label. An attribute that a page's Content-Security-Policy forbids, an element or a command beyond
// these, or a place outside of the viewBox is an error.
func Paint(svg string, dots int) (picture *image.Gray, label string, err error) {
	var top element
	if err := xml.Unmarshal([]byte(svg), &top); err != nil {
		return nil, "", fmt.Errorf("reading the SVG: %w", err)
	}
	for _, e := range append([]element{top}, top.Inside...) {
		for _, a := range e.Attributes {
			if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") {
				return nil, "", fmt.Errorf("<%s> has the attribute %s", e.XMLName.Local, a.Name.Local)
			}
		}
	}
	var x, y, width, height int
	if _, err := fmt.Sscanf(top.attribute("viewBox"), "%d %d %d %d", &x, &y, &width, &height); err != nil || x != 0 || y != 0 {
		return nil, "", fmt.Errorf("the viewBox is %q", top.attribute("viewBox"))
	}
	if top.attribute("role") != "img" || len(top.Inside) != 2 {
		return nil, "", fmt.Errorf("<svg> has the role %q and %d elements, expected img and 2", top.attribute("role"), len(top.Inside))
	}
	picture = image.NewGray(image.Rect(0, 0, width*dots, height*dots))
	draw.Draw(picture, picture.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	fill := func(e element, x, y, width, height int) error {
		with, known := colors[strings.ReplaceAll(e.attribute("fill"), "currentColor", top.attribute("color"))]
		part := image.Rect(x*dots, y*dots, (x+width)*dots, (y+height)*dots)
		if !known || part.Empty() || !part.In(picture.Rect) {
			return fmt.Errorf("<%s> fills %v of %v with %q", e.XMLName.Local, part, picture.Rect, e.attribute("fill"))
		}
		draw.Draw(picture, part, image.NewUniform(with), image.Point{}, draw.Src)
		return nil
	}
	for _, e := range top.Inside {
		if e.XMLName.Local == "rect" {
			var width, height int
			if _, err := fmt.Sscan(e.attribute("width"), &width); err != nil {
				return nil, "", fmt.Errorf("reading the width of <rect>: %w", err)
			}
			if _, err := fmt.Sscan(e.attribute("height"), &height); err != nil {
				return nil, "", fmt.Errorf("reading the height of <rect>: %w", err)
			}
			if err := fill(e, 0, 0, width, height); err != nil {
				return nil, "", err
			}
			continue
		}
		if rest := rectangle.ReplaceAllString(e.attribute("d"), ""); e.XMLName.Local != "path" || rest != "" {
			return nil, "", fmt.Errorf("<%s> draws %q, expected a path of rectangles", e.XMLName.Local, rest)
		}
		for _, m := range rectangle.FindAllStringSubmatch(e.attribute("d"), -1) {
			var n [5]int
			for i := range n {
				fmt.Sscan(m[i+1], &n[i]) //nolint:errcheck // they are digits
			}
			if n[2] != n[4] {
				return nil, "", fmt.Errorf("%s is no rectangle", m[0])
			}
			if err := fill(e, n[0], n[1], n[2], n[3]); err != nil {
				return nil, "", err
			}
		}
	}
	return picture, top.attribute("aria-label"), nil
}
