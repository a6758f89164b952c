package zpltest

import (
	"slices"
	"strings"
	"testing"

	"linemark/drivers/link/linktest/drawtest"
)

func TestGraphic(t *testing.T) {
	dots := func(x, y, bytes, height int, black ...byte) []drawtest.Dots {
		return []drawtest.Dots{{X: x, Y: y, Width: 8 * bytes, Height: height, Black: black}}
	}
	for format, want := range map[string][]drawtest.Dots{
		// The Guide's own form: the place, the bytes that follow, those of the picture, those of a row.
		"^FO50,60^GFA,4,4,2,8001ff00^FS":                                  dots(50, 60, 2, 2, 0x80, 0x01, 0xff, 0x00),
		"^FO50,60^GF,4,4,2,8001FF00^FS":                                   dots(50, 60, 2, 2, 0x80, 0x01, 0xff, 0x00),
		"^GFA,2,2,1,80\r\n01\r\n^FS":                                      dots(0, 0, 1, 2, 0x80, 0x01),
		"^LH100,200^FO5,6^GFA,1,1,1,F0^FS":                                dots(105, 206, 1, 1, 0xf0),
		"^FT50,60^GFA,4,4,2,8001ff00^FS":                                  dots(50, 58, 2, 2, 0x80, 0x01, 0xff, 0x00),
		"^FO9,9^GFA,4,4,2,80,ff^FS":                                       dots(9, 9, 2, 2, 0x80, 0x00, 0xff, 0x00), // a comma fills the row up
		"^FO9,9^GFA,4,4,2,8001^FS":                                        dots(9, 9, 2, 2, 0x80, 0x01, 0x00, 0x00), // what is missing is white
		"^FO9,9^GFA,2,2,1,8001FFFF^FS":                                    dots(9, 9, 1, 2, 0x80, 0x01),             // what is too much is ignored
		"^FO9,9^GFA,,2,1,8001^FS":                                         nil,
		"^FO9,9^GFA,2,2,0,8001^FS":                                        nil,
		"^FO9,9^GFA,2,2,4,8001^FS":                                        nil,
		"^FO9,9^GFA,2,2,1,80G1^FS":                                        nil,
		"^FO9,9^GFB,2,2,1,AB^FS":                                          nil,
		"^FO9,9^GFA,2,2,1^FS":                                             nil,
		"^FO9,9^GFA,2,2,1,8001":                                           nil, // never ended
		"^FO1,1^GFA,1,1,1,80^FS^FO1,2^GFA,1,1,1,01^FS":                    append(dots(1, 1, 1, 1, 0x80), dots(1, 2, 1, 1, 0x01)...),
		"^FO0,0^GFA,20000,20000,1," + strings.Repeat("AA", 20000) + "^FS": dots(0, 0, 1, 20000, []byte(strings.Repeat("\xaa", 20000))...),
	} {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		h.send("^XA" + format + "^XZ")
		h.sync()
		got := p.Received()[0].Drawn
		if !slices.EqualFunc(got, want, func(a, b drawtest.Dots) bool {
			return a.X == b.X && a.Y == b.Y && a.Width == b.Width && a.Height == b.Height && slices.Equal(a.Black, b.Black)
		}) {
			t.Errorf("%.60s: %d graphics, want %d: %.200v", format, len(got), len(want), got)
		}
		if _, ok := p.Print(); !ok {
			t.Errorf("%.60s: nothing came out", format)
		}
	}
}
