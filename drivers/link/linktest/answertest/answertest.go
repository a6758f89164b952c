// Package answertest writes the answers of an emulated device, and lets them go wrong on their way.
package answertest

import (
	"net"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
)

// Answers is how a device's answers go wrong on their way. The zero value lets them pass.
type Answers struct {
	Before   string        // sent ahead of each answer, asked for by nobody
	Delay    time.Duration // an answer comes so much later
	Twice    bool          // an answer comes twice
	Bytewise bool          // an answer comes in single bytes
	Garbled  bool          // an answer has its bits changed, as at a wrong speed
	Lost     bool          // no answer comes
}

// packet is one piece of what is written and when it may go; a zero time is at once.
type packet struct {
	text   string
	due    time.Time
	answer bool // the last piece of an answer
	hangUp bool // the connection ends here
}

// Writer writes one connection's answers in their order, so that a host that does not read holds up nothing
// but its own answers.
type Writer struct {
	conn    net.Conn
	wake    chan struct{}
	stopped chan struct{}

	mu      sync.Mutex
	queue   []packet
	answers int // in the queue
}

// NewWriter returns the writer of a connection; Talk or Run writes.
func NewWriter(conn net.Conn) *Writer {
	return &Writer{conn: conn, wake: make(chan struct{}, 1), stopped: make(chan struct{})}
}

// Push adds an answer, with what goes wrong with it.
func (w *Writer) Push(a Answers, text string) {
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
	if !a.Bytewise {
		w.add(packet{text: text, due: due, answer: true})
		return
	}
	pieces := make([]packet, len(text))
	for i := range pieces {
		pieces[i] = packet{text: text[i : i+1], due: due, answer: i == len(text)-1}
	}
	w.add(pieces...)
}

// Say adds what is told by itself; nothing goes wrong with it.
func (w *Writer) Say(text string) { w.add(packet{text: text}) }

// HangUp closes the connection when all is written that was added before.
func (w *Writer) HangUp() { w.add(packet{hangUp: true}) }

func (w *Writer) add(pieces ...packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range pieces {
		w.queue = append(w.queue, p)
		if p.answer {
			w.answers++
		}
	}
	linktest.Notify(w.wake)
}

// Answering tells whether an answer has not been written yet.
func (w *Writer) Answering() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answers > 0
}

// Talk hands what the far end sends to take and writes, until the connection has ended. It closes it.
func (w *Writer) Talk(take func([]byte)) {
	var writing sync.WaitGroup
	writing.Go(w.Run)
	buf := make([]byte, 16<<10)
	for {
		n, err := w.conn.Read(buf)
		take(buf[:n])
		if err != nil {
			break
		}
	}
	w.conn.Close()
	w.Stop()
	writing.Wait()
}

// Run writes until Stop.
func (w *Writer) Run() {
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
			if next.answer { // the other side may have it before Write returns
				w.mu.Lock()
				w.answers--
				w.mu.Unlock()
			}
			if next.hangUp {
				w.conn.Close()
				return
			}
			if _, err := w.conn.Write([]byte(next.text)); err != nil {
				return // the reader of this connection sees its end too
			}
		}
	}
}

// hold waits; it is false when the connection has ended meanwhile.
func (w *Writer) hold(due time.Time) bool {
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

// Stop ends Run. It is called once, and by Talk where that is used.
func (w *Writer) Stop() { close(w.stopped) }

// Stopped is closed by Stop: the connection has ended.
func (w *Writer) Stopped() <-chan struct{} { return w.stopped }

// Waiting returns the pieces of answers that are still to be written.
func (w *Writer) Waiting() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, p := range w.queue {
		all = append(all, p.text)
	}
	return all
}
