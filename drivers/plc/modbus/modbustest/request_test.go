package modbustest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The example of each function in the Modbus Application Protocol V1.1b3, chapter 6.
func TestSpecificationExamples(t *testing.T) {
	p := start(t, whole)
	for i, on := range "1011001111010110101" { // CD 6B 05, lowest bit first
		p.SetCoil(0x13+i, on == '1')
	}
	for i, on := range "0011010111011011101011" { // AC DB 35
		p.SetDiscrete(0xC4+i, on == '1')
	}
	p.SetHolding(0x6B, 0x022B)
	p.SetHolding(0x6D, 0x64)
	p.SetInput(8, 10)
	p.SetHolding(4, 0x12)
	c := connect(t, p)
	for _, x := range []struct{ request, answer string }{
		{"01 0013 0013", "01 03 CD 6B 05"},
		{"02 00C4 0016", "02 03 AC DB 35"},
		{"03 006B 0003", "03 06 022B 0000 0064"},
		{"04 0008 0001", "04 02 000A"},
		{"05 00AC FF00", "05 00AC FF00"},
		{"06 0001 0003", "06 0001 0003"},
		{"0F 0013 000A 02 CD 01", "0F 0013 000A"},
		{"10 0001 0002 04 000A 0102", "10 0001 0002"},
		{"16 0004 00F2 0025", "16 0004 00F2 0025"},
	} {
		ask(t, c, x.request, x.answer)
	}
	if !p.Coil(0xAC) || p.Holding(1) != 10 || p.Holding(2) != 0x0102 {
		t.Error("a write of one is not in its place")
	}
	if p.Holding(4) != 0x17 {
		t.Errorf("the masked register is %#x, the specification's 0x17", p.Holding(4))
	}
	ask(t, c, "01 0013 000A", "01 02 CD 01")
	ask(t, c, "05 00AC 0000", "05 00AC 0000")
	if p.Coil(0xAC) {
		t.Error("a coil was not taken back")
	}
	p.SetUint32(10, 123456)
	ask(t, c, "03 000A 0002", "03 04 0001 E240")
}

func TestExceptions(t *testing.T) {
	p := start(t, whole)
	c := connect(t, p)
	zeros := func(n int) string { return strings.Repeat("00", n) }
	for _, x := range []struct{ name, request, answer string }{
		{"function 0", "00", "80 01"},
		{"function 7", "07", "87 01"},
		{"function 23", "17 0000 0001 0000 0001 02 0000", "97 01"},
		{"function of an answer", "83 02", "83 01"},
		{"coils: none", "01 0000 0000", "81 03"},
		{"coils: 2000", "01 0000 07D0", "01 FA" + zeros(250)},
		{"coils: 2001", "01 0000 07D1", "81 03"},
		{"coils: past the end", "01 0001 07D0", "81 02"},
		{"discretes: 2000 at the end", "02 0001 07D0", "02 FA" + zeros(250)},
		{"discretes: 2001", "02 0000 07D1", "82 03"},
		{"holding: none", "03 0000 0000", "83 03"},
		{"holding: 125", "03 004B 007D", "03 FA" + zeros(250)},
		{"holding: past the end", "03 004C 007D", "83 02"},
		{"holding: 126", "03 0000 007E", "83 03"},
		{"holding: 126 past the end", "03 00C8 007E", "83 03"},
		{"holding: far past the end", "03 FFFF 0001", "83 02"},
		{"inputs: 126", "04 0000 007E", "84 03"},
		{"inputs: past the end", "04 0002 007D", "84 02"},
		{"read: short", "03 0000 00", "83 03"},
		{"read: long", "03 0000 0001 00", "83 03"},
		{"coil: half on", "05 0000 0001", "85 03"},
		{"coil: past the end", "05 07D0 FF00", "85 02"},
		{"coil: short", "05 0000", "85 03"},
		{"register: past the end", "06 00C8 0001", "86 02"},
		{"register: long", "06 0000 0001 00", "86 03"},
		{"write coils: none", "0F 0000 0000 00", "8F 03"},
		{"write coils: 1968", "0F 0000 07B0 F6" + zeros(246), "0F 0000 07B0"},
		{"write coils: 1969", "0F 0000 07B1 F7" + zeros(247), "8F 03"},
		{"write coils: count wrong", "0F 0000 0009 01 0000", "8F 03"},
		{"write coils: bytes missing", "0F 0000 0009 02 00", "8F 03"},
		{"write coils: past the end", "0F 07CF 0002 01 00", "8F 02"},
		{"write registers: none", "10 0000 0000 00", "90 03"},
		{"write registers: 123", "10 004D 007B F6" + zeros(246), "10 004D 007B"},
		{"write registers: 124", "10 0000 007C F7" + zeros(247), "90 03"},
		{"write registers: count wrong", "10 0000 0001 01 0000", "90 03"},
		{"write registers: past the end", "10 00C7 0002 04 00000000", "90 02"},
		{"mask: short", "16 0000 0000 00", "96 03"},
		{"mask: long", "16 0000 0000 0000 00", "96 03"},
		{"mask: past the end", "16 00C8 0000 0000", "96 02"},
		{"write registers: short", "10 0000", "90 03"},
	} {
		t.Run(x.name, func(t *testing.T) { ask(t, c, x.request, x.answer) })
	}
}

