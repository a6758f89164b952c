package demo

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"slices"
)

// A QR code as the emulated Ediweb makes one, and as the demonstration reads it on a drawn label (ISO/IEC 18004, byte
// mode, versions 1 to 5, error correction level L: one block). A library that reads every code from every photo would
// be a twentieth of the program, with the character sets of half the world.

// wordsOf is how many codewords each version has, parityOf how many of them are for correction; the others are data.
var (
	wordsOf  = [...]int{0, 26, 44, 70, 100, 134}
	parityOf = [...]int{0, 7, 10, 15, 20, 26}
)

// formatOf is the 15 bits that say level L and a mask, by the mask.
var formatOf = [8]int{0x77c4, 0x72f3, 0x7daa, 0x789d, 0x662f, 0x6318, 0x6c41, 0x6976}

// masked says whether a mask turns a module round.
func masked(mask, row, column int) bool {
	switch mask {
	case 0:
		return (row+column)%2 == 0
	case 1:
		return row%2 == 0
	case 2:
		return column%3 == 0
	case 3:
		return (row+column)%3 == 0
	case 4:
		return (row/2+column/3)%2 == 0
	case 5:
		return row*column%2+row*column%3 == 0
	case 6:
		return (row*column%2+row*column%3)%2 == 0
	}
	return ((row+column)%2+row*column%3)%2 == 0
}

// symbol is a QR code's modules, row by row; true is dark.
type symbol struct {
	version, size int
	dark          []bool
}

func newSymbol(version int) *symbol {
	size := 17 + 4*version
	return &symbol{version: version, size: size, dark: make([]bool, size*size)}
}

func (s *symbol) at(row, column int) *bool { return &s.dark[row*s.size+column] }

// fixed says whether a module belongs to a pattern or the format, and whether it is dark; what the format says is not
// known here.
func (s *symbol) fixed(row, column int) (fixed, dark bool) {
	ring := func(r, c, radius int) (bool, bool) { // around a centre: dark, but for one ring
		d := max(row-r, r-row, column-c, c-column)
		return d <= radius, d != 2 && d != 4 && radius == 4 || d != 1 && radius == 2
	}
	for _, centre := range [][2]int{{3, 3}, {3, s.size - 4}, {s.size - 4, 3}} {
		if in, dark := ring(centre[0], centre[1], 4); in {
			return true, dark
		}
	}
	if s.version > 1 {
		if in, dark := ring(s.size-7, s.size-7, 2); in {
			return true, dark
		}
	}
	switch {
	case row == 6:
		return true, column%2 == 0
	case column == 6:
		return true, row%2 == 0
	case row == 8 && (column < 9 || column >= s.size-8), column == 8 && (row < 9 || row >= s.size-8):
		return true, row == s.size-8
	}
	return false, false
}

// eachFormat calls do with the modules that hold a bit of the format, twice for each bit.
func (s *symbol) eachFormat(do func(bit int, module *bool)) {
	for bit := range 15 {
		row, column := 8, 14-bit // beside the upper left corner, from the least bit at the top
		switch {
		case bit < 6:
			row, column = bit, 8
		case bit < 8:
			row, column = bit+1, 8
		case bit == 8:
			column = 7
		}
		do(bit, s.at(row, column))
		if bit < 8 {
			do(bit, s.at(8, s.size-1-bit))
		} else {
			do(bit, s.at(s.size-15+bit, 8))
		}
	}
}

// eachWord calls do with the modules of the codewords, bit by bit.
func (s *symbol) eachWord(do func(bit, row, column int)) {
	bit, up := 0, true
	for right := s.size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for i := range s.size {
			row := i
			if up {
				row = s.size - 1 - i
			}
			for _, column := range []int{right, right - 1} {
				if fixed, _ := s.fixed(row, column); !fixed {
					do(bit, row, column)
					bit++
				}
			}
		}
		up = !up
	}
}

