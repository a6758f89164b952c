package agent

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"linemark/internal/config"
)

// shakenConfig is the site with a PLC that announces every product by its number and asks for a verdict.
func shakenConfig() string {
	text := strings.Replace(siteConfig, `  rejects  = "holding:102:uint32"`, "  rejects  = \"holding:102:uint32\"\n  request  = \"holding:110:uint16\"", 1)
	text = strings.Replace(text, `  reject = "coil:0"`, "  verdict = \"holding:120:uint16\"\n  done    = \"holding:121:uint16\"", 1)
	text = strings.Replace(text, `poll    = "100ms"`, `poll    = "20ms"`, 1)
	return strings.Replace(text, `  reject  = "plc-1.reject"`, "  request = \"plc-1.request\"\n  verdict = \"plc-1.verdict\"\n  acknowledge = \"plc-1.done\"\n  match = \"150ms\"\n  within = \"1h\"", 1)
}

// TestHandshake: over Modbus, each product gets the verdict on its own reading under its own number, and
// one that is not read in time is rejected.
func TestHandshake(t *testing.T) {
	inSite(t, func(s *site) {
		s.cfg = configIn(t, t.TempDir(), shakenConfig())
		s.plc.SetHolding(110, 65533)
		s.start()
		s.ready()
		number := uint16(65533)
		for n, good := range []bool{true, true, false, true, false, true} {
			s.ready()
			l, ok := s.tij.Print()
			if !ok {
				t.Fatal("the printer did not print")
			}
			number++
			s.plc.SetHolding(110, number)
			switch {
			case good:
				time.Sleep(30 * time.Millisecond)
				s.cam1.Read(bytes.Clone(l.Symbols[0].Data))
			case n == 2:
				s.cam1.Read([]byte("0104780012345677215abcdefghijkl\x1d93ABCD"))
			}
			time.Sleep(60 * time.Millisecond)
			if silent := !good && n != 2; silent {
				if s.plc.Holding(121) == number {
					t.Errorf("product %d got a verdict before its time", number)
				}
				time.Sleep(200 * time.Millisecond)
			}
			want := map[bool]uint16{true: 1, false: 2}[good]
			if verdict, done := s.plc.Holding(120), s.plc.Holding(121); verdict != want || done != number {
				t.Errorf("product %d: the verdict is %d on number %d, want %d", number, verdict, done, want)
			}
			time.Sleep(300 * time.Millisecond)
		}
		if st := s.station("check"); st.Count["verified"] != 4 || st.State != "running" {
			t.Errorf("the station is %+v", st)
		}
		// A number that is passed over leaves nobody sure which product is which.
		s.plc.SetHolding(110, number+2)
		s.until("the stop", func() bool { return s.plc.Coil(1) })
	})
}

// TestHandshakePoints: a single bit holds neither the number of a product nor a verdict.
func TestHandshakePoints(t *testing.T) {
	text := strings.NewReplacer(`request  = "holding:110:uint16"`, `request  = "discrete:5"`, `verdict = "holding:120:uint16"`, `verdict = "coil:9"`).Replace(shakenConfig())
	_, err := config.Parse("linemark.toml", []byte(text), config.Lookup{})
	for _, want := range []string{`"plc-1.request" (discrete 5 (10006)) cannot hold the number of a product`, `"plc-1.verdict" (coil 9 (00010)) cannot hold a verdict`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := config.Parse("linemark.toml", []byte(shakenConfig()), config.Lookup{}); err != nil && strings.Contains(err.Error(), "cannot hold") {
		t.Error(err)
	}
}
