package modbustest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const maxRTU = 256 // Modbus over Serial Line V1.02, 2.5.1

// errChecksum is a frame that a unit on a bus does not answer (2.4.1 of that specification).
var errChecksum = errors.New("the checksum is wrong")

// readRTU reads one request from a bus. Where it ends follows from its function; the end of one that the PLC
// does not know is the end of what came with it. After errChecksum the next request can be read; any other
// error is that of the connection.
func readRTU(in *bufio.Reader) (frame, error) {
	b := make([]byte, 2, maxRTU)
	if n, err := io.ReadFull(in, b); err != nil {
		if n == 0 && err == io.EOF {
			return frame{}, io.EOF
		}
		return frame{}, fmt.Errorf("reading unit and function: %w", err)
	}
	var err error
	switch b[1] {
	case readCoils, readDiscretes, readHolding, readInputs, writeCoil, writeRegister:
		b, err = extend(in, b, 8)
	case maskWrite:
		b, err = extend(in, b, 10)
	case writeCoils, writeRegisters:
		if b, err = extend(in, b, 7); err == nil {
			b, err = extend(in, b, 9+int(b[6]))
		}
	default:
		b, err = extend(in, b, min(2+in.Buffered(), maxRTU))
	}
	if err != nil {
		return frame{}, fmt.Errorf("reading a request: %w", err)
	}
	end := len(b) - 2
	if end < 2 || binary.LittleEndian.Uint16(b[end:]) != checksum(b[:end]) {
		if _, err := in.Discard(in.Buffered()); err != nil { // the rest of the burst is no request either
			return frame{}, err
		}
		return frame{}, errChecksum
	}
	return frame{unit: b[0], pdu: b[1:end]}, nil
}

// extend reads until b has n bytes.
func extend(in io.Reader, b []byte, n int) ([]byte, error) {
	from := len(b)
	b = append(b, make([]byte, n-from)...)
	_, err := io.ReadFull(in, b[from:])
	return b, err
}

// rtu returns the message as it stands on a bus.
func (f frame) rtu() []byte {
	b := append([]byte{f.unit}, f.pdu...)
	return binary.LittleEndian.AppendUint16(b, checksum(b))
}

// checksum is the CRC-16 of 6.2.2 of that specification: polynomial A001, shifted to the right, FFFF at first.
func checksum(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, v := range b {
		crc ^= uint16(v)
		for range 8 {
			carry := crc & 1
			crc >>= 1
			if carry == 1 {
				crc ^= 0xA001
			}
		}
	}
	return crc
}
