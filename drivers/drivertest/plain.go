package drivertest

import (
	"bytes"
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// bubble runs a sub-test with a bench of its own, in a bubble of its own.
func (c Case) bubble(t *testing.T, name string, f func(b *bench)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { f(c.bench(t)) })
	})
}

func (c Case) traits(t *testing.T) {
	b := c.bench(t)
	if b.traits.CheckCode == nil {
		t.Fatal("CheckCode is missing")
	}
	if b.traits.Poll <= 0 || b.traits.MaxAhead < 0 {
		t.Errorf("Poll is %v and MaxAhead %d", b.traits.Poll, b.traits.MaxAhead)
	}
	for _, code := range [][]byte{nil, {}} {
		if b.traits.CheckCode(code) == nil {
			t.Error("CheckCode accepts an empty code")
		}
	}
	_ = b.fresh()
}

// everyCode sends codes of every product group.
func (c Case) everyCode(t *testing.T) {
	for _, s := range shapes {
		c.bubble(t, s.name, func(b *bench) {
			var codes [][]byte
			for n := range 12 {
				codes = append(codes, s.code(n))
			}
			if b.carry(codes) == 0 {
				b.Logf("CheckCode refuses all of them, the first: %v", b.traits.CheckCode(codes[0]))
			}
		})
	}
}

// everyByte sends each byte in the midst of a code.
func (c Case) everyByte(t *testing.T) {
	for name, from := range map[string][2]int{"control": {0x00, 0x20}, "ASCII": {0x20, 0x80}, "beyond": {0x80, 0x100}} {
		c.bubble(t, name, func(b *bench) {
			var codes [][]byte
			for n := from[0]; n < from[1]; n++ {
				codes = append(codes, around(byte(n)))
			}
			b.carry(codes)
		})
	}
}

// carry sends the codes one by one: each arrives as it is, or CheckCode and Send refuse it. It
// returns how many were not refused.
func (b *bench) carry(codes [][]byte) (carried int) {
	b.Helper()
	r := b.mustOpen()
	for _, code := range codes {
		refusal := b.traits.CheckCode(code)
		before := len(b.e.Received())
		if refusal == nil {
			b.given, r.sent = append(b.given, code), append(r.sent, code)
		}
		err := b.bounded("Send", func(ctx context.Context) error {
			return r.s.Send(ctx, []drivers.Label{label(bytes.Clone(code))})
		})
		if refusal != nil {
			if err == nil {
				b.Errorf("Send takes the code %q, which CheckCode refuses: %v", code, refusal)
			}
			time.Sleep(time.Second)
			if len(b.e.Received()) != before {
				b.Errorf("the code %q reached the printer though CheckCode refuses it: %v", code, refusal)
			}
			continue
		}
		if err != nil {
			b.Fatalf("Send of %q: %v", code, err)
		}
		carried++
		if !b.await(func() bool { return len(b.e.Received()) > before }) {
			b.Fatalf("the code %q never reached the printer", code)
		}
		if got := b.e.Received()[before]; !bytes.Equal(got, code) {
			b.Fatalf("P8: the code %q reached the printer as %q", code, got)
		}
		if !r.print() {
			b.Fatalf("the label with %q does not come out", code)
		}
		if got := b.e.Printed(); !bytes.Equal(got[len(got)-1], code) {
			b.Fatalf("P8: the code %q was printed as %q", code, got[len(got)-1])
		}
		if err := r.poll(); err != nil {
			b.Fatalf("Printed after %q came out: %v", code, err)
		}
	}
	_ = r.s.Close()
	return carried
}

// session is the ordinary day: sessions one after another, a full buffer, calls in batches.
func (c Case) session(t *testing.T) {
	c.bubble(t, "work", func(b *bench) {
		for range 3 {
			r := b.mustOpen()
			for range 3 {
				if err := r.work(); err != nil {
					b.Fatal(err)
				}
			}
			for range 3 { // nothing to do
				time.Sleep(time.Second)
				if err := r.printed(); err != nil {
					b.Fatalf("Printed of an idle printer: %v", err)
				}
			}
			if err := r.s.Close(); err != nil {
				b.Errorf("Close: %v", err)
			}
		}
		if len(b.e.Printed()) != len(b.given) {
			b.Errorf("%d labels came out, %d were sent", len(b.e.Printed()), len(b.given))
		}
	})
	c.bubble(t, "full buffer", func(b *bench) {
		r := b.mustOpen()
		for range 20 {
			if err := r.send(r.room()); err != nil {
				b.Fatal(err)
			}
			if !r.print() {
				b.Fatal(errNotReceived)
			}
			if err := r.poll(); err != nil {
				b.Fatal(err)
			}
		}
		_ = r.s.Close()
	})
	// What a closed session left in the printer does not count for the next.
	c.bubble(t, "left behind", func(b *bench) {
		for range 3 {
			r := b.mustOpen()
			if err := r.send(3); err != nil {
				b.Fatal(err)
			}
			if err := r.printed(); err != nil {
				b.Fatal(err)
			}
			if !r.print() {
				b.Fatal(errNotReceived)
			}
			_ = r.s.Close()
		}
		b.mustOpen().recover()
	})
}

// tcp is an ordinary day over a real connection.
func (c Case) tcp(t *testing.T) {
	t.Parallel() // it mostly waits
	b := c.bench(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer b.w.running.Wait()
	defer l.Close()
	addresses := make(chan string, 16)
	b.w.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b.w.running.Go(func() { b.e.Serve(<-addresses, conn) })
		}
	})
	b.printer = c.Printer(t, func(ctx context.Context, address string) (link.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
		if err != nil {
			return nil, err
		}
		addresses <- address
		return conn, nil
	})
	r := b.mustOpen()
	if err := r.work(); err != nil {
		t.Error(err)
	}
	r.recover()
}
