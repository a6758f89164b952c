package line

import (
	"fmt"
	"time"
)

// handshake speaks with the PLC of each product by its number: the PLC announces a product at the
// camera with the next number, the agent answers with a verdict under the same number. A product
// that gets no verdict is rejected by the PLC itself.
//
// An announcement and a reading belong together when they come in the same short time and nothing
// else that could be meant is waiting. Wherever that cannot be told, all that waits is rejected and
// the line stands.
type handshake struct {
	match   time.Duration // a reading and its announcement lie no further apart, less than two products do; 0: there is no handshake
	waiting []*announced
	last    uint64
	begun   bool
}

// announced is a product on its way to a verdict.
type announced struct {
	at      time.Time
	number  uint64
	known   bool // its number is known
	scan    int64
	settled bool
	bad     bool
}

// told is what there is to tell the PLC.
type told struct {
	answers []Effect
	stop    string // why the line must stand; empty: it may run
}

// request takes an announcement.
func (h *handshake) request(r Requested) told {
	was, begun := h.last, h.begun
	h.last, h.begun = r.Seq, true
	if !begun {
		return told{} // what stands there at the beginning may be of an earlier product
	}
	if r.Seq != was+1 && r.Seq > 1 { // after its largest number, or a restart, a PLC begins with 0 or 1
		return h.lost(fmt.Sprintf("the PLC announced product %d after %d", r.Seq, was), r.Seq)
	}
	var fits []*announced
	for _, p := range h.waiting {
		if !p.known {
			fits = append(fits, p)
		}
	}
	switch {
	case len(fits) > 1:
		return h.lost(fmt.Sprintf("%d readings wait for the number of their product", len(fits)), r.Seq)
	case len(fits) == 1 && apart(fits[0].at, r.At) > h.match:
		return h.lost(unannounced, r.Seq)
	case len(fits) == 1:
		fits[0].number, fits[0].known, fits[0].at = r.Seq, true, r.At
	default:
		h.waiting = append(h.waiting, &announced{at: r.At, number: r.Seq, known: true})
	}
	return h.answer()
}

// read takes a reading, before anything is known of its code.
func (h *handshake) read(scan int64, at time.Time) told {
	var fits []*announced
	for _, p := range h.waiting {
		if p.known && p.scan == 0 {
			fits = append(fits, p)
		}
	}
	switch {
	case len(fits) > 1:
		return h.lost(fmt.Sprintf("%d products wait for a reading", len(fits)))
	case len(fits) == 1 && apart(fits[0].at, at) <= h.match:
		fits[0].scan = scan
		return told{}
	}
	h.waiting = append(h.waiting, &announced{at: at, scan: scan})
	return told{}
}

// settle takes the verdict on a reading.
func (h *handshake) settle(scan int64, bad bool) told {
	for _, p := range h.waiting {
		if p.scan == scan {
			p.settled, p.bad = true, bad
		}
	}
	return h.answer()
}

// answer gives the verdicts that are out, in the order of the products.
func (h *handshake) answer() told {
	var t told
	for len(h.waiting) > 0 && h.waiting[0].known && h.waiting[0].settled {
		t.answers = append(t.answers, Answer{Seq: h.waiting[0].number, Good: !h.waiting[0].bad})
		h.waiting = h.waiting[1:]
	}
	return t
}

// tick gives up what has waited too long: a product without a verdict is rejected, and one that
// was read and not announced stops the line.
func (h *handshake) tick(now time.Time) told {
	var t told
	for len(h.waiting) > 0 && now.Sub(h.waiting[0].at) > h.match {
		p := h.waiting[0]
		if !p.known {
			lost := h.lost(unannounced)
			return told{append(t.answers, lost.answers...), lost.stop}
		}
		t.answers = append(t.answers, Answer{Seq: p.number})
		h.waiting = h.waiting[1:]
	}
	more := h.answer()
	t.answers = append(t.answers, more.answers...)
	return t
}

const unannounced = "a product was read that the PLC did not announce"

// lost rejects all that waits: nobody can tell which verdict is whose.
func (h *handshake) lost(why string, also ...uint64) told {
	t := told{stop: why + ": the products cannot be told apart"}
	for _, p := range h.waiting {
		if p.known {
			t.answers = append(t.answers, Answer{Seq: p.number})
		}
	}
	for _, number := range also {
		t.answers = append(t.answers, Answer{Seq: number})
	}
	h.waiting = nil
	return t
}

func apart(a, b time.Time) time.Duration { return a.Sub(b).Abs() }
