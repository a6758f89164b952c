package sbpl

import (
	"context"
	"errors"
	"time"

	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
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

// write hands bytes over.
func (w *wire) write(ctx context.Context, b []byte, silence time.Duration) error {
	return talk.Write(ctx, w.conn, b, silence)
}

// read takes answers until one is the last that it waits for, but no longer than wait.
func (w *wire) read(ctx context.Context, status3 bool, wait time.Duration, last func(answer) (bool, error)) (err error) {
	release := link.Until(ctx, w.conn, time.Now().Add(wait))
	defer func() { err = errors.Join(err, release()) }()
	next := func() (answer, bool, error) { return w.in.next(status3) }
	return talk.Read(w.conn, w.in.add, next, last)
}
