package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"linemark/drivers/link"
)

const (
	header   = 7   // transaction, protocol, length, unit
	maxFrame = 260 // Modbus Messaging on TCP/IP V1.0b, 4.1
)

// transport carries one request and its answer at a time.
type transport struct {
	conn    link.Conn
	timeout time.Duration
	bus     *bus
	ctx     context.Context // of the call under way; the library's interface has none
}

// tcp carries frames that tell their length and the number of their request.
type tcp struct{ *transport }

// Send writes a frame and reads the next one, whole or not at all. Whether it answers
// the request is for the caller to see.
func (t tcp) Send(frame []byte) (answer []byte, err error) {
	deadline := time.Now().Add(t.timeout)
	release := link.Until(t.ctx, t.conn, deadline)
	defer func() { err = errors.Join(err, release()) }()
	t.bus.asked(deadline)
	if _, err := t.conn.Write(frame); err != nil {
		return nil, err
	}
	answer = make([]byte, maxFrame)
	if _, err := io.ReadFull(t.conn, answer[:header]); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint16(answer[4:])) // counts the unit, which is in the header
	if length < 2 || header-1+length > maxFrame {
		return nil, fmt.Errorf("the answer's length is %d", length)
	}
	answer = answer[:header-1+length]
	if _, err := io.ReadFull(t.conn, answer[header:]); err != nil {
		return nil, err
	}
	t.bus.heard()
	return answer, nil
}

// settle listens until no answer is owed any more and the line was quiet for long enough,
// and throws away what it hears.
func (t *transport) settle(ctx context.Context) error {
	begun := time.Now()
	for heard := 0; ; {
		n, err := t.listen(ctx, t.bus.rest())
		if n == 0 || err != nil {
			return err
		}
		heard += n
		if passed := time.Since(begun); passed > t.bus.patience() {
			return fmt.Errorf("%d bytes in %v, and nothing was asked: see that no other master talks on it, and that its speed and parity are right",
				heard, passed.Round(time.Millisecond))
		}
	}
}

// listen returns how many bytes came in one go, or 0 if none came in time.
func (t *transport) listen(ctx context.Context, limit time.Duration) (int, error) {
	release := link.Until(ctx, t.conn, time.Now().Add(limit))
	n, err := t.conn.Read(make([]byte, maxFrameRTU))
	ended := release()
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, errors.Join(err, ended)
	}
	return n, ended
}
