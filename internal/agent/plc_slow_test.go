package agent

import (
	"testing"
	"time"

	"linemark/drivers/plc/modbus/modbustest"
)

// TestP9_SlowPLC: products come faster than a PLC takes the verdicts on them, until the station has more to hear
// of than it can hold. Neither may wait for the other for ever: when products come slower again, the agent goes on.
func TestP9_SlowPLC(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg = configIn(t, t.TempDir(), shakenConfig())
		s.start()
		s.ready()
		s.plc.SetFault(func(int, byte) modbustest.Fault {
			return modbustest.Fault{Kind: modbustest.ByteByByte, Delay: 8 * time.Millisecond}
		})
		for n := range 2000 {
			s.plc.SetHolding(110, uint16(n+1))
			time.Sleep(250 * time.Millisecond)
		}
		s.plc.SetFault(nil)
		time.Sleep(5 * time.Minute)
		asked := s.plc.Requests()
		time.Sleep(10 * time.Second)
		if more := s.plc.Requests() - asked; more < 100 {
			t.Errorf("the PLC was asked %d times in ten seconds: the agent waits for itself", more)
		}
		s.plc.SetCoil(1, false) // a person restarts the line
		s.until("a line that works", func() bool { return s.station("check").State == "running" })
	})
}
