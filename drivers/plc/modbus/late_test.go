package modbus

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/plc/modbus/modbustest"
)

// P6: a PLC whose delay keeps the promise of timeout and quiet never gives an old value, and
// neither does one that breaks it up to twice, thanks to the probe.
func TestP6LateAnswersAreNeverTakenForTheNext(t *testing.T) {
	for name, most := range map[string]int{"promise kept": 299, "promise broken": 599} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				delays := rapid.SliceOfN(rapid.IntRange(0, most), 1, 12).Draw(rt, "delays in ms")
				var wrong string
				synctest.Test(t, func(t *testing.T) { wrong = readLate(t, delays) })
				if wrong != "" {
					rt.Fatal(wrong)
				}
			})
		})
	}
}

// readLate reads a count of the requests from a PLC that delays every other answer, for as long
// as there are delays. It returns what was read wrong, or nothing.
func readLate(t *testing.T, delays []int) (wrong string) {
	p, e, _ := onBus(t, map[string]any{"inputs": map[string]any{"n": "holding:100:uint32"}})
	e.SetFault(func(n int, _ byte) modbustest.Fault {
		e.SetUint32(100, uint32(n))
		if n%2 == 0 && n/2 <= len(delays) {
			return modbustest.Fault{Kind: modbustest.Late, Delay: time.Duration(delays[n/2-1]) * time.Millisecond}
		}
		return modbustest.Fault{}
	})
	good := 0
	for range 60 {
		s, err := p.Open(t.Context())
		for err == nil && good < 20 {
			before := e.Requests()
			var got drivers.Values
			if got, err = s.Read(t.Context()); err != nil {
				break
			}
			if n := int(got["n"]); n != before+1 {
				return fmt.Sprintf("request %d was answered with the value of %d", before+1, n)
			}
			good++
		}
	}
	if good == 0 {
		return "nothing was read"
	}
	return ""
}

// Whatever comes in place of an answer, a value is read only from one that is whole.
func FuzzRTUAnswer(f *testing.F) {
	f.Add(frame("0103040001e240"))
	f.Add(frame("018302"))
	f.Add(frame("0103040001e240")[:8])
	f.Add(append(frame("0103020007"), frame("0103040001e240")...))
	f.Add(frame("0203040001e240"))
	f.Add([]byte{0, 1, 3})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, answer []byte) {
		synctest.Test(t, func(t *testing.T) {
			values, err := answered(t, answer)
			if (err == nil) != (values != nil) {
				t.Errorf("%v and %v", values, err)
			}
			if err == nil && (len(answer) < 9 || !bytes.Equal(answer[:9], frame(hex.EncodeToString(answer[:7]))) || !bytes.HasPrefix(answer, []byte{1, 3, 4})) {
				t.Errorf("% x was taken for an answer", answer)
			}
		})
	})
}

// answered reads from a PLC that answers the probe well and then with these bytes.
func answered(t *testing.T, answer []byte) (drivers.Values, error) {
	near, far := net.Pipe()
	defer far.Close()
	s := settings(nil)
	s.Address, s.Dial = "rtu://COM3?baud=115200", func(context.Context, string) (link.Conn, error) { return near, nil }
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		request := make([]byte, 8)
		for _, b := range [][]byte{frame("0103020000"), answer} {
			if _, err := io.ReadFull(far, request); err != nil {
				return
			}
			far.Write(b)
		}
		far.Close()
	}()
	opened := connect(t, p)
	defer opened.Close()
	return opened.Read(t.Context())
}
