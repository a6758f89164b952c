package peers

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"linemark/drivers"
)

// The registers of pi in each order: as a float32 (4049 0FDB) and as a float64 (4009 21FB 5444 2D18).
var pies = []struct {
	order          string
	single, double []int
}{
	{"ABCD", []int{0x4049, 0x0FDB}, []int{0x4009, 0x21FB, 0x5444, 0x2D18}},
	{"CDAB", []int{0x0FDB, 0x4049}, []int{0x2D18, 0x5444, 0x21FB, 0x4009}},
	{"BADC", []int{0x4940, 0xDB0F}, []int{0x0940, 0xFB21, 0x4454, 0x182D}},
	{"DCBA", []int{0xDB0F, 0x4940}, []int{0x182D, 0x4454, 0xFB21, 0x0940}},
}

// A float and a bit lie where another program has put them, and are put where it finds them.
func TestPymodbusFloatsAndBits(t *testing.T) {
	for _, p := range pies {
		t.Run(p.order, func(t *testing.T) {
			m := memory{Coils: []int{0}, Discretes: []int{0}, Inputs: append(append([]int{}, p.single...), p.double...), Holding: make([]int, 7)}
			m.Holding[6] = 0x8001
			server := servePymodbus(t, m)
			s := session(t, modbusPLC(t, server.address(), p.order,
				map[string]string{"single": "input:0:float32", "double": "input:2:float64", "register": "holding:6:uint16", "lowest": "holding:6.0"},
				map[string]string{"weight": "holding:0:float32", "mean": "holding:2:float64", "ready": "holding:6.3", "fault": "holding:6.15"}))
			single := float64(float32(math.Pi))
			for _, w := range []struct {
				output string
				value  uint64
				told   string
			}{
				{"weight", math.Float64bits(single), "holding 0 " + list(p.single)},
				{"mean", math.Float64bits(math.Pi), "holding 2 " + list(p.double)},
				{"ready", 1, fmt.Sprint("holding 6 ", 0x8009)},
				{"fault", 0, fmt.Sprint("holding 6 ", 0x0009)},
			} {
				if err := s.Write(soon(t), w.output, w.value); err != nil {
					t.Fatalf("writing %s: %v", w.output, err)
				}
				if told := server.next(t); told != w.told {
					t.Errorf("writing %s: the server was given %q, want %q", w.output, told, w.told)
				}
			}
			got, err := s.Read(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]uint64{"single": math.Float64bits(single), "double": math.Float64bits(math.Pi),
				"weight": math.Float64bits(single), "mean": math.Float64bits(math.Pi), "register": 9, "lowest": 1, "ready": 1, "fault": 0} {
				if got[name] != want {
					t.Errorf("%s = %#x, want %#x", name, got[name], want)
				}
			}
		})
	}
}

// Another PLC that has neither a gap nor function 22: modbus-serial.
func TestModbusSerial(t *testing.T) {
	module := Need(t, "modbus-serial")
	server := servePLC(t, memory{Coils: []int{1, 0, 0}, Discretes: []int{0, 1}, Inputs: []int{0x1DC0, 0xFFFE}, Holding: []int{0xE240, 1, 0, 0}},
		Need(t, "node"), "plc.js", module)
	s := session(t, modbusPLC(t, server.address(), "CDAB",
		map[string]string{"products": "holding:0:uint32", "offset": "input:0:int32", "door": "discrete:1"},
		map[string]string{"reject": "coil:2", "target": "holding:2:int32", "bit": "holding:1.4"}))
	minus := negative
	for _, w := range []struct {
		output string
		value  uint64
		told   []string
	}{
		{"reject", 1, []string{"coil 2 1"}},
		{"target", uint64(minus), []string{fmt.Sprint("holding 2 ", 0x1DC0), fmt.Sprint("holding 3 ", 0xFFFE)}},
	} {
		if err := s.Write(soon(t), w.output, w.value); err != nil {
			t.Fatalf("writing %s: %v", w.output, err)
		}
		for _, want := range w.told {
			if told := server.next(t); told != want {
				t.Errorf("writing %s: the server was given %q, want %q", w.output, told, want)
			}
		}
	}
	err := s.Write(soon(t), "bit", 1)
	if no, ok := errors.AsType[*drivers.Refusal](err); !ok || !strings.Contains(no.What, "illegal function 22 (exception 1)") {
		t.Errorf("writing a bit = %v", err)
	}
	got, err := s.Read(soon(t))
	if err != nil || got["products"] != 123456 || int64(got["offset"]) != negative || got["door"] != 1 || got["reject"] != 1 || int64(got["target"]) != negative {
		t.Errorf("Read = %v, %v", got, err)
	}
	far := session(t, modbusPLC(t, server.address(), "ABCD", map[string]string{"here": "coil:0", "far": "coil:3"}, nil))
	_, err = far.Read(soon(t))
	if no, ok := errors.AsType[*drivers.Refusal](err); !ok || !strings.Contains(no.What, "inputs.far, coil 3 (00004): illegal data address (exception 2)") {
		t.Errorf("reading a coil that is not there = %v", err)
	}
}

