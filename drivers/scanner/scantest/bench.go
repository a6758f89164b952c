package scantest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers"
)

const (
	// limit is how long a call of a driver may take before its context ends.
	limit = time.Minute
	// settle is how long the suite waits for what comes at once: longer than a driver gives a
	// frame that does not end, shorter than any silence that is missed.
	settle = 2 * time.Second
)

// bench is one emulator with the driver.
type bench struct {
	*testing.T
	Case
	e       Emulator
	w       *wire
	scanner drivers.Scanner
}

// bubble runs a sub-test with a bench of its own, in a bubble of its own.
func (c Case) bubble(t *testing.T, name string, f func(b *bench)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { c.inBubble(t, f) })
}

func (c Case) inBubble(t *testing.T, f func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := c.bench(t)
		b.w = newWire(b.e.Serve)
		b.scanner = b.driver(drivers.Settings{Name: "scanner", Address: "emulator", Dial: b.w.dial})
		t.Cleanup(func() {
			b.w.breakAll()
			if err := b.e.Close(); err != nil {
				t.Errorf("closing the emulator: %v", err)
			}
			b.w.running.Wait()
		})
		if b.Beats > 0 {
			b.beat()
		}
		f(b)
	})
}

// beat lets the device say that it is there, to the end of the test.
func (b *bench) beat() {
	over := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		for {
			select {
			case <-time.After(b.Beats):
				b.e.Beat()
			case <-over:
				return
			}
		}
	})
	b.Cleanup(func() { close(over); beating.Wait() })
}

func (c Case) bench(t *testing.T) *bench { return &bench{T: t, Case: c, e: c.Emulator(t)} }

func (b *bench) driver(s drivers.Settings) drivers.Scanner {
	b.Helper()
	sc, err := b.New(s)
	if err != nil {
		b.Fatal(err)
	}
	return sc
}

// open opens a session. The end of the test closes it.
func (b *bench) open() (drivers.ScanSession, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	begun := time.Now()
	s, err := b.scanner.Open(ctx)
	if d := time.Since(begun); d > limit+time.Second {
		b.Errorf("Open took %v, and its context ended after %v", d, limit)
	}
	if err != nil {
		return nil, err
	}
	b.Cleanup(func() { s.Close() })
	return s, nil
}

// listen opens a session of a healthy device and hears it.
func (b *bench) listen() *ear {
	b.Helper()
	s, err := b.open()
	if err != nil {
		b.Fatalf("Open of a healthy scanner: %v", err)
	}
	synctest.Wait() // so that the emulator knows of the connection
	return b.hear(s)
}

// ear calls Next to the end of a session and keeps what it gives.
type ear struct {
	b     *bench
	s     drivers.ScanSession
	ended chan struct{} // closed when err is set

	mu    sync.Mutex
	scans []drivers.Scan
	err   error
}

func (b *bench) hear(s drivers.ScanSession) *ear {
	e := &ear{b: b, s: s, ended: make(chan struct{})}
	go func() {
		defer close(e.ended)
		for {
			scan, err := s.Next(context.Background())
			e.mu.Lock()
			if err != nil {
				e.err = err
				e.mu.Unlock()
				return
			}
			e.scans = append(e.scans, scan)
			e.mu.Unlock()
		}
	}()
	b.Cleanup(func() {
		s.Close()
		<-e.ended
	})
	return e
}

// take returns what has come since it was called last.
func (e *ear) take() []drivers.Scan {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := e.scans
	e.scans = nil
	return all
}

// fault returns why the session ended, nil if it goes on.
func (e *ear) fault() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// want waits and fails the test where something else has come.
func (e *ear) want(what string, want ...drivers.Scan) {
	e.b.Helper()
	time.Sleep(settle)
	synctest.Wait()
	if got := e.take(); !slices.EqualFunc(got, want, same) {
		e.b.Fatalf("%s: the driver gives\n%s\nwant\n%s (the session: %v)", what, show(got), show(want), e.fault())
	}
}

// works checks that a code read now comes out.
func (e *ear) works(what string) {
	e.b.Helper()
	p := e.b.picture(0)
	e.b.e.Read(p...)
	e.want(what, e.b.scans(p)...)
}

// close ends the session.
func (e *ear) close() {
	e.b.Helper()
	if err := e.s.Close(); err != nil {
		e.b.Errorf("Close: %v", err)
	}
	<-e.ended
}

// picture returns the nth picture of one symbol.
func (b *bench) picture(n int) []Symbol {
	return []Symbol{{Code: []byte(codes[n%len(codes)]), Grade: string("ABCDF"[n%5]), X: 100 + n, Y: n % 7}}
}

// scans returns what the driver has to make of a picture.
func (b *bench) scans(picture []Symbol) (all []drivers.Scan) {
	if len(picture) == 0 {
		return []drivers.Scan{{NoRead: true}}
	}
	for i, y := range picture {
		s := drivers.Scan{Code: y.Code, AIM: b.AIM, More: i+1 < len(picture)}
		if b.Graded {
			s.Grade, s.Place = y.Grade, fmt.Sprintf("%d,%d", y.X, y.Y)
		}
		all = append(all, s)
	}
	return all
}

// same compares what a driver makes of a frame, but for the frame itself and the wording of what
// is wrong with it.
func same(a, b drivers.Scan) bool {
	return string(a.Code) == string(b.Code) && (a.Code == nil) == (b.Code == nil) && a.AIM == b.AIM && a.NoRead == b.NoRead &&
		(a.Bad == "") == (b.Bad == "") && a.Grade == b.Grade && a.Place == b.Place && a.More == b.More
}

func show(all []drivers.Scan) (text string) {
	for _, s := range all {
		text += "  " + Show(s) + "\n"
	}
	if text == "" {
		return "  nothing"
	}
	return text[:len(text)-1]
}

// Show writes a reading so that its bytes can be seen.
func Show(s drivers.Scan) string {
	text := fmt.Sprintf("%s%q", s.AIM, s.Code)
	switch {
	case s.NoRead:
		text = "no-read"
	case s.Bad != "":
		text = fmt.Sprintf("bad: %s (%q)", s.Bad, s.Raw[:min(len(s.Raw), 60)])
	}
	if s.Grade != "" || s.Place != "" {
		text += fmt.Sprintf(" graded %q at %q", s.Grade, s.Place)
	}
	if s.More {
		text += " +"
	}
	return text
}
