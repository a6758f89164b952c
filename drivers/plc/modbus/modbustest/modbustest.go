// Package modbustest is a PLC that serves its registers over Modbus TCP or RTU, for tests, for a demonstration
// plant and for a desk without a PLC.
//
// It knows functions 1 to 6, 15, 16 and 22 of the Modbus Application Protocol V1.1b3, answers requests of one
// connection in their order, and can be told to misbehave on any of them.
package modbustest

import (
	"io"
	"sync"
	"time"

	"linemark/drivers/link/linktest"
)

// Options say what the PLC has. Addresses are those on the wire, from zero; an area of no size answers every
// address with exception 2.
type Options struct {
	Coils     int // bits to read and write: functions 1, 5, 15
	Discretes int // bits to read: function 2
	Holding   int // registers to read and write: functions 3, 6, 16, 22
	Inputs    int // registers to read: function 4
	// Unit is the unit identifier that is answered; requests to any other meet silence. 0 answers every unit.
	Unit byte
	// RTU has the connections be a serial bus: frames with a checksum and without a transaction identifier.
	// Requests to unit 0 are carried out and not answered.
	RTU bool
	// Log receives one JSON object a line for each coil and register that a client writes, always before the
	// new value can be seen outside. Nil: no log.
	Log io.Writer
	// Now is the clock of the log; nil: time.Now.
	Now func() time.Time
}

// PLC is an emulated PLC. Its methods may be called from any goroutine. An address outside of its area is a
// mistake of the caller and panics, as with a slice.
type PLC struct {
	opt     Options
	server  linktest.Server
	writing sync.Mutex // held from a client's write to the end of OnCoil, so that calls come in the order of writes

	mu        sync.Mutex
	coils     []bool
	discretes []bool
	holding   []uint16
	inputs    []uint16
	requests  int
	onCoil    func(int, bool)
	fault     func(int, byte) Fault
	logErr    error
}

// New returns a PLC with all values zero, to be stopped with Close.
func New(opt Options) *PLC {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &PLC{
		opt:       opt,
		coils:     make([]bool, opt.Coils),
		discretes: make([]bool, opt.Discretes),
		holding:   make([]uint16, opt.Holding),
		inputs:    make([]uint16, opt.Inputs),
	}
}

// SetHolding sets a holding register, as the program of the PLC does.
func (p *PLC) SetHolding(addr int, v uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holding[addr] = v
}

// SetUint32 sets two holding registers, high word first (ABCD). No request sees one without the other.
func (p *PLC) SetUint32(addr int, v uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holding[addr+1] = uint16(v) // first, so that an address without room changes nothing
	p.holding[addr] = uint16(v >> 16)
}

// Holding returns a holding register.
func (p *PLC) Holding(addr int) uint16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holding[addr]
}

// SetInput sets an input register.
func (p *PLC) SetInput(addr int, v uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inputs[addr] = v
}

// SetDiscrete sets a discrete input.
func (p *PLC) SetDiscrete(addr int, v bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.discretes[addr] = v
}

// SetCoil sets a coil, as the program of the PLC does. OnCoil is not called for it.
func (p *PLC) SetCoil(addr int, v bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.coils[addr] = v
}

// Coil returns a coil.
func (p *PLC) Coil(addr int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.coils[addr]
}

// Requests returns how many requests came to this unit.
func (p *PLC) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// Restart switches the PLC off and on: all its values are zero. TCP connections end, a bus stays as it is.
func (p *PLC) Restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.coils)
	clear(p.discretes)
	clear(p.holding)
	clear(p.inputs)
	if !p.opt.RTU {
		p.server.Drop()
	}
}

// OnCoil sets what is called for each coil that a client writes, changed or not, after it is written and
// before the client is answered. It may use the PLC, except for Close, and must not wait for another client's
// write. It replaces an earlier one.
func (p *PLC) OnCoil(f func(addr int, v bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onCoil = f
}

// SetFault sets what decides how a request is treated: n counts the requests to this unit over all
// connections, from 1. It is called outside the PLC's lock, by several connections at once. Nil: no faults.
func (p *PLC) SetFault(f func(n int, function byte) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}
