// Package modbus talks to PLCs over Modbus TCP.
//
// Inputs are read together in as few requests as possible, outputs are written one by
// one. Any error that is not the PLC's own clear exception ends the session and closes
// the connection: after a timeout the late answer would be taken for the next one.
package modbus

import (
	"context"
	_ "embed"
	"time"

	"github.com/goburrow/modbus"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/link/option"
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
	address string
	dial    link.Dialer
	unit    byte
	timeout time.Duration
	order   wordOrder
	items   []item
	outputs map[string]item
	plan    []request
}

// New checks the settings. Errors are *drivers.OptionError, joined; the key of a problem
// with one item names it, such as "inputs.products".
func New(s drivers.Settings) (*PLC, error) {
	k := option.Of(s, "tcp")
	p := &PLC{name: s.Name, address: s.Address, dial: s.Dial}
	if p.dial == nil {
		p.dial = link.Dial
	}
	p.unit = byte(k.Int("unit", 1, 0, 255))
	p.timeout = k.Duration("timeout", time.Second, 10*time.Millisecond)
	p.order = wordOrder(k.OneOf("word_order", string(abcd), string(cdab), string(badc), string(dcba)))
	k.Duration("poll", 50*time.Millisecond, time.Millisecond) // for the owner, who asks; here it is only checked
	items := parseItems(k)
	if err := k.Err(); err != nil {
		return nil, err
	}
	p.items, p.outputs = items, map[string]item{}
	for _, it := range items {
		if it.output {
			p.outputs[it.name] = it
		}
	}
	p.plan = plan(items)
	return p, nil
}

// Points returns what is configured, by name.
func (p *PLC) Points() map[string]drivers.Point {
	points := make(map[string]drivers.Point, len(p.items))
	for _, it := range p.items {
		bits := 16 * it.words
		if it.space.bits {
			bits = 1
		}
		points[it.name] = drivers.Point{Output: it.output, Bits: bits, Signed: it.signed, Where: span(it.space, it.address, it.words)}
	}
	return points
}

// Open connects to the PLC.
func (p *PLC) Open(ctx context.Context) (drivers.PLCSession, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	framing := modbus.NewTCPClientHandler("") // its framing only: connections are the link's
	framing.SlaveId = p.unit
	t := &transport{conn: conn, timeout: p.timeout}
	return &session{plc: p, transport: t, client: modbus.NewClient2(framing, t)}, nil
}
