package record

import "linemark/internal/code"

// hidden stands in place of each byte that must not be seen.
const hidden = '*'

// Hide returns the pieces with the check parts of codes covered, so that nobody can print the codes that stand
// in them. What may be the end of a check part whose beginning is not kept is covered too.
func (a About) Hide(pieces []Piece) []Piece {
	m := &mask{}
	m.learn(a)
	covered := make([]Piece, len(pieces))
	for i, p := range pieces {
		p.Data = append([]byte(nil), p.Data...)
		covered[i] = p
	}
	for _, out := range []bool{false, true} {
		var row []*Piece // without a gap between them
		for i := range covered {
			p := &covered[i]
			if p.Out != out {
				continue
			}
			if n := len(row); n > 0 && !follows(*row[n-1], *p) {
				m.cover(row)
				row = nil
			}
			row = append(row, p)
		}
		m.cover(row)
	}
	return covered
}

// follows says whether b goes on where what is kept of a ends.
func follows(a, b Piece) bool { return a.Conn == b.Conn && a.Offset+uint64(len(a.Data)) == b.Offset }

// cover covers check parts in the bytes of pieces that follow each other.
func (m *mask) cover(row []*Piece) {
	var all []byte
	for _, p := range row {
		all = append(all, p.Data...)
	}
	spans := m.find(all)
	if len(row) > 0 && row[0].Offset > 0 {
		spans = append(spans, span{0, mayGoOn(all)})
	}
	for _, s := range spans {
		at := 0
		for _, p := range row {
			for i := max(s.from, at); i < min(s.to, at+len(p.Data)); i++ {
				p.Data[i-at] = hidden
			}
			at += len(p.Data)
		}
	}
}

// mayGoOn is how many bytes at the beginning may belong to a code that began before them, in whatever form a
// device is told its characters.
func mayGoOn(b []byte) int {
	n := 0
	for n < min(len(b), 2*mostBloat) && (plain(b[n]) || goesOn(b[n]) || b[n] == code.GS || b[n] == '\\' || b[n] == '{' || b[n] == '}') {
		n++
	}
	return n
}
