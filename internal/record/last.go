package record

import (
	"context"
	"sync"
	"time"

	"linemark/drivers/link"
)

// Last keeps the newest bytes to and from one device in memory, whether a recording goes on or not. It has a
// fixed size: nothing is allocated for what passes.
type Last struct {
	mu      sync.Mutex
	conns   uint64
	in, out uint64 // bytes since the start
	taken   uint64 // pieces since the start: the newest is at taken-1, modulo keptPieces
	ring    [keptPieces]keptPiece
}

// How much is kept of each device.
const (
	keptPieces = 16
	keptBytes  = 256 // of one piece
)

// together is the silence after which bytes are another piece. A serial port gives its bytes one by one; the
// frames of a camera at full speed come some 30 ms apart.
const together = 10 * time.Millisecond

// keptPiece is a piece with room for its bytes.
type keptPiece struct {
	at, last     time.Time
	out          bool
	conn, offset uint64
	length       int
	data         [keptBytes]byte
}

// Piece is bytes that went one way without a pause.
type Piece struct {
	At     time.Time // of its first byte
	Out    bool      // to the device
	Conn   uint64    // counts the connections
	Offset uint64    // bytes of the connection and direction before it
	Length int       // of all of it
	Data   []byte    // its beginning
}

// Dialer keeps the last bytes of the connections that another opens.
func (l *Last) Dialer(dial link.Dialer) link.Dialer {
	return func(ctx context.Context, address string) (link.Conn, error) {
		c, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.conns++
		return &watched{Conn: c, last: l, no: l.conns}, nil
	}
}

// Pieces returns what is kept, the oldest first, and how many bytes came in and went out in all.
func (l *Last) Pieces() (pieces []Piece, in, out uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := l.taken - min(l.taken, keptPieces); n < l.taken; n++ {
		s := &l.ring[n%keptPieces]
		pieces = append(pieces, Piece{At: s.at, Out: s.out, Conn: s.conn, Offset: s.offset, Length: s.length, Data: append([]byte(nil), s.data[:min(s.length, keptBytes)]...)})
	}
	return pieces, l.in, l.out
}

// Counts returns how many bytes came in and went out in all, and when the last of them did; zero: none has.
func (l *Last) Counts() (in, out uint64, last time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken > 0 {
		last = l.ring[(l.taken-1)%keptPieces].last
	}
	return l.in, l.out, last
}

// watched is a connection whose last bytes are kept. One goroutine may read while another writes.
type watched struct {
	link.Conn
	last    *Last
	no      uint64
	in, out uint64 // bytes so far; of the Last's lock
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.put(false, b[:n])
	return n, err
}

func (w *watched) Write(b []byte) (int, error) {
	w.put(true, b) // before the answer to it can come
	return w.Conn.Write(b)
}

func (w *watched) put(out bool, b []byte) {
	if len(b) == 0 {
		return
	}
	now, l := time.Now(), w.last
	l.mu.Lock()
	defer l.mu.Unlock()
	total, before := &l.in, &w.in
	if out {
		total, before = &l.out, &w.out
	}
	offset := *before
	*total += uint64(len(b))
	*before += uint64(len(b))
	if l.taken > 0 {
		s := &l.ring[(l.taken-1)%keptPieces]
		if s.out == out && s.conn == w.no && now.Sub(s.last) < together && s.length+len(b) <= keptBytes {
			copy(s.data[s.length:], b)
			s.length += len(b)
			s.last = now
			return
		}
	}
	s := &l.ring[l.taken%keptPieces]
	l.taken++
	s.at, s.last, s.out, s.conn, s.offset, s.length = now, now, out, w.no, offset, len(b)
	copy(s.data[:], b)
}
