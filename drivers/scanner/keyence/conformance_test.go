package keyence_test

import (
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/keyence"
	"linemark/drivers/scanner/keyence/keyencetest"
	"linemark/drivers/scanner/scantest"
)

// What scantest demands of every scanner driver.
func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		device  keyencetest.Options
		options map[string]any
		missed  time.Duration
	}{
		"CR":      {keyencetest.Options{}, map[string]any{"answers": "detailed"}, 13 * time.Second},
		"CR LF":   {keyencetest.Options{Tailed: true}, map[string]any{"answers": "detailed", "hold": "500ms"}, 13 * time.Second},
		"STX ETX": {keyencetest.Options{Boxed: true}, map[string]any{"answers": "detailed", "framing": "stx-etx"}, 13 * time.Second},
		"mute":    {keyencetest.Options{Mute: true}, map[string]any{"answers": "none", "check": ""}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			scantest.Scanner(t, scantest.Case{
				New: func(s drivers.Settings) (drivers.Scanner, error) {
					s.Options = map[string]any{"no_read": "ERROR", "separator": "|"}
					for key, v := range c.options {
						s.Options[key] = v
					}
					return keyence.New(s)
				},
				Emulator: func(*testing.T) scantest.Emulator {
					e := keyencetest.New(c.device)
					emulated := scantest.Emulator{
						Serve:     e.ServeConn,
						Close:     e.Close,
						Connected: e.Connected,
						Read:      func(picture ...scantest.Symbol) { e.Read(scantest.Codes(picture)...) },
						Place:     func(picture ...scantest.Symbol) { e.Place(scantest.Codes(picture)...) },
						Lines:     []string{"OK,KEYENCE,SR-2000\r", "ER,LOFF,20\r"},
						Marks:     []string{"OK,", "ER,", "LON", "ERROR", "OK,LON\r", "ER,LON,21\r", "ERR91\r", "\x02", "\x03"},
					}
					if c.device.Boxed {
						emulated.Lines = []string{"\x02OK,KEYENCE,SR-2000\x03", "\x02ER,LOFF,20\x03"}
						emulated.Begins = []string{"\x02"}
					}
					return emulated
				},
				Pictures: true,
				Missed:   c.missed,
			})
		})
	}
}
