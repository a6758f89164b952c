// Package feedtest is what emulated printers share of a label's way from the buffer to the product: the jobs
// that wait, the place under the head, and the worker of a printer that prints by itself.
package feedtest

import (
	"sync"
	"time"

	"linemark/drivers/link/linktest/recordtest"
)

// Head is the place under the print head. The zero value is free. Its methods are called under the printer's
// lock.
type Head struct{ stop chan struct{} }

// Begin puts a label under the head. The channel is closed when the label will not come out by itself.
func (h *Head) Begin() <-chan struct{} {
	h.stop = make(chan struct{})
	return h.stop
}

// Busy tells whether there is a label under the head.
func (h *Head) Busy() bool { return h.stop != nil }

// Free ends the time of the label under the head, if there is one.
func (h *Head) Free() {
	if h.stop != nil {
		close(h.stop)
		h.stop = nil
	}
}

// stopped tells whether the time of a label that Begin began has ended.
func stopped(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// Press brings a printer's labels out, on a trigger or by itself.
type Press[L any] struct {
	Lock   sync.Locker           // the printer's; Output and what is given as ready are called under it
	Head   *Head                 // what keeps a label from coming out frees it
	Output func() L              // brings the next label out
	Record *recordtest.Record[L] // is told of it, outside the lock
}

// Print brings the next label out at once; false where ready says that none can come.
func (p *Press[L]) Print(ready func() bool) (l L, ok bool) {
	p.Lock.Lock()
	if !ready() {
		p.Lock.Unlock()
		return l, false
	}
	return p.out(), true
}

// out is Output. The caller holds the lock, which out gives back.
func (p *Press[L]) out() L {
	p.Head.Free()
	l := p.Output()
	p.Lock.Unlock()
	recordtest.Tell(p.Record, l)
	return l
}

// Run is the worker of a printer that prints by itself: label after label, each for a time, until closed is.
// While none can come a signal of wake is waited for.
func (p *Press[L]) Run(wake, closed <-chan struct{}, each time.Duration, ready func() bool) {
	for {
		p.Lock.Lock()
		var stop <-chan struct{}
		if ready() {
			stop = p.Head.Begin()
		}
		p.Lock.Unlock()
		if stop == nil {
			select {
			case <-wake:
				continue
			case <-closed:
				return
			}
		}
		if each > 0 {
			t := time.NewTimer(each)
			select {
			case <-t.C:
			case <-stop:
			case <-closed:
				t.Stop()
				return
			}
			t.Stop()
		}
		p.Lock.Lock()
		if stopped(stop) {
			p.Lock.Unlock()
			continue
		}
		p.out()
	}
}
