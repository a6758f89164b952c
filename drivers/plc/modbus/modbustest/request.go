package modbustest

import "encoding/binary"

// The functions of the PLC.
const (
	readCoils      = 1
	readDiscretes  = 2
	readHolding    = 3
	readInputs     = 4
	writeCoil      = 5
	writeRegister  = 6
	writeCoils     = 15
	writeRegisters = 16
	maskWrite      = 22
)

// Exception codes that the PLC gives by itself.
const (
	illegalFunction = 1
	illegalAddress  = 2
	illegalValue    = 3
)

// written is a coil that a client wrote.
type written struct {
	addr  int
	value bool
}

// refuse is the answer with an exception.
func refuse(function, code byte) []byte { return []byte{function | 0x80, code} }

// carryOut does what a request asks and returns the answer. The order of checks is that of the state diagrams
// of the specification: function, then value and length, then address.
func (p *PLC) carryOut(pdu []byte) []byte {
	switch pdu[0] {
	case readCoils, readDiscretes, readHolding, readInputs:
		return p.read(pdu)
	case writeCoil, writeRegister, writeCoils, writeRegisters, maskWrite:
		return p.write(pdu)
	}
	return refuse(pdu[0], illegalFunction)
}

func (p *PLC) read(pdu []byte) []byte {
	function := pdu[0]
	if len(pdu) != 5 {
		return refuse(function, illegalValue)
	}
	addr, n := word(pdu[1:]), word(pdu[3:])
	p.mu.Lock()
	defer p.mu.Unlock()
	bits, words := p.coils, p.holding
	switch function {
	case readDiscretes:
		bits = p.discretes
	case readInputs:
		words = p.inputs
	}
	if function == readCoils || function == readDiscretes {
		switch {
		case n < 1 || n > 2000:
			return refuse(function, illegalValue)
		case addr+n > len(bits):
			return refuse(function, illegalAddress)
		}
		out := make([]byte, 2+(n+7)/8)
		out[0], out[1] = function, byte((n+7)/8)
		for i, set := range bits[addr : addr+n] {
			if set {
				out[2+i/8] |= 1 << (i % 8)
			}
		}
		return out
	}
	switch {
	case n < 1 || n > 125:
		return refuse(function, illegalValue)
	case addr+n > len(words):
		return refuse(function, illegalAddress)
	}
	out := []byte{function, byte(2 * n)}
	for _, v := range words[addr : addr+n] {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}

// write carries out a write and has OnCoil called for it.
func (p *PLC) write(pdu []byte) []byte {
	p.writing.Lock()
	defer p.writing.Unlock()
	p.mu.Lock()
	answer, coils := p.change(pdu)
	call := p.onCoil
	p.mu.Unlock()
	if call != nil {
		for _, c := range coils {
			call(c.addr, c.value)
		}
	}
	return answer
}

// change makes the change that a write asks for. The caller holds the lock.
func (p *PLC) change(pdu []byte) (answer []byte, coils []written) {
	function := pdu[0]
	if len(pdu) < 5 {
		return refuse(function, illegalValue), nil
	}
	if function == maskWrite {
		return p.mask(pdu), nil
	}
	addr, v := word(pdu[1:]), word(pdu[3:]) // v is the value of one, the number of several
	var values []byte                       // of several
	several := function == writeCoils || function == writeRegisters
	if several {
		size, most := (v+7)/8, 1968
		if function == writeRegisters {
			size, most = 2*v, 123
		}
		if v < 1 || v > most || len(pdu) != 6+size || int(pdu[5]) != size {
			return refuse(function, illegalValue), nil
		}
		values = pdu[6:]
	} else if len(pdu) != 5 || function == writeCoil && v != 0 && v != 0xFF00 {
		return refuse(function, illegalValue), nil
	}
	n, room := 1, len(p.holding)
	if several {
		n = v
	}
	if function == writeCoil || function == writeCoils {
		room = len(p.coils)
	}
	if addr+n > room {
		return refuse(function, illegalAddress), nil
	}
	for i := range n {
		switch function {
		case writeCoil:
			coils = append(coils, p.putCoil(addr, v != 0))
		case writeCoils:
			coils = append(coils, p.putCoil(addr+i, values[i/8]>>(i%8)&1 == 1))
		case writeRegister:
			p.putRegister(addr, v)
		case writeRegisters:
			p.putRegister(addr+i, word(values[2*i:]))
		}
	}
	return append([]byte(nil), pdu[:5]...), coils
}

// mask changes the bits of a register that the AND mask leaves out to those of the OR mask.
func (p *PLC) mask(pdu []byte) (answer []byte) {
	if len(pdu) != 7 {
		return refuse(pdu[0], illegalValue)
	}
	addr, and, or := word(pdu[1:]), word(pdu[3:]), word(pdu[5:])
	if addr >= len(p.holding) {
		return refuse(pdu[0], illegalAddress)
	}
	p.putRegister(addr, int(p.holding[addr])&and|or&^and)
	return append([]byte(nil), pdu...)
}

func (p *PLC) putCoil(addr int, v bool) written {
	value := 0
	if v {
		value = 1
	}
	p.log("write_coil", addr, value)
	p.coils[addr] = v
	return written{addr, v}
}

func (p *PLC) putRegister(addr, v int) {
	p.log("write_register", addr, v)
	p.holding[addr] = uint16(v)
}

func word(b []byte) int { return int(binary.BigEndian.Uint16(b)) }
