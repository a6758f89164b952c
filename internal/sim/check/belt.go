package check

import (
	"encoding/json"
	"fmt"
	"time"
)

// beltEntry is one line of a conveyor's log, as far as it is judged.
type beltEntry struct {
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	Product int       `json:"product"`
	Note    string    `json:"note"`
}

// beltReader follows one belt's log: a product with a bad reading must be thrown out, or the
// line must stand still (P6).
type beltReader struct {
	w   *witness
	at  int        // the product between camera and rejector
	off int        // the one that stood there when the line was stopped or held: whoever lets it go on takes it off
	bad *beltEntry // the first that passed with a bad reading and was followed by no stop yet
	was time.Time  // when the belt was heard of before
}

// standstill is how long after a bad product has passed the line may take to stand still: an
// uncounted rejection is noticed after the station's own limit of 2 s.
const standstill = 5 * time.Second

func (b *beltReader) line(line []byte) error {
	var e beltEntry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if gap := e.At.Sub(b.was); b.bad != nil && gap > 2*standstill {
		b.bad.At = b.bad.At.Add(gap) // it stood for want of labels: nothing passed meanwhile, and no camera was missed
	}
	b.was = e.At
	switch e.Event {
	case "read":
		b.at = e.Product
	case "stopped", "held":
		b.bad, b.off = nil, b.at
	case "started":
		b.bad = nil
	case "passed":
		if e.Note != "" && e.Product != b.off && b.bad == nil {
			b.bad = &e
		}
	}
	if b.bad != nil && e.At.Sub(b.bad.At) > standstill {
		b.w.passedBad = append(b.w.passedBad, fmt.Sprintf("product %d passed the rejector although: %s", b.bad.Product, b.bad.Note))
		b.bad = nil
	}
	return nil
}
