package smartone

import (
	"cmp"
	"slices"

	"linemark/internal/code"
)

// Split cuts a document into parts that each stay under MaxUnpacked, in the order in which they
// must be sent. It cuts between top-level packages; one that is too large alone is cut between the
// packages inside it, which then go before it. What lies directly in one package is never parted.
//
// One part keeps the request id. Of several each needs an id of its own, so theirs are empty. A
// document that EncodeAggregation would refuse comes back whole, for it to say why; so does, as a
// part, a package with more in it than one request can hold.
func Split(d Document) []Document {
	if len(d.check().list) > 0 {
		return []Document{d}
	}
	s := newSplitter(d)
	for _, root := range s.roots {
		s.place(root)
	}
	s.close()
	if len(s.parts) == 1 {
		s.parts[0].RequestID = d.RequestID
	}
	return s.parts
}

// entry is one item of one row, or a row without codes (item -1).
type entry struct{ row, item, size int }

// node is a package: what lies directly in it and, where it is in nothing itself, its own entry.
// A code that is neither a package nor in one is a node of its own; so is a row without codes.
type node struct {
	direct []entry
	kids   []*node // the packages among what lies in it
	lone   extent  // of direct
	all    extent  // of all that is in it
}

// extent is the room that entries take: their own bytes, and the rows that they stand in.
type extent struct {
	size int
	rows map[int]bool
}

func (x *extent) add(size int, rows map[int]bool) {
	if x.rows == nil {
		x.rows = make(map[int]bool)
	}
	x.size += size
	for row := range rows {
		x.rows[row] = true
	}
}

type splitter struct {
	d     Document
	head  int   // bytes before and after the rows, with the longest request id
	heads []int // bytes of each row without its items
	roots []*node

	taken []entry // into the part that is being filled
	size  int     // of them with their rows
	rows  map[int]bool
	parts []Document
}

// longestID is the most bytes that a request id can take: four of UTF-8 for each character.
const longestID = 4 * MaxID

func newSplitter(d Document) *splitter {
	s := &splitter{d: d, rows: make(map[int]bool)}
	bare := d
	bare.RequestID = ""
	s.head = len(bare.head(nil)) + longestID + len(`]}`)
	packed := make(map[code.Code]bool)
	for _, r := range d.Rows {
		s.heads = append(s.heads, len(r.head(nil))+len(`,"items":[]},`))
		for _, item := range r.Codes {
			packed[item.Code] = packed[item.Code] || item.Parent != ""
		}
	}
	nodes := make(map[code.Code]*node)
	for i, r := range d.Rows {
		if len(r.Codes) == 0 {
			s.roots = append(s.roots, &node{direct: []entry{{row: i, item: -1}}})
		}
		for j, item := range r.Codes {
			pack := cmp.Or(item.Parent, item.Code)
			n := nodes[pack]
			if n == nil {
				n = new(node)
				nodes[pack] = n
				if !packed[pack] {
					s.roots = append(s.roots, n)
				}
			}
			n.direct = append(n.direct, entry{i, j, len(item.append(nil)) + len(`,`)})
		}
	}
	for _, n := range nodes {
		for _, e := range n.direct {
			if e.item < 0 {
				continue
			}
			if kid := nodes[d.Rows[e.row].Codes[e.item].Code]; kid != nil && kid != n {
				n.kids = append(n.kids, kid)
			}
		}
	}
	for _, root := range s.roots {
		root.measure()
	}
	return s
}

func (n *node) measure() {
	for _, e := range n.direct {
		n.lone.add(e.size, map[int]bool{e.row: true})
	}
	n.all.add(n.lone.size, n.lone.rows)
	for _, kid := range n.kids {
		kid.measure()
		n.all.add(kid.all.size, kid.all.rows)
	}
}

// place puts n with all that is in it into one part, or where that does not fit, what is inside it
// first.
func (s *splitter) place(n *node) {
	if !s.fits(n.all) {
		if !s.fitsAlone(n.all) {
			for _, kid := range n.kids {
				s.place(kid)
			}
			if !s.fits(n.lone) {
				s.close()
			}
			s.take(n.direct, n.lone)
			return
		}
		s.close()
	}
	s.takeAll(n)
}

func (s *splitter) takeAll(n *node) {
	for _, kid := range n.kids {
		s.takeAll(kid)
	}
	s.take(n.direct, n.lone)
}

func (s *splitter) fits(x extent) bool { return s.head+s.size+s.more(x) <= MaxUnpacked }

func (s *splitter) fitsAlone(x extent) bool {
	total := s.head + x.size
	for row := range x.rows {
		total += s.heads[row]
	}
	return total <= MaxUnpacked
}

// more is what x adds to the part that is being filled.
func (s *splitter) more(x extent) int {
	total := x.size
	for row := range x.rows {
		if !s.rows[row] {
			total += s.heads[row]
		}
	}
	return total
}

func (s *splitter) take(list []entry, x extent) {
	s.size += s.more(x)
	s.taken = append(s.taken, list...)
	for row := range x.rows {
		s.rows[row] = true
	}
}

// close makes a document of what was taken, rows and items in the order of the whole.
func (s *splitter) close() {
	if len(s.taken) == 0 {
		return
	}
	slices.SortFunc(s.taken, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.item, b.item))
	})
	part := s.d
	part.RequestID, part.Rows = "", nil
	for i := 0; i < len(s.taken); {
		whole := s.d.Rows[s.taken[i].row]
		row := whole
		row.Codes = nil
		n := i
		for n < len(s.taken) && s.taken[n].row == s.taken[i].row {
			if s.taken[n].item >= 0 {
				row.Codes = append(row.Codes, whole.Codes[s.taken[n].item])
			}
			n++
		}
		if len(row.Codes) > 0 {
			row.Count = len(row.Codes)
		}
		part.Rows = append(part.Rows, row)
		i = n
	}
	s.parts = append(s.parts, part)
	s.taken, s.size = nil, 0
	clear(s.rows)
}
