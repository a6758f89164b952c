// Package drawtest is the dots that an emulated printer has drawn of a label's graphics.
package drawtest

// Dots is a rectangle of dots on a label.
type Dots struct {
	X, Y          int // of its upper left corner
	Width, Height int
	Black         []byte // row by row, each of whole bytes, the leftmost dot the highest bit; 1 is black
}

// At reports whether a dot of the label is black. Outside of the rectangle all is white.
func (d Dots) At(x, y int) bool {
	x, y = x-d.X, y-d.Y
	return x >= 0 && y >= 0 && x < d.Width && y < d.Height && d.Black[y*((d.Width+7)/8)+x/8]&(0x80>>(x%8)) != 0
}

// Join draws rectangles over each other in one that holds them all: black stays black.
func Join(all []Dots) Dots {
	if len(all) == 0 {
		return Dots{}
	}
	left, top, right, bottom := all[0].X, all[0].Y, all[0].X, all[0].Y
	for _, d := range all {
		left, top = min(left, d.X), min(top, d.Y)
		right, bottom = max(right, d.X+d.Width), max(bottom, d.Y+d.Height)
	}
	one := Dots{X: left, Y: top, Width: right - left, Height: bottom - top}
	row := (one.Width + 7) / 8
	one.Black = make([]byte, row*one.Height)
	for _, d := range all {
		for y := d.Y; y < d.Y+d.Height; y++ {
			for x := d.X; x < d.X+d.Width; x++ {
				if d.At(x, y) {
					one.Black[(y-top)*row+(x-left)/8] |= 0x80 >> ((x - left) % 8)
				}
			}
		}
	}
	return one
}
