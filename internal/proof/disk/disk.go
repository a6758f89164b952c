//go:build linux

// Package disk is a disk for tests: a block device of the kernel's whose platter lies in memory. It
// has a volatile cache as real disks have: what was written is safe only once a flush has ended. Its
// power can be cut, and it can fail and be slow.
//
// The kernel sees a file of a file system in user space (FUSE), and a loop device on it. The loop
// device hands every write on as it comes, and a flush as an fsync of the file, so both are known here.
package disk

import (
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// Op is what the kernel asks of a disk.
type Op int

// The operations.
const (
	Read Op = iota
	Write
	Flush
)

// sector is what a disk writes whole or not at all: 4 KiB on today's.
const sector = 4096

// Disk is the disk itself, whatever it is plugged into.
type Disk struct {
	mu      sync.Mutex
	platter []byte  // what survives a power cut
	face    []byte  // what is read: the platter with the cache over it
	cache   []write // taken and not flushed, in order
	lies    bool
	fault   Fault
	off     chan struct{} // not nil: the power is off; closed when whoever waits for the disk may go
	cutIn   int           // requests until the power goes by itself; 0: it stays
	cut     chan struct{} // closed when the power is off
	count   map[Op]int
}

type write struct {
	at   int64
	data []byte
}

// Fault says what becomes of a request: how long it takes, and the error it ends with. It is asked
// before the request is carried out, and a request that fails changes nothing.
type Fault func(op Op, at int64, n int) (time.Duration, syscall.Errno)

// New returns a disk with these bytes on it.
func New(platter []byte) *Disk {
	return &Disk{platter: platter, face: append([]byte(nil), platter...), cut: make(chan struct{}), count: map[Op]int{}}
}

// Lie makes the disk answer flushes without doing them, as some cheap ones do.
func (d *Disk) Lie() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lies = true
}

// Break makes the requests from now on fail or take long as f says; nil: the disk is well.
func (d *Disk) Break(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

// Count returns how many requests of a kind were carried out.
func (d *Disk) Count(op Op) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count[op]
}

// CutIn cuts the power when n more writes and flushes have come; the last one is not carried out.
func (d *Disk) CutIn(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cutIn = max(n, 1)
}

// Cut cuts the power now. Requests hang until LetGo.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.powerOff()
}

func (d *Disk) powerOff() {
	if d.off == nil {
		d.off = make(chan struct{})
		close(d.cut)
	}
}

// Dark is closed when the power is off.
func (d *Disk) Dark() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut
}

// LetGo ends the requests that hang since the power was cut, and all that come, with an error.
// Whoever waits for them must have been killed before: nobody learns of errors in the dark.
func (d *Disk) LetGo() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.powerOff()
	select {
	case <-d.off:
	default:
		close(d.off)
	}
}

// Restore brings the power back. Of what was written and not flushed, some is on the platter, some is
// not and some is torn between two sectors, as random says. It returns how many writes were lost in
// whole or in part. The device must be unplugged.
func (d *Disk) Restore(random *rand.Rand) (lost int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	keep := 1 + random.IntN(3) // of 4; by and by all of a cache is lost, or nearly nothing
	for _, w := range d.cache {
		switch n := len(w.data) / sector; {
		case random.IntN(4) < keep:
			copy(d.platter[w.at:], w.data)
		case n > 1 && random.IntN(2) == 0:
			copy(d.platter[w.at:], w.data[:sector*(1+random.IntN(n-1))])
			lost++
		default:
			lost++
		}
	}
	d.cache = nil
	copy(d.face, d.platter)
	d.off, d.cut, d.cutIn = nil, make(chan struct{}), 0
	return lost
}

// Platter returns the bytes that a power cut leaves. The power must be off, or the device unplugged.
func (d *Disk) Platter() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.platter...)
}

// Face returns the bytes as they are read.
func (d *Disk) Face() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]byte(nil), d.face...)
}

// admit says whether a request may be carried out, after its delay. When it may, the lock is held.
func (d *Disk) admit(op Op, at int64, n int) syscall.Errno {
	d.mu.Lock()
	if d.off == nil && op != Read && d.cutIn > 0 {
		if d.cutIn--; d.cutIn == 0 {
			d.powerOff()
		}
	}
	if dark := d.off; dark != nil {
		d.mu.Unlock()
		<-dark
		return syscall.EIO
	}
	if d.fault == nil {
		return 0
	}
	f := d.fault
	d.mu.Unlock()
	delay, errno := f(op, at, n)
	time.Sleep(delay)
	if errno != 0 {
		return errno
	}
	d.mu.Lock()
	if dark := d.off; dark != nil { // it went while this one took its time
		d.mu.Unlock()
		<-dark
		return syscall.EIO
	}
	return 0
}

func (d *Disk) read(at int64, n int) ([]byte, syscall.Errno) {
	if errno := d.admit(Read, at, n); errno != 0 {
		return nil, errno
	}
	defer d.mu.Unlock()
	d.count[Read]++
	end := min(at+int64(n), int64(len(d.face)))
	if at >= end {
		return nil, 0
	}
	return append([]byte(nil), d.face[at:end]...), 0
}

func (d *Disk) write(at int64, data []byte) syscall.Errno {
	if errno := d.admit(Write, at, len(data)); errno != 0 {
		return errno
	}
	defer d.mu.Unlock()
	d.count[Write]++
	if at+int64(len(data)) > int64(len(d.face)) {
		return syscall.ENOSPC
	}
	copy(d.face[at:], data)
	d.cache = append(d.cache, write{at, append([]byte(nil), data...)})
	return 0
}

func (d *Disk) flush() syscall.Errno {
	if errno := d.admit(Flush, 0, 0); errno != 0 {
		return errno
	}
	defer d.mu.Unlock()
	d.count[Flush]++
	if d.lies {
		return 0
	}
	for _, w := range d.cache {
		copy(d.platter[w.at:], w.data)
	}
	d.cache = nil
	return 0
}
