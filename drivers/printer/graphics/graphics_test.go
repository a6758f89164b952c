package graphics

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// picture reads a drawing: # is black.
func picture(lines ...string) *drivers.Picture {
	p := blank(len(lines[0]), len(lines))
	for y, line := range lines {
		for x, c := range line {
			if c == '#' {
				p.Black[y*stride(p.Width)+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return p
}

// lines writes a picture down again.
func lines(p *drivers.Picture) (all []string) {
	for y := range p.Height {
		var line strings.Builder
		for x := range p.Width {
			line.WriteByte(".#"[map[bool]int{true: 1}[black(p, x, y)]])
		}
		all = append(all, line.String())
	}
	return all
}

// enlarge makes n pixels of one, in a white margin of so many pixels.
func enlarge(p *drivers.Picture, n, left, top, right, bottom int) *drivers.Picture {
	out := blank(left+p.Width*n+right, top+p.Height*n+bottom)
	for y := range p.Height * n {
		for x := range p.Width * n {
			if black(p, x/n, y/n) {
				out.Black[(y+top)*stride(out.Width)+(x+left)/8] |= 0x80 >> ((x + left) % 8)
			}
		}
	}
	return out
}

var sample = picture(
	"###.#.##",
	"#.#..#.#",
	"###.##..",
	".....#.#",
	"#.##.###",
	".#.#...#",
	"##..##.#",
	"#.#.#.##",
)

func TestScale(t *testing.T) {
	for name, c := range map[string]struct {
		p          *drivers.Picture
		width, dpi int
		want       *drivers.Picture
	}{
		"modules of a pixel":          {sample, 8, 203, enlarge(sample, 8, 0, 0, 0, 0)}, // 64 dots
		"modules of many pixels":      {enlarge(sample, 25, 0, 0, 0, 0), 8, 203, enlarge(sample, 8, 0, 0, 0, 0)},
		"not a dot too many":          {sample, 7, 203, enlarge(sample, 7, 0, 0, 0, 0)}, // 56 dots
		"the rest stays free":         {sample, 9, 203, enlarge(sample, 9, 0, 0, 0, 0)}, // 72 dots
		"300 dpi":                     {sample, 8, 300, enlarge(sample, 11, 0, 0, 0, 0)},
		"600 dpi":                     {sample, 8, 600, enlarge(sample, 23, 0, 0, 0, 0)},
		"a quiet zone":                {enlarge(sample, 8, 32, 32, 32, 32), 8, 203, enlarge(sample, 4, 16, 16, 16, 16)},
		"a margin of no whole module": {enlarge(sample, 8, 36, 34, 36, 30), 10, 203, enlarge(sample, 4, 18, 17, 18, 15)}, // 17 modules, 80 dots
		"a bar code":                  {enlarge(picture("#.##.#.###..#"), 3, 6, 0, 6, 0), 13, 203, enlarge(picture("#.##.#.###..#"), 6, 12, 0, 12, 0)},
		"a ladder":                    {enlarge(picture("#", ".", "#", "#"), 4, 0, 0, 0, 0), 1, 203, enlarge(picture("#", ".", "#", "#"), 8, 0, 0, 0, 0)},
		"the least module":            {sample, 2, 203, enlarge(sample, 2, 0, 0, 0, 0)},
		"the least at 600 dpi":        {sample, 2, 609, enlarge(sample, 6, 0, 0, 0, 0)},
		"black all over":              {picture("##", "##"), 1, 203, enlarge(picture("#"), 8, 0, 0, 0, 0)},
	} {
		got, err := Scale(c.p, c.width, c.dpi)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !slices.Equal(lines(got), lines(c.want)) {
			t.Errorf("%s: %d x %d\n%s\nwant %d x %d", name, got.Width, got.Height, strings.Join(lines(got), "\n"), c.want.Width, c.want.Height)
		}
	}
}

func TestScaleRefuses(t *testing.T) {
	wide := blank(maxSide+1, 1)
	wide.Black[0] = 0x80
	large := &drivers.Picture{Width: 8192, Height: 8192}
	qr := enlarge(sample, 8, 32, 32, 32, 32) // 16 modules with its margin
	for name, c := range map[string]struct {
		p          *drivers.Picture
		width, dpi int
		want       string
	}{
		"none":            {nil, 40, 203, "there is no picture"},
		"empty":           {&drivers.Picture{}, 40, 203, "0 by 0 pixels"},
		"negative":        {&drivers.Picture{Width: -8, Height: -1, Black: []byte{1}}, 40, 203, "-8 by -1 pixels"},
		"too wide":        {wide, 40, 203, "a side may have 8192"},
		"too large":       {large, 40, 203, "all of it 16777216"},
		"bytes missing":   {&drivers.Picture{Width: 9, Height: 2, Black: make([]byte, 3)}, 40, 203, "3 bytes, and 9 by 2 pixels are 4"},
		"bytes too many":  {&drivers.Picture{Width: 9, Height: 2, Black: make([]byte, 5)}, 40, 203, "5 bytes"},
		"white":           {blank(30, 30), 40, 203, "white all over"},
		"white, but tail": {&drivers.Picture{Width: 1, Height: 1, Black: []byte{0x7f}}, 40, 203, "white all over"},
		"no width":        {sample, 0, 203, "no pictures of 0 mm"},
		"no resolution":   {sample, 40, 0, "no pictures of 40 mm at 0 dpi"},
		"two dots":        {qr, 3, 203, "the picture of 16 modules, its white margin with them, needs at least 4.1 mm at 203 dpi, and the label has {picture:3}"},
		"a quarter of mm": {qr, 4, 300, "16 modules, its white margin with them, needs at least 4.1 mm at 300 dpi"},
		"at 600 dpi":      {qr, 4, 600, "needs at least 4.1 mm at 600 dpi"},
		"at 150 dpi":      {qr, 5, 150, "needs at least 5.5 mm at 150 dpi"},
		"a pixel each":    {enlarge(sample, 1, 50, 50, 50, 50), 20, 203, "the picture of 108 modules"},
		"too high":        {enlarge(picture("#", ".", "#"), 90, 0, 0, 0, 7900), 100, 203, "mm high: 200 mm is possible"},
	} {
		if got, err := Scale(c.p, c.width, c.dpi); err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %q", name, got, err, c.want)
		}
	}
	// What the message says is enough, to the millimetre.
	if got, err := Scale(qr, 5, 203); err != nil || got.Width != 32 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whatever the modules are, of however many pixels and in whatever margin: each is one square of dots.
func TestModulesStayWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 60).Draw(t, "modules")
		code := blank(n, n)
		for y := range n {
			for x := range n {
				// The corners are black and a row and a column alternate, as in any such code.
				corner, timing := (x == 0 || x == n-1) && (y == 0 || y == n-1), x == 1 || y == 1
				if corner || timing && (x+y)%2 == 1 || !timing && rapid.IntRange(0, 2).Draw(t, "dot") == 0 {
					code.Black[y*stride(n)+x/8] |= 0x80 >> (x % 8)
				}
			}
		}
		size := rapid.IntRange(1, 12).Draw(t, "pixels of a module")
		margins := rapid.SliceOfN(rapid.IntRange(0, 2*size), 4, 4).Draw(t, "margins")
		if size == 1 {
			margins = []int{0, 1, 2, 3}
		}
		came := enlarge(code, size, margins[0], margins[1], margins[2], margins[3])
		dpi := rapid.SampledFrom(resolutions).Draw(t, "dpi")
		width := rapid.IntRange(5, 60).Draw(t, "width")
		got, err := Scale(came, width, dpi)
		if err != nil {
			if !strings.Contains(err.Error(), "needs at least") || dots(width, dpi)*size/came.Width >= max(2, 6*dpi/600) {
				t.Fatal(err)
			}
			return
		}
		side := dots(width, dpi) * size / came.Width
		want := enlarge(code, side, margins[0]*side/size, margins[1]*side/size, margins[2]*side/size, margins[3]*side/size)
		if !slices.Equal(got.Black, want.Black) || got.Width != want.Width || got.Width > dots(width, dpi) {
			t.Fatalf("modules of %d became %d x %d, want %d x %d with modules of %d", size, got.Width, got.Height, want.Width, want.Height, side)
		}
	})
}

