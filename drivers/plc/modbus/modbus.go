// Package modbus talks to PLCs over Modbus TCP and Modbus RTU.
//
// Inputs are read together in as few requests as possible, outputs are written one by
// one. Any error that is not the PLC's own clear exception ends the session and closes
// the connection: after a timeout the late answer would be taken for the next one. A gateway's
// exception that the PLC has not answered is such a timeout.
package modbus

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/goburrow/modbus"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
	"linemark/drivers/plc/watch"
)

// README is the driver's manual.
//
//go:embed README.md
var README string

// Sample is a device's part of a configuration, with every key of the driver.
//
//go:embed sample.toml
var Sample string

func init() {
	drivers.RegisterPLC("modbus", func(s drivers.Settings) (drivers.PLC, error) { return New(s) })
	drivers.Describe(drivers.Manual{Kind: "plc", Name: "modbus", README: README, Sample: Sample})
}

// PLC is one configured controller.
type PLC struct {
	name    string
	wire    wire
	dial    link.Dialer
	unit    byte
	timeout time.Duration
	order   wordOrder
	items   []item
	watch   drivers.Watch
	outputs map[string]item
	plan    []request
	bus     *bus
}

// New checks the settings. Errors are *drivers.OptionError, joined; the key of a problem
// with one item names it, such as "inputs.products".
func New(s drivers.Settings) (*PLC, error) {
	p := &PLC{name: s.Name, wire: wireOf(s.Address), dial: s.Dial}
	linked := s
	linked.Dial = link.Dial // the address is checked here, where its schemes are known
	k := option.Of(linked)
	checkAddress(k, s, p.wire)
	if p.dial == nil {
		p.dial = link.Dial
	}
	least, most := 0, 255
	if p.wire.rtu {
		least, most = 1, 247 // 0 is for all at once, whom nobody answers; those above are reserved
	}
	p.unit = byte(k.Int("unit", 1, least, most))
	p.timeout = k.Duration("timeout", time.Second, 10*time.Millisecond)
	quiet := k.Duration("quiet", p.timeout, 10*time.Millisecond)
	p.order = wordOrder(k.OneOf("word_order", string(abcd), string(cdab), string(badc), string(dcba)))
	l := limits{gap: k.Int("max_gap", defaultGap, 0, maxRegisters-1), registers: k.Int("max_registers", maxRegisters, 1, maxRegisters)}
	items := parseItems(k)
	if i := slices.IndexFunc(items, func(it item) bool { return it.words > l.registers }); i >= 0 {
		k.Fail("max_registers", fmt.Sprintf("%s takes %d", items[i].key(), items[i].words), "a value is never split over two requests")
	}
	p.items = items
	p.watch = watch.Options(k, p.Points())
	if err := k.Err(); err != nil {
		return nil, err
	}
	p.outputs = map[string]item{}
	for _, it := range items {
		if it.output {
			p.outputs[it.name] = it
		}
	}
	p.plan = plan(items, l)
	p.bus = newBus(p.wire, p.timeout, quiet)
	return p, nil
}

// Watch returns how the PLC's owner watches it.
func (p *PLC) Watch() drivers.Watch { return p.watch }

// Points returns what is configured, by name.
func (p *PLC) Points() map[string]drivers.Point {
	points := make(map[string]drivers.Point, len(p.items))
	for _, it := range p.items {
		bits := 16 * it.words
		if it.valueType == bit {
			bits = 1
		}
		points[it.name] = drivers.Point{Output: it.output, Bits: bits, Signed: it.signed, Float: it.float, Where: it.where()}
	}
	return points
}

// Open connects to the PLC. On a bus without transaction numbers, and over TCP after a
// request without an answer, it first waits until nothing that was asked before can still be
// answered.
func (p *PLC) Open(ctx context.Context) (drivers.PLCSession, error) {
	conn, err := p.dial(ctx, p.wire.address)
	if err != nil {
		return nil, err
	}
	s := &session{plc: p, transport: &transport{conn: conn, timeout: p.timeout, bus: p.bus}, plan: slices.Clone(p.plan)}
	// Of the library's handlers only the framing is used: connections are the link's.
	if p.wire.rtu {
		framing := modbus.NewRTUClientHandler("")
		framing.SlaveId = p.unit
		s.client = modbus.NewClient2(framing, rtu{s.transport})
	} else {
		framing := modbus.NewTCPClientHandler("")
		framing.SlaveId = p.unit
		s.client = modbus.NewClient2(framing, tcp{s.transport})
		if !p.bus.owes() {
			return s, nil
		}
	}
	if err := s.transport.settle(ctx); err != nil {
		_ = conn.Close() // what is wrong with the line is told already
		return nil, fmt.Errorf("waiting for %s to be quiet: %w", p.wire.address, err)
	}
	if err := s.probe(ctx); err != nil {
		return nil, err
	}
	return s, nil
}
