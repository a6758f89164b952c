package peers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
)

// memory is what a PLC holds, each area from address zero.
type memory struct {
	Port      int    `json:"port"`   // 0: any
	Device    string `json:"device"` // a serial port, for RTU; empty: TCP
	Coils     []int  `json:"coils"`
	Discretes []int  `json:"discretes"`
	Inputs    []int  `json:"inputs"`
	Holding   []int  `json:"holding"`
}

// peerPLC is a running server.
type peerPLC struct {
	port int
	told chan string // what clients wrote
	kill func()      // at once, and waits until it is gone
}

func servePymodbus(t *testing.T, m memory) *peerPLC {
	t.Helper()
	return servePLC(t, m, Need(t, "pymodbus"), "plc.py")
}

// servePLC starts a server whose last argument is the memory, and waits until it serves.
func servePLC(t *testing.T, m memory, program string, args ...string) *peerPLC {
	t.Helper()
	has, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, append(args, string(has))...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &peerPLC{told: make(chan string, 100)}
	read := make(chan struct{})
	p.kill = func() {
		c.Process.Kill()
		<-read
		c.Wait()
	}
	t.Cleanup(p.kill)
	go func() {
		defer close(read)
		defer close(p.told)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.told <- lines.Text()
		}
	}()
	first := p.next(t)
	if p.port, err = strconv.Atoi(first); err != nil {
		p.kill()
		t.Fatalf("%s did not start: %q\n%s", program, first, &stderr)
	}
	return p
}

// next returns the next line that the server prints.
func (p *peerPLC) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-p.told:
		return line
	case <-time.After(patience):
		t.Fatal("the server keeps silent")
		return ""
	}
}

