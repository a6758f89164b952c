// Package sim is a simulated plant: everything that the lines of one configuration touch, on
// loopback, over the real protocols. It knows the configuration's addresses and nothing of
// the agent. Each of its parts keeps its own log, from which package check judges what the agent
// claims in its ledger.
package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linemark/drivers/plc/modbus/modbustest"
	"linemark/drivers/printer/zpl/zpltest"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/config"
	"linemark/internal/upstream/izkm/izkmtest"
	"linemark/internal/upstream/smartone/smartonetest"
)

// Options of a plant.
type Options struct {
	Dir    string  // where the parts log; a plant that finds logs there goes on from them
	Seed   uint64  // decides codes, faults and their moments
	Rate   float64 // products a second; 0: as fast as the printer is fed
	Faults Faults
	// Orders and Reports are how long the national system works on an order and on a report.
	Orders, Reports time.Duration
	// Storm is the chance, from 0 to 0.4, that a call to the national system fails before its work is
	// done, and as often that it is cut off after it; a fifth of that often the answer is garbage.
	Storm float64
	// Restart is how long the plant's operator takes to clear a stop; 0: a second.
	Restart time.Duration
	// Listen opens the place where an emulator answers at host:port; nil: a port of this machine's loopback.
	Listen func(address string) (net.Listener, error)
}

// Faults are the chances, from 0 to 1, of what may befall a product.
type Faults struct {
	NoRead     float64 // the check camera sees no code
	Wrong      float64 // the check camera reads a character wrong
	Copied     float64 // somebody has put a product with a copied code on the belt
	Taken      float64 // taken off the belt, before the check camera or before packing
	PackNoRead float64 // the packing camera sees no code
}

// SomeFaults are the faults of an ordinary bad shift.
var SomeFaults = Faults{NoRead: 0.004, Wrong: 0.003, Copied: 0.002, Taken: 0.003, PackNoRead: 0.0005}

// Plant is the simulated plant of one configuration.
type Plant struct {
	opt       Options
	IZKM      *izkmtest.Server             // nil: the configuration names SmartOne
	SmartOne  *smartonetest.Server         // nil: it names IZKM
	Printers  map[string]*zpltest.Printer  // those that speak ZPL
	Scanners  map[string]*texttest.Scanner // those that send framed text
	PLCs      map[string]*modbustest.PLC
	Rolls     []*Roll // of lines whose labels come printed
	presses   map[string]press
	cameras   map[string]camera
	conveyors []*conveyor
	http      *http.Server
	closers   []io.Closer
}

// New starts the emulators on the addresses of the configuration, which must be of this machine.
func New(cfg *config.Config, o Options) (*Plant, error) {
	p := &Plant{opt: o, Printers: map[string]*zpltest.Printer{}, Scanners: map[string]*texttest.Scanner{}, PLCs: map[string]*modbustest.PLC{}, presses: map[string]press{}, cameras: map[string]camera{}}
	if p.opt.Restart == 0 {
		p.opt.Restart = time.Second
	}
	if p.opt.Listen == nil {
		p.opt.Listen = listen
	}
	if err := p.start(cfg); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Plant) start(cfg *config.Config) error {
	if p.opt.Dir != "" {
		if err := os.MkdirAll(p.opt.Dir, 0o750); err != nil {
			return fmt.Errorf("creating the plant's log folder: %w", err)
		}
	}
	if err := p.national(cfg); err != nil {
		return err
	}
	if err := p.rolls(cfg); err != nil {
		return err
	}
	triggered := map[string]bool{} // printers that wait for a product
	for _, l := range cfg.Lines {
		for _, s := range l.Stations {
			if s.Kind == "print" {
				triggered[s.Printer] = true
			}
		}
	}
	for _, d := range cfg.Printers {
		log, err := p.log("printer-" + d.Name)
		if err != nil {
			return err
		}
		e, err := newPress(d, log, triggered[d.Name])
		if err == nil {
			p.presses[d.Name] = e
			if zpl, ok := e.(pressOf[zpltest.Label]); ok {
				p.Printers[d.Name], _ = zpl.labels.(*zpltest.Printer)
			}
			err = p.serve(d.Address, e)
		}
		if err != nil {
			return fmt.Errorf("printer %s: %w", d.Name, err)
		}
	}
	for _, d := range cfg.Scanners {
		log, err := p.log("scanner-" + d.Name)
		if err != nil {
			return err
		}
		e, err := newCamera(d, log)
		if err == nil {
			p.cameras[d.Name] = e
			if text, ok := e.(*texttest.Scanner); ok {
				p.Scanners[d.Name] = text
			}
			err = p.serve(d.Address, e)
		}
		if err != nil {
			return fmt.Errorf("scanner %s: %w", d.Name, err)
		}
	}
	for _, d := range cfg.PLCs {
		log, err := p.log("plc-" + d.Name)
		if err != nil {
			return err
		}
		e := modbustest.New(modbustest.Options{Log: log, Coils: everyAddress, Discretes: everyAddress, Holding: everyAddress, Inputs: everyAddress})
		p.PLCs[d.Name] = e
		if err := p.serve(d.Address, e); err != nil {
			return fmt.Errorf("plc %s: %w", d.Name, err)
		}
	}
	return p.belts(cfg)
}

