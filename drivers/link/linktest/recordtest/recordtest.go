// Package recordtest keeps what an emulated printer was given and what came out of it: the account that tests
// compare a driver's with, and its log.
package recordtest

import (
	"slices"
	"sync"

	"linemark/drivers/link/linktest"
)

// Record is an emulated printer's account of its labels, which it embeds: so everybody may read it. Only the
// printer writes, by the functions of this package. The zero value is ready for use; its methods may be called
// from any goroutine, and under the printer's lock.
type Record[L any] struct {
	mu        sync.Mutex
	received  []L
	printed   []L
	onPrinted func(L)
	labelled  chan struct{}
}

// Received returns every label that was taken into the printer, once each, in order. What is inside is shared:
// it must not be changed.
func (r *Record[L]) Received() []L {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.received)
}

// Printed returns every label that came out whole, in order; one may be there several times. What is inside is
// shared: it must not be changed.
func (r *Record[L]) Printed() []L {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.printed)
}

// Odometer returns how many labels ever came out whole.
func (r *Record[L]) Odometer() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.printed)
}

// OnPrinted sets what is called after each label that came out whole. It is called outside the printer's locks
// and may use the printer, except for Close. It replaces an earlier one.
func (r *Record[L]) OnPrinted(f func(L)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onPrinted = f
}

// Labelled returns a channel, buffered by one, that is signalled when a label has become ready to print.
func (r *Record[L]) Labelled() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.signal()
}

// signal returns the channel of Labelled. The caller holds the record's lock.
func (r *Record[L]) signal() chan struct{} {
	if r.labelled == nil {
		r.labelled = make(chan struct{}, 1)
	}
	return r.labelled
}

// Take notes a label that was taken into the printer.
func Take[L any](r *Record[L], l L) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.received = append(r.received, l)
}

// Ready signals that a label has become ready to print.
func Ready[L any](r *Record[L]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	linktest.Notify(r.signal())
}

// Print notes a label that came out whole.
func Print[L any](r *Record[L], l L) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.printed = append(r.printed, l)
}

// Tell calls what OnPrinted has set. The caller holds no lock.
func Tell[L any](r *Record[L], l L) {
	r.mu.Lock()
	f := r.onPrinted
	r.mu.Unlock()
	if f != nil {
		f(l)
	}
}
