package modbus

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	library "github.com/goburrow/modbus"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/plc/modbus/modbustest"
)

// line is a serial line with a PLC at its far end. What is sent while nobody listens waits
// there, also from one connection to the next.
type line struct {
	near, far net.Conn
	plugged   *plug // the last connection
}

func newLine(t testing.TB) *line {
	near, inner := net.Pipe()
	outer, far := net.Pipe()
	l := &line{near: near, far: far}
	pump := func(to, from net.Conn) {
		queue := make(chan []byte, 10_000)
		go func() {
			defer close(queue)
			for {
				b := make([]byte, 300)
				n, err := from.Read(b)
				if err != nil {
					return
				}
				queue <- b[:n]
			}
		}()
		go func() {
			for b := range queue {
				to.Write(b) // after the end of the test it fails, and the queue runs dry
			}
		}()
	}
	pump(outer, inner)
	pump(inner, outer)
	t.Cleanup(func() {
		for _, c := range []net.Conn{near, inner, outer, far} {
			c.Close()
		}
	})
	return l
}

func (l *line) dial(context.Context, string) (link.Conn, error) {
	l.plugged = &plug{Conn: l.near}
	return l.plugged, nil
}

// plug is one connection to the line, which outlives it.
type plug struct {
	net.Conn
	closed bool
}

func (p *plug) Close() error { p.closed = true; return nil }

func (p *plug) Write(b []byte) (int, error) {
	if p.closed {
		return 0, net.ErrClosed
	}
	return p.Conn.Write(b)
}

// onBus is a driver and a PLC on one line. The timeout is 100 ms, the quiet 200 ms.
func onBus(t testing.TB, options map[string]any) (*PLC, *modbustest.PLC, *line) {
	t.Helper()
	l := newLine(t)
	e := modbustest.New(modbustest.Options{Coils: 3000, Discretes: 3000, Holding: 300, Inputs: 300, Unit: 1, RTU: true})
	go e.ServeConn(l.far)
	t.Cleanup(func() { e.Close() })
	s := settings(map[string]any{"timeout": "100ms", "quiet": "200ms"})
	maps.Copy(s.Options, options)
	s.Address, s.Dial = "rtu:///dev/ttyS1?baud=115200", l.dial
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p, e, l
}

func connect(t testing.TB, p *PLC) drivers.PLCSession {
	t.Helper()
	s, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRTUReadsAndWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e, _ := onBus(t, map[string]any{
			"inputs": map[string]any{"products": "holding:100:uint32", "door": "discrete:9", "level": "input:7:int16", "hot": "input:8.15"},
			"outputs": map[string]any{"reject": "coil:3", "speed": "holding:10:uint16", "target": "holding:20:int64",
				"ready": "holding:30.0", "fault": "holding:30.15"},
		})
		e.SetUint32(100, 123456)
		e.SetDiscrete(9, true)
		e.SetInput(7, 0xFFFE)
		e.SetInput(8, 0x8000)
		e.SetHolding(30, 0x1234)
		s := connect(t, p)
		minusThree := int64(-3)
		for output, value := range map[string]uint64{"reject": 1, "speed": 4711, "target": uint64(minusThree), "ready": 1, "fault": 1} {
			if err := s.Write(t.Context(), output, value); err != nil {
				t.Error(err)
			}
		}
		want := drivers.Values{"products": 123456, "door": 1, "level": 1<<64 - 2, "hot": 1, "reject": 1, "speed": 4711,
			"target": uint64(minusThree), "ready": 1, "fault": 1}
		for range 3 {
			if got, err := s.Read(t.Context()); err != nil || !maps.Equal(got, want) {
				t.Errorf("Read = %v, %v, want %v", got, err, want)
			}
		}
		if got := e.Holding(30); got != 0x9235 {
			t.Errorf("the register of the bits holds %#x, want 0x9235", got)
		}
	})
}

