package symbol

import (
	"fmt"
	"html"
	"strings"
	"unicode"
)

const (
	quietMatrix = 2  // modules of white on each side: twice what ISO/IEC 16022 asks for, since a screen shines
	quietBars   = 10 // at the left and right (GS1 General Specifications, 5.4)
	barHeight   = 40 // modules
)

// SVG draws the symbol with its quiet zone, a module being a unit of the viewBox. Readers of the page hear the label.
func (g Grid) SVG(label string) string {
	var path strings.Builder
	for y := range g.Size {
		runs(&path, g.Size, quietMatrix, y+quietMatrix, 1, func(x int) bool { return g.Dark(x, y) })
	}
	return picture(g.Size+2*quietMatrix, g.Size+2*quietMatrix, label, path.String())
}

// SVG draws the bars with their quiet zones, a module being a unit of the viewBox. Readers of the page hear the label.
func (r Row) SVG(label string) string {
	var path strings.Builder
	runs(&path, r.Size, quietBars, 0, barHeight, r.Dark)
	return picture(r.Size+2*quietBars, barHeight, label, path.String())
}

// runs draws each run of dark modules of a row as one rectangle.
func runs(path *strings.Builder, n, left, top, height int, dark func(x int) bool) {
	for x := 0; x < n; x++ {
		begin := x
		for dark(x) { // nothing is dark at n
			x++
		}
		if x > begin {
			fmt.Fprintf(path, "M%d %dh%dv%dh-%dz", left+begin, top, x-begin, height, x-begin)
		}
	}
}

// picture is dark on white whatever the colours of the page around it are: readers want it so. A class may set another
// color.
func picture(width, height int, label, path string) string {
	label = strings.Map(func(r rune) rune { // no document may hold a control character
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, label)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s" color="#000" shape-rendering="crispEdges">`+
		`<rect width="%[1]d" height="%[2]d" fill="#fff"/><path fill="currentColor" d="%[4]s"/></svg>`, width, height, html.EscapeString(label), path)
}
