package commission

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/plc/modbus/modbustest"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

// wired stands a PLC up at the address of the configuration and tests it.
func wired(t *testing.T, opt modbustest.Options, change func(*config.Config), o PLCOptions, program func(*modbustest.PLC)) (PLCResult, *modbustest.PLC, *told, error) {
	t.Helper()
	cfg := configured(t, head+devices)
	if change != nil {
		change(cfg)
	}
	d, _ := cfg.PLC("plc-1")
	d.Options["poll"] = "30ms" // a busy machine keeps up with it
	plc := modbustest.New(opt)
	l, err := net.Listen("tcp", strings.TrimPrefix(d.Address, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		plc.Serve(l)
	}()
	t.Cleanup(func() { plc.Close(); l.Close(); <-served })
	if program != nil {
		program(plc)
	}
	say := &told{t: t}
	o.Tell = say.tell
	if o.For == 0 {
		o.For = 300 * time.Millisecond
	}
	r, err := TestPLC(t.Context(), cfg, d, o)
	return r, plc, say, err
}

var whole = modbustest.Options{Coils: 16, Holding: 300}

func TestPLCIsWatched(t *testing.T) {
	r, plc, say, err := wired(t, whole, nil, PLCOptions{Write: []Assignment{{"stop", "on"}}, Beat: true, For: 700 * time.Millisecond}, func(p *modbustest.PLC) {
		n := uint32(1000)
		p.SetUint32(100, n)
		p.OnCoil(func(at int, on bool) {
			if at == 2 { // with each beat a product passes
				n++
				p.SetUint32(100, n)
			}
		})
	})
	if err != nil || !r.Passed() || r.Rate < 5 || len(r.Every) < 5 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, want := range []string{"input   products  holding 100 to 101 (40101 to 40102)  uint32  000003E8  1000", "output  reject    coil 0 (00001)",
		"00 01 00 00 00 06 01 01 00 00 00 03", "written: stop = 1 at coil 1 (00002)", "it reads 1 after", " products 1000 -> 1001  (000003E9)", "input products counts: ", "put back: stop = 0", "put back: beat = 0",
		"note: input rejects has not changed"} {
		if !say.has(want) {
			t.Errorf("nobody said %q", want)
		}
	}
	if plc.Coil(1) || plc.Coil(2) {
		t.Error("an output was left set")
	}
}

func TestPLCPulse(t *testing.T) {
	edges := 0
	jammed := false
	program := func(p *modbustest.PLC) {
		p.OnCoil(func(at int, on bool) {
			if at == 0 && on {
				if edges++; !jammed {
					p.SetUint32(102, uint32(edges))
				}
			}
		})
	}
	r, plc, say, err := wired(t, whole, nil, PLCOptions{Pulse: "reject"}, program)
	if err != nil || !r.Passed() || edges != 1 || plc.Coil(0) || !say.has("pulsed: reject for") || !say.has("counted: rejects is 1") {
		t.Errorf("%d edges, %+v, %v", edges, r, err)
	}
	jammed = true
	r, _, _, err = wired(t, whole, nil, PLCOptions{Pulse: "reject"}, program)
	if err != nil || r.Passed() || len(r.Advice) != 1 || !strings.Contains(r.Advice[0].What, "rejects has not risen within 700ms") {
		t.Errorf("%+v, %v", r, err)
	}
}

// A number that is known to stand there tells which order, type and address are right.
func TestPLCExpect(t *testing.T) {
	registers := func(at int, values ...uint16) func(*modbustest.PLC) {
		return func(p *modbustest.PLC) {
			for i, v := range values {
				p.SetHolding(at+i, v)
			}
		}
	}
	for name, c := range map[string]struct {
		program func(*modbustest.PLC)
		want    string // of the advice; empty: as it is configured
	}{
		"as configured":       {registers(100, 0x0001, 0xE240), ""},
		"low word first":      {registers(100, 0xE240, 0x0001), `products = "holding:100:uint32" and word_order = "CDAB"`},
		"bytes swapped":       {registers(100, 0x0100, 0x40E2), `products = "holding:100:uint32" and word_order = "BADC"`},
		"low byte first":      {registers(100, 0x40E2, 0x0100), `products = "holding:100:uint32" and word_order = "DCBA"`},
		"one before":          {registers(99, 0x0001, 0xE240), "off by one, 99 counted from zero"},
		"one behind, low":     {registers(101, 0xE240, 0x0001), `products = "holding:101:uint32" and word_order = "CDAB"`},
		"a float":             {registers(100, 0x47F1, 0x2000), `products = "holding:100:float32"`},
		"it is another one":   {registers(100, 0x0001, 0xE241), "not 123456: in no word order and no type"},
		"it is far from here": {registers(120, 0x0001, 0xE240), "not 123456: in no word order and no type"},
	} {
		r, _, say, err := wired(t, whole, nil, PLCOptions{Expect: []Assignment{{"products", "123456"}}, For: 20 * time.Millisecond}, c.program)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.want == "" && (len(r.Advice) != 0 || !say.has("products reads 123456 as it is configured")) {
			t.Errorf("%s: %v", name, r.Advice)
		}
		if c.want != "" && (len(r.Advice) != 1 || !strings.Contains(r.Advice[0].String(), c.want)) {
			t.Errorf("%s: %v, want %s", name, r.Advice, c.want)
		}
	}
}

// What the PLC does not have is told in its own words, and the rest is read.
func TestPLCRefuses(t *testing.T) {
	r, _, say, err := wired(t, modbustest.Options{Coils: 2, Holding: 102}, nil, PLCOptions{}, func(p *modbustest.PLC) { p.SetUint32(100, 77) })
	if err != nil || r.Passed() || len(r.Advice) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	for i, want := range []string{"coil 2 (00003)", "holding 102 to 103 (40103 to 40104)"} {
		if !strings.Contains(r.Advice[i].What, want) || !strings.Contains(r.Advice[i].What, "illegal data address (exception 2)") {
			t.Errorf("advice %q", r.Advice[i].What)
		}
	}
	if !say.has("uint32  0000004D  77") || !say.has("refused") {
		t.Error("the rest was not read")
	}
	r, _, _, err = wired(t, whole, nil, PLCOptions{Pulse: "reject"}, func(p *modbustest.PLC) {
		p.SetFault(func(_ int, function byte) modbustest.Fault {
			if function == 5 {
				return modbustest.Fault{Kind: modbustest.Exception, Code: 4}
			}
			return modbustest.Fault{}
		})
	})
	if r.Passed() || len(r.Advice) == 0 || !strings.Contains(r.Advice[0].What, "server device failure") || err == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestPLCInput(t *testing.T) {
	for want, o := range map[string]PLCOptions{
		"--write products=1: products is an input; outputs are beat, reject, stop": {Write: []Assignment{{"products", "1"}}},
		"--write stop=maybe":             {Write: []Assignment{{"stop", "maybe"}}},
		"--pulse: the PLC has no rejetc": {Pulse: "rejetc"},
		"--expect nothing=1: the PLC has no nothing; there are products, r": {Expect: []Assignment{{"nothing", "1"}}},
	} {
		_, plc, _, err := wired(t, whole, nil, o, nil)
		var input *InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) || plc.Requests() != 0 {
			t.Errorf("%v, want %s", err, want)
		}
	}
	cfg := configured(t, head+devices)
	l, err := ledger.Open(t.Context(), cfg.Agent.DataDir, ledger.Options{Agent: "line-3"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := TestPLC(t.Context(), cfg, cfg.PLCs[0], PLCOptions{For: time.Second, Tell: t.Logf}); err != ErrRunning {
		t.Errorf("while the agent runs: %v", err)
	}
}

// What a person reads of a value can be given back.
func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drivers.Point{Bits: rapid.SampledFrom([]int{16, 32, 64}).Draw(t, "bits"), Signed: rapid.Bool().Draw(t, "signed")}
		v := rapid.Uint64().Draw(t, "value") >> (64 - p.Bits)
		if p.Signed {
			v = uint64(int64(v<<(64-p.Bits)) >> (64 - p.Bits))
		}
		if back, err := value(p, understood(p, v)); err != nil || back != v {
			t.Fatalf("%d is shown as %s and read as %d, %v", v, understood(p, v), back, err)
		}
	})
	bit := drivers.Point{Bits: 1}
	for text, want := range map[string]uint64{"on": 1, "1": 1, "TRUE": 1, "off": 0, "0": 0, "false": 0} {
		if v, err := value(bit, text); err != nil || v != want {
			t.Errorf("%s: %d, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "=1", "a=", "a"} {
		if _, err := ParseAssignment(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
