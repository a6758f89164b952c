package scantest

import (
	"context"
	"net"
	"sync"
	"time"

	"linemark/drivers/link"
)

// none stands for a place that does not come.
const none = -1

// wire is the connections between a driver and its emulator, of which the last is used. The
// emulator's bytes are always taken from it, so it never waits for the driver.
type wire struct {
	serve   func(c net.Conn)
	running sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	last   chan<- []byte // the queue of the newest connection
	down   int           // bytes that came from the emulator
	split  int           // the stream pauses when so many have passed; none: never
	cut    int           // the connection breaks when so many have passed; none: never
	drop   int           // what comes after so many of them is lost, to the end of its piece; none: never
	single bool          // bytes go one by one
	join   time.Duration // how long pieces are gathered before they go on
	frozen bool          // nothing goes on in either direction, and nobody is told
	deaf   chan struct{} // while it is open, nothing is taken from the driver
}

// pause is that of a split stream; shorter than any driver gives up a frame.
const pause = 100 * time.Millisecond

func newWire(serve func(net.Conn)) *wire {
	w := &wire{serve: serve, open: map[net.Conn]bool{}, split: none, cut: none, drop: none, deaf: make(chan struct{})}
	close(w.deaf)
	return w
}

// set changes the wire.
func (w *wire) set(change func(w *wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// passed returns how many bytes came from the emulator so far.
func (w *wire) passed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down
}

// dial is the driver's link.Dialer.
func (w *wire) dial(ctx context.Context, _ string) (link.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	near, a := net.Pipe()
	b, far := net.Pipe()
	queue := make(chan []byte, 1<<16)
	serve := w.serve
	w.mu.Lock()
	w.open[a], w.open[b] = true, true
	w.last = queue
	w.mu.Unlock()
	ended := make(chan struct{}) // of the emulator's side
	w.running.Go(func() { serve(far) })
	w.running.Go(func() { // driver to emulator
		defer w.hangUp(a, b)
		buf := make([]byte, 4096)
		for {
			<-w.listening()
			n, err := a.Read(buf)
			if err != nil {
				return
			}
			if w.isFrozen() {
				continue
			}
			if _, err := b.Write(buf[:n]); err != nil {
				return
			}
		}
	})
	w.running.Go(func() { // emulator to queue
		defer close(ended)
		buf := make([]byte, 64<<10)
		for {
			n, err := b.Read(buf)
			if n > 0 && !w.isFrozen() {
				queue <- append([]byte(nil), buf[:n]...)
			}
			if err != nil {
				return
			}
		}
	})
	w.running.Go(func() { // queue to driver
		defer w.hangUp(a, b)
		for {
			piece, going := w.next(queue, ended)
			if !going {
				return
			}
			for _, p := range w.bend(piece) {
				if p == nil {
					time.Sleep(pause)
					continue
				}
				pass, cut := w.count(len(p))
				if _, err := a.Write(p[:pass]); err != nil || cut {
					return
				}
			}
		}
	})
	return near, nil
}

// next returns what goes on to the driver, to the end of the emulator's side.
func (w *wire) next(queue chan []byte, ended chan struct{}) (piece []byte, going bool) {
	select {
	case piece = <-queue:
	case <-ended:
		select {
		case piece = <-queue:
		default:
			return nil, false
		}
	}
	w.mu.Lock()
	join := w.join
	w.mu.Unlock()
	if join > 0 {
		time.Sleep(join)
		for {
			select {
			case more := <-queue:
				piece = append(piece, more...)
				continue
			default:
			}
			break
		}
	}
	return piece, true
}

// bend returns the pieces in which a piece goes on; nil is a pause.
func (w *wire) bend(piece []byte) (all [][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := w.drop - w.down; w.drop != none && n < len(piece) {
		w.drop = none
		return [][]byte{piece[:max(n, 0)]}
	}
	if n := w.split - w.down; w.split != none && n <= len(piece) && n >= 0 {
		w.split = none
		return [][]byte{piece[:n], nil, piece[n:]}
	}
	if !w.single {
		return [][]byte{piece}
	}
	for i := range piece {
		all = append(all, piece[i:i+1])
	}
	return all
}

// count lets n bytes pass, or fewer where the cut comes among them. It comes once.
func (w *wire) count(n int) (pass int, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut != none && w.down+n >= w.cut {
		n, cut = w.cut-w.down, true
		w.cut = none
	}
	w.down += n
	return n, cut
}

// inject sends bytes to the driver that the emulator knows nothing of.
func (w *wire) inject(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last <- b
}

func (w *wire) isFrozen() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frozen
}

func (w *wire) listening() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deaf
}

// deafen stops taking bytes from the driver; the returned function goes on with it.
func (w *wire) deafen() (hear func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	deaf := make(chan struct{})
	w.deaf = deaf
	return sync.OnceFunc(func() { close(deaf) })
}

func (w *wire) hangUp(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(w.open, c)
	}
}

// breakAll ends all connections.
func (w *wire) breakAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		c.Close()
	}
}
