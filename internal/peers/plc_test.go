package peers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/plc/modbus/modbustest"
)

// plant is a PLC with a counter, and the driver for it.
func plant(t *testing.T, timeout string) (*modbustest.PLC, drivers.PLC) {
	t.Helper()
	e := modbustest.New(modbustest.Options{Coils: 3, Discretes: 1, Holding: 104, Inputs: 2, Unit: 1})
	driver, err := drivers.NewPLC("modbus", drivers.Settings{Name: "plc-1", Address: listen(t, e), Options: map[string]any{
		"timeout": timeout,
		"inputs":  map[string]any{"products": "holding:100:uint32", "door": "discrete:0", "level": "input:1:int16"},
		"outputs": map[string]any{"reject": "coil:0", "target": "holding:102:uint32"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return e, driver
}

func TestPLCReadsAndWrites(t *testing.T) {
	e, driver := plant(t, "2s")
	s := session(t, driver)
	for i := range uint32(200) {
		products, level := 0xFFFF_FFC0+i, int16(i)-100
		e.SetUint32(100, products)
		e.SetDiscrete(0, i%3 == 0)
		e.SetInput(1, uint16(level))
		if err := s.Write(soon(t), "reject", uint64(i%2)); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(soon(t), "target", uint64(products^0xFFFF)); err != nil {
			t.Fatal(err)
		}
		if got := uint32(e.Holding(102))<<16 | uint32(e.Holding(103)); got != products^0xFFFF || e.Coil(0) != (i%2 == 1) {
			t.Fatalf("the PLC holds %d and %v after write %d", got, e.Coil(0), i)
		}
		got, err := s.Read(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if got["products"] != uint64(products) || int64(got["level"]) != int64(level) || (got["door"] == 1) != (i%3 == 0) ||
			got["reject"] != uint64(i%2) || got["target"] != uint64(products^0xFFFF) {
			t.Fatalf("read %d gives %v", i, got)
		}
	}
}

// P6: the driver never takes an answer for that of another request. The PLC's own "no" leaves
// the session as it is, everything else ends it, and the next session reads what is true.
func TestP6PLCFaults(t *testing.T) {
	const late = 400 * time.Millisecond // twice the timeout
	for _, c := range []struct {
		name  string
		fault modbustest.Fault
		goes  string // "on": as if nothing was; "refused": an error, and the session goes on; "ends"
	}{
		{"silence", modbustest.Fault{Kind: modbustest.Silence}, "ends"},
		{"late", modbustest.Fault{Kind: modbustest.Late, Delay: late}, "ends"},
		{"wrong transaction", modbustest.Fault{Kind: modbustest.WrongTransaction}, "ends"},
		{"wrong unit", modbustest.Fault{Kind: modbustest.WrongUnit}, "ends"},
		{"cut", modbustest.Fault{Kind: modbustest.Cut}, "ends"},
		{"exception", modbustest.Fault{Kind: modbustest.Exception, Code: 6}, "refused"},
		{"byte by byte", modbustest.Fault{Kind: modbustest.ByteByByte, Delay: time.Millisecond}, "on"},
	} {
		for request, function := range map[string]byte{"first": 1, "last": 3} { // of a reading
			t.Run(c.name+" at the "+request+" request", func(t *testing.T) {
				t.Parallel()
				e, driver := plant(t, "200ms")
				e.SetUint32(100, 1)
				s := session(t, driver)
				if got, err := s.Read(soon(t)); err != nil || got["products"] != 1 {
					t.Fatalf("Read = %v, %v", got, err)
				}
				e.SetFault(func(_ int, f byte) modbustest.Fault {
					if f != function {
						return modbustest.Fault{}
					}
					return c.fault
				})
				got, err := s.Read(soon(t))
				e.SetFault(nil)
				e.SetUint32(100, 2)
				no, refused := errors.AsType[*drivers.Refusal](err)
				switch c.goes {
				case "on":
					if err != nil || got["products"] != 1 {
						t.Errorf("Read = %v, %v", got, err)
					}
				case "refused":
					if !refused || !strings.Contains(no.What, "server device busy (exception 6)") {
						t.Errorf("Read = %v, %v, want a refusal", got, err)
					}
				case "ends":
					if err == nil || refused || got != nil {
						t.Fatalf("Read = %v, %v, want the end of the session", got, err)
					}
					if _, again := s.Read(soon(t)); !errors.Is(again, err) {
						t.Errorf("the next Read = %v, want %v again", again, err)
					}
					if again := s.Write(soon(t), "reject", 1); !errors.Is(again, err) || e.Coil(0) {
						t.Errorf("Write = %v, the coil is %v", again, e.Coil(0))
					}
					s = session(t, driver)
				}
				if got, err := s.Read(soon(t)); err != nil || got["products"] != 2 {
					t.Errorf("after the fault: %v, %v", got, err)
				}
			})
		}
	}
}
