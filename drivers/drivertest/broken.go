package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linemark/drivers/link"
)

// most is how many places of each direction the connection is cut at.
const most = 64

// cuts breaks the connection after every byte of a session's life, in both directions.
func (c Case) cuts(t *testing.T) {
	var up, down int
	c.bubble(t, "whole", func(b *bench) {
		r := b.mustOpen()
		if err := r.work(); err != nil {
			b.Fatal(err)
		}
		b.w.mu.Lock()
		up, down = b.w.up, b.w.down
		b.w.mu.Unlock()
		_ = r.s.Close()
	})
	at := func(direction string, total int, set func(w *wires, n int)) {
		for _, n := range places(total) {
			if t.Failed() {
				return // the others would say the same
			}
			c.bubble(t, fmt.Sprintf("%s/%d of %d", direction, n, total), func(b *bench) {
				set(b.w, n)
				r, err := b.open()
				if err == nil {
					if err = r.work(); err == nil {
						err = r.notices()
					}
					switch {
					case err != nil:
						r.over(err)
					case !c.PerCommand || b.w.swallowed():
						b.Error("the connection is gone, and Printed goes on without an error")
					}
					r.recover()
					return
				}
				b.mustOpen().recover()
			})
		}
	}
	at("to the printer", up, func(w *wires, n int) { w.cutUp = n })
	at("from the printer", down, func(w *wires, n int) { w.cutDown = n })
}

// places returns every number below the total, or as many as there is time for: those at the
// beginning, and the others spread evenly.
func places(total int) (all []int) {
	for n := 0; n < total; n += max(1, min(n/8, total/most)) {
		all = append(all, n)
	}
	return all
}

// notices polls until the session ends.
func (r *run) notices() error {
	r.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(max(r.pace(), 50*time.Millisecond)) {
		if err := r.printed(); err != nil {
			return err
		}
	}
	return nil
}

// answers changes what the printer says on its way to the driver.
func (c Case) answers(t *testing.T) {
	lines := c.lines(t)
	for _, a := range []struct {
		name string
		fate fate
		fine bool // the session goes on
		skip bool
	}{
		{name: "split", fate: fate{change: split}, fine: true},
		{name: "late", fate: fate{delay: 20 * time.Millisecond}, fine: true},
		{name: "much too late", fate: fate{delay: time.Minute}},
		{name: "doubled", fate: fate{change: double}, skip: c.Unnumbered},
		{name: "garbled", fate: fate{change: garble}},
		{name: "without their last byte", fate: fate{change: shorten}},
		{name: "one byte garbled", fate: fate{change: spoil()}},
		{name: "interleaved", fate: fate{change: between(lines)}, fine: true, skip: len(lines) == 0},
		{name: "lost", fate: fate{change: lose}},
	} {
		if a.skip {
			continue
		}
		for _, when := range []string{"from the start", "in a session"} {
			c.bubble(t, a.name+"/"+when, func(b *bench) {
				var r *run
				var err error
				if when == "in a session" {
					r = b.mustOpen()
					if err := r.work(); err != nil {
						b.Fatal(err)
					}
				}
				b.w.set(a.fate)
				if r == nil {
					r, err = b.open()
				}
				if err == nil {
					err = r.work()
				}
				if a.fine && err != nil {
					b.Errorf("the session ended: %v", err)
				}
				if a.name == "lost" && err == nil && !c.Speechless {
					b.Error("the printer is silent, and nobody noticed")
				}
				if r != nil && err != nil && !errors.Is(err, errUnconfirmed) && !errors.Is(err, errNotReceived) {
					r.over(err)
				}
				b.w.set(fate{})
				if r == nil {
					r = b.mustOpen()
				}
				r.recover()
			})
		}
	}
	c.bubble(t, "the printer takes nothing", func(b *bench) {
		r := b.mustOpen()
		hear := b.w.deafen()
		defer hear()
		err := r.send(3) // what is taken first was on its way
		for range 3 {
			if err == nil {
				r.e.Print()
				err = r.poll()
			}
			if err == nil {
				err = r.send(1)
			}
		}
		if (err == nil || errors.Is(err, errUnconfirmed)) && !c.Speechless {
			b.Error("the printer takes nothing, and nobody noticed")
		}
		hear()
		r.recover()
	})
}

