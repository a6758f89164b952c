package sim

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
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
	"linemark/internal/config"
)

// press is a printer of the plant, whatever it speaks.
type press interface {
	emulator
	feeder
	// printed has f hear of each label that came out: its first code, as a scanner reads it.
	printed(f func(code []byte))
}

// feeder is where a belt's products get their codes.
type feeder interface {
	// next lets a product pass; its code, or false while there is no label for one.
	next() (code []byte, ok bool)
	// labelled is signalled when there may be a label again.
	labelled() <-chan struct{}
}

// label is the account that all emulated printers of one kind keep.
type labels[L any] interface {
	Serve(net.Listener) error
	Close() error
	Print() (L, bool)
	Waiting() int
	Labelled() <-chan struct{}
	OnPrinted(func(L))
}

// pressOf makes a press of an emulator; code is what a scanner reads of one of its labels.
type pressOf[L any] struct {
	labels[L]
	code func(L) []byte
}

// next lets no product pass that would get the mark of the one before: a belt holds while its coder has nothing
// new.
func (p pressOf[L]) next() ([]byte, bool) {
	if p.Waiting() == 0 {
		return nil, false
	}
	l, ok := p.Print()
	if !ok {
		return nil, false
	}
	return p.code(l), true
}

func (p pressOf[L]) labelled() <-chan struct{} { return p.Labelled() }

func (p pressOf[L]) printed(f func([]byte)) { p.OnPrinted(func(l L) { f(p.code(l)) }) }

// zplPress is the press of a printer that speaks ZPL.
func zplPress(e *zpltest.Printer) press {
	return pressOf[zpltest.Label]{e, func(l zpltest.Label) []byte {
		if len(l.Symbols) == 0 {
			return nil
		}
		return l.Symbols[0].Data
	}}
}

// underHead is how long a simulated printer has a label under its head, where no product is waited for.
const underHead = 2 * time.Millisecond

// shownFor is how long a label stands in the status of a printer that is asked for it: as long as printing takes.
const shownFor = 200 * time.Millisecond

// presses make the printers of a plant by driver, set up as the configuration says that the real ones are. A
// printer of the driver text has its whole protocol in the configuration, which no emulator can be told.
var presses = map[string]func(d config.Device, log io.Writer, trigger bool) press{
	"zpl": func(_ config.Device, log io.Writer, trigger bool) press {
		return zplPress(zpltest.New(zpltest.Options{Log: log, Trigger: trigger, PrintTime: underHead}))
	},
	"tspl": func(d config.Device, log io.Writer, trigger bool) press {
		quote := map[string]tspltest.Quote{"backslash": tspltest.QuoteBackslash, "decimal": tspltest.QuoteDecimal}[option(d, "quote_form")]
		o := tspltest.Options{Log: log, Trigger: trigger, PrintTime: underHead, Quote: quote, Out: option(d, "out")}
		if cancel := option(d, "cancel"); cancel != "" {
			o.Cancel = cancel[0]
		}
		return pressOf[tspltest.Label]{tspltest.New(o), func(l tspltest.Label) []byte {
			if len(l.Symbols) == 0 {
				return nil
			}
			return l.Symbols[0].Data
		}}
	},
	"sbpl": func(d config.Device, log io.Writer, trigger bool) press {
		// Its status tells which label was printed only as long as that one is the last.
		o := sbpltest.Options{Log: log, Trigger: trigger, PrintTime: shownFor, Tail: shownFor, ECC: option(d, "ecc"), FNC1: strings.TrimPrefix(option(d, "fnc1_form"), "none")}
		o.Status = map[string]sbpltest.Status{"4-cyclic": sbpltest.Status4Cyclic, "3-enq": sbpltest.Status3}[option(d, "status")]
		return pressOf[sbpltest.Label]{sbpltest.New(o), func(l sbpltest.Label) []byte {
			if len(l.Symbols) == 0 {
				return nil
			}
			return l.Symbols[0].Data
		}}
	},
	"zipher": func(d config.Device, log io.Writer, trigger bool) press {
		o := ziphertest.Options{Log: log, Trigger: trigger, PrintTime: underHead, Job: option(d, "job"),
			CodeField: codeField(d), Separator: mark(d, "gs_form"), Lead: mark(d, "fnc1_form")}
		return pressOf[ziphertest.Label]{ziphertest.New(o), func(l ziphertest.Label) []byte {
			if len(l.Symbols) == 0 {
				return nil
			}
			return l.Symbols[0].Data
		}}
	},
	"dynamark": func(d config.Device, log io.Writer, trigger bool) press {
		o := dynamarktest.Options{Log: log, Trigger: trigger, PrintTime: underHead, CodeField: codeField(d), Separator: mark(d, "gs_form"), Lead: mark(d, "fnc1_form")}
		return pressOf[dynamarktest.Label]{dynamarktest.New(o), func(l dynamarktest.Label) []byte {
			if len(l.Symbols) == 0 {
				return nil
			}
			return l.Symbols[0].Data
		}}
	},
	"sppl": func(d config.Device, log io.Writer, trigger bool) press {
		o := sppltest.Options{Log: log, Trigger: trigger, PrintTime: underHead, Fields: fieldsOf(d), GS: mark(d, "gs_form"), Lead: mark(d, "fnc1_form"),
			RawEntities: option(d, "entities") == "none"}
		return pressOf[sppltest.Label]{sppltest.New(o), func(l sppltest.Label) []byte { return l.Code }}
	},
	"ngpcl": func(d config.Device, log io.Writer, trigger bool) press {
		o := ngpcltest.Options{Log: log, Trigger: trigger, Jobs: []string{cmp.Or(option(d, "job"), "unit.job")}, Fields: fieldsOf(d), GS: mark(d, "gs_form"), Lead: mark(d, "fnc1_form")}
		return pressOf[ngpcltest.Label]{ngpcltest.New(o), func(l ngpcltest.Label) []byte { return l.Code }}
	},
}

// newPress makes the printer of a plant that a configuration names.
func newPress(d config.Device, log io.Writer, trigger bool) (press, error) {
	make, ok := presses[d.Driver]
	if !ok {
		return nil, fmt.Errorf("the simulated plant has no emulator for driver %q", d.Driver)
	}
	return make(d, log, trigger), nil
}

// mark is what stands for a byte in a field of a job, as an emulator takes it: "" for the byte itself.
func mark(d config.Device, key string) string {
	switch text := option(d, key); text {
	case "raw", "refuse":
		return ""
	default:
		return text
	}
}

// codeField is the field of a job that goes into its symbol: the one with the code, else that with the
// transport code.
func codeField(d config.Device) string { return fieldsOf(d)[0] }

// fieldsOf are the fields of a job, the one of the symbol first.
func fieldsOf(d config.Device) []string {
	fields, _ := d.Options["fields"].(map[string]any)
	names := slices.Sorted(maps.Keys(fields))
	rank := func(name string) int {
		text, _ := fields[name].(string)
		switch {
		case strings.Contains(text, "{code}"):
			return 0
		case strings.Contains(text, "{sscc}"):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	if len(names) == 0 {
		return []string{"CODE"}
	}
	return names
}
