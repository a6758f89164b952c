package sbpltest

import (
	"encoding/hex"
	"strconv"

	"linemark/drivers/link/linktest/drawtest"
)

// position is where the next thing goes, and how many times larger.
type position struct{ x, y, wide, high int }

// move takes <ESC>Hnnnn, <ESC>Vnnnn and <ESC>Laabb; false where the command is none of them.
func (p *position) move(command string) bool {
	if len(command) < 2 || len(command) > 5 || !digits(command[1:], len(command)-1) {
		return false
	}
	n, _ := strconv.Atoi(command[1:])
	switch command[0] {
	case 'H':
		p.x = n
	case 'V':
		p.y = n
	case 'L':
		if len(command) != 5 || n/100 < 1 || n/100 > 36 || n%100 < 1 || n%100 > 36 {
			return false
		}
		p.wide, p.high = n/100, n%100
	default:
		return false
	}
	return true
}

// graphic draws bbbcccn..n of <ESC>GH: bbb bytes across, ccc times eight rows, row by row, two hexadecimal
// digits for each byte. Where there are more or fewer nothing is drawn.
func (p position) graphic(data string) (d drawtest.Dots, ok bool) {
	if len(data) < 6 || !digits(data[:6], 6) {
		return d, false
	}
	across, _ := strconv.Atoi(data[:3])
	down, _ := strconv.Atoi(data[3:6])
	bits, err := hex.DecodeString(data[6:])
	if err != nil || len(bits) == 0 || len(bits) != across*8*down {
		return d, false
	}
	plain := drawtest.Dots{Width: 8 * across, Height: 8 * down, Black: bits}
	d = drawtest.Dots{X: p.x, Y: p.y, Width: plain.Width * p.wide, Height: plain.Height * p.high}
	d.Black = make([]byte, across*p.wide*d.Height)
	for y := range d.Height {
		for x := range d.Width {
			if plain.At(x/p.wide, y/p.high) {
				d.Black[y*across*p.wide+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return d, true
}
