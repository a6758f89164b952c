package shipping

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// fetchProtocols asks for the protocols that are due, a few at a time.
func (c *Clerk) fetchProtocols(ctx context.Context) {
	busy := map[key]bool{}
	ended := make(chan key)
	defer func() {
		for range len(busy) {
			<-ended
		}
	}()
	for ctx.Err() == nil {
		changed := c.Store.Changed()
		var next time.Time
		if c.Protocols != nil {
			next = c.startProtocols(ctx, busy, ended)
		}
		var due <-chan time.Time
		var t *time.Timer
		if !next.IsZero() && len(busy) < parallel {
			t = time.NewTimer(time.Until(next))
			due = t.C
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-due:
		case k := <-ended:
			delete(busy, k)
		}
		if t != nil {
			t.Stop()
		}
	}
}

// startProtocols begins as many asks as may be under way, and says when the next paper is due.
func (c *Clerk) startProtocols(ctx context.Context, busy map[key]bool, ended chan<- key) (next time.Time) {
	all, _ := c.Store.All()
	now := time.Now()
	for _, s := range all {
		for i, d := range s.Documents {
			k := key{shipment: s.Name, document: true, n: i}
			if d.State != Waiting || busy[k] {
				continue
			}
			at := c.due(k, d.Fate)
			if at.After(now) || len(busy) >= parallel {
				next = earlier(next, at)
				continue
			}
			busy[k] = true
			go func() {
				c.askProtocol(ctx, k, d)
				ended <- k
			}()
		}
	}
	return next
}

// askProtocol asks for one protocol and keeps what came.
func (c *Clerk) askProtocol(ctx context.Context, k key, d Document) {
	p, err := c.Protocols.Protocol(ctx, d.Named)
	if ctx.Err() != nil && err != nil {
		return
	}
	if err == nil && !bytes.HasPrefix(p.PDF, []byte("%PDF")) || err == nil && len(p.Signature) == 0 {
		err = errors.New("what came as the protocol holds no PDF or no signature")
	}
	now := c.steady()
	if err != nil {
		c.protocolLater(k, d, now, err)
		return
	}
	var files []File
	for _, part := range []struct {
		end     string
		content []byte
	}{{"pdf", p.PDF}, {"p7s", p.Signature}} {
		f, err := c.Store.put(k.shipment, fmt.Sprintf("protocol-%03d.%s", k.n+1, part.end), "", part.content)
		if err != nil {
			c.unkept(err)
			c.later(k, cannotKeep)
			return
		}
		files = append(files, f)
	}
	if err := c.keep(k.shipment, func(s *Shipment) error {
		d := &s.Documents[k.n]
		d.Tried++
		d.done(now)
		d.Course, d.Files = Course{}, files
		return nil
	}); err != nil {
		c.later(k, cannotKeep)
		return
	}
	c.well(k.String())
}

// protocolLater books the next ask of a protocol, or gives it up.
func (c *Clerk) protocolLater(k key, d Document, now time.Time, failure error) {
	course := d.Course
	course.Within = c.Deadline
	course, step := c.Protocols.Next(course, now, failure)
	why := oneLine(step.Why)
	err := c.keep(k.shipment, func(s *Shipment) error {
		d := &s.Documents[k.n]
		d.Tried++
		d.Course = course
		if step.GiveUp {
			d.failed(why, "put right what it says and have it asked for again with linemark shipping retry, or take the protocol from Diadoc by hand")
		} else {
			d.postponed(now, step.Wait, why)
		}
		return nil
	})
	switch {
	case err != nil:
		c.later(k, cannotKeep)
	case step.GiveUp:
		c.alarm(k.String(), fmt.Sprintf("shipment %s: no protocol of document %s: %s", k.shipment, d.Document, why))
	default:
		c.later(k, step.Wait)
		if step.Person {
			c.alarm(k.String(), fmt.Sprintf("shipment %s: %s", k.shipment, why))
		}
	}
}
