package text

import "fmt"

// tally counts the labels of a session that the printer has confirmed.
type tally struct {
	number string // what a message holds: "index", "counter", or "" for one message a label
	last   uint64 // index: the highest possible
	each   bool   // index: every label has its own message, so none may be passed over

	sent    int
	printed int
	base    uint64   // counter at the beginning
	index   uint64   // index: of the last confirmed label, or the printer's last before the session
	next    uint64   // index of the next label
	pending []uint64 // index: of the labels that are not confirmed, in order
}

// begin takes what the printer said last before the session.
func (t *tally) begin(n uint64) error {
	if t.number == "index" && n > t.last {
		return fmt.Errorf("the printer's last index is %d, and index_last is %d", n, t.last)
	}
	t.base, t.index = n, n
	t.next = t.after(n)
	return nil
}

// after returns the index that follows n. 0 is never used: printers have it before their first label.
func (t *tally) after(n uint64) uint64 {
	if n >= t.last {
		return 1
	}
	return n + 1
}

// take notes that one label goes out, and returns its index.
func (t *tally) take() uint64 {
	t.sent++
	if t.number != "index" {
		return 0
	}
	n := t.next
	t.pending = append(t.pending, n)
	t.next = t.after(n)
	return n
}

// heard takes a message that means printed. Its error tells of what cannot be.
func (t *tally) heard(n uint64) error {
	switch t.number {
	case "":
		if t.printed == t.sent {
			return fmt.Errorf("the printer tells of %d printed labels, %d were sent", t.printed+1, t.sent)
		}
		t.printed++
	case "counter":
		switch now := t.base + uint64(t.printed); {
		case n < now:
			return fmt.Errorf("the printer's counter went back from %d to %d", now, n)
		case n-t.base > uint64(t.sent):
			return fmt.Errorf("the printer counts %d labels since the start, %d were sent", n-t.base, t.sent)
		}
		t.printed = int(n - t.base)
	case "index":
		if n == t.index {
			return nil
		}
		for i, p := range t.pending {
			if p == n {
				if t.each && i > 0 {
					return fmt.Errorf("the printer printed index %d, and said nothing of index %d before it", n, t.pending[0])
				}
				t.printed += i + 1
				t.pending = t.pending[i+1:]
				t.index = n
				return nil
			}
		}
		return fmt.Errorf("the printer says that it printed index %d, which it was not given", n)
	}
	return nil
}
