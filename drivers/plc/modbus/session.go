package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/goburrow/modbus"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// session is one connection to a PLC.
type session struct {
	plc       *PLC
	transport *transport
	client    modbus.Client
	err       error // what ended the session
}

// exceptions are the words of the specification for what a PLC answers in place of a
// result (Modbus Application Protocol V1.1b3, 7).
var exceptions = map[byte]string{
	1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
	5: "acknowledge", 6: "server device busy", 8: "memory parity error",
	10: "gateway path unavailable", 11: "gateway target device failed to respond",
}

// Read asks for all inputs and outputs. A signed value is extended to 64 bits. An
// exception of the PLC is a *drivers.Refusal.
func (s *session) Read(ctx context.Context) (drivers.Values, error) {
	values := drivers.Values{}
	for _, r := range s.plc.plan {
		bytes, err := s.read(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, it := range r.items {
			at := it.address - r.address
			if r.space.bits {
				values[it.name] = uint64(bytes[at/8] >> (at % 8) & 1)
				continue
			}
			values[it.name] = it.decode(s.plc.order, bytes[2*at:2*(at+it.words)])
		}
	}
	return values, nil
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
	size := 2 * r.count
	if r.space.bits {
		size = (r.count + 7) / 8
	}
	var bytes []byte
	err := s.do(ctx, function, "reading "+span(r.space, r.address, r.count), func() (err error) {
		bytes, err = call(uint16(r.address), uint16(r.count))
		if err == nil && len(bytes) != size {
			err = fmt.Errorf("the answer holds %d bytes, not %d", len(bytes), size)
		}
		return err
	})
	return bytes, err
}

// Write sets one output. An output that is not configured, and a value that does not fit,
// is a *drivers.OptionError; nothing is sent then, and the session goes on.
func (s *session) Write(ctx context.Context, output string, value uint64) error {
	it, ok := s.plc.outputs[output]
	if !ok {
		return s.unknown(output)
	}
	unfit := func(problem string) error {
		return &drivers.OptionError{Key: it.key(), Problem: problem, Hint: "choose a wider type, or another output"}
	}
	address, doing := uint16(it.address), fmt.Sprintf("writing %d to %s", value, span(it.space, it.address, it.words))
	if it.space.bits {
		if value > 1 {
			return unfit(fmt.Sprintf("%d does not fit into a coil", value))
		}
		return s.do(ctx, modbus.FuncCodeWriteSingleCoil, doing, func() error {
			_, err := s.client.WriteSingleCoil(address, uint16(value)*0xFF00)
			return err
		})
	}
	registers, err := it.encode(s.plc.order, value)
	if err != nil {
		return unfit(err.Error())
	}
	if it.words == 1 {
		return s.do(ctx, modbus.FuncCodeWriteSingleRegister, doing, func() error {
			_, err := s.client.WriteSingleRegister(address, binary.BigEndian.Uint16(registers))
			return err
		})
	}
	return s.do(ctx, modbus.FuncCodeWriteMultipleRegisters, doing, func() error {
		_, err := s.client.WriteMultipleRegisters(address, uint16(it.words), registers)
		return err
	})
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
// error closes the connection, because a late answer would be taken for the next one.
func (s *session) do(ctx context.Context, function byte, doing string, call func() error) error {
	if s.err != nil {
		return s.err
	}
	if err := ctx.Err(); err != nil {
		return err // nothing was sent
	}
	s.transport.ctx = ctx
	err := call()
	if err == nil {
		return nil
	}
	// The library takes an answer to another function for an exception too, and one without a code.
	if e, ok := errors.AsType[*modbus.ModbusError](err); ok && e.FunctionCode == function|0x80 && e.ExceptionCode != 0 {
		word, known := exceptions[e.ExceptionCode]
		if !known {
			word = "unknown exception"
		}
		return &drivers.Refusal{Device: s.plc.name, What: fmt.Sprintf("%s, function %d: %s (exception %d)",
			doing, e.FunctionCode&^0x80, word, e.ExceptionCode)}
	}
	s.err = fmt.Errorf("%s: %w", doing, err)
	_ = s.transport.conn.Close() // the session is over; its error says why
	return s.err
}

// Close ends the connection.
func (s *session) Close() error { return s.transport.conn.Close() }
