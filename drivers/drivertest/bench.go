package drivertest

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"linemark/drivers"
)

const (
	// limit is how long a call of a driver may take before its context ends.
	limit = 2 * time.Minute
	// patience is how long something is waited for that must come.
	patience = 10 * time.Second
	// fill is how many labels are sent ahead to a printer that names no limit.
	fill = 8
)

// bench is one emulator with the driver, and the record of all that was handed to the driver.
type bench struct {
	testing.TB
	Case
	e       Emulator
	w       *wires
	printer drivers.Printer
	traits  drivers.PrinterTraits
	number  int      // of the last code made
	given   [][]byte // every code ever handed to Send, in order
}

// bench starts one. The end of the test takes it down and looks at the whole record.
func (c Case) bench(t testing.TB) *bench {
	t.Helper()
	b := &bench{TB: t, Case: c, e: c.Emulator(t)}
	b.w = newWires(b.e.Serve)
	b.printer = c.Printer(t, b.w.dial)
	b.traits = b.printer.Traits()
	t.Cleanup(func() {
		b.w.breakAll()
		if err := b.e.Close(); err != nil {
			t.Errorf("closing the emulator: %v", err)
		}
		b.w.running.Wait()
		b.record()
	})
	return b
}

// record checks what the emulator saw: every code at most once, none that was not given, and
// printed in the order in which they were given.
func (b *bench) record() {
	b.Helper()
	once := func(what string, codes [][]byte) {
		seen := map[string]bool{}
		for _, code := range codes {
			if seen[string(code)] {
				b.Errorf("P1: the code %q was %s twice", code, what)
			}
			seen[string(code)] = true
			if b.place(code) < 0 {
				b.Errorf("P8: the printer %s the code %q, which nobody sent", what, code)
			}
		}
	}
	once("received", b.e.Received())
	once("printed", b.e.Printed())
	last := -1
	for _, code := range b.e.Printed() {
		if at := b.place(code); at < last {
			b.Errorf("the code %q was printed after one that was sent later", code)
		} else {
			last = at
		}
	}
}

func index(codes [][]byte, code []byte) int {
	return slices.IndexFunc(codes, func(c []byte) bool { return bytes.Equal(c, code) })
}

func (b *bench) place(code []byte) int { return index(b.given, code) }

// fresh returns a code that was never given and that the printer can carry.
func (b *bench) fresh() []byte {
	b.Helper()
	b.number++
	for _, s := range shapes {
		if code := s.code(b.number); b.traits.CheckCode(code) == nil {
			return code
		}
	}
	code := plain(b.number)
	if err := b.traits.CheckCode(code); err != nil {
		b.Fatalf("CheckCode refuses even %q: %v", code, err)
	}
	return code
}

// label returns a label with the code and a value for everything that a label may hold.
func label(code []byte) drivers.Label {
	return drivers.Label{Code: code, Fields: map[string]string{
		"gtin": gtin, "serial": "A1B2C3", "sscc": "003012345670000017", "batch": "L2403", "count": "6",
		"production_date": "2026-03-07T10:20:00+05:00", "expiration_date": "2027-03-07T00:00:00+05:00",
	}}
}

// bounded calls f with a context and checks that it respects its end.
func (b *bench) bounded(what string, f func(context.Context) error) error {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	begun := time.Now()
	err := f(ctx)
	if d := time.Since(begun); d > limit+patience {
		b.Errorf("%s took %v, %v after its context had ended", what, d, d-limit)
	}
	return err
}

// await waits until the condition holds.
func (b *bench) await(condition func() bool) bool {
	for until := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			return false
		}
	}
	return true
}