func modbusPLC(t *testing.T, address, order string, inputs, outputs map[string]string) drivers.PLC {
	t.Helper()
	table := func(places map[string]string) map[string]any {
		all := map[string]any{}
		for name, place := range places {
			all[name] = place
		}
		return all
	}
	p, err := drivers.NewPLC("modbus", drivers.Settings{Name: "plc-1", Address: address, Options: map[string]any{
		"word_order": order, "timeout": "2s", "inputs": table(inputs), "outputs": table(outputs),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func session(t *testing.T, p drivers.PLC) drivers.PLCSession {
	t.Helper()
	s, err := p.Open(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (p *peerPLC) address() string { return fmt.Sprintf("tcp://127.0.0.1:%d", p.port) }

// The registers of 123456 (0001 E240) and of -123456 (FFFE 1DC0) in each order, A being the
// highest byte.
var orders = []struct {
	name            string
	positive, minus []int
}{
	{"ABCD", []int{0x0001, 0xE240}, []int{0xFFFE, 0x1DC0}},
	{"CDAB", []int{0xE240, 0x0001}, []int{0x1DC0, 0xFFFE}},
	{"BADC", []int{0x0100, 0x40E2}, []int{0xFEFF, 0xC01D}},
	{"DCBA", []int{0x40E2, 0x0100}, []int{0xC01D, 0xFEFF}},
}

const negative int64 = -123456

func TestPymodbusReads(t *testing.T) {
	m := memory{
		Coils:     []int{1, 0, 0, 1, 0, 0, 0, 0, 0, 1},
		Discretes: []int{0, 1, 0},
		Inputs:    []int{7, 65535, 0x8000},
		Holding:   []int{4711, 0xFFFE},
	}
	places := map[string]string{
		"coil0": "coil:0", "coil1": "coil:1", "coil3": "coil:3", "coil9": "coil:9",
		"discrete0": "discrete:0", "discrete1": "discrete:1",
		"input0": "input:0:uint16", "input1": "input:1:uint16", "lowest": "input:2:int16",
		"holding0": "holding:0:uint16", "minus2": "holding:1:int16",
	}
	want := drivers.Values{
		"coil0": 1, "coil1": 0, "coil3": 1, "coil9": 1, "discrete0": 0, "discrete1": 1,
		"input0": 7, "input1": 65535, "lowest": 1<<64 - 32768, "holding0": 4711, "minus2": 1<<64 - 2,
	}
	for _, o := range orders { // each after the last
		at := len(m.Holding)
		m.Holding = append(append(m.Holding, o.positive...), o.minus...)
		places["constant "+o.name] = fmt.Sprintf("holding:%d:uint32", at)
		places["negative "+o.name] = fmt.Sprintf("holding:%d:int32", at+2)
	}
	server := servePymodbus(t, m)
	for _, o := range orders {
		t.Run(o.name, func(t *testing.T) {
			got, err := session(t, modbusPLC(t, server.address(), o.name, places, nil)).Read(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range want {
				if got[name] != value {
					t.Errorf("%s = %d, want %d", name, got[name], value)
				}
			}
			// Each constant reads right in its own order, and in no other.
			for _, written := range orders {
				positive, minus := got["constant "+written.name], int64(got["negative "+written.name])
				if same := written.name == o.name; (positive == 123456) != same || (minus == negative) != same {
					t.Errorf("written as %s, read as %s: %d and %d", written.name, o.name, positive, minus)
				}
			}
			if len(got) != len(places) {
				t.Errorf("%d values, want %d", len(got), len(places))
			}
		})
	}
}

func TestPymodbusWrites(t *testing.T) {
	for _, o := range orders {
		t.Run(o.name, func(t *testing.T) {
			server := servePymodbus(t, memory{Coils: make([]int, 4), Discretes: []int{0}, Inputs: []int{0}, Holding: make([]int, 8)})
			s := session(t, modbusPLC(t, server.address(), o.name, nil, map[string]string{
				"reject": "coil:2", "verdict": "holding:1:uint16", "target": "holding:2:uint32", "offset": "holding:4:int32",
			}))
			minus := negative
			for _, w := range []struct {
				output string
				value  uint64
				told   string
			}{
				{"reject", 1, "coil 2 1"},
				{"verdict", 0xABCD, "holding 1 43981"},
				{"target", 123456, "holding 2 " + list(o.positive)},
				{"offset", uint64(minus), "holding 4 " + list(o.minus)},
				{"reject", 0, "coil 2 0"},
			} {
				if err := s.Write(soon(t), w.output, w.value); err != nil {
					t.Fatalf("writing %s: %v", w.output, err)
				}
				if told := server.next(t); told != w.told {
					t.Errorf("writing %s: the server was given %q, want %q", w.output, told, w.told)
				}
				got, err := s.Read(soon(t))
				if err != nil || got[w.output] != w.value {
					t.Errorf("%s reads %d, %v, want %d", w.output, got[w.output], err, w.value)
				}
			}
			got, err := s.Read(soon(t))
			want := drivers.Values{"reject": 0, "verdict": 0xABCD, "target": 123456, "offset": uint64(minus)}
			if err != nil || !maps.Equal(got, want) {
				t.Errorf("at the end %v, %v, want %v", got, err, want)
			}
		})
	}
}

func list(registers []int) string { return strings.Trim(fmt.Sprint(registers), "[]") }

// An address that the PLC does not have is its clear "no": the session goes on.
func TestPymodbusRefuses(t *testing.T) {
	server := servePymodbus(t, memory{Coils: []int{0}, Discretes: []int{0}, Inputs: []int{0}, Holding: make([]int, 4)})
	s := session(t, modbusPLC(t, server.address(), "ABCD", nil, map[string]string{"here": "coil:0"}))
	beyond := session(t, modbusPLC(t, server.address(), "ABCD", map[string]string{"far": "holding:3:uint32"}, map[string]string{
		"here": "coil:0", "far coil": "coil:1", "far register": "holding:5:uint16", "far pair": "holding:6:uint32",
	}))
	refused := func(what string, err error) {
		t.Helper()
		no, ok := errors.AsType[*drivers.Refusal](err)
		if !ok || no.Device != "plc-1" || !strings.Contains(no.What, "illegal data address (exception 2)") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for range 3 {
		_, err := beyond.Read(soon(t))
		refused("reading", err)
		for _, output := range []string{"far coil", "far register", "far pair"} {
			refused(output, beyond.Write(soon(t), output, 1))
		}
		if err := beyond.Write(soon(t), "here", 1); err != nil {
			t.Errorf("after the refusals: %v", err)
		}
		if told := server.next(t); told != "coil 0 1" {
			t.Errorf("the server was given %q", told)
		}
	}
	if got, err := s.Read(soon(t)); err != nil || got["here"] != 1 {
		t.Errorf("another session reads %v, %v", got, err)
	}
}

func TestPymodbusKilled(t *testing.T) {
	m := memory{Coils: []int{0}, Discretes: []int{0}, Inputs: []int{0}, Holding: []int{1}}
	server := servePymodbus(t, m)
	plc := modbusPLC(t, server.address(), "ABCD", map[string]string{"n": "holding:0:uint16"}, nil)
	s := session(t, plc)
	if got, err := s.Read(soon(t)); err != nil || got["n"] != 1 {
		t.Fatalf("Read = %v, %v", got, err)
	}
	server.kill()
	_, err := s.Read(soon(t))
	if _, no := errors.AsType[*drivers.Refusal](err); err == nil || no || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Read from a dead server = %v", err)
	}
	if _, err := plc.Open(soon(t)); err == nil {
		t.Error("Open of a dead server succeeded")
	}

	m.Port, m.Holding = server.port, []int{2}
	servePymodbus(t, m)
	if _, again := s.Read(soon(t)); !errors.Is(again, err) {
		t.Errorf("the ended session = %v, want %v again", again, err)
	}
	if got, err := session(t, plc).Read(soon(t)); err != nil || got["n"] != 2 {
		t.Errorf("a new session: %v, %v", got, err)
	}
}
