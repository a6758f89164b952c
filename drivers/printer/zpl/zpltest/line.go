package zpltest

import (
	"net"
	"sync"
	"time"
)

const (
	// receiveBuffer is how many bytes are taken from a connection before their time on a line of a given
	// speed has come: half of it waits, half of it is on the line. What a host sends beyond it stays with
	// the host, and with the system of which TCP is told to hold no more than socketBuffer.
	receiveBuffer = 512
	socketBuffer  = 2048
)

// wire is the printer's side of one connection. Answers go through a buffer of their own, as in a printer:
// it goes on taking bytes while a host does not read. With a speed every byte takes its time on the line,
// in both directions at once.
type wire struct {
	net.Conn
	p    *Printer
	each time.Duration // of one byte; 0: as fast as the connection is

	chunks chan chunk // from the connection
	have   []byte     // being received
	next   time.Time  // when the line begins to carry the first of them
	failed error      // of the connection, once chunks is closed

	out     chan []byte   // answers
	gone    chan struct{} // closed when nothing more is received
	running sync.WaitGroup
}

// chunk is what was waiting in the connection at a time.
type chunk struct {
	b  []byte
	at time.Time
}

// newWire begins to use a connection; end must be called.
func newWire(p *Printer, conn net.Conn) *wire {
	w := &wire{Conn: conn, p: p, out: make(chan []byte, 256), gone: make(chan struct{})}
	w.running.Go(w.answers)
	if p.opt.Baud <= 0 {
		return w
	}
	w.each = 10 * time.Second / time.Duration(p.opt.Baud)
	w.chunks = make(chan chunk)
	if c, ok := conn.(interface{ SetReadBuffer(int) error }); ok {
		_ = c.SetReadBuffer(socketBuffer) // a system that cannot holds more back
	}
	w.running.Go(w.receive)
	return w
}

// end gives what was answered to the host, closes the connection and waits until nothing of it is in use.
func (w *wire) end() {
	close(w.gone)
	close(w.out)
	w.running.Wait()
}

// receive takes bytes from the connection, no more than there is room for.
func (w *wire) receive() {
	defer close(w.chunks)
	for {
		buf := make([]byte, receiveBuffer/2)
		n, err := w.Conn.Read(buf)
		select {
		case w.chunks <- chunk{buf[:n], time.Now()}:
		case <-w.gone:
			return
		}
		if err != nil {
			w.failed = err
			return
		}
	}
}

// Read returns bytes when the line has carried them.
func (w *wire) Read(b []byte) (int, error) {
	if w.each == 0 {
		return w.Conn.Read(b)
	}
	for {
		for len(w.have) == 0 {
			c, ok := <-w.chunks
			if !ok {
				return 0, w.failed
			}
			if w.have = c.b; c.at.After(w.next) {
				w.next = c.at
			}
		}
		n := min(int(time.Since(w.next)/w.each), len(w.have), len(b))
		if n > 0 {
			copy(b, w.have[:n])
			w.have, w.next = w.have[n:], w.next.Add(time.Duration(n)*w.each)
			w.p.carried(n)
			return n, nil
		}
		// A timer is no better than a millisecond.
		some := min(max(1, int(time.Millisecond/w.each)), len(w.have))
		if !w.pause(w.next.Add(time.Duration(some) * w.each)) {
			return 0, net.ErrClosed
		}
	}
}

// pause waits for a time, unless the printer is closed.
func (w *wire) pause(until time.Time) bool {
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.p.server.Closed():
		return false
	}
}

// Write takes an answer.
func (w *wire) Write(b []byte) (int, error) {
	select {
	case w.out <- append([]byte(nil), b...):
		return len(b), nil
	case <-w.p.server.Closed():
		return 0, net.ErrClosed
	}
}

// answers gives answers to the host, one after another.
func (w *wire) answers() {
	var free time.Time
	var err error
	for b := range w.out {
		if err != nil {
			continue
		}
		if w.each > 0 {
			if now := time.Now(); now.After(free) {
				free = now
			}
			if free = free.Add(time.Duration(len(b)) * w.each); !w.pause(free) {
				err = net.ErrClosed
				continue
			}
		}
		_, err = w.Conn.Write(b)
	}
	w.Conn.Close()
}

// lineUse is what the line was used for between the first label and the last.
type lineUse struct {
	bytes       int // all that was ever received
	first, last struct {
		at    time.Time
		bytes int
	}
}

// carried notes that the line has brought bytes.
func (p *Printer) carried(n int) {
	p.mu.Lock()
	p.line.bytes += n
	p.mu.Unlock()
}

// label notes that a label has come. The caller holds the lock.
func (u *lineUse) label() {
	u.last.at, u.last.bytes = time.Now(), u.bytes
	if u.first.at.IsZero() {
		u.first = u.last
	}
}

// Busy returns how long the line carried bytes to the printer from the moment when the first label was whole
// in the buffer to that when the last one was, and how long that was altogether. It is for a Printer with a
// Baud and one connection; without a Baud busy is 0.
func (p *Printer) Busy() (busy, total time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.line
	total = u.last.at.Sub(u.first.at)
	if p.opt.Baud > 0 {
		busy = 10 * time.Second / time.Duration(p.opt.Baud) * time.Duration(u.last.bytes-u.first.bytes)
	}
	return min(busy, total), total
}
