package agent

import (
	"net"
	"strings"
	"testing"
	"time"

	"linemark/drivers/printer/zpl/zpltest"
	"linemark/internal/upstream/izkm/izkmtest"
)

// TestP9_DeviceGoesAndComesBack: each device in turn is cut off for a minute. It alone is shown as down, with
// the reason and since when; the log has one line of its going and one of its return, whatever the number
// of tries; and then the line works as before.
func TestP9_DeviceGoesAndComesBack(t *testing.T) {
	tests := []struct{ host, name, kind string }{
		{"tij", "tij-1", "printer"}, {"box", "box-1", "printer"}, {"cam1", "cam-1", "scanner"}, {"cam2", "cam-2", "scanner"}, {"plc", "plc-1", "plc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inSite(t, func(s *site) {
				s.start()
				s.ready()
				s.pass(1)
				for _, d := range s.status().Devices {
					if !d.Up || d.Error != "" || d.Since.IsZero() {
						t.Errorf("at work %s is %+v", d.Name, d)
					}
				}
				if err := (page{s.agent}).Ready(); err != nil {
					t.Errorf("not ready: %v", err)
				}
				left := time.Now()
				s.log.mark()
				s.goAway(test.host)
				s.until("its loss", func() bool { return !s.device(test.name).Up })
				time.Sleep(time.Minute)
				down := s.device(test.name)
				if down.Up || down.Error == "" || !strings.Contains(down.Error, "connection refused") || down.Since.Sub(left) > 5*time.Second || down.Since.Before(left) {
					t.Errorf("after a minute it is %+v", down)
				}
				if lines := s.log.with(test.kind+" is down", "name="+test.name); len(lines) != 1 {
					t.Errorf("%d lines tell of it, want one:\n%s", len(lines), strings.Join(s.log.all, "\n"))
				}
				for _, d := range s.status().Devices {
					if d.Name != test.name && !d.Up {
						t.Errorf("%s went with it: %+v", d.Name, d)
					}
				}
				if err := (page{s.agent}).Ready(); err == nil || !strings.Contains(err.Error(), test.kind+" "+test.name+" is down: ") {
					t.Errorf("readiness says %v", err)
				}
				s.comeBack(test.host)
				s.until("its return", func() bool { return s.device(test.name).Up })
				if lines := s.log.with(test.kind+" is up", "name="+test.name); len(lines) != 1 {
					t.Errorf("%d lines tell of its return, want one", len(lines))
				}
				if st := s.device(test.name); st.Since.Sub(left) < time.Minute || st.Error != "" {
					t.Errorf("it is back as %+v", st)
				}
				s.restartLine()
				was := s.verified()
				s.pass(3)
				s.until("three more units", func() bool { return s.verified() == was+3 })
			})
		})
	}
}

// restartLine does what an operator does after a stop: clears the stop output, when it has been set. The
// printer's buffer is fed anew meanwhile.
func (s *site) restartLine() {
	s.t.Helper()
	time.Sleep(time.Second)
	if s.plc.Coil(1) {
		s.plc.SetCoil(1, false)
	}
	s.until("a running check", func() bool { return s.station("check").State == "running" })
	s.ready()
}

// TestNeverThere: devices that have not been there since the start are shown with the reason, told once,
// and taken up when they come.
func TestNeverThere(t *testing.T) {
	inSite(t, func(s *site) {
		hosts := map[string]string{"tij": "tij-1", "cam1": "cam-1", "plc": "plc-1"}
		for host := range hosts {
			s.goAway(host)
		}
		s.start()
		time.Sleep(time.Minute)
		for host, name := range hosts {
			if d := s.device(name); d.Up || !strings.Contains(d.Error, "connection refused") {
				t.Errorf("it is %+v", d)
			}
			if lines := s.log.with("is down", "name="+name); len(lines) != 1 {
				t.Errorf("%d lines tell of %s, want one", len(lines), name)
			}
			s.comeBack(host)
		}
		s.ready()
		s.pass(2)
		s.until("two units", func() bool { return s.verified() == 2 })
	})
}

// TestPauses: a device is tried again soon at first, then every few seconds, never in a tight loop.
func TestPauses(t *testing.T) {
	inSite(t, func(s *site) {
		s.goAway("cam2")
		s.start()
		time.Sleep(time.Minute)
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := s.tries["cam2"]; n < 12 || n > 40 {
			t.Errorf("%d tries in a minute, want one in five seconds to two", n)
		}
	})
}

// TestShakyDevice: one that accepts and hangs up is told a few times, not for ever, and again when it has
// come to stay.
func TestShakyDevice(t *testing.T) {
	inSite(t, func(s *site) {
		good := s.served["cam2"]
		s.mu.Lock()
		s.served["cam2"] = func(c net.Conn) { c.Close() }
		s.mu.Unlock()
		s.start()
		time.Sleep(5 * time.Minute)
		if lines := s.log.with("name=cam-2"); len(lines) < 2 || len(lines) > 2*shakyAfter+1 {
			t.Errorf("five minutes left %d lines: %q", len(lines), lines)
		}
		s.mu.Lock()
		s.served["cam2"] = good
		s.mu.Unlock()
		time.Sleep(time.Minute)
		if d := s.device("cam-2"); !d.Up {
			t.Errorf("it is %+v", d)
		}
		s.log.mark()
		s.goAway("cam2")
		time.Sleep(10 * time.Second)
		s.comeBack("cam2")
		time.Sleep(10 * time.Second)
		if down, up := s.log.with("is down", "name=cam-2"), s.log.with("is up", "name=cam-2"); len(down) != 1 || len(up) != 1 {
			t.Errorf("after a good minute its going left %q and its return %q", down, up)
		}
	})
}

