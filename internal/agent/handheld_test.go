package agent

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/drivers/scanner/text/texttest"
	"linemark/internal/upstream/izkm/izkmtest"
)

// handhelds adds two hand scanners to the site, a rework place to its line, and a desk where samples are
// taken as a line of its own.
func (s *site) handhelds(t *testing.T, reenter string) (rework, drop *texttest.Scanner) {
	rework, drop = texttest.New(texttest.Options{}), texttest.New(texttest.Options{})
	s.served["gun1"], s.served["gun2"] = rework.ServeConn, drop.ServeConn
	const guns = `[[scanner]]
name    = "gun-1"
driver  = "text"
address = "tcp://gun1:9004"
[[scanner]]
name    = "gun-2"
driver  = "text"
address = "tcp://gun2:9004"
[[plc]]
`
	const stations = `  [[line.station]]
  name     = "rework"
  kind     = "rework"
  scanner  = "gun-1"
  reenter  = "REENTER"
  refused  = "plc-1.red"
  accepted = "plc-1.green"
[[line]]
name = "desk"
  [[line.station]]
  name       = "samples"
  kind       = "drop"
  scanner    = "gun-2"
  reason     = "QA_SAMPLES"
  with_child = true
  every      = "2m"
[report.utilisation]
`
	text := strings.Replace(siteConfig, "[[plc]]\n", guns, 1)
	text = strings.Replace(text, "  beat   = \"coil:2\"\n", "  beat   = \"coil:2\"\n  red    = \"coil:3\"\n  green  = \"coil:4\"\n", 1)
	text = strings.Replace(text, "[report.utilisation]\n", strings.Replace(stations, "REENTER", reenter, 1), 1)
	text = strings.Replace(text, `timeout        = "10s"`, "timeout        = \"10s\"\naddress        = \"Tashkent\"", 1)
	s.cfg = configIn(t, t.TempDir(), text)
	return rework, drop
}

// TestDropDesk: samples and a box that are shown to a hand scanner are withdrawn at once; the report goes
// when no more can join it, one for all of them.
func TestDropDesk(t *testing.T) {
	inSite(t, func(s *site) {
		rework, drop := s.handhelds(t, "behind")
		for _, c := range []io.Closer{rework, drop} {
			defer c.Close()
		}
		s.start()
		s.ready()
		var codes [][]byte
		for range 8 {
			l, _ := s.tij.Print()
			codes = append(codes, bytes.Clone(l.Symbols[0].Data))
			time.Sleep(250 * time.Millisecond)
			s.cam1.Read(codes[len(codes)-1])
			time.Sleep(250 * time.Millisecond)
			s.ready()
		}
		drop.Read(codes[0])
		time.Sleep(time.Minute)
		drop.Read(codes[1])
		drop.Read(codes[0])
		s.until("the drops", func() bool { return s.status().Products[0].States["dropped"] == 2 })
		st := s.status().Lines[1].Stations[0]
		if st.Count["dropped"] != 2 || st.Count["refused"] != 1 || st.State != "running" {
			t.Errorf("the station is %+v", st)
		}
		if log := s.log.with("not dropped", "dropped already", "desk/samples"); len(log) != 1 {
			t.Errorf("told of the refusal: %q", log)
		}
		time.Sleep(30 * time.Second)
		if n := s.izkm.History().Accepted(izkmtest.Dropout); len(n) != 0 {
			t.Errorf("reported before the time: %+v", n)
		}
		s.until("the report", func() bool { return len(s.izkm.History().Accepted(izkmtest.Dropout)) > 0 })
		time.Sleep(5 * time.Minute)
		all := s.izkm.History().Accepted(izkmtest.Dropout)
		want := []string{string(codes[0]), string(codes[1])}
		if len(all) != 1 || all[0].DropoutReason != "QA_SAMPLES" || !slices.Equal(all[0].Codes, want) {
			t.Errorf("reported: %+v, want %q", all, want)
		}
		for _, b := range s.izkm.History().Breaches {
			t.Errorf("the emulator was asked against the document: %s", b)
		}
	})
}

// TestReworkPlace: a product whose code was read wrong comes back over the hand scanner, by its own scan or
// past the check camera again, and the lamps of the PLC say so; a copy of a good one stays out.
func TestReworkPlace(t *testing.T) {
	for _, reenter := range []string{"behind", "before"} {
		inSite(t, func(s *site) {
			rework, drop := s.handhelds(t, reenter)
			for _, c := range []io.Closer{rework, drop} {
				defer c.Close()
			}
			s.start()
			s.pass(1)
			l, _ := s.tij.Print()
			c := bytes.Clone(l.Symbols[0].Data)
			time.Sleep(250 * time.Millisecond)
			wrong := bytes.Clone(c)
			wrong[len(wrong)-1] ^= 1
			s.cam1.Read(wrong)
			s.plc.SetHolding(103, 1) // counted
			s.until("the rejection", func() bool { return s.status().Products[0].States["rejected"] == 1 })
			lamp := func(scan []byte, green bool) {
				t.Helper()
				rework.Read(scan)
				time.Sleep(500 * time.Millisecond)
				if s.plc.Coil(4) != green || s.plc.Coil(3) == green {
					t.Errorf("%s: green %v, red %v", reenter, s.plc.Coil(4), s.plc.Coil(3))
				}
				time.Sleep(2 * time.Second)
				if s.plc.Coil(3) || s.plc.Coil(4) {
					t.Errorf("%s: a lamp stays on", reenter)
				}
			}
			lamp(wrong, false)
			lamp(c, true)
			if reenter == "before" {
				if n := s.verified(); n != 1 {
					t.Errorf("%d verified before the check camera", n)
				}
				s.cam1.Read(c)
			}
			s.until("the product that is back", func() bool { return s.verified() == 2 })
			lamp(c, false)
			if n := s.status().Products[0].States["rejected"]; n != 0 {
				t.Errorf("%d are rejected still", n)
			}
		})
	}
}
