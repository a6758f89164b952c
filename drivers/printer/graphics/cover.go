package graphics

import "linemark/drivers"

// cover draws a picture that has no modules in the whole width: a dot is black where at least half of the area
// that it covers is.
func cover(p *drivers.Picture, width, dpi int) (*drivers.Picture, error) {
	across := dots(width, dpi)
	down := max(1, nearest(p.Height*across, p.Width))
	if err := high(down, dpi); err != nil {
		return nil, err
	}
	out := blank(across, down)
	for y := range down {
		for x := range across {
			if 2*covered(p, x, y, across, down) >= p.Width*p.Height {
				out.Black[y*stride(across)+x>>3] |= 0x80 >> (x & 7)
			}
		}
	}
	return out, nil
}

// covered is how much black a dot covers, of Width*Height. A pixel is across wide and down high, and a dot is
// Width wide and Height high: so all are whole numbers.
func covered(p *drivers.Picture, x, y, across, down int) (area int) {
	left, top := x*p.Width, y*p.Height
	right, bottom := left+p.Width, top+p.Height
	for j := top / down; j*down < bottom; j++ {
		high := min(bottom, (j+1)*down) - max(top, j*down)
		for i := left / across; i*across < right; i++ {
			if black(p, i, j) {
				area += high * (min(right, (i+1)*across) - max(left, i*across))
			}
		}
	}
	return area
}