// parity returns the codewords for correction: the rest of a division in GF(256) by 0x11d.
func parity(data []byte, n int) []byte {
	times := func(a, b byte) (p byte) {
		for ; b != 0; b >>= 1 {
			if b&1 != 0 {
				p ^= a
			}
			high := a & 0x80
			if a <<= 1; high != 0 {
				a ^= 0x1d
			}
		}
		return p
	}
	divisor, root := make([]byte, n), byte(1)
	divisor[n-1] = 1
	for range n {
		for j := range n {
			divisor[j] = times(divisor[j], root)
			if j+1 < n {
				divisor[j] ^= divisor[j+1]
			}
		}
		root = times(root, 2)
	}
	rest := make([]byte, n)
	for _, d := range data {
		factor := d ^ rest[0]
		rest = append(rest[1:], 0)
		for j := range rest {
			rest[j] ^= times(divisor[j], factor)
		}
	}
	return rest
}

// newQR makes the symbol of a text.
func newQR(text string) (*symbol, error) {
	version := 1
	for version < len(wordsOf) && len(text)+2 > wordsOf[version]-parityOf[version] {
		version++
	}
	if version == len(wordsOf) {
		return nil, fmt.Errorf("%d bytes do not fit into the QR code", len(text))
	}
	all := wordsOf[version] - parityOf[version]
	data := make([]byte, 0, wordsOf[version])
	last := byte(4) // byte mode; its four bits push everything half a byte on
	for _, b := range append([]byte{byte(len(text))}, text...) {
		data = append(data, last<<4|b>>4)
		last = b & 0xf
	}
	data = append(data, last<<4)
	for pad := byte(0xec); len(data) < all; pad ^= 0xec ^ 0x11 {
		data = append(data, pad)
	}
	data = append(data, parity(data, parityOf[version])...)
	s := newSymbol(version)
	for row := range s.size {
		for column := range s.size {
			_, *s.at(row, column) = s.fixed(row, column)
		}
	}
	s.eachFormat(func(bit int, module *bool) { *module = formatOf[0]>>bit&1 != 0 })
	s.eachWord(func(bit, row, column int) {
		set := bit/8 < len(data) && data[bit/8]&(0x80>>(bit%8)) != 0
		*s.at(row, column) = set != masked(0, row, column)
	})
	return s, nil
}

// picture draws the symbol with the white around it that readers need.
func (s *symbol) picture(dots int) *image.Gray {
	const around = 4
	g := image.NewGray(image.Rect(0, 0, (s.size+2*around)*dots, (s.size+2*around)*dots))
	for i := range g.Pix {
		g.Pix[i] = 255
	}
	for y := range s.size * dots {
		for x := range s.size * dots {
			if *s.at(y/dots, x/dots) {
				g.SetGray(x+around*dots, y+around*dots, color.Gray{})
			}
		}
	}
	return g
}

// errNoQR means that a drawing holds no such QR code, or a damaged one.
var errNoQR = errors.New("no QR code of version 1 to 5 at level L is drawn there")

// readModules reads a text from an exact drawing: dark says whether a dot is, in a square of so many dots.
func readModules(width int, dark func(x, y int) bool) (string, error) {
	finder := 0 // the upper side of the corner's pattern is seven modules long
	for finder < width && dark(finder, 0) {
		finder++
	}
	if finder < 7 || finder%7 != 0 || width*7%finder != 0 {
		return "", errNoQR
	}
	dots := finder / 7
	version := (width/dots - 17) / 4
	if version < 1 || version >= len(wordsOf) || 17+4*version != width/dots {
		return "", errNoQR
	}
	s, mask := newSymbol(version), -1
	for row := range s.size {
		for column := range s.size {
			*s.at(row, column) = dark(column*dots+dots/2, row*dots+dots/2)
		}
	}
	var format [2]int
	copies := [15]int{}
	s.eachFormat(func(bit int, module *bool) {
		if *module {
			format[copies[bit]] |= 1 << bit
		}
		copies[bit]++
	})
	if mask = slices.Index(formatOf[:], format[0]); mask < 0 || format[0] != format[1] {
		return "", errNoQR
	}
	words := make([]byte, wordsOf[version])
	s.eachWord(func(bit, row, column int) {
		if bit/8 < len(words) && *s.at(row, column) != masked(mask, row, column) {
			words[bit/8] |= 0x80 >> (bit % 8)
		}
	})
	data := words[:len(words)-parityOf[version]]
	n := int(data[0]&0xf)<<4 | int(data[1]>>4)
	if !slices.Equal(words[len(data):], parity(data, parityOf[version])) || data[0]>>4 != 4 || n+2 > len(data) {
		return "", errNoQR
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = data[i+1]<<4 | data[i+2]>>4
	}
	return string(text), nil
}
