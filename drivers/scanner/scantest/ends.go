package scantest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// talker is a device that says one thing and takes whatever it hears.
func talker(say []byte) func(net.Conn) {
	return func(c net.Conn) {
		var hearing sync.WaitGroup
		hearing.Go(func() { _, _ = io.Copy(io.Discard, c) })
		_, _ = c.Write(say) // the driver may have gone
		hearing.Wait()
		_ = c.Close()
	}
}

// trigger makes the device read on command, while Next waits.
func (c Case) trigger(t *testing.T) {
	fire := func(e *ear) error {
		e.b.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		begun := time.Now()
		err := e.s.(drivers.Triggerer).Trigger(ctx)
		if d := time.Since(begun); d > 10*time.Second {
			e.b.Errorf("Trigger took %v", d)
		}
		return err
	}
	can := true
	c.bubble(t, "can", func(b *bench) {
		_, is := b.listen().s.(drivers.Triggerer)
		if can = b.e.Place != nil; is != can {
			b.Errorf("the session is a drivers.Triggerer: %v, and the device can be triggered: %v", is, can)
		}
	})
	if !can {
		return
	}
	c.bubble(t, "one by one", func(b *bench) {
		e := b.listen()
		for n := range codes {
			b.e.Place(b.picture(n)...)
			if err := fire(e); err != nil {
				b.Fatal(err)
			}
			e.want("a triggered code", b.scans(b.picture(n))...)
		}
		b.e.Place()
		e.works("by its own trigger")
	})
	c.bubble(t, "many at once", func(b *bench) {
		e := b.listen()
		b.e.Place(b.picture(2)...)
		const many = 10
		var triggering sync.WaitGroup
		var want []drivers.Scan
		for range many {
			triggering.Go(func() {
				if err := fire(e); err != nil {
					b.Error(err)
				}
			})
			want = append(want, b.scans(b.picture(2))...)
		}
		triggering.Wait()
		e.want("ten triggers", want...)
	})
	c.bubble(t, "ended context", func(b *bench) {
		e := b.listen()
		b.e.Place(b.picture(2)...)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := e.s.(drivers.Triggerer).Trigger(ctx); !errors.Is(err, context.Canceled) {
			b.Errorf("Trigger = %v", err)
		}
		e.want("nothing was triggered")
		e.works("the session goes on")
	})
	c.bubble(t, "a device that takes nothing", func(b *bench) {
		e := b.listen()
		time.Sleep(settle)
		hear := b.w.deafen()
		defer hear()
		var err error
		for range 2 { // the first may be on its way already
			if err == nil {
				err = fire(e)
			}
		}
		if err == nil {
			b.Error("the device takes nothing, and Trigger does not say so")
		}
		select {
		case <-e.ended:
		case <-time.After(10 * time.Second):
			b.Error("the device takes nothing, and Next goes on")
		}
		hear()
		e.close()
		b.listen().works("a new session")
	})
}

// gone is a device that goes away.
func (c Case) gone(t *testing.T) {
	over := func(e *ear) {
		e.b.Helper()
		for range 2 {
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			if _, err := e.s.Next(ctx); err == nil || errors.Is(err, context.DeadlineExceeded) {
				e.b.Errorf("Next of a session that has ended: %v", err)
			}
			cancel()
		}
		if s, is := e.s.(drivers.Triggerer); is && s.Trigger(context.Background()) == nil {
			e.b.Error("Trigger of a session that has ended works")
		}
		e.s.Close() // of a connection that may be closed already
		e.b.listen().works("a new session")
	}
	for name, before := range map[string]func(b *bench){
		"hangs up":            func(b *bench) {},
		"hangs up in a frame": func(b *bench) { b.w.set(func(w *wire) { w.drop = w.down + 3 }); b.e.Read(b.picture(0)...) },
	} {
		c.bubble(t, name, func(b *bench) {
			e := b.listen()
			e.works("before")
			before(b)
			synctest.Wait()
			b.w.breakAll()
			begun := time.Now()
			<-e.ended
			if d := time.Since(begun); d > time.Second {
				b.Errorf("noticed after %v", d)
			}
			for _, s := range e.take() {
				if s.Bad == "" {
					b.Errorf("a device that has gone has read %s", Show(s))
				}
			}
			over(e)
		})
	}
	c.bubble(t, "what it said last", func(b *bench) {
		s, err := b.open()
		if err != nil {
			b.Fatal(err)
		}
		synctest.Wait()
		b.e.Read(b.picture(0)...)
		synctest.Wait() // the driver has it, or the connection does
		ctx, cancel := context.WithTimeout(context.Background(), settle)
		defer cancel()
		scan, err := s.Next(ctx)
		if err != nil || !same(scan, b.scans(b.picture(0))[0]) {
			b.Errorf("%s, %v", Show(scan), err)
		}
	})
	c.bubble(t, "loses its power", func(b *bench) {
		e := b.listen()
		e.works("before")
		b.w.set(func(w *wire) { w.frozen = true })
		if c.Missed == 0 {
			time.Sleep(time.Hour)
			e.close() // nobody can know
		} else {
			begun := time.Now()
			<-e.ended
			if d := time.Since(begun); d > c.Missed {
				b.Errorf("noticed after %v, want %v", d, c.Missed)
			}
		}
		b.w.set(func(w *wire) { w.frozen = false })
		over(e)
	})
}

