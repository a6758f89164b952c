package drivertest

import (
	"context"
	"net"
	"sync"
	"time"

	"linemark/drivers/link"
)

// none stands for a cut that does not come.
const none = -1

// fate is what becomes of the printer's bytes on their way to the driver. They are taken as
// the emulator wrote them: one piece is one answer, or several.
type fate struct {
	delay  time.Duration
	change func(piece []byte) [][]byte // nil: the piece as it is; no pieces: it is lost
}

// wires are the connections between a driver and its emulator. They break as a test demands.
// The emulator's bytes are always taken from it, so it never waits for the driver.
type wires struct {
	serve   func(address string, c net.Conn)
	running sync.WaitGroup

	mu       sync.Mutex
	open     map[net.Conn]bool
	up, down int // bytes that went to the emulator, and that came from it
	cutUp    int // the connection breaks when so many bytes have passed; none: never
	cutDown  int
	lost     bool // a cut has swallowed a part of a command or a whole answer
	fate     fate
	deaf     chan struct{} // while it is open, nothing is taken from the driver
}

func newWires(serve func(string, net.Conn)) *wires {
	w := &wires{serve: serve, open: map[net.Conn]bool{}, cutUp: none, cutDown: none, deaf: make(chan struct{})}
	close(w.deaf)
	return w
}

// dial is the driver's link.Dialer.
func (w *wires) dial(ctx context.Context, address string) (link.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	near, a := net.Pipe()
	b, far := net.Pipe()
	w.mu.Lock()
	w.open[a], w.open[b] = true, true
	w.mu.Unlock()
	type parcel struct {
		piece []byte
		fate  fate
	}
	queue := make(chan parcel, 4096)
	w.running.Go(func() { w.serve(address, far) })
	w.running.Go(func() { // driver to emulator
		defer w.hangUp(a, b)
		buf := make([]byte, 4096)
		for {
			<-w.listening()
			n, err := a.Read(buf)
			pass, cut := w.count(&w.up, &w.cutUp, n)
			w.lose(cut && pass < n)
			if _, failed := b.Write(buf[:pass]); failed != nil || err != nil || cut {
				return
			}
		}
	})
	w.running.Go(func() { // emulator to queue
		defer close(queue)
		buf := make([]byte, 64<<10)
		for {
			n, err := b.Read(buf)
			if n > 0 {
				queue <- parcel{append([]byte(nil), buf[:n]...), w.present()}
			}
			if err != nil {
				return
			}
		}
	})
	w.running.Go(func() { // queue to driver
		defer w.hangUp(a, b)
		for p := range queue {
			pieces := [][]byte{p.piece}
			if p.fate.change != nil {
				pieces = p.fate.change(p.piece)
			}
			if p.fate.delay > 0 {
				time.Sleep(p.fate.delay)
			}
			for _, piece := range pieces {
				pass, cut := w.count(&w.down, &w.cutDown, len(piece))
				w.lose(cut && pass == 0)
				if _, err := a.Write(piece[:pass]); err != nil || cut {
					w.hangUp(a, b)
					for range queue { // the emulator goes on until it notices
					}
					return
				}
			}
		}
	})
	return near, nil
}

// count lets n bytes pass, or fewer where the cut comes among them. Each cut comes once.
func (w *wires) count(total, cut *int, n int) (pass int, now bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if *cut != none && *total+n >= *cut {
		n, now = *cut-*total, true
		*cut = none
	}
	*total += n
	return n, now
}

func (w *wires) lose(lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = w.lost || lost
}

// swallowed tells whether a cut took something away that the driver must miss, even where each
// command has a connection of its own. The end of an answer may be line ends that nobody needs.
func (w *wires) swallowed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

func (w *wires) listening() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deaf
}

// set decides what becomes of the bytes that the emulator sends from now on.
func (w *wires) set(f fate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fate = f
}

func (w *wires) present() fate {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fate
}

// deafen stops taking bytes from the driver; the returned function goes on with it.
func (w *wires) deafen() (hear func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	deaf := make(chan struct{})
	w.deaf = deaf
	return sync.OnceFunc(func() { close(deaf) })
}

func (w *wires) hangUp(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(w.open, c)
	}
}

// breakAll ends all connections.
func (w *wires) breakAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		c.Close()
	}
}
