package modbustest

import (
	"bytes"
	"net"
	"slices"
	"time"
)

// FaultKind names what goes wrong with a request.
type FaultKind int

// The faults. All but Exception carry the request out first: the client cannot know whether it was.
const (
	NoFault          FaultKind = iota
	Silence                    // no answer
	Late                       // the answer, and with it those to later requests of the connection, come after Fault.Delay
	WrongTransaction           // answered with the transaction identifier of the request before; RTU has none
	WrongUnit                  // answered by another unit
	Exception                  // refused with Fault.Code, and not carried out
	Cut                        // the connection is closed without an answer
	ByteByByte                 // the answer comes one byte at a time, Fault.Delay apart
	WrongFunction              // answered with another function
	WrongChecksum              // RTU: the answer's checksum is wrong
	Twice                      // the answer comes twice
)

// Fault is how one request is treated. The zero value is no fault.
type Fault struct {
	Kind  FaultKind
	Delay time.Duration // of Late, ByteByByte and Split
	Code  byte          // of Exception: 1 function, 2 address, 3 value, 4 failure, 5 acknowledge, 6 busy, …
	Split int           // the answer's bytes behind so many come Fault.Delay later; 0: in one piece
	Noise []byte        // what comes right before the answer
}

// answer sends a message as the fault demands. It is false when the connection has ended.
func (p *PLC) answer(conn net.Conn, f frame, fault Fault) bool {
	switch fault.Kind {
	case Silence:
		return true
	case Cut:
		return false
	case Late:
		if !p.wait(fault.Delay) {
			return false
		}
	case WrongTransaction:
		f.transaction--
	case WrongUnit:
		f.unit++
	case WrongFunction:
		f.pdu[0]++
	}
	b := f.bytes()
	if p.opt.RTU {
		b = f.rtu()
	}
	pieces := [][]byte{b}
	switch split := min(fault.Split, len(b)); {
	case fault.Kind == WrongChecksum && p.opt.RTU:
		b[len(b)-1] ^= 0xFF
	case fault.Kind == Twice:
		pieces = [][]byte{bytes.Repeat(b, 2)}
	case fault.Kind == ByteByByte:
		pieces = slices.Collect(slices.Chunk(b, 1))
	case split > 0:
		pieces = [][]byte{b[:split], b[split:]}
	}
	pieces[0] = append(bytes.Clone(fault.Noise), pieces[0]...)
	for i, piece := range pieces {
		if i > 0 && !p.wait(fault.Delay) {
			return false
		}
		if _, err := conn.Write(piece); err != nil {
			return false
		}
	}
	return true
}
