package modbustest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

var onBus = Options{Coils: 2000, Discretes: 2001, Holding: 200, Inputs: 126, Unit: 0x11, RTU: true}

// The frames whose checksums are in print: the first in Modbus over Serial Line V1.02, 6.2.2 (02 07 gives 1241,
// sent as 41 12), the others in many manuals.
func TestChecksum(t *testing.T) {
	for _, text := range []string{"02 07 41 12", "01 03 0000 000A C5 CD", "11 03 006B 0003 76 87", "11 05 00AC FF00 4E 8B", "01 83 02 C0 F1"} {
		b := raw(t, text)
		f := frame{unit: b[0], pdu: b[1 : len(b)-2]}
		if got := f.rtu(); !bytes.Equal(got, b) {
			t.Errorf("% X, want % X", got, b)
		}
	}
}

// bus puts unit and checksum around a PDU in hex.
func bus(t testing.TB, unit byte, pdu string) []byte {
	return frame{unit: unit, pdu: raw(t, pdu)}.rtu()
}

func askBus(t testing.TB, c net.Conn, request, answer string) {
	t.Helper()
	send(t, c, bus(t, 0x11, request))
	expect(t, c, bus(t, 0x11, answer))
}

func TestRTU(t *testing.T) {
	p := start(t, onBus)
	p.SetUint32(10, 123456)
	c := connect(t, p)
	for _, x := range []struct{ request, answer string }{
		{"03 000A 0002", "03 04 0001 E240"},
		{"05 00AC FF00", "05 00AC FF00"},
		{"0F 0013 000A 02 CD 01", "0F 0013 000A"},
		{"01 0013 000A", "01 02 CD 01"},
		{"10 0001 0002 04 000A 0102", "10 0001 0002"},
		{"16 0001 FFF0 0005", "16 0001 FFF0 0005"},
		{"06 0005 1234", "06 0005 1234"},
		{"04 0000 0001", "04 02 0000"},
		{"02 0000 0001", "02 01 00"},
		{"03 00C8 0001", "83 02"},
		{"07", "87 01"},
		{"2B 0E 01 00", "AB 01"},
		{"03 0001 0001", "03 02 0005"},
	} {
		askBus(t, c, x.request, x.answer)
	}
}

// What is not for this unit, or damaged, meets silence, and the next request is answered.
func TestRTUKeepsSilent(t *testing.T) {
	p := start(t, onBus)
	c := connect(t, p)
	damaged := bus(t, 0x11, "06 0000 0001")
	damaged[5] ^= 1
	for _, b := range [][]byte{damaged, bus(t, 0x12, "06 0000 0001"), {0x11, 0x07}, {0xFF, 0xFF, 0xFF}} {
		send(t, c, b)
		askBus(t, c, "03 0000 0001", "03 02 0000")
	}
	send(t, c, bus(t, 0, "06 0000 0007")) // to all: carried out, not answered
	askBus(t, c, "03 0000 0001", "03 02 0007")
	if n := p.Requests(); n != 6 {
		t.Errorf("%d requests were counted, want 6", n)
	}
}

func TestRTUFaults(t *testing.T) {
	good, refused := "11 05 0003 FF00 7E AA", "11 85 06 C3 57"
	for _, x := range []struct {
		name  string
		fault Fault
		want  string
		after time.Duration
	}{
		{"none", Fault{}, good, 0},
		{"silence", Fault{Kind: Silence}, "", 0},
		{"late", Fault{Kind: Late, Delay: 3 * time.Second}, good, 3 * time.Second},
		{"unit", Fault{Kind: WrongUnit}, "12 05 0003 FF00 7E 99", 0},
		{"function", Fault{Kind: WrongFunction}, "11 06 0003 FF00 3A AA", 0},
		{"checksum", Fault{Kind: WrongChecksum}, "11 05 0003 FF00 7E 55", 0},
		{"twice", Fault{Kind: Twice}, good + good, 0},
		{"noise", Fault{Noise: []byte{0, 0xFF}}, "00 FF" + good, 0},
		{"exception in two pieces", Fault{Kind: Exception, Code: 6, Split: 3, Delay: time.Second}, refused, time.Second},
		{"byte by byte", Fault{Kind: ByteByByte, Delay: time.Second}, good, 7 * time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, onBus)
				p.SetFault(func(n int, _ byte) Fault {
					if n == 1 {
						return x.fault
					}
					return Fault{}
				})
				c := connect(t, p)
				begun := time.Now()
				send(t, c, raw(t, good)) // the request has the form of its answer
				expect(t, c, raw(t, x.want))
				askBus(t, c, "03 0000 0001", "03 02 0000")
				if took := time.Since(begun); took != x.after {
					t.Errorf("answered after %v, want %v", took, x.after)
				}
				if p.Coil(3) == (x.fault.Kind == Exception) {
					t.Errorf("carried out: %v", p.Coil(3))
				}
			})
		})
	}
}

func TestRestart(t *testing.T) {
	for _, opt := range []Options{whole, onBus} {
		p := start(t, opt)
		p.SetHolding(3, 7)
		p.SetInput(3, 7)
		p.SetCoil(3, true)
		p.SetDiscrete(3, true)
		c := connect(t, p)
		question, full, blank := adu(t, "03 0003 0001"), adu(t, "03 02 0007"), adu(t, "03 02 0000")
		if opt.RTU {
			question, full, blank = bus(t, 0x11, "03 0003 0001"), bus(t, 0x11, "03 02 0007"), bus(t, 0x11, "03 02 0000")
		}
		send(t, c, question)
		expect(t, c, full)
		p.Restart()
		if !opt.RTU {
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("after a restart the connection reads %v", err)
			}
			c = connect(t, p)
		}
		send(t, c, question)
		expect(t, c, blank)
		if p.Coil(3) || p.discretes[3] || p.inputs[3] != 0 {
			t.Error("a value outlived the restart")
		}
	}
}

// Whatever comes on a bus is a whole request with a good checksum, or is passed over.
func FuzzRTU(f *testing.F) {
	for _, s := range []string{
		"11 03 006B 0003 76 87", "11 05 00AC FF00 4E 8B 11 05 00AC FF00 4E 8B", "02 07 41 12", "01 83 02 C0 F1", "11", "11 10 0001 0002 FF", "11 0F",
		"00 16 0004 00F2 0025 00 00",
	} {
		f.Add(raw(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bufio.NewReader(iotest.HalfReader(bytes.NewReader(b)))
		for {
			got, err := readRTU(in)
			if errors.Is(err, errChecksum) {
				continue
			}
			if err != nil {
				return
			}
			if again := got.rtu(); len(got.pdu) == 0 || !bytes.Contains(b, again) {
				t.Fatalf("% X was read as % X", b, again)
			}
		}
	})
}
