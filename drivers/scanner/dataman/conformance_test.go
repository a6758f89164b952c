package dataman_test

import (
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/dataman"
	"linemark/drivers/scanner/dataman/datamantest"
	"linemark/drivers/scanner/scantest"
)

// What scantest demands of every scanner driver.
func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		device  datamantest.Options
		options map[string]any
	}{
		"base64":         {datamantest.Options{}, map[string]any{"encoding": "base64"}},
		"folded":         {datamantest.Options{Fold: true}, map[string]any{"encoding": "base64"}},
		"plain":          {datamantest.Options{Plain: true}, map[string]any{"encoding": "plain"}},
		"checksum":       {datamantest.Options{}, map[string]any{"encoding": "base64", "checksum": "xor"}},
		"newer firmware": {datamantest.Options{Unacknowledged: true, Long: true, Extended: "2"}, map[string]any{"encoding": "base64", "responses": "extended-2"}},
		"silent":         {datamantest.Options{}, map[string]any{"responses": "silent"}},
		"silent, own":    {datamantest.Options{Formatted: "#~"}, map[string]any{"responses": "silent", "terminator": "#~"}},
	} {
		t.Run(name, func(t *testing.T) {
			suite := scantest.Case{
				New: func(s drivers.Settings) (drivers.Scanner, error) {
					s.Options = map[string]any{"no_read": "NOREAD", "separator": "|"}
					for key, v := range c.options {
						s.Options[key] = v
					}
					return dataman.New(s)
				},
				Emulator: func(*testing.T) scantest.Emulator {
					opt := c.device
					opt.NoRead = "NOREAD"
					e := datamantest.New(opt)
					var lines []string
					if c.options["responses"] != "silent" {
						lines = []string{"||0:9999[0]\r\n"} // an answer to nothing
					}
					return scantest.Emulator{
						Serve:     e.ServeConn,
						Close:     e.Close,
						Connected: e.Connected,
						Read:      func(picture ...scantest.Symbol) { e.Read(scantest.Codes(picture)...) },
						Place:     func(picture ...scantest.Symbol) { e.Place(scantest.Codes(picture)...) },
						Lines:     lines,
						Begins:    []string{"||[1]", "||0:1[1]", "||:::9[1]"},
						Marks:     []string{"||", "[1]", "[0]", ":", "MDE=", "NOREAD", "||[1]MDE=\r\n", "||[101]\r\n", opt.Formatted},
					}
				},
				Pictures: true,
			}
			if c.options["responses"] != "silent" {
				suite.Missed = 13 * time.Second
			}
			scantest.Scanner(t, suite)
		})
	}
}
