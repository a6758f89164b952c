package shipping

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Clerk fetches what shipments wait for, prints their labels and takes what is dropped in the watched folder.
type Clerk struct {
	Desk
	Waybills  Waybills      // nil: not configured
	Protocols Protocols     // nil: not configured
	Printer   Printer       // nil: not configured
	Inbox     string        // the watched folder; empty: none
	Within    time.Duration // how long an answer without a waybill's QR code is believed to be early; 0: 24 h
	Deadline  time.Duration // how long a protocol is asked for in all; 0: the client's own
	Keep      time.Duration // how long a shipment stays that is complete; 0: for ever
	Clock     func() error  // why this PC's clock cannot be believed, or nil; nil: it is right
	Log       *slog.Logger
	Alarm     func(place, text string)

	mu    sync.Mutex
	dues  map[key]time.Time // of this run, by the monotonic clock
	told  map[string]string // alarms that were raised, by what they are about
	inbox string            // what is wrong with the watched folder
	looks map[string]seen

	began, wall time.Time // of this run: see steady
}

// key is a paper: its shipment, and its number there.
type key struct {
	shipment string
	document bool
	n        int
}

func (k key) String() string {
	if k.document {
		return fmt.Sprintf("%s document %d", k.shipment, k.n+1)
	}
	return fmt.Sprintf("%s waybill %d", k.shipment, k.n+1)
}

// place is how alarms name the clerk.
const place = "shipping"

const (
	defaultWithin = 24 * time.Hour
	parallel      = 4 // protocols asked for at a time
	// cannotKeep is how long nothing is asked for again whose answer could not be kept.
	cannotKeep = 30 * time.Second
)

// Run works until ctx ends.
func (c *Clerk) Run(ctx context.Context) error {
	c.begin()
	for _, b := range c.brokenOnes() {
		c.alarm("shipment "+b.Name, "shipment "+b.Name+" cannot be read: "+b.Why)
	}
	c.doubts()
	var wg sync.WaitGroup
	for _, part := range []func(context.Context){c.fetchWaybills, c.fetchProtocols, c.print, c.watch, c.tidy} {
		wg.Go(func() { part(ctx) })
	}
	wg.Wait()
	return ctx.Err()
}

func (c *Clerk) begin() {
	c.began, c.wall = time.Now(), c.now()
	c.dues, c.told, c.looks = map[key]time.Time{}, map[string]string{}, map[string]seen{}
	if c.Within == 0 {
		c.Within = defaultWithin
	}
}

func (c *Clerk) brokenOnes() []Broken {
	_, broken := c.Store.All()
	return broken
}

// doubts tells of the labels that the last run left in doubt.
func (c *Clerk) doubts() {
	all, _ := c.Store.All()
	for _, s := range all {
		for _, w := range s.Waybills {
			for _, q := range w.Pictures {
				if q.Label == Doubtful {
					c.alarm(s.Name+q.Name, fmt.Sprintf("shipment %s: whether the label of waybill %s was printed is not known: look, and have it printed again with linemark shipping print --again", s.Name, w.ID))
				}
			}
		}
	}
}

// steady is the wall clock of the start and what has passed since: a clock that is set meanwhile ends no deadline.
func (c *Clerk) steady() time.Time { return c.wall.Add(time.Since(c.began)).Truncate(time.Millisecond) }

// due is when a paper is asked for. What an earlier run has written counts only as far as its wait was long: the
// clock may have been set since.
func (c *Clerk) due(k key, f Fate) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.Next.IsZero() { // a person's word, or nothing asked yet; a failure to keep the answer stands only here
		if at, ok := c.dues[k]; ok && time.Until(at) <= cannotKeep {
			return at
		}
		return c.began
	}
	at, ok := c.dues[k]
	if !ok {
		at = c.began.Add(min(max(f.Next.Sub(c.wall), 0), f.Wait))
		c.dues[k] = at
	}
	return at
}

// later books the next ask.
func (c *Clerk) later(k key, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dues[k] = time.Now().Add(wait)
}

// wait sleeps until something has changed, a paper is due, or ctx ends.
func wait(ctx context.Context, changed <-chan struct{}, next time.Time) {
	var due <-chan time.Time
	if !next.IsZero() {
		t := time.NewTimer(time.Until(next))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-due:
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// alarm raises an alarm, once for as long as it stays the same.
func (c *Clerk) alarm(about, text string) {
	c.mu.Lock()
	had := c.told[about]
	c.told[about] = text
	c.mu.Unlock()
	if had != text && c.Alarm != nil {
		c.Alarm(place, text)
	}
}

func (c *Clerk) well(about string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.told, about)
}

// keep writes a change and raises an alarm where that fails.
func (c *Clerk) keep(name string, do func(*Shipment) error) error {
	err := c.Store.change(name, do)
	if err != nil {
		c.unkept(err)
		return err
	}
	c.well("disk")
	return nil
}

// unkept raises one alarm for all that cannot be written, until something can.
func (c *Clerk) unkept(err error) {
	c.mu.Lock()
	told := c.told["disk"]
	c.mu.Unlock()
	if told == "" {
		c.alarm("disk", "what comes for shipments cannot be kept: "+oneLine(err.Error()))
	}
}

// postponed writes down that a paper waits on.
func (f *Fate) postponed(now time.Time, wait time.Duration, why string) {
	f.State, f.Why, f.Do = Waiting, oneLine(why), ""
	f.Next, f.Wait = now.Add(wait), wait
}

// failed writes down that a paper is given up.
func (f *Fate) failed(why, do string) {
	f.State, f.Why, f.Do, f.Next, f.Wait = Failed, strings.TrimSuffix(oneLine(why), ";"), do, time.Time{}, 0
}

// done writes down that a paper is there.
func (f *Fate) done(now time.Time) {
	f.State, f.Since, f.Why, f.Do, f.Next, f.Wait = Done, now, "", "", time.Time{}, 0
}
