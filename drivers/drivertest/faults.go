package drivertest

import (
	"testing"
	"time"
)

// faults raises each fault of the printer with a full buffer and before a session.
func (c Case) faults(t *testing.T) {
	var faults []Fault
	c.bubble(t, "list", func(b *bench) { faults = b.e.Faults })
	if len(faults) == 0 {
		t.Error("the emulator has no faults: a power cycle at least happens to every printer")
	}
	for i, f := range faults {
		c.bubble(t, f.Name+"/full buffer", func(b *bench) { b.withFullBuffer(b.e.Faults[i]) })
		c.bubble(t, f.Name+"/all printed", func(b *bench) { b.withNothingLeft(b.e.Faults[i]) })
		if f.Clear != nil {
			c.bubble(t, f.Name+"/before Open", func(b *bench) { b.beforeOpen(b.e.Faults[i]) })
		}
	}
}

// withFullBuffer: one label is out and confirmed, one is out and not asked for, the others
// are in the printer.
func (b *bench) withFullBuffer(f Fault) {
	r := b.mustOpen()
	if err := r.send(r.room()); err != nil {
		b.Fatal(err)
	}
	if !r.print() {
		b.Fatal(errNotReceived)
	}
	if err := r.poll(); err != nil {
		b.Fatal(err)
	}
	b.e.Print()
	f.Raise()
	err := r.trouble()
	b.through(r, f, err)
}

// withNothingLeft: the fault comes when the printer holds nothing.
func (b *bench) withNothingLeft(f Fault) {
	r := b.mustOpen()
	if err := r.work(); err != nil {
		b.Fatal(err)
	}
	f.Raise()
	err := r.trouble()
	b.through(r, f, err)
}

func (b *bench) beforeOpen(f Fault) {
	f.Raise()
	r, err := b.open()
	if err == nil {
		err = r.trouble()
		b.through(r, f, err)
		return
	}
	f.Clear()
	b.mustOpen().recover()
}

// trouble goes on working with a printer that has a fault, for a while.
func (r *run) trouble() error {
	r.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(max(r.pace(), 100*time.Millisecond)) {
		if err := r.printed(); err != nil {
			return err
		}
		if err := r.send(1); err != nil {
			return err
		}
		r.e.Print()
	}
	return nil
}

// through checks how the session met the fault, ends the fault, and works on.
func (b *bench) through(r *run, f Fault, err error) {
	b.Helper()
	if f.Told && err == nil {
		b.Errorf("%s: the session did not end", f.Name)
	}
	if err != nil {
		b.Logf("the session ended: %v", err)
		r.over(err)
	}
	if f.Clear != nil {
		f.Clear()
	}
	if err == nil {
		// What the printer held comes out now, or was lost; what came out may be claimed.
		for b.e.Print() {
			if err := r.printed(); err != nil {
				break
			}
		}
	} else {
		b.e.Print() // a label that the printer kept comes out before the next session begins
	}
	r.recover()
}
