package line

// failures counts bad products: those in a row, and those among the last of many.
type failures struct {
	row    int
	recent []bool // a ring of the last products, true for a bad one
	next   int
	bad    int // among recent
}

// add notes a product; in is how many products share looks at.
func (f *failures) add(bad bool, in int) {
	if f.row++; !bad {
		f.row = 0
	}
	if in == 0 {
		return
	}
	if len(f.recent) < in {
		f.recent = append(f.recent, bad)
	} else {
		if f.recent[f.next] {
			f.bad--
		}
		f.recent[f.next] = bad
		f.next = (f.next + 1) % in
	}
	if bad {
		f.bad++
	}
}
