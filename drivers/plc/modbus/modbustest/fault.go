package modbustest

import "time"

// FaultKind names what goes wrong with a request.
type FaultKind int

// The faults. All but Exception carry the request out first: the client cannot know whether it was.
const (
	NoFault          FaultKind = iota
	Silence                    // no answer
	Late                       // the answer, and with it those to later requests of the connection, come after Fault.Delay
	WrongTransaction           // answered with the transaction identifier of the request before
	WrongUnit                  // answered by another unit
	Exception                  // refused with Fault.Code, and not carried out
	Cut                        // the connection is closed without an answer
	ByteByByte                 // the answer comes one byte at a time, Fault.Delay apart
)

// Fault is how one request is treated. The zero value is no fault.
type Fault struct {
	Kind  FaultKind
	Delay time.Duration // of Late and ByteByByte
	Code  byte          // of Exception: 1 function, 2 address, 3 value, 4 failure, 5 acknowledge, 6 busy, …
}
