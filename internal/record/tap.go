package record

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"linemark/drivers/link"
)

// Dialer records what goes over the connections of one device.
func (r *Recorder) Dialer(device string, dial link.Dialer) link.Dialer {
	if r == nil {
		return dial
	}
	return func(ctx context.Context, address string) (link.Conn, error) {
		c, err := dial(ctx, address)
		if err != nil {
			r.Put(KindFault, device, time.Now(), []byte(err.Error()))
			return nil, err
		}
		t := &tapped{Conn: c, r: r, device: device, no: r.connection()}
		t.put(KindOpen, 0, []byte(address))
		return t, nil
	}
}

func (r *Recorder) connection() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest++
	return r.newest
}

// tapped is a connection whose bytes are recorded. One goroutine may read while another writes.
type tapped struct {
	link.Conn
	r       *Recorder
	device  string
	no      uint64
	in, out atomic.Uint64
}

// mostChunk bounds a record of bytes.
const mostChunk = 64 << 10

func (t *tapped) put(kind Kind, offset uint64, b []byte) {
	t.r.put(entry{kind: kind, source: t.device, since: time.Since(t.r.began), conn: t.no, offset: offset}, b)
}

func (t *tapped) bytes(kind Kind, way *atomic.Uint64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), mostChunk)
		t.put(kind, way.Add(uint64(n))-uint64(n), b[:n])
		b = b[n:]
	}
}

func (t *tapped) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.bytes(KindIn, &t.in, b[:n])
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // drivers ask with short deadlines
		t.put(KindFault, 0, []byte(err.Error()))
	}
	return n, err
}

func (t *tapped) Write(b []byte) (int, error) {
	t.bytes(KindOut, &t.out, b) // before the answer to it can come
	n, err := t.Conn.Write(b)
	if err != nil {
		t.put(KindFault, 0, fmt.Appendf(nil, "%d of %d bytes written: %v", n, len(b), err))
	}
	return n, err
}

func (t *tapped) Close() error {
	t.put(KindClose, 0, nil)
	return t.Conn.Close()
}