// TestSilentCamera: products that the PLC counts and nobody reads stop the line.
func TestSilentCamera(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(1)
		for n := range 25 {
			s.plc.SetUint32(100, uint32(n+1))
			time.Sleep(250 * time.Millisecond)
		}
		s.until("the stop", func() bool { return s.plc.Coil(stopCoil) })
		if st := s.station("check"); st.State != "stopped" {
			t.Errorf("the check station is %+v", st)
		}
	})
}

// TestCountedRejection: a rejection that the PLC counts is in order, one that it does not count stops the line.
func TestCountedRejection(t *testing.T) {
	for _, counts := range []bool{true, false} {
		inSite(t, func(s *site) {
			s.start()
			s.ready()
			s.pass(1)
			if counts {
				s.plc.OnCoil(func(addr int, on bool) {
					if addr == rejectCoil && on {
						s.plc.SetUint32(102, 1)
					}
				})
			}
			s.cam1.NoRead()
			time.Sleep(10 * time.Second)
			if stopped := s.plc.Coil(stopCoil); stopped == counts {
				t.Errorf("counted %v, stopped %v: %+v", counts, stopped, s.station("check"))
			}
		})
	}
}

// TestNoBeat: a PLC without a beat is told at the start.
func TestNoBeat(t *testing.T) {
	for _, beat := range []string{`beat   = "coil:2"`, ""} {
		inSite(t, func(s *site) {
			s.cfg = configIn(t, t.TempDir(), strings.Replace(siteConfig, `beat   = "coil:2"`, beat, 1))
			s.start()
			if told := len(s.log.with("WARN no output is named beat", "at=plc-1")) == 1; told != (beat == "") {
				t.Errorf("beat %q: the log says %q", beat, s.log.all)
			}
		})
	}
}

// TestPrinterWithAFault: what the printer itself says of its trouble reaches the status, and the codes
// that it held are in doubt, not sent again.
func TestPrinterWithAFault(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.tij.SetFault(zpltest.HeadOpen)
		s.until("the fault", func() bool { return !s.device("tij-1").Up })
		if d := s.device("tij-1"); !strings.Contains(d.Error, "head") {
			t.Errorf("the device says %q", d.Error)
		}
		s.until("doubt", func() bool { return s.status().Products[0].States["doubtful"] == 4 })
		s.tij.SetFault(zpltest.NoFault)
		s.ready()
		given := map[string]int{}
		for _, l := range s.tij.Received() {
			given[string(l.Symbols[0].Data)]++
		}
		for c, n := range given {
			if n > 1 {
				t.Errorf("code %q was sent %d times", c, n)
			}
		}
		if st := s.station("mark"); st.Count["doubtful"] != 4 {
			t.Errorf("the station is %+v", st)
		}
		if len(s.log.with("WARN", "4 codes of unknown fate")) != 1 {
			t.Errorf("the log says %q", s.log.all)
		}
	})
}

// TestStatusOfALine: what the page shows of a line at work.
func TestStatusOfALine(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		s.ready()
		s.pass(7)
		s.until("a box", func() bool {
			return len(s.status().Lines[0].Containers) == 1 && s.status().Lines[0].Containers[0].Closed == 1
		})
		s.cam1.NoRead()
		s.until("the rejection", func() bool { return s.station("check").Count["rejected"] == 1 })
		st := s.status()
		if st.Agent != "line-3" || st.Ledger != "ok" || !st.National.OK || st.National.Since.IsZero() || len(st.Products) != 2 || len(st.Devices) != 5 {
			t.Errorf("the status is %+v", st)
		}
		if c := st.Lines[0].Containers[0]; c.Station != "box" || c.Open != 1 || c.Full != 0 || c.Aside != 0 {
			t.Errorf("the containers are %+v", c)
		}
		if check := s.station("check"); check.Kind != "verify" || check.LastRead != "no read" || check.Count["verified"] != 7 || check.Count["no_read"] != 1 {
			t.Errorf("the check station is %+v", check)
		}
		if box := s.station("box"); !strings.HasPrefix(box.LastRead, "0104780012345677") || !strings.Contains(box.LastRead, "{GS}") {
			t.Errorf("the box station is %+v", box)
		}
		if p := st.Products[0]; p.HoursLeft == nil || *p.HoursLeft <= 0 || p.Received != 200 || p.Trouble != "" {
			t.Errorf("the product is %+v", p)
		}
		if n := len(st.Alarms); n != 1 || st.Alarms[0].Place != "3/check" || !strings.Contains(st.Alarms[0].Text, "no read") || st.Alarms[0].At.IsZero() {
			t.Errorf("the alarms are %+v", st.Alarms)
		}
		s.until("reports", func() bool { return s.status().Reports.Utilisation["sent"] > 0 })
		s.izkm.SetFault(func(string, string, int) izkmtest.Fault { return izkmtest.Fault{Kind: izkmtest.Reset} })
		s.pass(1)
		s.agent.Flush(true)
		s.until("the reports' trouble", func() bool { r := s.status().Reports; return r.Trouble != "" && r.Since != nil })
	})
}

func TestAlarmsAreKept(t *testing.T) {
	inSite(t, func(s *site) {
		s.start()
		for i := range 30 {
			s.agent.alarms.add("3/check", strings.Repeat("x", i+1))
		}
		all := s.status().Alarms
		if len(all) != keptAlarms || len(all[0].Text) != 30-keptAlarms+1 || len(all[keptAlarms-1].Text) != 30 {
			t.Errorf("%d alarms are kept, from %q", len(all), all[0].Text)
		}
		if n := len(s.log.with("WARN x")); n != 30 {
			t.Errorf("%d alarms are logged, want all 30", n)
		}
	})
}
