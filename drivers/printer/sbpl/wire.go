package sbpl

import (
	"context"
	"errors"
	"os"
	"time"

	"linemark/drivers/link"
)

const (
	enq = 0x05
	can = 0x18
)

// wire is one connection with what has come of its next answer.
type wire struct {
	conn link.Conn
	in   answers
}

// write hands bytes over. The time for it grows with their number: a serial port carries about
// a thousand in a second.
func (w *wire) write(ctx context.Context, b []byte, silence time.Duration) error {
	release := link.Until(ctx, w.conn, time.Now().Add(silence+time.Duration(len(b))*2*time.Millisecond))
	_, err := w.conn.Write(b)
	return errors.Join(err, release())
}

// read takes answers until one is the last that it waits for, but no longer than wait.
func (w *wire) read(ctx context.Context, status3 bool, wait time.Duration, last func(answer) (bool, error)) (err error) {
	release := link.Until(ctx, w.conn, time.Now().Add(wait))
	defer func() { err = errors.Join(err, release()) }()
	piece := make([]byte, 1024)
	for {
		a, ok, err := w.in.next(status3)
		if err != nil {
			return err
		}
		if ok {
			if done, err := last(a); done || err != nil {
				return err
			}
			continue
		}
		n, err := w.conn.Read(piece)
		w.in.add(piece[:n])
		if n == 0 && err != nil {
			return err
		}
	}
}

// timeout reports whether err is the end of a waiting time, and not of the context.
func timeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
