package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	ctx     context.Context // of the call under way; the library's interface has none
}

// tcp carries frames that tell their length and the number of their request.
type tcp struct{ *transport }

// Send writes a frame and reads the next one, whole or not at all. Whether it answers
// the request is for the caller to see.
func (t tcp) Send(frame []byte) (answer []byte, err error) {
	release := link.Until(t.ctx, t.conn, time.Now().Add(t.timeout))
	defer func() { err = errors.Join(err, release()) }()
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
	return answer, nil
}
