package sim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"linemark/drivers/printer/dynamark/dynamarktest"
	"linemark/drivers/printer/ngpcl/ngpcltest"
	"linemark/drivers/printer/sbpl/sbpltest"
	"linemark/drivers/printer/sppl/sppltest"
	"linemark/drivers/printer/tspl/tspltest"
	"linemark/drivers/printer/zipher/ziphertest"
	"linemark/drivers/printer/zpl/zpltest"
)

// printTime is how long an emulated printer at a desk takes for a label: it prints at once, as if
// products came without end.
const printTime = 20 * time.Millisecond

// printers make the emulators that may stand alone at a desk, by protocol. printed hears what came
// out: the data of each symbol.
var printers = map[string]func(printed func(data []byte)) emulator{
	"zpl": func(printed func([]byte)) emulator {
		p := zpltest.New(zpltest.Options{PrintTime: printTime})
		p.OnPrinted(func(l zpltest.Label) {
			for _, s := range l.Symbols {
				printed(s.Data)
			}
		})
		return p
	},
	"tspl": func(printed func([]byte)) emulator {
		p := tspltest.New(tspltest.Options{PrintTime: printTime})
		p.OnPrinted(func(l tspltest.Label) {
			for _, s := range l.Symbols {
				printed(s.Data)
			}
		})
		return p
	},
	"sbpl": func(printed func([]byte)) emulator {
		p := sbpltest.New(sbpltest.Options{PrintTime: printTime})
		p.OnPrinted(func(l sbpltest.Label) {
			for _, s := range l.Symbols {
				printed(s.Data)
			}
		})
		return p
	},
	"zipher": func(printed func([]byte)) emulator {
		p := ziphertest.New(ziphertest.Options{PrintTime: printTime})
		p.OnPrinted(func(l ziphertest.Label) {
			for _, s := range l.Symbols {
				printed(s.Data)
			}
		})
		return p
	},
	"dynamark": func(printed func([]byte)) emulator {
		p := dynamarktest.New(dynamarktest.Options{PrintTime: printTime})
		p.OnPrinted(func(l dynamarktest.Label) {
			for _, s := range l.Symbols {
				printed(s.Data)
			}
		})
		return p
	},
	"sppl": func(printed func([]byte)) emulator {
		p := sppltest.New(sppltest.Options{PrintTime: printTime})
		p.OnPrinted(func(l sppltest.Label) { printed(l.Code) })
		return p
	},
	"ngpcl": func(printed func([]byte)) emulator {
		p := ngpcltest.New(ngpcltest.Options{})
		p.OnPrinted(func(l ngpcltest.Label) { printed(l.Code) })
		return p
	},
}

// Printers names the protocols of the printers that may stand alone.
func Printers() string { return strings.Join(slices.Sorted(maps.Keys(printers)), ", ") }