// Modbus RTU over a serial line: reads, writes, the PLC's own "no", and a PLC that goes and comes back.
func TestPymodbusRTU(t *testing.T) {
	c := plug(t, t.TempDir())
	m := memory{Device: c.far, Coils: make([]int, 4), Discretes: []int{1}, Inputs: []int{0x4049, 0x0FDB}, Holding: []int{1, 0xE240, 0, 0, 0}}
	server := servePymodbus(t, m)
	options := map[string]any{
		"timeout": "500ms", "quiet": "100ms",
		"inputs":  map[string]any{"products": "holding:0:uint32", "weight": "input:0:float32", "door": "discrete:0"},
		"outputs": map[string]any{"reject": "coil:2", "target": "holding:2:uint32", "bit": "holding:4.7", "far": "coil:9"},
	}
	rtu := func(options map[string]any) drivers.PLC {
		p, err := drivers.NewPLC("modbus", drivers.Settings{Name: "plc-1", Address: "rtu://" + c.near + "?baud=115200", Options: options})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	far := session(t, rtu(options))
	_, err := far.Read(soon(t))
	if no, ok := errors.AsType[*drivers.Refusal](err); !ok || !strings.Contains(no.What, "outputs.far, coil 9 (00010): illegal data address (exception 2)") {
		t.Errorf("reading a coil that is not there = %v", err)
	}
	far.Close()

	delete(options["outputs"].(map[string]any), "far")
	driver := rtu(options)
	s := session(t, driver)
	for i := range uint64(50) {
		for _, w := range []struct {
			output string
			value  uint64
			told   string
		}{
			{"reject", i % 2, fmt.Sprint("coil 2 ", i%2)},
			{"target", i << 15, fmt.Sprintf("holding 2 %d %d", i>>1, i<<15&0xFFFF)},
			{"bit", i % 2, fmt.Sprint("holding 4 ", i%2<<7)},
		} {
			if err := s.Write(soon(t), w.output, w.value); err != nil {
				t.Fatalf("writing %s: %v", w.output, err)
			}
			if told := server.next(t); told != w.told {
				t.Errorf("writing %s: the server was given %q, want %q", w.output, told, w.told)
			}
		}
		got, err := s.Read(soon(t))
		if err != nil || got["products"] != 123456 || got["weight"] != math.Float64bits(float64(float32(math.Pi))) || got["door"] != 1 ||
			got["reject"] != i%2 || got["target"] != i<<15 || got["bit"] != i%2 {
			t.Fatalf("Read = %v, %v", got, err)
		}
	}

	server.kill()
	if _, err = s.Read(soon(t)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read from a PLC that is gone = %v", err)
	}
	if _, err := driver.Open(soon(t)); err == nil {
		t.Error("Open of a PLC that is gone succeeded")
	}
	m.Holding = []int{0, 2, 0, 0, 0}
	servePymodbus(t, m)
	if got, err := session(t, driver).Read(soon(t)); err != nil || got["products"] != 2 {
		t.Errorf("after the PLC came back: %v, %v", got, err)
	}
}
