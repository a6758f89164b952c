package sbpltest

import (
	"slices"
	"strings"
	"testing"

	"linemark/drivers/link/linktest/drawtest"
)

func TestGraphic(t *testing.T) {
	square := []byte{0xff, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0xff}
	two := slices.Concat([]byte{0xaa, 0x01}, make([]byte, 12), []byte{0x80, 0x55})
	for commands, want := range map[string]*drawtest.Dots{
		// The coding example of the SG112-ex Programming Reference: a square.
		"<V>50<H>50<G>H001001FF818181818181FF":               {X: 50, Y: 50, Width: 8, Height: 8, Black: square},
		"<V>0060<H>0050<G>H001001ff818181818181ff":           {X: 50, Y: 60, Width: 8, Height: 8, Black: square},
		"<G>H002001AA01" + strings.Repeat("00", 12) + "8055": {Width: 16, Height: 8, Black: two}, // row by row
		"<L>0101<G>H001001FF818181818181FF":                  {Width: 8, Height: 8, Black: square},
		"<L>0201<G>H001001FF818181818181FF":                  {Width: 16, Height: 8, Black: []byte{255, 255, 0xc0, 3, 0xc0, 3, 0xc0, 3, 0xc0, 3, 0xc0, 3, 0xc0, 3, 255, 255}},
		"<L>0102<G>H001001FF818181818181FF":                  {Width: 8, Height: 16, Black: []byte{255, 255, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 255, 255}},
		"<G>H001001FF818181818181":                           nil,
		"<G>H001001FF818181818181FFFF":                       nil,
		"<G>H001001FF81818181818xFF":                         nil,
		"<G>H000001":                                         nil,
		"<G>H0101":                                           nil,
		"<G>B001001\xff\x81\x81\x81\x81\x81\x81\xff":         nil,
	} {
		p := start(t, Options{Trigger: true})
		h := connect(t, p)
		h.Send("\x02\x1bA" + strings.NewReplacer("<", "\x1b", ">", "").Replace(commands) + "\x1bQ1\x1bZ\x03")
		h.status(32)
		got := p.Received()[0].Drawn
		if want == nil {
			if len(got) > 0 {
				t.Errorf("%s: %+v", commands, got)
			}
			continue
		}
		if len(got) != 1 || got[0].X != want.X || got[0].Y != want.Y || got[0].Width != want.Width || got[0].Height != want.Height || !slices.Equal(got[0].Black, want.Black) {
			t.Errorf("%s: %+v, want %+v", commands, got, want)
		}
	}
}
