package configs

import (
	"context"
	"maps"
	"net"
	"path/filepath"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/linktest/drawtest"
	"linemark/drivers/printer/sbpl/sbpltest"
	"linemark/drivers/printer/tspl/tspltest"
	"linemark/drivers/printer/zpl/zpltest"
)

// patience bounds what a test waits for. Nothing that goes well takes a fraction of it.
const patience = 20 * time.Second

// symbol is a bar code as a scanner would read it.
type symbol struct {
	kind string
	data string
	gs1  bool
}

// printed is a label that an emulated printer was given.
type printed struct {
	raw     []byte
	symbols []symbol
	drawn   []drawtest.Dots
}

// printer is an emulated printer.
type printer struct {
	emulator interface {
		Serve(net.Listener) error
		Close() error
	}
	out      chan struct{} // signalled for each label that came out
	received func() []printed
	options  map[string]any // of the driver
}

// languages are the drivers that take a label file, each with its own printer. ais: the codes are
// GS1 element strings.
var languages = map[string]func(ais bool) printer{
	"zpl": func(ais bool) printer {
		p, out := zpltest.New(zpltest.Options{}), make(chan struct{}, 1000)
		p.OnPrinted(func(zpltest.Label) { out <- struct{}{} })
		return printer{p, out, func() (all []printed) {
			for _, l := range p.Received() {
				one := printed{raw: l.ZPL, drawn: l.Drawn}
				for _, s := range l.Symbols {
					one.symbols = append(one.symbols, symbol{s.Kind, string(s.Data), s.GS1})
				}
				all = append(all, one)
			}
			return all
		}, map[string]any{"gs1": map[bool]string{true: "always", false: "never"}[ais], "poll": "5ms", "dpi": int64(203)}}
	},
	"tspl": func(ais bool) printer {
		p, out := tspltest.New(tspltest.Options{Quote: tspltest.QuoteBackslash}), make(chan struct{}, 1000)
		p.OnPrinted(func(tspltest.Label) { out <- struct{}{} })
		return printer{p, out, func() (all []printed) {
			for _, l := range p.Received() {
				one := printed{raw: l.TSPL, drawn: l.Drawn}
				for _, s := range l.Symbols {
					one.symbols = append(one.symbols, symbol{s.Kind, string(s.Data), s.GS1})
				}
				all = append(all, one)
			}
			return all
		}, map[string]any{"gs1": map[bool]string{true: "always", false: "never"}[ais], "quote_form": "backslash", "poll": "5ms", "dpi": int64(203), "settle": "20ms"}}
	},
	"sbpl": func(ais bool) printer {
		fnc1 := map[bool]string{true: "~1", false: "none"}[ais]
		p, out := sbpltest.New(sbpltest.Options{FNC1: "~1", LastID: true}), make(chan struct{}, 1000)
		p.OnPrinted(func(sbpltest.Label) { out <- struct{}{} })
		return printer{p, out, func() (all []printed) {
			for _, l := range p.Received() {
				one := printed{raw: l.SBPL, drawn: l.Drawn}
				for _, s := range l.Symbols {
					one.symbols = append(one.symbols, symbol{s.Kind, string(s.Data), s.GS1})
				}
				all = append(all, one)
			}
			return all
		}, map[string]any{"fnc1_form": fnc1, "ecc": "20", "status": "4-enq", "poll": "5ms", "dpi": int64(203), "settle": "100ms"}}
	},
}

// listen serves an emulated printer until the test ends and returns its address.
func listen(t *testing.T, p printer) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- p.emulator.Serve(l) }()
	t.Cleanup(func() {
		if err := p.emulator.Close(); err != nil {
			t.Errorf("closing the printer: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return "tcp://" + l.Addr().String()
}

// prints sends labels through the driver, with more options, and returns what the printer was given.
func prints(t *testing.T, language, kind string, ais bool, all []content, more map[string]any) []printed {
	t.Helper()
	p := languages[language](ais)
	p.options["label"] = filepath.Join("labels", language, kind+"."+language)
	maps.Copy(p.options, more)
	send(t, language, p, all)
	return p.received()
}

// send hands labels to the driver and waits until all came out of the printer.
func send(t *testing.T, driver string, p printer, all []content) {
	t.Helper()
	d, err := drivers.NewPrinter(driver, drivers.Settings{Name: "p", Address: listen(t, p), Dir: ".", Options: p.options})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := d.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, c := range all {
		if c.label.Code != nil {
			if err := d.Traits().CheckCode(c.label.Code); err != nil {
				t.Fatalf("%q: %v", c.label.Code, err)
			}
		}
		if err := s.Send(ctx, []drivers.Label{c.label}); err != nil {
			t.Fatalf("%q: %v", c.label.Code, err)
		}
		select {
		case <-p.out:
		case <-ctx.Done():
			t.Fatalf("%d of %d labels came out", i, len(all))
		}
		if err := confirmed(ctx, s, i+1, d.Traits()); err != nil {
			t.Fatal(err)
		}
	}
}

// confirmed asks until the driver knows that n labels are printed.
func confirmed(ctx context.Context, s drivers.PrintSession, n int, traits drivers.PrinterTraits) error {
	for traits.Confirms != drivers.ConfirmsNothing {
		if known, err := s.Printed(ctx); err != nil || known == n {
			return err
		}
	}
	return nil
}