// lines asks an emulator for the messages that may come at any time.
func (c Case) lines(t *testing.T) (lines []string) {
	c.bubble(t, "lines", func(b *bench) { lines = b.e.Lines })
	return lines
}

func split(piece []byte) (all [][]byte) {
	for i := range piece {
		all = append(all, piece[i:i+1])
	}
	return all
}

func double(piece []byte) [][]byte { return [][]byte{piece, piece} }

func lose([]byte) [][]byte { return nil }

func shorten(piece []byte) [][]byte { return [][]byte{piece[:len(piece)-1]} }

// garble is a wrong baud rate: no byte is left that a protocol of ASCII knows.
func garble(piece []byte) [][]byte {
	piece = slices.Clone(piece)
	for i := range piece {
		piece[i] |= 0x80
	}
	return [][]byte{piece}
}

// spoil garbles one byte of each piece, at another place each time. Several connections may
// share it.
func spoil() func([]byte) [][]byte {
	var n atomic.Int64
	return func(piece []byte) [][]byte {
		piece = slices.Clone(piece)
		piece[int(n.Add(3)-3)%len(piece)] |= 0x80
		return [][]byte{piece}
	}
}

func between(lines []string) func([]byte) [][]byte {
	all := []byte(strings.Join(lines, ""))
	return func(piece []byte) [][]byte { return [][]byte{slices.Concat(all, piece, all)} }
}

// ends checks how calls are ended: by their context, and by Close.
func (c Case) ends(t *testing.T) {
	c.bubble(t, "context ended before", func(b *bench) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if s, err := b.printer.Open(ctx); err == nil {
			_ = s.Close()
			b.Error("Open works with an ended context")
		}
		b.mustOpen().recover()
	})
	c.bubble(t, "Open of a printer that takes nothing", func(b *bench) {
		hear := b.w.deafen()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		begun := time.Now()
		s, err := b.printer.Open(ctx)
		switch {
		case err == nil:
			_ = s.Close()
			if !c.Speechless {
				b.Error("Open hears nothing from the printer and works")
			}
		case !errors.Is(err, context.DeadlineExceeded):
			b.Errorf("Open = %v, and its context ended", err)
		}
		if d := time.Since(begun); d > time.Second {
			b.Errorf("Open came back %v after its context had ended", d)
		}
		hear()
		b.mustOpen().recover()
	})
	for nth := range 2 { // a driver may have two connections
		c.bubble(t, fmt.Sprintf("connection %d fails", nth+1), func(b *bench) {
			refused := errors.New("connection refused")
			dialled := 0
			p := c.Printer(t, func(ctx context.Context, address string) (link.Conn, error) {
				if dialled++; dialled == nth+1 {
					return nil, refused
				}
				return b.w.dial(ctx, address)
			})
			s, err := p.Open(context.Background())
			if err == nil {
				_ = s.Close()
			}
			if (dialled > nth || nth == 0) && !errors.Is(err, refused) {
				b.Errorf("Open = %v, and %v at connection %d", err, refused, nth+1)
			}
		})
	}
	for _, how := range []string{"context", "Close", "context, no answer", "Close, no answer"} {
		c.bubble(t, how, func(b *bench) {
			r := b.mustOpen()
			hear := func() { b.w.set(fate{}) }
			if strings.HasSuffix(how, "no answer") {
				b.w.set(fate{change: lose})
			} else {
				hear = b.w.deafen()
			}
			defer hear()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				var err error
				for err == nil {
					if _, err = r.s.Printed(ctx); err == nil {
						time.Sleep(r.pace())
					}
				}
				ended <- err
			}()
			time.Sleep(10 * time.Millisecond)
			if strings.HasPrefix(how, "context") {
				cancel()
			} else if err := r.s.Close(); err != nil {
				b.Errorf("Close: %v", err)
			}
			begun := time.Now()
			<-ended
			if d := time.Since(begun); d > time.Second {
				b.Errorf("Printed came back %v after %s", d, how)
			}
			hear()
			r.recover()
		})
	}
}
