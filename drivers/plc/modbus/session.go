package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/goburrow/modbus"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// session is one connection to a PLC.
type session struct {
	plc       *PLC
	transport *transport
	client    modbus.Client
	plan      []request // the PLC's own, taken apart further where the PLC refused
	err       error     // what ended the session
	probed    bool      // what the next question gets shows whether answers belong to their requests
	refused   bool      // a probe was
}

// exceptions are the words of the specification for what a PLC answers in place of a
// result (Modbus Application Protocol V1.1b3, 7).
var exceptions = map[byte]string{
	1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
	5: "acknowledge", 6: "server device busy", 8: "memory parity error",
	10: "gateway path unavailable", 11: "gateway target device failed to respond",
}

// Exceptions that speak of the request, not of the PLC's state.
const (
	illegalFunction = 1
	illegalAddress  = 2
	illegalValue    = 3
)

// Exceptions of a gateway whose unit has not answered, and still may.
const (
	noPath   = 10
	noAnswer = 11
)

// exception is the PLC's own clear "no".
type exception struct {
	*drivers.Refusal
	code byte
}

func (e *exception) Unwrap() error { return e.Refusal }

// Read asks for all inputs and outputs. A signed value is extended to 64 bits. An
// exception of the PLC is a *drivers.Refusal.
//
// A request for several places that the PLC has not answered yet in this session, and
// refuses, is taken apart: a gap may hold an address that the PLC does not have, and if
// a configured one is missing the refusal is to name it and no other.
func (s *session) Read(ctx context.Context) (drivers.Values, error) {
	values := make(drivers.Values, len(s.plc.items))
	for i := 0; i < len(s.plan); {
		r := &s.plan[i]
		bytes, err := s.read(ctx, *r)
		if err := s.judge(err); err != nil {
			return nil, err
		}
		if no, ok := errors.AsType[*exception](err); ok && !r.answered && (no.code == illegalAddress || no.code == illegalValue) {
			if parts := r.split(); parts != nil {
				s.plan = slices.Replace(s.plan, i, i+1, parts...)
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		r.answered = true
		for _, it := range r.items {
			values[it.name] = it.value(s.plc.order, bytes, it.address-r.address)
		}
		i++
	}
	return values, nil
}

// probe asks for something whose answer cannot be mistaken, where the plan has it. Whether
// the PLC likes the question is left for Read to find out.
func (s *session) probe(ctx context.Context) error {
	r, ok := probe(s.plan)
	if !ok && !s.plc.wire.rtu {
		r, ok = wider(s.plan[0]), true // no waiting helps against a gateway that keeps a late answer
	}
	if !ok {
		return nil
	}
	for range s.plc.bus.probes() {
		_, err := s.read(ctx, r)
		if _, no := errors.AsType[*exception](err); no {
			s.refused = true
		} else if err != nil {
			return err
		}
	}
	s.probed = true
	return nil
}

// judge looks at what came to the first question after the probes. An answer of its own form proves
// the order of all; a refusal does not where the probe was refused too.
func (s *session) judge(err error) error {
	_, refusal := errors.AsType[*exception](err)
	switch {
	case !s.probed || err != nil && !refusal:
	case err == nil || !s.refused:
		s.plc.bus.proved()
		s.probed = false
	default:
		s.err = fmt.Errorf("%s; the question before it was refused too, and a gateway may have kept that answer", err.Error())
		_ = s.transport.conn.Close() // the session is over; its error says why
		return s.err
	}
	return nil
}

func (s *session) read(ctx context.Context, r request) ([]byte, error) {
	var function byte
	var call func(address, quantity uint16) ([]byte, error)
	switch r.space {
	case coil:
		function, call = modbus.FuncCodeReadCoils, s.client.ReadCoils
	case discrete:
		function, call = modbus.FuncCodeReadDiscreteInputs, s.client.ReadDiscreteInputs
	case input:
		function, call = modbus.FuncCodeReadInputRegisters, s.client.ReadInputRegisters
	default:
		function, call = modbus.FuncCodeReadHoldingRegisters, s.client.ReadHoldingRegisters
	}
	var bytes []byte
	err := s.do(ctx, function, func() string { return "reading " + r.String() }, func() (err error) {
		bytes, err = call(uint16(r.address), uint16(r.count))
		if err == nil && len(bytes) != r.size() {
			err = fmt.Errorf("the answer holds %d bytes, not %d", len(bytes), r.size())
		}
		return err
	})
	return bytes, err
}

// Write sets one output, once. An output that is not configured, and a value that does not
// fit, is a *drivers.OptionError; nothing is sent then, and the session goes on. After any
// other error but a *drivers.Refusal it is not known whether the PLC has set it.
func (s *session) Write(ctx context.Context, output string, value uint64) error {
	it, ok := s.plc.outputs[output]
	if !ok {
		return s.unknown(output)
	}
	registers, err := it.encode(s.plc.order, value)
	if err != nil {
		return &drivers.OptionError{Key: it.key(), Problem: err.Error(), Hint: "choose a wider type, or another output"}
	}
	address := uint16(it.address)
	function, call := byte(modbus.FuncCodeWriteMultipleRegisters), func() error {
		_, err := s.client.WriteMultipleRegisters(address, uint16(it.words), registers)
		return err
	}
	switch {
	case it.space.bits:
		function, call = modbus.FuncCodeWriteSingleCoil, func() error {
			_, err := s.client.WriteSingleCoil(address, uint16(value)*0xFF00)
			return err
		}
	case it.valueType == bit: // the PLC changes this bit and leaves its neighbours as they are
		function, call = modbus.FuncCodeMaskWriteRegister, func() error {
			_, err := s.client.MaskWriteRegister(address, ^uint16(1<<it.bit), uint16(value)<<it.bit)
			return err
		}
	case it.words == 1:
		function, call = modbus.FuncCodeWriteSingleRegister, func() error {
			_, err := s.client.WriteSingleRegister(address, binary.BigEndian.Uint16(registers))
			return err
		}
	}
	return s.do(ctx, function, func() string {
		return fmt.Sprintf("writing %s to %s, %s", it.text(value), it.key(), it.where())
	}, call)
}

func (s *session) unknown(output string) error {
	var names []string
	for name := range s.plc.outputs {
		names = append(names, name)
	}
	hint := "name it under outputs"
	if near := option.Nearest(output, names); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	return &drivers.OptionError{Key: "outputs." + output, Problem: "there is no such output", Hint: hint}
}

// do makes one call. The PLC's own exception leaves the session as it is; every other
// error closes the connection, because a late answer would be taken for the next one. So
// does a gateway's word that the PLC has not answered.
func (s *session) do(ctx context.Context, function byte, doing func() string, call func() error) error {
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err // nothing was sent
	}
	s.transport.ctx = ctx
	err := call()
	// The library takes an answer to another function for an exception too, and one without a code.
	no, refused := errors.AsType[*modbus.ModbusError](err)
	refused = refused && no.FunctionCode == function|0x80 && no.ExceptionCode != 0
	if refused && (no.ExceptionCode == noPath || no.ExceptionCode == noAnswer) { // the late answer may be passed on as the next
		s.plc.bus.stayed()
		refused, err = false, fmt.Errorf("%s (exception %d): look at the PLC and its line to the gateway", exceptions[no.ExceptionCode], no.ExceptionCode)
	}
	if err != nil && !refused {
		s.err = fmt.Errorf("%s: %w", doing(), err)
		_ = s.transport.conn.Close() // the session is over; its error says why
		return s.err
	}
	s.plc.bus.answered()
	if !refused {
		return nil
	}
	word, known := exceptions[no.ExceptionCode]
	switch {
	case !known:
		word = "unknown exception"
	case no.ExceptionCode == illegalFunction:
		word = fmt.Sprintf("%s %d", word, function)
	}
	return &exception{&drivers.Refusal{Device: s.plc.name, What: fmt.Sprintf("%s: %s (exception %d)", doing(), word, no.ExceptionCode)},
		no.ExceptionCode}
}

// Close ends the connection.
func (s *session) Close() error { return s.transport.conn.Close() }
