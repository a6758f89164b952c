package shipping

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // the formats that labels take
	_ "image/jpeg"
	_ "image/png"
)

// Bounds of a picture. The smallest QR code has 21 modules a side.
const (
	smallest = 21
	largest  = 4096
)

// Decode makes black and white of a picture in PNG, JPEG or GIF. What can be seen through is white. Black is what is
// darker than the level that parts the picture's dark and light best.
func Decode(content []byte) (Picture, error) {
	const takes = "labels take PNG, JPEG and GIF"
	if len(content) == 0 {
		return Picture{}, errors.New("the picture is empty")
	}
	size, format, err := image.DecodeConfig(bytes.NewReader(content))
	switch {
	case errors.Is(err, image.ErrFormat):
		return Picture{}, fmt.Errorf("it is a picture of another format: %s", takes)
	case err != nil:
		return Picture{}, fmt.Errorf("the picture is damaged: %w", err)
	case size.Width < smallest || size.Height < smallest || size.Width > largest || size.Height > largest:
		return Picture{}, fmt.Errorf("the picture has %d by %d pixels, and a QR code on a label has %d to %d", size.Width, size.Height, smallest, largest)
	}
	m, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return Picture{}, fmt.Errorf("the %s picture is damaged: %w", format, err)
	}
	b := m.Bounds()
	grey := make([]byte, 0, b.Dx()*b.Dy())
	var counts [256]int
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			g := light(m.At(x, y))
			counts[g]++
			grey = append(grey, g)
		}
	}
	level, ok := threshold(&counts, len(grey))
	if !ok {
		return Picture{}, errors.New("the picture is all of one colour")
	}
	p := Picture{Width: b.Dx(), Height: b.Dy()}
	stride := (p.Width + 7) / 8
	p.Black = make([]byte, stride*p.Height)
	for i, g := range grey {
		if g <= level {
			x, y := i%p.Width, i/p.Width
			p.Black[y*stride+x/8] |= 0x80 >> (x % 8)
		}
	}
	return p, nil
}

// light is how light a pixel is on white paper (luminance of Rec. 601).
func light(c color.Color) byte {
	r, g, b, a := c.RGBA() // premultiplied
	y := (19595*r + 38470*g + 7471*b + 1<<15) >> 16
	return byte((y + 0xffff - a) >> 8)
}

// threshold finds the level at which the two parts of the picture differ most (Otsu). ok is false where there
// are no two parts.
func threshold(counts *[256]int, total int) (level byte, ok bool) {
	var sum, below float64
	for g, n := range counts {
		sum += float64(g * n)
	}
	var best float64
	n := 0
	first, last := -1, 0 // a plateau of equally good levels: its middle stands farthest from both
	for g := range 255 {
		n += counts[g]
		below += float64(g * counts[g])
		if n == 0 || n == total {
			continue
		}
		low, high := below/float64(n), (sum-below)/float64(total-n)
		between := float64(n) * float64(total-n) * (high - low) * (high - low)
		switch {
		case between > best:
			best, first, last = between, g, g
		case between == best && first >= 0:
			last = g
		}
	}
	return byte((max(first, 0) + last) / 2), first >= 0
}
