package modbustest

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link/linktest/servetest"
)

const (
	readOne  = "03 0000 0001"
	answered = "03 02 0007"
)

func TestFaults(t *testing.T) {
	for _, x := range []struct {
		name  string
		fault Fault
		want  string // the answer to the request in fault
		after time.Duration
	}{
		{"none", Fault{}, "1501 0000 0006 11 05 0003 FF00", 0},
		{"silence", Fault{Kind: Silence}, "", 0},
		{"late", Fault{Kind: Late, Delay: 3 * time.Second}, "1501 0000 0006 11 05 0003 FF00", 3 * time.Second},
		{"transaction", Fault{Kind: WrongTransaction}, "1500 0000 0006 11 05 0003 FF00", 0},
		{"unit", Fault{Kind: WrongUnit}, "1501 0000 0006 12 05 0003 FF00", 0},
		{"exception", Fault{Kind: Exception, Code: 6}, "1501 0000 0003 11 85 06", 0},
		{"byte by byte", Fault{Kind: ByteByByte, Delay: time.Second}, "1501 0000 0006 11 05 0003 FF00", 11 * time.Second},
		{"function", Fault{Kind: WrongFunction}, "1501 0000 0006 11 06 0003 FF00", 0},
		{"twice", Fault{Kind: Twice}, "1501 0000 0006 11 05 0003 FF00 1501 0000 0006 11 05 0003 FF00", 0},
		{"in two pieces", Fault{Split: 8, Delay: time.Second}, "1501 0000 0006 11 05 0003 FF00", time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, whole)
				p.SetHolding(0, 7)
				p.SetFault(func(n int, function byte) Fault {
					if n == 2 && function == writeCoil {
						return x.fault
					}
					return Fault{}
				})
				c := connect(t, p)
				ask(t, c, readOne, answered)
				begun := time.Now()
				send(t, c, adu(t, "05 0003 FF00"))
				expect(t, c, raw(t, x.want))
				ask(t, c, readOne, answered) // and then as if nothing had been
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

func TestCut(t *testing.T) {
	p := start(t, whole)
	p.SetFault(func(int, byte) Fault { return Fault{Kind: Cut} })
	c := connect(t, p)
	send(t, c, adu(t, "05 0003 FF00"))
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if !p.Coil(3) {
		t.Error("the request was not carried out")
	}
}

// Close ends an answer that is late, and one that nobody reads.
func TestCloseWhileAnswering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, whole)
		p.SetFault(func(n int, _ byte) Fault {
			if n == 1 {
				return Fault{Kind: Late, Delay: time.Hour}
			}
			return Fault{}
		})
		for range 2 {
			send(t, connect(t, p), adu(t, readOne))
			synctest.Wait()
		}
		begun := time.Now()
		p.Close()
		if took := time.Since(begun); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

func TestUnits(t *testing.T) {
	p := start(t, whole)
	c := connect(t, p)
	send(t, c, raw(t, "0001 0000 0006 FF 06 0000 0001"))
	ask(t, c, "03 0000 0001", "03 02 0000") // the first one was neither answered nor carried out

	c = connect(t, start(t, Options{Holding: 1}))
	for _, unit := range []string{"00", "01", "FF"} {
		send(t, c, raw(t, "0001 0000 0006 "+unit+" 03 0000 0001"))
		expect(t, c, raw(t, "0001 0000 0005 "+unit+" 03 02 0000"))
	}
}

func TestNoModbus(t *testing.T) {
	for name, text := range map[string]string{
		"protocol":        "0001 0001 0006 11 03 0000 0001",
		"length 0":        "0001 0000 0000 11",
		"no function":     "0001 0000 0001 11",
		"length 255":      "0001 0000 00FF 11",
		"end in header":   "0001 0000 00",
		"end in the data": "0001 0000 0006 11 03",
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, start(t, whole))
			b := raw(t, text)
			go func() {
				c.Write(b)
				if strings.HasPrefix(name, "end") {
					c.Close()
				}
			}()
			if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("read %d bytes, %v", n, err)
			}
		})
	}
}

// Over TCP: several clients with many requests under way see whole 32 bit values, each answer in its place.
func TestServe(t *testing.T) {
	l := servetest.Listen(t)
	p := start(t, whole)
	go p.Serve(l)

	const clients, requests = 3, 500
	stop := make(chan struct{})
	var program, all sync.WaitGroup
	program.Go(func() {
		for v := uint32(0); ; v++ {
			select {
			case <-stop:
				return
			default:
				p.SetUint32(0, v<<16|v&0xFFFF)
			}
		}
	})
	for range clients {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer c.Close()
			go func() {
				var b []byte
				for i := range uint16(requests) {
					b = binary.BigEndian.AppendUint16(b, i)
					b = append(b, 0, 0, 0, 6, 0x11, 3, 0, 0, 0, 2)
				}
				c.Write(b)
			}()
			answer := make([]byte, 13)
			for i := range uint16(requests) {
				if _, err := io.ReadFull(c, answer); err != nil {
					t.Error(err)
					return
				}
				if got := binary.BigEndian.Uint16(answer); got != i {
					t.Errorf("answer %d stands in place %d", got, i)
				}
				if hi, lo := word(answer[9:]), word(answer[11:]); hi != lo {
					t.Errorf("read %04X %04X: two halves of different values", hi, lo)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	program.Wait()
}

func TestServingAndClosing(t *testing.T) {
	servetest.Check(t,
		func(log io.Writer) *PLC {
			opt := whole
			opt.Log = log
			return New(opt)
		},
		func(p *PLC) { ask(t, connect(t, p), "06 0000 0001", "06 0000 0001") })
}
