package drawtest

import (
	"slices"
	"testing"
)

func TestJoin(t *testing.T) {
	a := Dots{X: 10, Y: 20, Width: 9, Height: 2, Black: []byte{0x80, 0x80, 0x01, 0x00}}
	b := Dots{X: 12, Y: 21, Width: 8, Height: 2, Black: []byte{0xff, 0x01}}
	got := Join([]Dots{a, b})
	want := Dots{X: 10, Y: 20, Width: 10, Height: 3, Black: []byte{0x80, 0x80, 0x3f, 0xc0, 0x00, 0x40}}
	if got.X != want.X || got.Y != want.Y || got.Width != want.Width || got.Height != want.Height || !slices.Equal(got.Black, want.Black) {
		t.Errorf("%+v, want %+v", got, want)
	}
	for y := 18; y < 25; y++ {
		for x := 8; x < 22; x++ {
			if got.At(x, y) != (a.At(x, y) || b.At(x, y)) {
				t.Errorf("%d, %d", x, y)
			}
		}
	}
	if none := Join(nil); none.Width != 0 || none.At(0, 0) {
		t.Errorf("%+v", none)
	}
}
