package modbus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// valueType is how a value lies in registers.
type valueType struct {
	name   string
	words  int
	signed bool
	float  bool // a value is the math.Float64bits of the number
}

var (
	bit        = valueType{name: "bit", words: 1} // a coil, a discrete input, or a bit of a register
	valueTypes = map[string]valueType{
		"uint16": {name: "uint16", words: 1}, "int16": {name: "int16", words: 1, signed: true},
		"uint32": {name: "uint32", words: 2}, "int32": {name: "int32", words: 2, signed: true},
		"uint64": {name: "uint64", words: 4}, "int64": {name: "int64", words: 4, signed: true},
		"float32": {name: "float32", words: 2, float: true}, "float64": {name: "float64", words: 4, float: true},
	}
	typeNames = "uint16, int16, uint32, int32, uint64, int64, float32 and float64"
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

// decode reads a value from its registers. A signed one is extended to 64 bits, a float32
// is widened to a float64.
func (t valueType) decode(o wordOrder, registers []byte) uint64 {
	b := slices.Clone(registers)
	o.arrange(b)
	var wide [8]byte
	copy(wide[8-len(b):], b)
	v := binary.BigEndian.Uint64(wide[:])
	unused := 64 - 8*len(b)
	switch {
	case t.signed:
		v = uint64(int64(v<<unused) >> unused)
	case t.float && t.words == 2:
		v = math.Float64bits(float64(math.Float32frombits(uint32(v))))
	}
	return v
}

// encode returns the registers of a value, or an error if it does not fit. A float32 is the
// one nearest to the value.
func (t valueType) encode(o wordOrder, v uint64) ([]byte, error) {
	raw := v
	if t.float {
		f := math.Float64frombits(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("this is no number")
		}
		if t.words == 2 {
			narrow := float32(f)
			if math.IsInf(float64(narrow), 0) {
				return nil, fmt.Errorf("%g does not fit into float32", f)
			}
			raw = uint64(math.Float32bits(narrow))
		}
	}
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], raw)
	b := slices.Clone(wide[8-2*t.words:])
	o.arrange(b)
	if fits := t.float || t.decode(o, b) == v; !fits || t == bit && v > 1 {
		return nil, fmt.Errorf("%s does not fit into %s", t.text(v), t.name)
	}
	return b, nil
}

// text writes a value as people do.
func (t valueType) text(v uint64) string {
	switch {
	case t.float:
		return fmt.Sprintf("%g", math.Float64frombits(v))
	case t.signed:
		return fmt.Sprint(int64(v))
	}
	return fmt.Sprint(v)
}
