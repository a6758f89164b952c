// Package graphics brings pictures into a printer's resolution. A code of square modules, such as the QR code
// of a waybill, comes from a web system in pixels of any size: here its modules are found, and each becomes the
// same whole number of the printer's dots, so that it reads on paper as it did on the screen.
package graphics

import (
	"errors"
	"fmt"
	"iter"

	"linemark/drivers"
)

const (
	// maxSide and maxPixels bound what is looked at: 16 million pixels are 2 MB.
	maxSide   = 8192
	maxPixels = 1 << 24
	// maxWidth and maxHeight are how large in millimetres a picture may come out: 3 MB at 609 dpi.
	maxWidth  = 200
	maxHeight = 200
	// maxSymbol is how many modules a QR code has at most, with the white of 4 around it (ISO/IEC 18004).
	maxSymbol = 177 + 2*4
	// leastDots is how many dots the side of a module has: a head blurs and shifts by half a dot, which of a
	// single one would leave nothing to read.
	leastDots = 2
	// leastModule is how wide a module is, in hundredths of a millimetre: the least X-dimension that the GS1
	// General Specifications allow a printed two-dimensional symbol is 0.25 mm (0.0100 inch). ISO/IEC 18004
	// leaves the size to the application.
	leastModule = 25
)

// Want is what the {picture:MM} of a label asks for. The zero value is that of a label without one.
type Want struct {
	Width int // in millimetres
	DPI   int // of the printer
}

// Of returns the picture of a label in the printer's dots; nil where the label has no place for one. It is an
// error where the label has the place and not the picture, or the picture and not the place.
func (w Want) Of(l drivers.Label) (*drivers.Picture, error) {
	switch {
	case w.Width == 0 && l.Picture == nil:
		return nil, nil
	case w.Width == 0:
		return nil, errors.New("there is a picture, and the label has no place for it: {picture:MM}")
	case l.Picture == nil:
		return nil, fmt.Errorf("there is no picture for {picture:%d}", w.Width)
	}
	return Scale(l.Picture, w.Width, w.DPI)
}

// Scale returns a picture in dots, no wider than so many millimetres at so many dots an inch. Where it
// consists of square modules each is the same whole number of dots, as many as fit, and the white around is
// kept in proportion. Any other picture gets the whole width, and a dot is black where half of what it covers
// is. A picture whose modules would be too small to read is an error that says what it needs.
func Scale(p *drivers.Picture, width, dpi int) (*drivers.Picture, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	if width < 1 || width > maxWidth || dpi < resolutions[0] || dpi > resolutions[len(resolutions)-1] {
		return nil, fmt.Errorf("there are no pictures of %d mm at %d dpi", width, dpi)
	}
	if g, ok := find(p); ok {
		return g.draw(p, width, dpi)
	}
	return cover(p, width, dpi)
}

// check keeps out what is no picture, and what would take too much memory.
func check(p *drivers.Picture) error {
	switch {
	case p == nil:
		return errors.New("there is no picture")
	case p.Width < 1 || p.Height < 1:
		return fmt.Errorf("the picture has %d by %d pixels", p.Width, p.Height)
	case p.Width > maxSide || p.Height > maxSide || p.Width*p.Height > maxPixels:
		return fmt.Errorf("the picture has %d by %d pixels: a side may have %d, and all of it %d", p.Width, p.Height, maxSide, maxPixels)
	case len(p.Black) != stride(p.Width)*p.Height:
		return fmt.Errorf("the picture has %d bytes, and %d by %d pixels are %d", len(p.Black), p.Width, p.Height, stride(p.Width)*p.Height)
	}
	for y := range p.Height {
		for x := range p.Width {
			if black(p, x, y) {
				return nil
			}
		}
	}
	return errors.New("the picture is white all over")
}

// Bands returns a picture cut into strips of whole rows, of no more than so many bytes each (of one row at the
// least), from the top, with the row where each begins. Languages bound what one command may hold.
func Bands(p *drivers.Picture, most int) iter.Seq2[int, *drivers.Picture] {
	row := stride(p.Width)
	rows := max(1, most/row)
	return func(yield func(int, *drivers.Picture) bool) {
		for y := 0; y < p.Height; y += rows {
			n := min(rows, p.Height-y)
			if !yield(y, &drivers.Picture{Width: p.Width, Height: n, Black: p.Black[y*row : (y+n)*row]}) {
				return
			}
		}
	}
}

// stride is how many bytes a row has.
func stride(width int) int { return (width + 7) / 8 }

// dots is a length in millimetres in dots, to the nearest.
func dots(mm, dpi int) int { return (mm*dpi*10 + 127) / 254 }

// blank returns a white picture.
func blank(width, height int) *drivers.Picture {
	return &drivers.Picture{Width: width, Height: height, Black: make([]byte, stride(width)*height)}
}

// black reports whether a pixel is; outside of the picture all is white.
func black(p *drivers.Picture, x, y int) bool {
	return x >= 0 && y >= 0 && x < p.Width && y < p.Height && p.Black[y*stride(p.Width)+x>>3]&(0x80>>(x&7)) != 0
}

// high is an error where a picture would come out higher than labels are.
func high(height, dpi int) error {
	if height > dots(maxHeight, dpi) {
		return fmt.Errorf("the picture would be %d mm high: %d mm is possible", (height*254+dpi*10-1)/(dpi*10), maxHeight)
	}
	return nil
}