// stretch takes the nearest pixel, as a browser does that shows a picture in another size.
func stretch(p *drivers.Picture, width, height int) *drivers.Picture {
	out := blank(width, height)
	for y := range height {
		for x := range width {
			if black(p, (2*x+1)*p.Width/(2*width), (2*y+1)*p.Height/(2*height)) {
				out.Black[y*stride(width)+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return out
}

// Modules that are no whole number of pixels wide are found too.
func TestStretched(t *testing.T) {
	whole := enlarge(sample, 1, 4, 4, 4, 4)
	for size := 60; size < 200; size++ {
		came := stretch(whole, size, size)
		got, err := Scale(came, 16, 203) // 128 dots: 8 for a module
		if err != nil {
			t.Errorf("%d pixels: %v", size, err)
			continue
		}
		g, _ := find(got)
		if g.x.parts != 8 || g.y.parts != 8 || !slices.Equal(lines(part(got, g)), lines(sample)) {
			t.Errorf("%d pixels: %d by %d modules\n%s", size, g.x.parts, g.y.parts, strings.Join(lines(got), "\n"))
		}
	}
}

// part is one pixel of each module.
func part(p *drivers.Picture, g grid) *drivers.Picture {
	out := blank(g.x.parts, g.y.parts)
	for y := range g.y.parts {
		for x := range g.x.parts {
			if black(p, g.x.middle(x), g.y.middle(y)) {
				out.Black[y*stride(out.Width)+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return out
}

// A picture without modules fills the width, and keeps its form.
func TestCover(t *testing.T) {
	disc := blank(400, 300)
	for y := range 300 {
		for x := range 400 {
			if (x-200)*(x-200)+(y-150)*(y-150) < 120*120 {
				disc.Black[y*50+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	for _, dpi := range []int{203, 600} {
		got, err := Scale(disc, 25, dpi)
		if err != nil || got.Width != dots(25, dpi) || got.Height != nearest(got.Width*3, 4) {
			t.Fatalf("%d dpi: %v, %v", dpi, got, err)
		}
		for y := range got.Height {
			for x := range got.Width {
				// The middle of the dot in the disc's own measures.
				fx, fy := (float64(x)+.5)*400/float64(got.Width)-200, (float64(y)+.5)*300/float64(got.Height)-150
				r := fx*fx + fy*fy
				if r < 117*117 && !black(got, x, y) || r > 123*123 && black(got, x, y) {
					t.Fatalf("%d dpi: the dot at %d, %d is wrong", dpi, x, y)
				}
			}
		}
	}
	// Each dot covers two by two pixels, of which 0 to 4 are black.
	mixed := blank(400, 2)
	for x := range 200 {
		for k := range x % 5 {
			mixed.Black[k%2*50+(2*x+k/2)/8] |= 0x80 >> ((2*x + k/2) % 8)
		}
	}
	got, err := Scale(mixed, 25, 203)
	if err != nil || got.Width != 200 || got.Height != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	for x := range 200 {
		if black(got, x, 0) != (x%5 >= 2) {
			t.Errorf("dot %d, of which %d of 4 parts are black, is wrong", x, x%5)
		}
	}
	// What has modules, and none that are square, is no code.
	got, err = Scale(stretch(enlarge(sample, 1, 4, 4, 4, 4), 163, 251), 16, 203)
	if err != nil || got.Width != 128 || got.Height != 197 {
		t.Errorf("%+v, %v", got, err)
	}
	half := picture("#.", "..")
	if got := covered(half, 0, 0, 1, 1); got != 1 {
		t.Errorf("a quarter is black, and %d of 4 are covered", got)
	}
}

func TestWant(t *testing.T) {
	w := Want{8, 203}
	if got, err := w.Of(drivers.Label{Picture: sample}); err != nil || got.Width != 64 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := w.Of(drivers.Label{}); err == nil || got != nil || err.Error() != "there is no picture for {picture:8}" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := (Want{}).Of(drivers.Label{Picture: sample}); err == nil || got != nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := (Want{}).Of(drivers.Label{}); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
}

func TestResolution(t *testing.T) {
	for name, c := range map[string]struct {
		options map[string]any
		width   int
		want    int
		problem string
	}{
		"absent":         {nil, 0, 0, ""},
		"missing":        {nil, 40, 0, "dpi: the label has {picture:40}, and how many dots an inch the printer has is missing"},
		"203":            {map[string]any{"dpi": int64(203)}, 40, 203, ""},
		"without a need": {map[string]any{"dpi": int64(600)}, 0, 600, ""},
		"odd":            {map[string]any{"dpi": int64(204)}, 40, 204, "dpi: no printer is known with 204 dots an inch"},
		"text":           {map[string]any{"dpi": "203"}, 40, 0, "no whole number"},
		"a screen":       {map[string]any{"dpi": int64(96)}, 40, 0, "out of range"},
	} {
		s := drivers.Settings{Address: "tcp://127.0.0.1:9100", Options: c.options}
		k := option.Of(s)
		got := Resolution(k)
		Want{c.width, got}.Need(k, s)
		err := k.Err()
		if got != c.want || (err == nil) != (c.problem == "") || err != nil && (!strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

func TestBands(t *testing.T) {
	p := blank(17, 10)
	for i := range p.Black {
		p.Black[i] = byte(i)
	}
	for most, want := range map[int][]int{1: {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 9: {3, 3, 3, 1}, 30: {10}, 1000: {10}} {
		var all []byte
		var rows []int
		for y, band := range Bands(p, most) {
			if y*3 != len(all) || band.Width != 17 || len(band.Black) != 3*band.Height {
				t.Errorf("%d: the band at %d: %+v", most, y, band)
			}
			all, rows = append(all, band.Black...), append(rows, band.Height)
		}
		if !slices.Equal(all, p.Black) || !slices.Equal(rows, want) {
			t.Errorf("%d: rows %v, want %v", most, rows, want)
		}
	}
}

func FuzzScale(f *testing.F) {
	f.Add(8, 8, sample.Black, 40, 203)
	f.Add(64, 3, enlarge(sample, 3, 0, 0, 0, 0).Black, 10, 600)
	f.Add(-1, 1<<40, []byte{1}, 200, 609)
	f.Add(8192, 1, make([]byte, 1024), 1, 150)
	f.Fuzz(func(t *testing.T, width, height int, bits []byte, mm, dpi int) {
		got, err := Scale(&drivers.Picture{Width: width, Height: height, Black: bits}, mm, dpi)
		if (got == nil) == (err == nil) {
			t.Fatalf("%v, %v", got, err)
		}
		if err != nil {
			return
		}
		if got.Width < 1 || got.Width > dots(mm, dpi) || got.Height < 1 || got.Height > dots(maxHeight, dpi) || len(got.Black) != stride(got.Width)*got.Height {
			t.Fatalf("%d x %d in %d bytes for %d mm at %d dpi", got.Width, got.Height, len(got.Black), mm, dpi)
		}
	})
}
