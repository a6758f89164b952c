package sim

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	_ "linemark/drivers/all"
	"linemark/drivers/link"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/sim/check"
)

const oneCode = "010478001234567721abcdefghijklm\x1d93dGVz"

// printerOf is a printer's settings as a configuration has them, with marks for FNC1 and GS that are not the
// usual ones.
func printerOf(t *testing.T, driver string) config.Device {
	d := config.Device{Name: "p", Driver: driver, Address: "tcp://" + freePort(t), Options: map[string]any{}}
	switch driver {
	case "zpl", "tspl", "sbpl":
		d.Options["label"] = "../../configs/labels/" + driver + "/unit-small." + driver
	default:
		d.Options["fields"] = map[string]any{"A": "{batch}", "Z": "{code}"}
		d.Options["fnc1_form"], d.Options["gs_form"] = "#1", "#1"
	}
	switch driver {
	case "tspl":
		d.Options["quote_form"] = "decimal"
	case "sbpl":
		d.Options["status"], d.Options["ecc"], d.Options["fnc1_form"], d.Options["settle"] = "3-enq", "20", "#1", "100ms"
	case "zipher":
		d.Options["records"] = int64(5)
	case "ngpcl":
		d.Options["job"], d.Options["idle"] = "unit.job", "NOCODE"
	}
	return d
}

// Every press understands its own driver, set up by the same settings, and lets a product pass for each
// label and for nothing else.
func TestPresses(t *testing.T) {
	for driver := range presses {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			d := printerOf(t, driver)
			p := must(newPress(d, nil, true))
			var heard [][]byte
			p.printed(func(c []byte) { heard = append(heard, c) })
			l := must(net.Listen("tcp", strings.TrimPrefix(d.Address, "tcp://")))
			go p.Serve(l) //nolint:errcheck // ends with Close
			defer p.Close()
			driver := must(drivers.NewPrinter(d.Driver, drivers.Settings{Name: d.Name, Address: d.Address, Options: d.Options, Dir: ".", Dial: link.Dial}))
			ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
			defer end()
			s := must(driver.Open(ctx))
			defer s.Close()
			if c, ok := p.next(); ok && string(c) != "NOCODE" { // a coder marks what it has: its driver has put a text there
				t.Errorf("a product passes with %q before there is a label", c)
			}
			heard = nil
			sent := s.Send(ctx, []drivers.Label{{Code: []byte(oneCode), Fields: map[string]string{"batch": "B1"}}})
			if sent != nil {
				t.Fatal(sent)
			}
			select {
			case <-p.labelled():
			case <-ctx.Done():
				t.Fatal("no label came")
			}
			got, ok := p.next()
			if !ok || string(got) != oneCode {
				t.Errorf("the product has %q, %v", got, ok)
			}
			if c, ok := p.next(); ok {
				t.Errorf("another product passes with %q", c)
			}
			if len(heard) != 1 || !bytes.Equal(heard[0], got) {
				t.Errorf("heard of %q", heard)
			}
		})
	}
	if _, err := newPress(config.Device{Driver: "text"}, nil, true); err == nil {
		t.Error("a printer whose protocol stands in the configuration was made")
	}
}

