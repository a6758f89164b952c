package modbus

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// wordOrder is how a PLC lays a value of several registers out. A is the highest byte.
// Modbus does not define it; a single register is always high byte first.
type wordOrder string

const (
	abcd wordOrder = "ABCD" // high word first
	cdab wordOrder = "CDAB" // low word first
	badc wordOrder = "BADC" // high word first, bytes swapped in each
	dcba wordOrder = "DCBA" // low byte first
)

// arrange turns the bytes of a value from the PLC's order into high byte first, or back:
// every order is its own inverse.
func (o wordOrder) arrange(b []byte) {
	if len(b) == 2 {
		return
	}
	if o == cdab || o == dcba {
		slices.Reverse(b)
	}
	if o == cdab || o == badc {
		for i := 0; i+1 < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
	}
}

// decode reads a value from its registers. A signed one is extended to 64 bits.
func (t valueType) decode(o wordOrder, registers []byte) uint64 {
	b := slices.Clone(registers)
	o.arrange(b)
	var wide [8]byte
	copy(wide[8-len(b):], b)
	v := binary.BigEndian.Uint64(wide[:])
	if unused := 64 - 8*len(b); t.signed {
		v = uint64(int64(v<<unused) >> unused)
	}
	return v
}

// encode returns the registers of a value, or an error if it does not fit.
func (t valueType) encode(o wordOrder, v uint64) ([]byte, error) {
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], v)
	b := slices.Clone(wide[8-2*t.words:])
	o.arrange(b)
	if t.decode(o, b) != v {
		if t.signed {
			return nil, fmt.Errorf("%d does not fit into %s", int64(v), t.name)
		}
		return nil, fmt.Errorf("%d does not fit into %s", v, t.name)
	}
	return b, nil
}