// everyAddress is how much of each kind a simulated PLC has: all that Modbus can address.
const everyAddress = 1 << 16

type emulator interface {
	Serve(net.Listener) error
	Close() error
}

// press finds a printer by its name; nil: there is none.
func (p *Plant) press(name string) press {
	if e := p.Printers[name]; e != nil {
		return zplPress(e)
	}
	return p.presses[name]
}

// camera finds a reader by its name; nil: there is none.
func (p *Plant) camera(name string) camera {
	if e := p.Scanners[name]; e != nil {
		return e
	}
	return p.cameras[name]
}

func (p *Plant) serve(address string, e emulator) error {
	p.closers = append(p.closers, e)
	l, err := p.opt.Listen(strings.TrimPrefix(address, "tcp://"))
	if err != nil {
		return err
	}
	p.closers = append(p.closers, port{l})
	go e.Serve(l) //nolint:errcheck // ends with Close; the agent's side shows every other fault
	return nil
}

// listen opens a port of this machine only: an emulator must never answer for a real device.
func listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not an address of this machine's loopback (127.0.0.1): emulators listen nowhere else", address)
	}
	return net.Listen("tcp", address)
}

// port is a listener that is closed with the plant even if its server has not come to serve it.
type port struct{ net.Listener }

func (p port) Close() error {
	if err := p.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil // its server was quicker
}

// log opens a part's log for appending. Each event is one write, so a killed plant leaves at
// most half a line.
func (p *Plant) log(name string) (io.Writer, error) {
	if p.opt.Dir == "" {
		return nil, nil
	}
	f, err := os.OpenFile(filepath.Join(p.opt.Dir, name+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("opening the plant's log: %w", err)
	}
	p.closers = append(p.closers, f)
	return f, endLine(f)
}

// endLine closes the half line that a killed plant may have left, so that the next one stands alone.
func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte("\n"))
	return err
}

// Run lets products pass on all lines until ctx ends, then lets what is on the belts run out.
func (p *Plant) Run(ctx context.Context) {
	done := make(chan struct{})
	for _, c := range p.conveyors {
		go func() {
			c.run(ctx)
			done <- struct{}{}
		}()
	}
	for range p.conveyors {
		<-done
	}
}

// BreakRejector lets the rejector of a line fail to move, and not be counted, or work again.
func (p *Plant) BreakRejector(line string, broken bool) {
	for _, c := range p.conveyors {
		if c.name == line {
			c.mu.Lock()
			c.broken = broken
			c.mu.Unlock()
		}
	}
}

// ForgetReadings takes what was read so far for unheard: an agent that is killed may not have kept it.
func (p *Plant) ForgetReadings() {
	for _, c := range p.conveyors {
		c.mu.Lock()
		clear(c.heard)
		c.mu.Unlock()
	}
}

// Close stops all emulators, then closes their logs. Closing twice does nothing more.
func (p *Plant) Close() error {
	var errs []error
	if p.http != nil {
		errs = append(errs, p.http.Close())
	}
	for _, c := range slices.Backward(p.closers) {
		errs = append(errs, c.Close())
	}
	p.http, p.closers = nil, nil
	return errors.Join(errs...)
}

func option(d config.Device, key string) string {
	s, _ := d.Options[key].(string)
	return s
}