// Every camera is understood by its own driver.
func TestCameras(t *testing.T) {
	for name, options := range map[string]map[string]any{
		"text": {"terminator": "\x03", "no_read": "nothing"}, "keyence": {"answers": "none", "no_read": "none", "framing": "stx-etx"},
		"dataman": {"encoding": "plain", "no_read": "-", "responses": "extended-2"},
	} {
		t.Run(name, func(t *testing.T) {
			d := config.Device{Name: "c", Driver: name, Address: "tcp://" + freePort(t), Options: options}
			c := must(newCamera(d, nil))
			l := must(net.Listen("tcp", strings.TrimPrefix(d.Address, "tcp://")))
			go c.Serve(l) //nolint:errcheck // ends with Close
			defer c.Close()
			driver := must(drivers.NewScanner(name, drivers.Settings{Name: d.Name, Address: d.Address, Options: options, Dial: link.Dial}))
			ctx, end := context.WithTimeout(t.Context(), 20*time.Second)
			defer end()
			s := must(driver.Open(ctx))
			defer s.Close()
			for !c.Read([]byte(oneCode)) {
				time.Sleep(time.Millisecond)
			}
			if scan, err := s.Next(ctx); err != nil || string(scan.Code) != oneCode {
				t.Errorf("read %+v, %v", scan, err)
			}
			c.NoRead()
			if scan, err := s.Next(ctx); err != nil || !scan.NoRead {
				t.Errorf("no read: %+v, %v", scan, err)
			}
		})
	}
	if _, err := newCamera(config.Device{Driver: "morse"}, nil); err == nil {
		t.Error("a camera of an unknown kind was made")
	}
}

// preprinted is whole with products that come with their labels.
func preprinted(t *testing.T) *config.Config {
	c := whole(t)
	c.IZKM.Group = "water"
	c.Products = []config.Product{{Name: "unit", GTIN: unitGTIN, CISType: "UNIT", Preprinted: config.Yes}}
	c.Lines[0].Stations = c.Lines[0].Stations[1:]
	c.Lines[0].Stations[0].Product = "unit"
	return c
}

// A roll of labels has codes that the national system has issued; a plant that is started again goes on behind
// the last label that it used, and one without files keeps the roll to itself.
func TestRoll(t *testing.T) {
	cfg, dir := preprinted(t), t.TempDir()
	p := must(New(cfg, Options{Dir: dir, Seed: 7}))
	if len(p.Rolls) != 1 || p.Rolls[0].Product != "unit" || p.Rolls[0].Line != "3" || len(p.Rolls[0].Codes) != rollLength {
		t.Fatalf("rolls %+v", p.Rolls)
	}
	r := p.Rolls[0]
	if text := must(os.ReadFile(r.File)); string(text) != strings.Join(r.Codes, "\n")+"\n" {
		t.Errorf("the file has %d bytes", len(text))
	}
	if h := p.IZKM.History(); len(h.Orders) != 1 || len(h.Breaches) != 0 {
		t.Errorf("the national system has %+v", h)
	}
	for i := range 3 {
		c, ok := r.next()
		if !ok || string(c) != r.Codes[i] {
			t.Errorf("label %d is %q, %v", i, c, ok)
		}
		p.conveyors[0].make(c)
	}
	try(p.Close())

	again := must(New(cfg, Options{Dir: dir, Seed: 8}))
	if c, ok := again.Rolls[0].next(); !ok || string(c) != r.Codes[3] || len(again.IZKM.History().Orders) != 1 {
		t.Errorf("started again: label %q, %v, %d orders", c, ok, len(again.IZKM.History().Orders))
	}
	again.Rolls[0].used = rollLength
	if c, ok := again.Rolls[0].next(); ok {
		t.Errorf("behind its end the roll has %q", c)
	}
	try(again.Close())
	l := must(ledger.Open(t.Context(), t.TempDir(), ledger.Options{Agent: "line-3"}))
	defer l.Close()
	if v, err := check.Judge(t.Context(), dir, l); err != nil || !v.Good() {
		t.Errorf("%+v, %v", v, err)
	}

	alone := must(New(cfg, Options{Seed: 7}))
	defer alone.Close()
	if alone.Rolls[0].File != "" || alone.Rolls[0].Codes[0] != r.Codes[0] {
		t.Errorf("without files: %q, %q", alone.Rolls[0].File, alone.Rolls[0].Codes[0])
	}

	try(os.Remove(r.File))
	try(os.Mkdir(r.File, 0o700))
	if p, err := New(cfg, Options{Dir: dir}); err == nil || errors.Is(err, os.ErrNotExist) {
		p.Close()
		t.Error("a roll that cannot be read is made anew")
	}
}
