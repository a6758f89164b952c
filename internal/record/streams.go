package record

import (
	"cmp"
	"slices"
)

// streams finds check parts in the bytes of devices, where a code may come in pieces: the bytes of a
// connection and direction are looked at as one.
type streams struct {
	mask *mask
	all  map[streamKey]*stream
}

type streamKey struct {
	run    int64
	source string
	conn   uint64
	kind   Kind
}

func keyOf(r Record) streamKey { return streamKey{r.Run, r.Source, r.Conn, r.Kind} }

// stream is one of them. It keeps as many bytes as a code may have that has only begun.
type stream struct {
	next  uint64 // the offset that comes next
	bytes []byte // those before it that are not settled
	hides []hide // in their order, once all are found
	done  int    // of hides: those before what is covered now
	gaps  []uint64
}

// hide is a check part by its place in the stream.
type hide struct {
	from  uint64
	bytes []byte // the stand-in
}

// mostHide is longer than any stand-in.
const mostHide = 1 << 10

// pending is how many bytes wait for what follows.
const pending = 512

// see takes a record of bytes.
func (s *streams) see(r Record) {
	key := keyOf(r)
	st := s.all[key]
	if st == nil {
		st = &stream{}
		s.all[key] = st
	}
	if r.Offset != st.next {
		s.settle(st, 0)
		st.bytes = nil
		st.gaps = append(st.gaps, r.Offset) // it may begin in the middle of a code
	}
	st.bytes = append(st.bytes, r.Data...)
	st.next = r.Offset + uint64(len(r.Data))
	if len(st.bytes) > 8*pending {
		s.settle(st, pending)
	}
}

// settle looks for codes that begin before the last keep bytes.
func (s *streams) settle(st *stream, keep int) {
	base := st.next - uint64(len(st.bytes))
	limit := len(st.bytes) - keep
	for _, sp := range s.mask.find(st.bytes) {
		if keep > 0 && sp.from >= limit-pending { // what it belongs to is looked at again
			continue
		}
		st.hides = append(st.hides, hide{base + uint64(sp.from), s.mask.standIn(st.bytes[sp.from:sp.to])})
	}
	if keep > 0 {
		st.bytes = append([]byte(nil), st.bytes[max(0, limit-2*pending):]...)
	}
}

// end takes the end of a connection.
func (s *streams) end(r Record) {
	for _, kind := range []Kind{KindIn, KindOut} {
		r.Kind = kind
		if st := s.all[keyOf(r)]; st != nil {
			s.settle(st, 0)
			st.bytes = nil
		}
	}
}

// settleAll is for the end of the recording.
func (s *streams) settleAll() {
	for _, st := range s.all {
		s.settle(st, 0)
		slices.SortFunc(st.hides, func(a, b hide) int { return cmp.Compare(a.from, b.from) })
	}
}

// cover returns the record's bytes with the stand-ins in their places. It is called for one record
// after another. Bytes behind a gap may be the
// end of a check part whose beginning nobody has: as many as that may have are hidden.
func (s *streams) cover(r Record) []byte {
	st := s.all[keyOf(r)]
	if st == nil {
		return s.mask.standIn(r.Data)
	}
	out := append([]byte(nil), r.Data...)
	end := r.Offset + uint64(len(r.Data))
	for _, at := range st.gaps {
		if from, to := max(at, r.Offset), min(at+2*mostBloat, end); from < to {
			copy(out[from-r.Offset:to-r.Offset], s.mask.standIn(r.Data[from-r.Offset:to-r.Offset]))
		}
	}
	for st.done < len(st.hides) && st.hides[st.done].from+mostHide <= r.Offset {
		st.done++
	}
	for _, h := range st.hides[st.done:] {
		if h.from >= end {
			break
		}
		from, to := max(h.from, r.Offset), min(h.from+uint64(len(h.bytes)), end)
		if from < to {
			copy(out[from-r.Offset:to-r.Offset], h.bytes[from-h.from:to-h.from])
		}
	}
	return out
}
