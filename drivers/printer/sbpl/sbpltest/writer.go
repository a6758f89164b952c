package sbpltest

import (
	"net"
	"sync"
	"time"
)

// packet is one piece of an answer and when it may go; a zero time is at once.
type packet struct {
	text string
	due  time.Time
}

// writer writes one connection's answers in their order, so that a host that does not read holds up nothing
// but its own answers.
type writer struct {
	conn    net.Conn
	wake    chan struct{}
	stopped chan struct{}

	mu    sync.Mutex
	queue []packet
}

func newWriter(conn net.Conn) *writer {
	return &writer{conn: conn, wake: make(chan struct{}, 1), stopped: make(chan struct{})}
}

// push adds an answer, with what goes wrong with it.
func (w *writer) push(a Answers, text string) {
	if a.Lost {
		return
	}
	if a.Garbled {
		b := []byte(text)
		for i := range b {
			b[i] |= 0xD8
		}
		text = string(b)
	}
	if a.Twice {
		text += text
	}
	text = a.Before + text
	var due time.Time
	if a.Delay > 0 {
		due = time.Now().Add(a.Delay)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !a.Bytewise {
		w.queue = append(w.queue, packet{text, due})
	} else {
		for i := range len(text) {
			w.queue = append(w.queue, packet{text[i : i+1], due})
		}
	}
	notify(w.wake)
}

// run writes until stop.
func (w *writer) run() {
	for {
		select {
		case <-w.wake:
		case <-w.stopped:
			return
		}
		for {
			w.mu.Lock()
			if len(w.queue) == 0 {
				w.mu.Unlock()
				break
			}
			next := w.queue[0]
			w.queue = w.queue[1:]
			w.mu.Unlock()
			if !w.hold(next.due) {
				return
			}
			if _, err := w.conn.Write([]byte(next.text)); err != nil {
				return // the reader of this connection sees its end too
			}
		}
	}
}

// hold waits; it is false when the connection has ended meanwhile.
func (w *writer) hold(due time.Time) bool {
	d := time.Until(due)
	if due.IsZero() || d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.stopped:
		return false
	}
}

// stop ends run. It is called once.
func (w *writer) stop() { close(w.stopped) }