// P6: whatever the PLC does, a session ends or reads what is true, and the next one does too.
func TestP6RTUFaults(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		fault modbustest.Fault
		want  string // of the error; empty: it reads
	}{
		"silence":                 {modbustest.Fault{Kind: modbustest.Silence}, "timeout"},
		"late":                    {modbustest.Fault{Kind: modbustest.Late, Delay: 299 * ms}, "timeout"},
		"in time":                 {modbustest.Fault{Kind: modbustest.Late, Delay: 99 * ms}, ""},
		"another unit":            {modbustest.Fault{Kind: modbustest.WrongUnit}, "unit 2, not 1"},
		"another function":        {modbustest.Fault{Kind: modbustest.WrongFunction}, "function 4, not 3"},
		"checksum":                {modbustest.Fault{Kind: modbustest.WrongChecksum}, "crc"},
		"noise before":            {modbustest.Fault{Noise: []byte{0}}, "noise"},
		"much noise":              {modbustest.Fault{Noise: bytes.Repeat([]byte{0xFF}, 100)}, "noise"},
		"a frame before":          {modbustest.Fault{Noise: frame("0103020007")}, "2 bytes, not 4"},
		"half":                    {modbustest.Fault{Split: 4, Delay: 250 * ms}, "timeout"},
		"two pieces":              {modbustest.Fault{Split: 4, Delay: 50 * ms}, ""},
		"byte by byte":            {modbustest.Fault{Kind: modbustest.ByteByByte, Delay: 10 * ms}, ""},
		"byte by byte, too slow":  {modbustest.Fault{Kind: modbustest.ByteByByte, Delay: 15 * ms}, "timeout"},
		"exception":               {modbustest.Fault{Kind: modbustest.Exception, Code: 6}, "busy (exception 6)"},
		"exception in two pieces": {modbustest.Fault{Kind: modbustest.Exception, Code: 6, Split: 4, Delay: 50 * ms}, "busy (exception 6)"},
		"exception byte by byte":  {modbustest.Fault{Kind: modbustest.Exception, Code: 6, Split: 1, Delay: 50 * ms}, "busy (exception 6)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, e, _ := onBus(t, nil)
				e.SetUint32(100, 1)
				s := connect(t, p)
				if got, err := s.Read(t.Context()); err != nil || got["products"] != 1 {
					t.Fatalf("Read = %v, %v", got, err)
				}
				e.SetFault(func(int, byte) modbustest.Fault { return c.fault })
				asked := e.Requests()
				got, err := s.Read(t.Context())
				e.SetFault(nil)
				if e.Requests() != asked+1 {
					t.Errorf("%d requests for one reading", e.Requests()-asked)
				}
				_, refused := errors.AsType[*drivers.Refusal](err)
				switch {
				case c.want == "":
					if err != nil || got["products"] != 1 {
						t.Errorf("Read = %v, %v", got, err)
					}
				case err == nil || !strings.Contains(err.Error(), c.want) || refused != (c.fault.Kind == modbustest.Exception):
					t.Fatalf("Read = %v, %v, want %q", got, err, c.want)
				}
				e.SetUint32(100, 2)
				if c.want != "" && !refused {
					if _, again := s.Read(t.Context()); again != err {
						t.Errorf("the ended session = %v", again)
					}
					s = connect(t, p)
				}
				for range 3 {
					if got, err := s.Read(t.Context()); err != nil || got["products"] != 2 {
						t.Errorf("after the fault: %v, %v", got, err)
					}
				}
			})
		})
	}
}

// An output is written once. What became of it is not known, and nothing asks again.
func TestRTUWritesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e, _ := onBus(t, map[string]any{"outputs": table("reject", "coil:0")})
		s := connect(t, p)
		writes := 0
		e.SetFault(func(_ int, function byte) modbustest.Fault {
			if function == 5 {
				writes++
				return modbustest.Fault{Kind: modbustest.Silence}
			}
			return modbustest.Fault{}
		})
		if err := s.Write(t.Context(), "reject", 1); err == nil || !strings.Contains(err.Error(), "writing 1 to outputs.reject, coil 0 (00001)") {
			t.Errorf("Write = %v", err)
		}
		if _, err := connect(t, p).Read(t.Context()); err != nil {
			t.Error(err)
		}
		if writes != 1 {
			t.Errorf("written %d times", writes)
		}
	})
}

