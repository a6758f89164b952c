package graphics

import (
	"fmt"

	"linemark/drivers"
)

// grid is the modules of a picture: columns by rows of them, all alike, in a part of it.
type grid struct{ x, y axis }

// axis is one direction of a picture: where along it black and white meet.
type axis struct {
	length int   // of the picture, in pixels
	edges  []int // in order; the first and the last are the ends of what is black
	parts  int   // modules between them
}

func (a axis) first() int { return a.edges[0] }
func (a axis) span() int  { return a.edges[len(a.edges)-1] - a.edges[0] }

// striped says that all is one row of modules, as in a bar code.
func (a axis) striped() bool { return len(a.edges) == 2 }

// find looks for the modules of a picture that is not white all over.
func find(p *drivers.Picture) (g grid, ok bool) {
	g = grid{axis{length: p.Width}, axis{length: p.Height}}
	columns, rows := make([]bool, p.Width+1), make([]bool, p.Height+1)
	for y := range p.Height + 1 {
		for x := range p.Width + 1 {
			here := black(p, x, y)
			columns[x] = columns[x] || here != black(p, x-1, y)
			rows[y] = rows[y] || here != black(p, x, y-1)
		}
	}
	for x, edge := range columns {
		if edge {
			g.x.edges = append(g.x.edges, x)
		}
	}
	for y, edge := range rows {
		if edge {
			g.y.edges = append(g.y.edges, y)
		}
	}
	return g, g.whole() || g.fitted() || g.single()
}

// whole takes modules of a whole number of pixels: the greatest that divides all runs of black and white. The
// margin need not be of whole modules.
func (g *grid) whole() bool {
	side := gcd(g.x.side(), g.y.side())
	switch {
	case g.x.striped() && !g.y.striped():
		side = g.y.side()
	case g.y.striped() && !g.x.striped():
		side = g.x.side()
	}
	g.x.parts, g.y.parts = max(1, nearest(g.x.span(), side)), max(1, nearest(g.y.span(), side))
	return side > 1
}

// side is the greatest number of pixels that divides all runs.
func (a axis) side() (n int) {
	for _, e := range a.edges {
		n = gcd(n, e-a.first())
	}
	return n
}

// fitted takes modules that are no whole number of pixels wide, as in a picture that was made smaller or
// larger without a thought: each edge is less than a pixel from where it should be.
func (g *grid) fitted() bool {
	switch {
	case g.x.striped() && g.y.fit():
		g.x.parts = max(1, nearest(g.x.span()*g.y.parts, g.y.span()))
	case g.y.striped() && g.x.fit():
		g.y.parts = max(1, nearest(g.y.span()*g.x.parts, g.x.span()))
	default:
		if !g.x.fit() || !g.y.fit() {
			return false
		}
	}
	// Modules are square, but for one pixel of the whole.
	across, down := g.x.span()*g.y.parts, g.y.span()*g.x.parts
	return g.x.striped() || g.y.striped() || abs(across-down) <= 2*max(g.x.parts, g.y.parts)
}

// fit finds the number of equal parts whose borders the edges are nearest to. Below three pixels a module any
// edge would be near to some border.
func (a *axis) fit() bool {
	least := a.length
	for i := 1; i < len(a.edges); i++ {
		least = min(least, a.edges[i]-a.edges[i-1])
	}
	if least < 3 {
		return false
	}
	best := 1.0
	for parts := (a.span() + least) / (least + 1); parts <= a.span()/(least-1); parts++ {
		if off := a.off(parts, best); off < best {
			best, a.parts = off, parts
		}
	}
	return best < 1
}

// off is how many pixels the edges are off the borders of so many parts at most; from limit on it is not
// looked for more, and two edges at one border are off altogether.
func (a axis) off(parts int, limit float64) (worst float64) {
	before := -1
	for _, e := range a.edges {
		at := nearest((e-a.first())*parts, a.span())
		if at == before {
			return limit
		}
		before = at
		worst = max(worst, float64(abs((e-a.first())*parts-at*a.span()))/float64(parts))
		if worst >= limit {
			return limit
		}
	}
	return worst
}

// single takes each pixel as a module where the picture is no larger than a QR code that came so.
func (g *grid) single() bool {
	g.x.parts, g.y.parts = g.x.span(), g.y.span()
	return g.x.length <= maxSymbol && g.y.length <= maxSymbol
}

// draw draws the modules in the greatest whole number of dots that fits.
func (g *grid) draw(p *drivers.Picture, width, dpi int) (*drivers.Picture, error) {
	// The picture is as wide as length*parts/span modules.
	side := dots(width, dpi) * g.x.span() / (g.x.length * g.x.parts)
	least := max(leastDots, (leastModule*dpi*2+2540)/(2*2540))
	if side < least {
		modules := (g.x.length*g.x.parts + g.x.span() - 1) / g.x.span()
		tenths := (least*modules*254 + dpi - 1) / dpi
		return nil, fmt.Errorf("the picture of %d modules, its white margin with them, needs at least %d.%d mm at %d dpi, and the label has {picture:%d}",
			modules, tenths/10, tenths%10, dpi, width)
	}
	left, top := g.x.margin(side, g.x.first()), g.y.margin(side, g.y.first())
	right, bottom := g.x.margin(side, g.x.length-g.x.first()-g.x.span()), g.y.margin(side, g.y.length-g.y.first()-g.y.span())
	height := top + side*g.y.parts + bottom
	if err := high(height, dpi); err != nil {
		return nil, err
	}
	out := blank(left+side*g.x.parts+right, height)
	row := make([]byte, stride(out.Width))
	for j := range g.y.parts {
		clear(row)
		for i := range g.x.parts {
			if black(p, g.x.middle(i), g.y.middle(j)) {
				for x := left + i*side; x < left+(i+1)*side; x++ {
					row[x>>3] |= 0x80 >> (x & 7)
				}
			}
		}
		for y := top + j*side; y < top+(j+1)*side; y++ {
			copy(out.Black[y*len(row):], row)
		}
	}
	return out, nil
}

// margin is so many pixels in dots.
func (a axis) margin(side, pixels int) int { return pixels * side * a.parts / a.span() }

// middle is the pixel in the middle of a module.
func (a axis) middle(part int) int { return a.first() + (2*part+1)*a.span()/(2*a.parts) }

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func nearest(a, b int) int { return (2*a + b) / (2 * b) }

func abs(n int) int { return max(n, -n) }
