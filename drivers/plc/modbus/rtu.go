package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goburrow/modbus"

	"linemark/drivers/link"
)

const (
	exceptionSize = 5   // unit, function, code, checksum: the shortest answer there is
	maxFrameRTU   = 256 // Modbus over Serial Line V1.02, 2.5.1
)

// rtu carries frames that tell neither their length nor which request they answer. An
// answer is known by its unit, its function and its length alone; the bus keeps answers
// to earlier requests away from it.
type rtu struct{ *transport }

// Send writes a frame and reads as many bytes as its answer or an exception has. The
// checksum is for the caller to see.
func (r rtu) Send(frame []byte) (answer []byte, err error) {
	if err := r.pause(); err != nil {
		return nil, err
	}
	size := answerSize(frame)
	deadline := time.Now().Add(r.timeout + time.Duration(len(frame)+size)*r.bus.wire.char)
	release := link.Until(r.ctx, r.conn, deadline)
	defer func() { err = errors.Join(err, release()) }()
	r.bus.asked(deadline)
	if _, err := r.conn.Write(frame); err != nil {
		return nil, err
	}
	answer = make([]byte, size)
	if _, err := io.ReadFull(r.conn, answer[:3]); err != nil {
		return nil, err
	}
	switch {
	case answer[0] != frame[0]:
		return nil, fmt.Errorf("the answer begins with % x: unit %d, not %d, or noise on the line", answer[:3], answer[0], frame[0])
	case answer[1] == frame[1]|0x80:
		answer = answer[:exceptionSize]
	case answer[1] != frame[1]:
		return nil, fmt.Errorf("the answer begins with % x: function %d, not %d", answer[:3], answer[1], frame[1])
	case reads(frame[1]) && int(answer[2]) != size-5:
		return nil, fmt.Errorf("the answer holds %d bytes, not %d", answer[2], size-5)
	}
	if _, err := io.ReadFull(r.conn, answer[3:]); err != nil {
		return nil, err
	}
	return answer, nil
}

func reads(function byte) bool { return function <= modbus.FuncCodeReadInputRegisters }

// answerSize is how long the answer to a request is, if it is no exception.
func answerSize(frame []byte) int {
	quantity := int(binary.BigEndian.Uint16(frame[4:]))
	switch function := frame[1]; {
	case function <= modbus.FuncCodeReadDiscreteInputs:
		return 5 + (quantity+7)/8
	case reads(function):
		return 5 + 2*quantity
	case function == modbus.FuncCodeMaskWriteRegister:
		return 10
	}
	return 8
}

// pause waits for the silence between two frames. A byte or two that come meanwhile are
// noise, as from a driver that is switched off. As much as a frame may be an answer, and
// then the next answer could be that of the request before: the session has to end.
func (r rtu) pause() error {
	stray := 0
	for {
		n, err := r.listen(r.ctx, r.bus.wire.silence())
		if n == 0 || err != nil {
			return err
		}
		if stray += n; stray >= exceptionSize {
			return fmt.Errorf("%d bytes came that were not asked for", stray)
		}
	}
}
