package mqtt

import "slices"

// message is one that is told once, in its turn.
type message struct {
	topic   string
	payload []byte
	yields  bool // a later one of its kind says all that it says
}

// queue holds the messages that wait, within a bound. What does not fit is dropped: the oldest that yields, or if
// there is none, the oldest.
type queue struct {
	most    int
	all     []message
	dropped uint64
}

func (q *queue) add(m message) {
	if len(q.all) >= q.most {
		at := slices.IndexFunc(q.all, func(m message) bool { return m.yields })
		q.dropped++
		if at < 0 && m.yields {
			return // it would be the one to go
		}
		q.all = slices.Delete(q.all, max(at, 0), max(at, 0)+1)
	}
	q.all = append(q.all, m)
}

// take takes the oldest message out.
func (q *queue) take() (message, bool) {
	if len(q.all) == 0 {
		return message{}, false
	}
	m := q.all[0]
	q.all = slices.Delete(q.all, 0, 1)
	return m, true
}