// ends checks how calls are ended.
func (c Case) ends(t *testing.T) {
	c.bubble(t, "Close ends Next", func(b *bench) {
		e := b.listen()
		synctest.Wait()
		begun := time.Now()
		b.closeTwice(e.s)
		<-e.ended
		if d := time.Since(begun); d > time.Second {
			b.Errorf("Next came back %v after Close", d)
		}
		if _, err := e.s.Next(context.Background()); err == nil {
			b.Error("Next works after Close")
		}
	})
	c.bubble(t, "Close before anything is taken", func(b *bench) {
		s, err := b.open()
		if err != nil {
			b.Fatal(err)
		}
		synctest.Wait()
		for n := range codes {
			b.e.Read(b.picture(n)...)
		}
		synctest.Wait()
		b.closeTwice(s)
	})
	c.bubble(t, "context of Next", func(b *bench) {
		s, err := b.open()
		if err != nil {
			b.Fatal(err)
		}
		synctest.Wait()
		next := func(d time.Duration) (drivers.Scan, error) {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			return s.Next(ctx)
		}
		for n := range 30 { // interrupted in the middle of a frame, at another place each time
			b.w.set(func(w *wire) { w.split = w.down + n })
			b.e.Read(b.picture(3)...)
			if scan, err := next(pause / 2); !errors.Is(err, context.DeadlineExceeded) {
				b.Errorf("Next of half a frame: %s, %v", Show(scan), err)
			}
			if scan, err := next(settle); err != nil || !same(scan, b.scans(b.picture(3))[0]) {
				b.Errorf("after an interruption at %d: %s, %v", n, Show(scan), err)
			}
		}
		if _, err := next(0); !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("Next with an ended context: %v", err)
		}
	})
	c.bubble(t, "context of Open", func(b *bench) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if s, err := b.scanner.Open(ctx); err == nil {
			s.Close()
			b.Error("Open works with an ended context")
		}
		hear := b.w.deafen()
		ctx, cancel = context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		begun := time.Now()
		if s, err := b.scanner.Open(ctx); err == nil {
			s.Close() // nothing is said at the beginning
		} else if !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("Open = %v, and its context ended", err)
		}
		if d := time.Since(begun); d > time.Second {
			b.Errorf("Open came back %v after its context had ended", d)
		}
		hear()
		b.listen().works("after that")
	})
	c.bubble(t, "no connection", func(b *bench) {
		refused := errors.New("connection refused")
		sc := b.driver(drivers.Settings{Name: "scanner", Address: "emulator",
			Dial: func(context.Context, string) (link.Conn, error) { return nil, refused }})
		if _, err := sc.Open(context.Background()); !errors.Is(err, refused) {
			b.Errorf("Open = %v", err)
		}
	})
}

func (b *bench) closeTwice(s drivers.ScanSession) {
	b.Helper()
	if err := s.Close(); err != nil {
		b.Errorf("Close: %v", err)
	}
	s.Close()
}
