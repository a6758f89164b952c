package modbus

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/link/linktest/servetest"
	"linemark/drivers/plc/modbus/modbustest"
)

// serve puts a PLC on a port of this machine and returns what follows :// in its address.
func serve(t testing.TB, opt modbustest.Options) (*modbustest.PLC, string) {
	t.Helper()
	e, l := servetest.Start(t, modbustest.New(opt)), servetest.Listen(t)
	go e.Serve(l)
	return e, l.Addr().String()
}

func dialled(t testing.TB, address string, options map[string]any) *PLC {
	t.Helper()
	s := settings(options)
	s.Address = address
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Over the real link: frames of a bus through a serial device server.
func TestRTUOverTCP(t *testing.T) {
	e, at := serve(t, modbustest.Options{Coils: 1, Holding: 104, RTU: true, Unit: 3})
	p := dialled(t, "rtu+tcp://"+at, map[string]any{"unit": int64(3), "timeout": "300ms", "quiet": "20ms", "outputs": table("reject", "coil:0")})
	e.SetUint32(100, 123456)
	s := connect(t, p)
	if err := s.Write(t.Context(), "reject", 1); err != nil {
		t.Error(err)
	}
	got, err := s.Read(t.Context())
	if err != nil || got["products"] != 123456 || got["reject"] != 1 {
		t.Errorf("Read = %v, %v", got, err)
	}
	e.SetFault(func(int, byte) modbustest.Fault { return modbustest.Fault{Kind: modbustest.Silence} })
	if _, err := s.Read(t.Context()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read without an answer = %v", err)
	}
	e.SetFault(func(int, byte) modbustest.Fault { return modbustest.Fault{Kind: modbustest.Cut} })
	if _, err := p.Open(t.Context()); err == nil {
		t.Error("Open of a PLC that cuts the connection succeeded")
	}
	e.SetFault(nil)
	s = connect(t, p)
	defer s.Close()
	if got, err := s.Read(t.Context()); err != nil || got["products"] != 123456 {
		t.Errorf("Read of the next session = %v, %v", got, err)
	}
}

// A restarted PLC ends a TCP connection, and its counters begin anew in the next one.
func TestTCPRestartedPLC(t *testing.T) {
	e, at := serve(t, modbustest.Options{Holding: 104})
	p := dialled(t, "tcp://"+at, nil)
	e.SetUint32(100, 5000)
	s := connect(t, p)
	if got, err := s.Read(t.Context()); err != nil || got["products"] != 5000 {
		t.Errorf("Read = %v, %v", got, err)
	}
	e.Restart()
	if got, err := s.Read(t.Context()); err == nil {
		t.Errorf("Read after the restart = %v", got)
	}
	s = connect(t, p)
	defer s.Close()
	if got, err := s.Read(t.Context()); err != nil || got["products"] != 0 {
		t.Errorf("Read of the next session = %v, %v", got, err)
	}
}

// What opens no port says which.
func TestNoSuchPort(t *testing.T) {
	p := dialled(t, "rtu:///dev/no-such-port?baud=19200", nil)
	if _, err := p.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "/dev/no-such-port") {
		t.Errorf("Open = %v", err)
	}
}

// twenty registers in one request, as a line with many counters has.
func twenty(t testing.TB) drivers.PLCSession {
	_, at := serve(t, modbustest.Options{Holding: 200})
	inputs := map[string]any{}
	for i := range 10 {
		inputs[fmt.Sprintf("counter%d", i)] = fmt.Sprintf("holding:%d:uint32", 100+2*i)
	}
	s := connect(t, dialled(t, "tcp://"+at, map[string]any{"inputs": inputs}))
	t.Cleanup(func() { s.Close() })
	return s
}

// One poll of twenty registers over loopback TCP.
func BenchmarkRead20(b *testing.B) {
	s := twenty(b)
	for b.Loop() {
		if _, err := s.Read(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// How even a poll of 20 ms is: five seconds of polling, and by how much the values come sooner or later
// than 20 ms after the last ones.
func BenchmarkPoll20ms(b *testing.B) {
	const every, polls = 20 * time.Millisecond, 250
	s := twenty(b)
	for b.Loop() {
		ticker := time.NewTicker(every)
		var off []time.Duration
		var last time.Time
		for range polls + 1 {
			<-ticker.C
			if _, err := s.Read(b.Context()); err != nil {
				b.Fatal(err)
			}
			now := time.Now()
			if !last.IsZero() {
				off = append(off, (now.Sub(last) - every).Abs())
			}
			last = now
		}
		ticker.Stop()
		report(b, off)
	}
}

func report(b *testing.B, off []time.Duration) {
	slices.Sort(off)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(off[len(off)*99/100]), "p99-deviation-ms")
	b.ReportMetric(ms(off[len(off)-1]), "max-deviation-ms")
}
