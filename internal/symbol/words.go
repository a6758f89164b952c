package symbol

import "linemark/internal/code"

// Codewords of ASCII encodation that are no character (ISO/IEC 16022, table 2).
const (
	pad        = 129
	pairs      = 130 // 00, and on to 99
	fnc1       = 232
	upperShift = 235 // the next character is 128 higher
)

// encoded is a code in ASCII encodation (ISO/IEC 16022, 5.2.4).
func encoded(c code.Code, gs1 bool) (words []byte) {
	if gs1 {
		words = append(words, fnc1)
	}
	for i := 0; i < len(c); i++ {
		switch b := c[i]; {
		case gs1 && b == code.GS:
			words = append(words, fnc1)
		case digit(b) && i+1 < len(c) && digit(c[i+1]):
			i++
			words = append(words, pairs+10*(b-'0')+(c[i]-'0'))
		case b > 127:
			words = append(words, upperShift, b-128+1)
		default:
			words = append(words, b+1)
		}
	}
	return words
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

// padded fills up to n codewords. Each pad but the first is changed by its place (Annex B.1, the 253-state algorithm),
// so that a long row of them makes no pattern.
func padded(words []byte, n int) []byte {
	for first := true; len(words) < n; first = false {
		word := pad
		if !first {
			word += 149*(len(words)+1)%253 + 1
			if word > 254 {
				word -= 254
			}
		}
		words = append(words, byte(word))
	}
	return words
}

// corrected returns the data with the check words behind them. Word i is of block i modulo the number of blocks, check
// words as data. That makes a difference in 144 x 144 alone, where the last two blocks have a word less of data: the
// first check word is of the ninth block. Readers disagree there (ZXing's want it so, libdmtx's begin with the first
// block); no marking code comes near that size.
func (s size) corrected(data []byte) []byte {
	words := make([]byte, s.words())
	copy(words, data)
	for b := range s.blocks {
		var block []byte
		at := b
		for ; at < len(data); at += s.blocks {
			block = append(block, data[at])
		}
		for _, w := range checkWords(block, s.checks) {
			words[at] = w
			at += s.blocks
		}
	}
	return words
}

// checkWords is the remainder of a block by the product of x - 2^i for i from 1 to n, in GF(256) (Annex E).
func checkWords(block []byte, n int) []byte {
	divisor, root := make([]byte, n), byte(1) // without the highest coefficient, which is 1
	divisor[n-1] = 1
	for range n {
		root = times(root, 2)
		for i := range divisor {
			divisor[i] = times(divisor[i], root)
			if i+1 < n {
				divisor[i] ^= divisor[i+1]
			}
		}
	}
	rest := make([]byte, n)
	for _, w := range block {
		factor := w ^ rest[0]
		copy(rest, rest[1:])
		rest[n-1] = 0
		for i := range rest {
			rest[i] ^= times(divisor[i], factor)
		}
	}
	return rest
}

// times multiplies in GF(256) by the polynomial 0x12d.
func times(a, b byte) (product byte) {
	for ; b != 0; b >>= 1 {
		if b&1 != 0 {
			product ^= a
		}
		high := a & 0x80
		if a <<= 1; high != 0 {
			a ^= 0x2d
		}
	}
	return product
}
