package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"linemark/drivers/plc/modbus/modbustest"
	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/code"
	"linemark/internal/upstream/izkm/izkmtest"
)

// Alone is a choice of single emulators for an engineer's desk, each as protocol=address.
type Alone struct {
	IZKM                     string
	Printers, Scanners, PLCs []string
}

// Empty says that nothing was chosen.
func (a *Alone) Empty() bool { return a.IZKM == "" && len(a.Printers)+len(a.Scanners)+len(a.PLCs) == 0 }

// Add returns a function that takes one protocol=address into the list, for a repeated flag. The address
// may also be written as a configuration has it, with tcp:// in front.
func (a *Alone) Add(list *[]string) func(string) error {
	return func(s string) error {
		protocol, address, _ := strings.Cut(s, "=")
		address = strings.TrimPrefix(address, "tcp://")
		if protocol == "" || address == "" {
			return fmt.Errorf("%q is not protocol=address, such as zpl=127.0.0.1:9100", s)
		}
		*list = append(*list, protocol+"="+address)
		return nil
	}
}

// Run serves the chosen emulators until ctx ends. A scanner reads a code that is nobody's
// every second; a printer prints at once.
func (a *Alone) Run(ctx context.Context, o Options, say func(format string, args ...any)) error {
	p := &Plant{opt: o}
	err := a.start(ctx, p, say)
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, p.Close())
}

func (a *Alone) start(ctx context.Context, p *Plant, say func(format string, args ...any)) error {
	if a.IZKM != "" {
		l, err := listen(a.IZKM)
		if err != nil {
			return fmt.Errorf("--izkm: %w", err)
		}
		p.closers = append(p.closers, port{l})
		p.http = &http.Server{Handler: izkmtest.New(izkmtest.Options{Seed: p.opt.Seed}), ReadHeaderTimeout: 10 * time.Second}
		go p.http.Serve(l) //nolint:errcheck // ends with Close
		say("izkm at http://%s: any oms_id and token are taken", l.Addr())
	}
	for _, s := range a.Printers {
		protocol, _, _ := strings.Cut(s, "=")
		make, ok := printers[protocol]
		if !ok && protocol == "text" {
			return fmt.Errorf("--printer %s: there is no emulator to start, as a text printer's whole protocol stands in the configuration; those there are speak %s", s, Printers())
		}
		if !ok {
			return fmt.Errorf("--printer %s: no emulator speaks %q here, only %s", s, protocol, Printers())
		}
		printer := make(func(data []byte) { say("printed %s", code.Visible(code.Code(data))) })
		if err := p.alone(s, protocol, printer, say); err != nil {
			return fmt.Errorf("--printer %s: %w", s, err)
		}
	}
	for _, s := range a.Scanners {
		scanner := texttest.New(texttest.Options{})
		if err := p.alone(s, "text", scanner, say); err != nil {
			return fmt.Errorf("--scanner %s: %w", s, err)
		}
		go readForever(ctx, scanner)
	}
	for _, s := range a.PLCs {
		plc := modbustest.New(modbustest.Options{Coils: everyAddress, Discretes: everyAddress, Holding: everyAddress, Inputs: everyAddress})
		plc.OnCoil(func(address int, on bool) { say("coil %d is %v", address, on) })
		if err := p.alone(s, "modbus", plc, say); err != nil {
			return fmt.Errorf("--plc %s: %w", s, err)
		}
	}
	return nil
}

func (p *Plant) alone(choice, speaks string, e emulator, say func(format string, args ...any)) error {
	p.closers = append(p.closers, e)
	protocol, address, _ := strings.Cut(choice, "=")
	if protocol != speaks {
		return fmt.Errorf("no emulator speaks %q here, only %s", protocol, speaks)
	}
	l, err := listen(address)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, port{l})
	go func(l net.Listener) { _ = e.Serve(l) }(l) // ends with Close
	say("%s at tcp://%s", speaks, l.Addr())
	return nil
}

// readForever reads one code after another of those that belong to nobody.
func readForever(ctx context.Context, s *texttest.Scanner) {
	profile, err := code.Table{}.Profile("water", code.Unit)
	if err != nil {
		return
	}
	samples := code.Samples(profile, "04780012345677")
	for i := 0; sleep(ctx, time.Second); i++ {
		s.Read([]byte(samples[i%len(samples)]))
	}
}
