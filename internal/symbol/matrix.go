// Package symbol makes what a code looks like: the Data Matrix of a marking code and the GS1-128 bars of a transport
// code, as pictures for the page. Printers make their own symbols; nothing of this goes onto a product.
package symbol

import (
	"errors"
	"fmt"
	"slices"

	"linemark/internal/code"
)

// Grid is a Data Matrix symbol without its quiet zone.
type Grid struct {
	Size int // modules along each side
	dark []bool
}

// Dark says whether the module in column x of row y is dark; 0, 0 is the upper left corner. Beyond the symbol none is.
func (g Grid) Dark(x, y int) bool {
	return x >= 0 && x < g.Size && y >= 0 && y < g.Size && g.dark[y*g.Size+x]
}

// size is one of the square symbols of ECC 200 (ISO/IEC 16022, table 7).
type size struct {
	side   int // in modules
	checks int // check words of each block
	blocks int // of the error correction
}

var sizes = [...]size{
	{10, 5, 1}, {12, 7, 1}, {14, 10, 1}, {16, 12, 1}, {18, 14, 1}, {20, 18, 1}, {22, 20, 1}, {24, 24, 1}, {26, 28, 1},
	{32, 36, 1}, {36, 42, 1}, {40, 48, 1}, {44, 56, 1}, {48, 68, 1}, {52, 42, 2},
	{64, 56, 2}, {72, 36, 4}, {80, 48, 4}, {88, 56, 4}, {96, 68, 4}, {104, 56, 6},
	{120, 68, 6}, {132, 62, 8}, {144, 62, 10},
}

// regions is how many data regions, each with its own border, stand side by side.
func (s size) regions() int {
	switch {
	case s.side <= 26:
		return 1
	case s.side <= 52:
		return 2
	case s.side <= 104:
		return 4
	}
	return 6
}

// mapping is the side of what is left without the borders, words how many codewords stand there, and data how many of
// them are not check words.
func (s size) mapping() int { return s.side - 2*s.regions() }
func (s size) words() int   { return s.mapping() * s.mapping() / 8 }
func (s size) data() int    { return s.words() - s.checks*s.blocks }

// DataMatrix makes the smallest square ECC 200 symbol (ISO/IEC 16022) that bears a code. With gs1 the code is a GS1
// element string: FNC1 stands before it, which makes the symbol a GS1 DataMatrix, and in place of each GS, since the
// GS1 DataMatrix Guideline (2.2.1) names it for both; a reader gives GS back for it (ISO/IEC 16022, 5.2.4.6). Without
// gs1 every byte, GS too, is itself.
//
// ASCII encodation alone is used: two digits or one character to a codeword, two codewords to a byte above 127. It
// carries every byte; what another encodation would save of a code's length is a size or two. An empty code is an
// error, and so is one that needs more than the 1558 codewords of 144 x 144.
func DataMatrix(c code.Code, gs1 bool) (Grid, error) {
	if c == "" {
		return Grid{}, errors.New("an empty code has no Data Matrix")
	}
	words := encoded(c, gs1)
	fits := slices.IndexFunc(sizes[:], func(s size) bool { return len(words) <= s.data() })
	if fits < 0 {
		return Grid{}, fmt.Errorf("a code of %d bytes takes %d codewords, a Data Matrix has room for %d", len(c), len(words), sizes[len(sizes)-1].data())
	}
	s := sizes[fits]
	return s.framed(placed(s.mapping(), s.corrected(padded(words, s.data())))), nil
}

// framed puts the border around each region: solid at the left and below, by turns dark and light above and at the
// right.
func (s size) framed(mapping []bool) Grid {
	g := Grid{Size: s.side, dark: make([]bool, 0, s.side*s.side)}
	region := s.side / s.regions()
	for y := range s.side {
		for x := range s.side {
			dark := false
			switch column, row := x%region, y%region; {
			case column == 0 || row == region-1:
				dark = true
			case row == 0:
				dark = column%2 == 0
			case column == region-1:
				dark = row%2 == 1
			default:
				dark = mapping[(y-1-2*(y/region))*s.mapping()+x-1-2*(x/region)]
			}
			g.dark = append(g.dark, dark)
		}
	}
	return g
}
