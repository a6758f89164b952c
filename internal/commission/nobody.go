package commission

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"linemark/internal/code"
)

// The kinds of bad labels.
const (
	otherCode  = "another code"       // its serial was never issued
	otherCheck = "another check part" // a known code, its verification part changed
	copied     = "a copied code"      // that of an earlier product
)

// planned is one label of a run: what the line thinks that it bears, and what it bears.
type planned struct {
	claimed code.Code
	shown   code.Code
	bad     string // one of the kinds; empty: good
	tail    bool   // behind the last one that counts, see tail
}

// tail is how many good labels follow those that count: where the belt holds while its printer has no
// label, the last products would never reach the camera.
const tail = 40

// apart is how many good labels stand between two bad ones at least: bad ones in a row stop the line.
const apart = 4

// plan decides what the labels of a run bear: every tenth is bad or so, by the seed. slot is the length
// of the stretch that holds one bad label.
func plan(p code.Profile, gtin string, n, slot int, rng *rand.Rand) []planned {
	labels := make([]planned, n+tail)
	taken := map[code.Code]bool{}
	for i := range labels {
		c := seeded(p, gtin, rng)
		for taken[c] {
			c = seeded(p, gtin, rng)
		}
		taken[c] = true
		labels[i] = planned{claimed: c, shown: c, tail: i >= n}
	}
	kinds := []string{otherCode, copied}
	if p.Full > p.KI {
		kinds = append(kinds, otherCheck)
	}
	for from, k := apart, 0; from < n; from, k = from+slot, k+1 {
		at := from + rng.IntN(max(1, slot-apart))
		if k == 0 {
			at = min(at, n-1) // a short run has one too
		}
		if at >= n {
			break
		}
		l := &labels[at]
		l.bad = kinds[k%len(kinds)]
		switch l.bad {
		case otherCode:
			for taken[l.shown] {
				l.shown = seeded(p, gtin, rng)
			}
			taken[l.shown] = true
		case otherCheck:
			l.shown = l.claimed[:len(l.claimed)-1] + other(l.claimed[len(l.claimed)-1])
		case copied:
			source := at - 1 - rng.IntN(apart)
			for source > 0 && labels[source].bad != "" {
				source--
			}
			l.shown = labels[source].shown
		}
	}
	return labels
}

func other(b byte) code.Code {
	if b == 'A' {
		return "B"
	}
	return "A"
}

// seeded makes one code: every character that a serial may hold can stand in it.
func seeded(p code.Profile, gtin string, rng *rand.Rand) code.Code {
	letters := func(from string, n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(from[rng.IntN(len(from))])
		}
		return b.String()
	}
	return assemble(p, gtin, letters(code.Set82, p.Serial), letters("ABCDEFGHabcdefgh01234567+/", 8))
}

// nobodys is the i-th GTIN that no product has: those that begin with zeros only belong to no company.
func nobodys(i int) (string, error) {
	body := fmt.Sprintf("%013d", i)
	digit, err := code.CheckDigit(body)
	return body + string(digit), err
}
