package tspltest

import (
	"regexp"
	"strconv"

	"linemark/drivers/link/linktest/drawtest"
)

// maxBitmap is how many bytes one BITMAP takes; a larger one is an error.
const maxBitmap = 1 << 20

// bitmapHead is BITMAP x,y,width in bytes,height in dots,mode, up to its data, which is binary.
var bitmapHead = regexp.MustCompile(`^ *BITMAP +(\d{1,5}) *, *(\d{1,5}) *, *(\d{1,4}) *, *(\d{1,5}) *, *([0-2]) *,`)

// numbers reads the head of a BITMAP.
func numbers(line []byte) (n [5]int, length int, ok bool) {
	m := bitmapHead.FindSubmatch(line)
	if m == nil {
		return n, 0, false
	}
	for i := range n {
		n[i], _ = strconv.Atoi(string(m[1+i]))
	}
	return n, len(m[0]), n[2]*n[3] <= maxBitmap
}

// bitmapSize is how many bytes of data follow what has come of a line, if that is the head of a BITMAP.
func bitmapSize(line []byte) int {
	n, length, ok := numbers(line)
	if !ok || length != len(line) {
		return 0
	}
	return n[2] * n[3]
}

// bitmap reads a whole BITMAP: row by row, the highest bit at the left. In the manual's example, an arrow, the
// dots are the bits that are 0.
func bitmap(line []byte, ones bool) (d drawtest.Dots, ok bool) {
	n, length, ok := numbers(line)
	size := n[2] * n[3]
	if !ok || size == 0 || n[4] != 0 || len(line) < length+size {
		return d, false
	}
	d = drawtest.Dots{X: n[0], Y: n[1], Width: 8 * n[2], Height: n[3], Black: make([]byte, size)}
	for i, b := range line[length : length+size] {
		if !ones {
			b = ^b
		}
		d.Black[i] = b
	}
	return d, true
}
