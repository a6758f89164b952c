package link

import (
	"context"
	"sync"
	"time"
)

// linger is how long a port is kept open between two connections. It is longer than the
// pause of an owner who opens session after session.
const linger = 10 * time.Second

// NewDialer returns a Dialer for one device, which dials as Dial does. Between two
// connections to a listen:// address it keeps the port open for ten seconds, or until the
// context of the last dial ends: a device that comes back in this time is not turned away,
// and what it sends at once is not lost. After that the port is free.
func NewDialer() Dialer { return (&keeper{stay: linger}).dial }

// keeper has the door of one device between two connections.
type keeper struct {
	stay time.Duration

	mu   sync.Mutex
	kept *visit
}

type visit struct {
	door *door
	stop func()
}

func (k *keeper) dial(ctx context.Context, address string) (Conn, error) {
	if !Listens(address) {
		return Dial(ctx, address)
	}
	p, err := parse(address)
	if err != nil {
		return nil, err
	}
	d := k.take(address)
	if d == nil {
		if d, err = openDoor(ctx, p); err != nil {
			return nil, err
		}
	}
	return dialDoor(ctx, d, func(d *door) { k.keep(ctx, d) })
}

// take returns the door of this address if it is kept.
func (k *keeper) take(address string) *door {
	k.mu.Lock()
	defer k.mu.Unlock()
	v := k.kept
	if v == nil || v.door.address != address {
		return nil
	}
	k.kept = nil
	v.stop()
	return v.door
}

func (k *keeper) keep(ctx context.Context, d *door) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ctx.Err() != nil || k.kept != nil {
		d.shut()
		return
	}
	v := &visit{door: d}
	release := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.kept == v {
			k.kept = nil
			v.stop()
			d.shut()
		}
	}
	late := time.AfterFunc(k.stay, release)
	ended := context.AfterFunc(ctx, release)
	v.stop = func() { late.Stop(); ended() }
	k.kept = v
}
