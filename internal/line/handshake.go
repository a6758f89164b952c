package line

import (
	"fmt"
	"slices"
	"time"
)

// handshake speaks with the PLC of each product by its number: the PLC announces a product at the
// camera with the next number, the agent answers with a verdict under the same number. A product
// that gets no verdict is rejected by the PLC itself.
//
// An announcement and a reading belong together when they come in the same short time and nothing
// else that could be meant is waiting. That is certain as long as two products lie more than twice
// that time apart, which the announcements themselves show: a reading that is nobody's is then
// left over before the next product comes. Wherever it cannot be told, all that waits is rejected
// and the line stands.
type handshake struct {
	match   time.Duration // a reading and its announcement lie no further apart; 0: there is no handshake
	waiting []*announced
	last    uint64
	lastAt  time.Time // of the last announcement
	begun   bool
	// settling says that what comes may belong to products from before: it is rejected until nothing
	// has come for longer than match.
	settling bool
	heard    time.Time // the last announcement or reading while settling
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
	unread  []uint64 // products among them that are rejected without a reading of their own
	stop    string   // why the line must stand; empty: it may run
}

// begin forgets what is under way: nobody can tell which of what comes next belongs to it.
func (h *handshake) begin(now time.Time) {
	h.waiting, h.settling, h.heard = nil, true, now
}

// settles says whether something that comes now may still be of a product from before.
func (h *handshake) settles(now time.Time) bool {
	h.settling = h.settling && now.Sub(h.heard) <= h.match
	h.heard = now
	return h.settling
}

// request takes an announcement.
func (h *handshake) request(r Requested) told {
	was, wasAt, begun := h.last, h.lastAt, h.begun
	h.last, h.lastAt, h.begun = r.Seq, r.At, true
	if !begun {
		h.begin(r.At)
		return told{} // what stands there at the beginning may be of an earlier product
	}
	if h.settles(r.At) {
		return h.reject(r.Seq)
	}
	if r.Seq != was+1 && r.Seq > 1 { // after its largest number, or a restart, a PLC begins with 0 or 1
		return h.lost(fmt.Sprintf("the PLC announced product %d after %d", r.Seq, was), r.Seq)
	}
	if between := r.At.Sub(wasAt); between < 2*h.match {
		return h.lost(fmt.Sprintf("products come %s apart, and match is not shorter than half of that", between.Round(time.Millisecond)), r.Seq)
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
	if h.settles(at) {
		return told{}
	}
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

// waits says whether a reading's product has no verdict yet.
func (h *handshake) waits(scan int64) bool {
	return slices.ContainsFunc(h.waiting, func(p *announced) bool { return p.scan == scan })
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
			return t.and(h.lost(unannounced))
		}
		t = t.and(h.reject(p.number))
		h.waiting = h.waiting[1:]
	}
	return t.and(h.answer())
}

// reject answers for a product that has no reading of its own.
func (*handshake) reject(number uint64) told {
	return told{answers: []Effect{Answer{Seq: number}}, unread: []uint64{number}}
}

func (t told) and(more told) told {
	return told{append(t.answers, more.answers...), append(t.unread, more.unread...), more.stop}
}

const unannounced = "a product was read that the PLC did not announce"

// lost rejects all that waits: nobody can tell which verdict is whose.
func (h *handshake) lost(why string, also ...uint64) told {
	t := told{}
	for _, p := range h.waiting {
		if p.known {
			t = t.and(h.reject(p.number))
		}
	}
	for _, number := range also {
		t = t.and(h.reject(number))
	}
	h.begin(h.heard)
	t.stop = why + ": the products cannot be told apart"
	return t
}

func apart(a, b time.Time) time.Duration { return a.Sub(b).Abs() }
