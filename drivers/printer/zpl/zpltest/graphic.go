package zpltest

import (
	"encoding/hex"
	"strconv"
	"strings"

	"linemark/drivers/link/linktest/drawtest"
)

const (
	maxGraphic = 99_999 // of the numbers of ^GF; what is larger is taken for this
	maxPlace   = 32_000 // of a coordinate
)

// graphic reads ^GFa,b,c,d,data: c bytes of picture, d of them in a row, two hexadecimal digits for each. Line
// ends mean nothing, a comma fills a row up with white, and what follows the last byte is ignored. It is false
// where nothing is drawn: a number is missing, or the data is not in plain hexadecimal.
func graphic(text string) (d drawtest.Dots, ok bool) {
	all := strings.SplitN(text, ",", 5)
	if len(all) < 5 || all[0] != "A" && all[0] != "a" && all[0] != "" {
		return d, false
	}
	var numbers [3]int
	for i := range numbers {
		n, err := strconv.Atoi(strings.TrimSpace(all[1+i]))
		if err != nil || n < 1 {
			return d, false
		}
		numbers[i] = min(n, maxGraphic)
	}
	total, row := numbers[1], numbers[2]
	data := make([]byte, 0, total)
	digits := strings.NewReplacer("\r", "", "\n", "", " ", "").Replace(all[4])
	for len(digits) > 0 && len(data) < total {
		if digits[0] == ',' {
			data = append(data, make([]byte, row-len(data)%row)...)
			digits = digits[1:]
			continue
		}
		var b [1]byte
		if len(digits) < 2 {
			break
		}
		if _, err := hex.Decode(b[:], []byte(digits[:2])); err != nil {
			return d, false
		}
		data, digits = append(data, b[0]), digits[2:]
	}
	data = data[:min(len(data), total)]
	d = drawtest.Dots{Width: 8 * row, Height: total / row}
	d.Black = append(data, make([]byte, max(0, row*d.Height-len(data)))...)[:row*d.Height]
	return d, d.Height > 0
}

// place draws the graphics of a field at its place.
func (f *format) place(fd field) {
	for _, d := range fd.graphic {
		d.X, d.Y = f.homeX+fd.x, f.homeY+fd.y
		if fd.onBase {
			d.Y -= d.Height
		}
		f.drawn = append(f.drawn, d)
	}
}

// coordinate reads one number of a list.
func coordinate(list string, n, absent int) int {
	v, err := strconv.Atoi(parameter(list, n))
	if err != nil || v < 0 {
		return absent
	}
	return min(v, maxPlace)
}
