package text_test

import (
	"sync/atomic"
	"testing"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/scantest"
	"linemark/drivers/scanner/text"
	"linemark/drivers/scanner/text/texttest"
)

// What scantest demands of every scanner driver.
func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		device   texttest.Options
		options  map[string]any
		pictures bool
		beats    time.Duration
		lines    []string
	}{
		"plain": {options: map[string]any{"no_read": "NOREAD"}},
		"camera": {
			device: texttest.Options{Terminator: "\x03", NoRead: "error", Prefix: "]d2", Grades: true, Places: true, Trigger: "LON\r", TriggerOff: "LOFF\r"},
			options: map[string]any{"terminator": "\x03", "separator": "\n\r", "no_read": "error", "aim": "require", "template": "{code}@{grade}({place})",
				"heartbeat": "ALIVE", "heartbeat_pattern": "OK,.*", "heartbeat_within": "10s", "trigger": "LON\r", "trigger_off": "LOFF\r"},
			pictures: true, beats: 4 * time.Second, lines: []string{"OK,LON\x03", "OK,LOFF,1\x03", "ALIVE\r\n\x03\x03"},
		},
		"own marks": {
			device:   texttest.Options{Terminator: "#~", Separator: "|"},
			options:  map[string]any{"terminator": "#~", "separator": "|", "no_read": "NOREAD", "aim": "none"},
			pictures: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			suite := scantest.Case{
				New: func(s drivers.Settings) (drivers.Scanner, error) {
					s.Options = c.options
					return text.New(s)
				},
				Emulator: func(*testing.T) scantest.Emulator { return emulator(c.device, c.lines) },
				Pictures: c.pictures,
				Graded:   c.device.Grades,
				AIM:      c.device.Prefix,
				Beats:    c.beats,
			}
			if c.beats > 0 {
				suite.Missed = 10 * time.Second
			}
			scantest.Scanner(t, suite)
		})
	}
}

func emulator(opt texttest.Options, lines []string) scantest.Emulator {
	var e *texttest.Scanner
	var placed atomic.Pointer[[]scantest.Symbol]
	picture := func(symbols ...scantest.Symbol) {
		all := make([]texttest.Symbol, max(1, len(symbols))) // one without a code is a no-read
		for i, y := range symbols {
			all[i] = texttest.Symbol{Code: y.Code, Grade: y.Grade, X: y.X, Y: y.Y}
		}
		e.Picture(all...)
	}
	opt.OnTrigger = func(on bool) {
		if symbols := placed.Load(); on && symbols != nil {
			picture(*symbols...)
		}
	}
	e = texttest.New(opt)
	emulated := scantest.Emulator{
		Serve:     e.ServeConn,
		Close:     e.Close,
		Connected: e.Connected,
		Read:      picture,
		Beat:      func() { e.Heartbeat() },
		Lines:     lines,
		Marks:     []string{opt.Terminator, opt.Separator, opt.Prefix, "@A", "(1,2)", "error", "ALIVE"},
	}
	if opt.Trigger != "" {
		emulated.Place = func(symbols ...scantest.Symbol) { placed.Store(&symbols) }
	}
	return emulated
}