// A refused write changes nothing and is not told of.
func TestRefusedWriteChangesNothing(t *testing.T) {
	var log bytes.Buffer
	opt := whole
	opt.Log = &log
	p := start(t, opt)
	p.OnCoil(func(int, bool) { t.Error("OnCoil was called") })
	c := connect(t, p)
	ask(t, c, "10 00C7 0002 04 00010001", "90 02")
	ask(t, c, "0F 07CF 0002 01 03", "8F 02")
	ask(t, c, "05 0000 FF01", "85 03")
	if p.Holding(0xC7) != 0 || p.Coil(0x7CF) || p.Coil(0) || log.Len() != 0 {
		t.Errorf("something was written; log %s", log.String())
	}
}

func TestLogAndOnCoil(t *testing.T) {
	var log bytes.Buffer
	opt := whole
	opt.Log = &log
	p := start(t, opt)
	var calls []string
	p.OnCoil(func(addr int, v bool) {
		if p.Coil(addr) != v {
			t.Error("OnCoil came before the write")
		}
		calls = append(calls, fmt.Sprint(addr, v))
		p.SetDiscrete(addr, v) // what the program of the PLC does is there with the answer
	})
	c := connect(t, p)
	ask(t, c, "05 0002 FF00", "05 0002 FF00")
	ask(t, c, "02 0002 0001", "02 01 01")
	ask(t, c, "0F 0002 0002 01 02", "0F 0002 0002")
	ask(t, c, "06 0005 1234", "06 0005 1234")
	ask(t, c, "10 0007 0002 04 0001 0002", "10 0007 0002")
	ask(t, c, "16 0007 FFFD 0002", "16 0007 FFFD 0002")
	p.SetCoil(9, true)
	if want := []string{"2 true", "2 false", "3 true"}; !slices.Equal(calls, want) {
		t.Errorf("OnCoil %q, want %q", calls, want)
	}
	var got []string
	for line := range strings.Lines(log.String()) {
		_, tail, _ := strings.Cut(line, `","event":`)
		got = append(got, strings.TrimSpace(tail))
	}
	want := []string{
		`"write_coil","address":2,"value":1}`, `"write_coil","address":2,"value":0}`, `"write_coil","address":3,"value":1}`,
		`"write_register","address":5,"value":4660}`, `"write_register","address":7,"value":1}`, `"write_register","address":8,"value":2}`,
		`"write_register","address":7,"value":3}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("log %q\nwant %q", got, want)
	}
}
