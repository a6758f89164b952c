package symbol

// eight is where a codeword's bits are, the highest first, as row and column.
type eight [8][2]int

var (
	// utah is the shape of most codewords, from its lower right module.
	utah = eight{{-2, -2}, {-2, -1}, {-1, -2}, {-1, -1}, {-1, 0}, {0, -2}, {0, -1}, {0, 0}}
	// The two corner shapes that square symbols come to, of four: negative numbers count from the far side.
	corner1 = eight{{-1, 0}, {-1, 1}, {-1, 2}, {0, -2}, {0, -1}, {1, -1}, {2, -1}, {3, -1}}
	corner2 = eight{{-3, 0}, {-2, 0}, {-1, 0}, {0, -4}, {0, -3}, {0, -2}, {0, -1}, {1, -1}}
)

// placed puts the codewords into a square of n modules a side and returns which are dark, row by row (ISO/IEC 16022,
// Annex F): by turns diagonally upwards and downwards, each shape that would reach out at the top or left going on at
// the other side.
func placed(n int, words []byte) []bool {
	dark, taken := make([]bool, n*n), make([]bool, n*n)
	set := func(row, column, bit int) {
		taken[row*n+column] = true
		dark[row*n+column] = words[0]&(0x80>>bit) != 0
	}
	corner := func(shape eight) {
		for bit, at := range shape {
			set((at[0]+n)%n, (at[1]+n)%n, bit)
		}
		words = words[1:]
	}
	around := 4 - (n+4)%8 // how far a shape is shifted at the other side
	place := func(row, column int) {
		if row < 0 || row >= n || column < 0 || column >= n || taken[row*n+column] {
			return
		}
		for bit, at := range utah {
			r, c := row+at[0], column+at[1]
			if r < 0 {
				r, c = r+n, c+around
			}
			if c < 0 {
				r, c = r+around, c+n
			}
			set(r, c, bit)
		}
		words = words[1:]
	}
	for row, column := 4, 0; row < n || column < n; row, column = row+3, column+1 {
		switch {
		case row == n && column == 0:
			corner(corner1)
		case row == n-2 && column == 0 && n%4 != 0:
			corner(corner2)
		}
		for up := true; up; up = row >= 0 && column < n {
			place(row, column)
			row, column = row-2, column+2
		}
		row, column = row+1, column+3
		for down := true; down; down = row < n && column >= 0 {
			place(row, column)
			row, column = row+2, column-2
		}
	}
	if !taken[n*n-1] { // four modules are left: dark ones on the diagonal
		dark[n*n-1], dark[n*n-n-2] = true, true
	}
	return dark
}
