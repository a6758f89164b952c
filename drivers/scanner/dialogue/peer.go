package dialogue

import (
	"context"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// Peer is how a configured scanner is reached.
type Peer struct {
	address string
	dial    link.Dialer
	window  time.Duration // of repeats
}

// NewPeer takes the address and the dialer of the settings.
func NewPeer(s drivers.Settings, window time.Duration) Peer {
	p := Peer{address: s.Address, dial: s.Dial, window: window}
	if p.dial == nil {
		p.dial = link.NewDialer()
	}
	return p
}

// Open connects to the scanner, or waits until the scanner has connected, and begins a session.
func (p Peer) Open(ctx context.Context, dev Device) (*Session, error) {
	conn, err := p.dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	return Open(ctx, conn, dev, p.window)
}