// As much as a frame that comes unasked may be the answer to the request before.
func TestRTUUnasked(t *testing.T) {
	for stray, ends := range map[int]bool{1: false, 4: false, 5: true, 9: true, 300: true} {
		synctest.Test(t, func(t *testing.T) {
			p, e, l := onBus(t, nil)
			s := connect(t, p)
			e.SetUint32(100, 1)
			if _, err := s.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.far.Write(bytes.Repeat([]byte{1}, stray))
			synctest.Wait()
			_, err := s.Read(t.Context())
			if (err != nil) != ends || ends && !strings.Contains(err.Error(), "not asked for") {
				t.Errorf("after %d stray bytes: %v", stray, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p, e, _ := onBus(t, nil)
		s := connect(t, p)
		e.SetFault(func(int, byte) modbustest.Fault { return modbustest.Fault{Kind: modbustest.Twice} })
		_, first := s.Read(t.Context())
		if _, second := s.Read(t.Context()); first != nil || second == nil {
			t.Errorf("of doubled answers: %v, %v", first, second)
		}
	})
}

// A session begins when no answer can be owed any more, and not on a line where others talk.
func TestRTUSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e, l := onBus(t, nil)
		took := func(what string, want time.Duration) drivers.PLCSession {
			t.Helper()
			begun := time.Now()
			s := connect(t, p)
			// The probe is sent after a pause between frames.
			if got := time.Since(begun); got != want+p.wire.silence() {
				t.Errorf("%s: opened after %v, want %v", what, got, want)
			}
			return s
		}
		s := took("at first", 300*time.Millisecond) // timeout and quiet: what was asked before is not known
		if _, err := s.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = took("after a good session", 200*time.Millisecond)

		e.SetFault(func(int, byte) modbustest.Fault { return modbustest.Fault{Kind: modbustest.Silence} })
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an interrupted Read = %v", err)
		}
		e.SetFault(nil)
		// Asked after a pause and 30 ms ago, the PLC may answer until 300 ms and the time of 8 + 9 bytes have passed.
		s = took("after an interrupted one", 270*time.Millisecond+p.wire.silence()+17*p.wire.char)
		s.Close()

		begun := time.Now()
		go func() { // as long as it wants to be heard
			for time.Since(begun) < 250*time.Millisecond {
				time.Sleep(50 * time.Millisecond)
				l.far.Write([]byte{1})
			}
		}()
		s = took("after chatter", 250*time.Millisecond+200*time.Millisecond)
		s.Close()

		ctx, cancel = context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if _, err := p.Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an interrupted Open = %v", err)
		}
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(150 * time.Millisecond):
					l.far.Write([]byte{1, 3, 0})
				}
			}
		}()
		if _, err := p.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "no other master") {
			t.Errorf("Open of a line that is never quiet = %v", err)
		}
		if !l.plugged.closed {
			t.Error("what could not be opened was left open")
		}
	})
}

// After a restart of the PLC its counters are what they are: nothing is made up for them.
func TestRTURestartedPLC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e, _ := onBus(t, nil)
		e.SetUint32(100, 5000)
		s := connect(t, p)
		if got, err := s.Read(t.Context()); err != nil || got["products"] != 5000 {
			t.Errorf("Read = %v, %v", got, err)
		}
		e.Restart()
		if got, err := s.Read(t.Context()); err != nil || got["products"] != 0 {
			t.Errorf("after the restart: %v, %v", got, err)
		}
	})
}

// frame puts a checksum behind bytes in hex.
func frame(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	framing := library.NewRTUClientHandler("")
	framing.SlaveId = b[0]
	f, err := framing.Encode(&library.ProtocolDataUnit{FunctionCode: b[1], Data: b[2:]})
	if err != nil {
		panic(err)
	}
	return f
}
