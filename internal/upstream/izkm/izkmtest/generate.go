package izkmtest

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"

	"github.com/google/uuid"
)

// random is a source that depends on the seed and the words alone, so that ids and codes
// come out the same whatever runs beside, and after a restore.
func random(seed uint64, words ...string) *rand.Rand {
	h := fnv.New64a()
	for _, w := range words {
		io.WriteString(h, w)
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// newID makes the n-th id of a kind.
func newID(seed uint64, kind string, n int) string {
	r := random(seed, kind, strconv.Itoa(n))
	var id uuid.UUID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// generate makes the next n codes of a suborder, none of whose identification codes was
// issued or reserved before.
func (s *Server) generate(u *suborder, n int) []string {
	r := random(s.opt.Seed, "codes", u.order.ID, u.GTIN, strconv.Itoa(u.passed))
	layout := u.layout()
	made := make(map[string]struct{}, n)
	codes := make([]string, 0, n)
	for len(codes) < n {
		serial := ""
		if u.Serials != nil {
			serial = u.Serials[u.passed+len(codes)]
		}
		c := layout.code(r, u.GTIN, serial)
		ki := c[:layout.ki()]
		if u.Serials == nil {
			_, known := s.byKI[ki]
			_, twice := made[ki]
			if known || twice {
				continue
			}
			made[ki] = struct{}{}
		}
		codes = append(codes, c)
	}
	return codes
}

// code makes one full code; an empty serial means a random one.
func (l layout) code(r *rand.Rand, gtin, serial string) string {
	b := make([]byte, 0, 96)
	b = l.appendKI(b, gtin, serial)
	if serial == "" {
		b = appendRandom(b, r, serialChars, l.serial)
	}
	for _, e := range l.check {
		if !l.plain {
			b = append(b, '\x1d')
		}
		b = append(b, e.prefix...)
		b = appendRandom(b, r, e.alphabet, e.length-len(e.end))
		b = append(b, e.end...)
	}
	return string(b)
}

func (l layout) appendKI(b []byte, gtin, serial string) []byte {
	if l.plain {
		return append(append(b, gtin...), serial...)
	}
	b = append(append(b, "01"...), gtin...)
	return append(append(b, "21"...), serial...)
}

func appendRandom(b []byte, r *rand.Rand, alphabet string, n int) []byte {
	for range n {
		b = append(b, alphabet[r.IntN(len(alphabet))])
	}
	return b
}
