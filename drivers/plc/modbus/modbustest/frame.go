package modbustest

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	headerSize = 7   // transaction, protocol, length, unit
	maxPDU     = 253 // function and data
)

// frame is one message on the wire: the MBAP header and what it carries.
type frame struct {
	transaction uint16
	unit        byte
	pdu         []byte // function and data, at least the function
}

// readFrame reads one message. io.EOF is the end between two messages. Any other error leaves no way to find
// the next message: the connection is of no more use.
func readFrame(r io.Reader) (frame, error) {
	var h [headerSize]byte
	if n, err := io.ReadFull(r, h[:]); err != nil {
		if n == 0 && err == io.EOF {
			return frame{}, io.EOF
		}
		return frame{}, fmt.Errorf("reading the header: %w", err)
	}
	if protocol := binary.BigEndian.Uint16(h[2:]); protocol != 0 {
		return frame{}, fmt.Errorf("protocol identifier %d is not Modbus", protocol)
	}
	length := int(binary.BigEndian.Uint16(h[4:])) // of unit and PDU
	if length < 2 || length > 1+maxPDU {
		return frame{}, fmt.Errorf("length %d is outside 2 to %d", length, 1+maxPDU)
	}
	f := frame{transaction: binary.BigEndian.Uint16(h[:]), unit: h[6], pdu: make([]byte, length-1)}
	if _, err := io.ReadFull(r, f.pdu); err != nil {
		return frame{}, fmt.Errorf("reading %d bytes of a message: %w", length-1, err)
	}
	return f, nil
}

// bytes returns the message as it stands on the wire.
func (f frame) bytes() []byte {
	b := binary.BigEndian.AppendUint16(nil, f.transaction)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(1+len(f.pdu)))
	return append(append(b, f.unit), f.pdu...)
}
