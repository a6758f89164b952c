package shipping

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tidyEvery is how often shipments are looked for whose time is over.
const tidyEvery = time.Hour

// tidy removes the shipments that have been complete for longer than they are kept.
func (c *Clerk) tidy(ctx context.Context) {
	if c.Keep <= 0 {
		return
	}
	for ctx.Err() == nil {
		c.tidyUp(ctx)
		wait(ctx, nil, time.Now().Add(tidyEvery))
	}
}

func (c *Clerk) tidyUp(ctx context.Context) {
	if c.Clock != nil && c.Clock() != nil {
		return // a clock that is years ahead would take all of them
	}
	over := c.now().Add(-c.Keep)
	all, _ := c.Store.All()
	for _, s := range all {
		if ctx.Err() != nil {
			return
		}
		if s.Stands() != "complete" || !s.last().Before(over) {
			continue
		}
		err := c.Store.discard(s.Name, func(s *Shipment) bool { return s.Stands() == "complete" && s.last().Before(over) })
		if err != nil && !errors.Is(err, ErrNotFound) {
			c.alarm("tidy", "shipments whose time is over cannot be removed: "+oneLine(err.Error()))
			return
		}
		if err == nil && c.Log != nil {
			c.Log.Info("a shipment was removed, whose time is over", "shipment", s.Name, "complete", s.last().UTC().Format(time.DateTime))
		}
	}
	c.well("tidy")
}

// last is when something last happened to a shipment.
func (s *Shipment) last() time.Time {
	at := s.Made
	later := func(t time.Time) {
		if t.After(at) {
			at = t
		}
	}
	for _, w := range s.Waybills {
		later(w.Since)
		for _, q := range w.Pictures {
			later(q.Since)
		}
	}
	for _, d := range s.Documents {
		later(d.Since)
	}
	for _, w := range s.Words {
		later(w.At)
	}
	return at
}

// discard removes a shipment with its files where may still says so. One in whose folder somebody else has put
// something stays.
func (s *Store) discard(name string, may func(*Shipment) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[name]
	if one == nil || !may(one) {
		return ErrNotFound
	}
	folder := filepath.Join(s.dir, name)
	known := map[string]bool{stateFile: true}
	for _, f := range one.Files() {
		known[f.Name] = true
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !known[e.Name()] && !ours(e.Name()) && !strings.HasPrefix(e.Name(), half) {
			return ErrNotFound
		}
	}
	part := filepath.Join(s.dir, half+name) // what the power leaves of it, the next start removes
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := s.disk.rename(folder, part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	delete(s.all, name)
	s.wake()
	return os.RemoveAll(part)
}
