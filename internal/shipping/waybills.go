package shipping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// Waits for waybills.
const (
	firstAway   = 5 * time.Second // doubled with each call in a row that was not answered
	lastAway    = 15 * time.Minute
	accessAgain = 30 * time.Minute
	// A waybill that the service does not have yet is asked for after a twentieth of the time that it has
	// been so, within these bounds.
	firstMissing = time.Minute
	lastMissing  = 30 * time.Minute
	patience     = 20
	// fewest is how many answers without a waybill it takes at least: the time alone may have gone while this PC
	// was off, or its clock wrong.
	fewest = 10
)

// repeats are the waits before a waybill is asked for again whose answer could not be used, though it was
// asked for alone. Then it has failed.
var repeats = [...]time.Duration{time.Minute, 4 * time.Minute, 10 * time.Minute, 15 * time.Minute}

// fetchWaybills asks for all waybills that are due, many with one call.
func (c *Clerk) fetchWaybills(ctx context.Context) {
	for ctx.Err() == nil {
		changed := c.Store.Changed()
		lots, next := c.lots()
		if c.Waybills == nil {
			next = time.Time{}
		}
		if len(lots) == 0 || c.Waybills == nil {
			wait(ctx, changed, next)
			continue
		}
		var away *Trouble
		for _, lot := range lots {
			if ctx.Err() != nil {
				return
			}
			if away != nil { // the others would fare no better
				c.unanswered(lot, away)
				continue
			}
			away = c.askLot(ctx, lot)
		}
	}
}

// lot is what one call asks for: the ids, and the papers that wait for each of them.
type lot struct {
	ids  []string
	keys map[string][]key
	most int
}

// lots divides what is due into calls, and says when the next is due.
func (c *Clerk) lots() (lots []*lot, next time.Time) {
	all, _ := c.Store.All()
	now := time.Now()
	placed := map[string]*lot{}
	for _, s := range all {
		for i, w := range s.Waybills {
			if w.State != Waiting {
				continue
			}
			k := key{shipment: s.Name, n: i}
			if at := c.due(k, w.Fate); at.After(now) {
				next = earlier(next, at)
				continue
			}
			if l := placed[w.ID]; l != nil {
				l.keys[w.ID] = append(l.keys[w.ID], k)
				continue
			}
			most := cmp.Or(w.Most, MostAtOnce)
			if n := len(lots) - 1; n < 0 || len(lots[n].ids) >= min(lots[n].most, most) {
				lots = append(lots, &lot{keys: map[string][]key{}, most: most})
			}
			l := lots[len(lots)-1]
			l.ids, l.most = append(l.ids, w.ID), min(l.most, most)
			l.keys[w.ID] = append(l.keys[w.ID], k)
			placed[w.ID] = l
		}
	}
	return lots, next
}

// askLot makes one call and keeps what came. It returns the trouble that every other call would have too.
func (c *Clerk) askLot(ctx context.Context, l *lot) *Trouble {
	a, err := c.Waybills.QRCodes(ctx, l.ids)
	if ctx.Err() != nil && err != nil {
		return nil
	}
	if err != nil {
		var t *Trouble
		if !errors.As(err, &t) {
			t = &Trouble{Kind: Away, Err: err}
		}
		c.unanswered(l, t)
		if t.Kind == Unusable {
			return nil
		}
		return t
	}
	c.well("ediweb")
	brought := map[string]Brought{}
	for _, b := range a.Waybills {
		brought[b.ID] = b
	}
	shipments := map[string]map[int]Brought{}
	for id, keys := range l.keys {
		for _, k := range keys {
			if shipments[k.shipment] == nil {
				shipments[k.shipment] = map[int]Brought{}
			}
			b, ok := brought[id]
			if !ok {
				b = Brought{ID: id, Why: "the answer says nothing of it"}
			}
			shipments[k.shipment][k.n] = b
		}
	}
	for name, of := range shipments {
		c.take(name, a, of, len(l.ids))
	}
	return nil
}

// unanswered books the next ask of a lot that was not answered, or whose answer was none.
func (c *Clerk) unanswered(l *lot, t *Trouble) {
	if t.Kind == Access {
		c.alarm("ediweb", "Ediweb does not let this PC in, which is tried again every half an hour: "+oneLine(t.Error()))
	}
	for name, numbers := range l.shipments() {
		now := c.steady()
		waits := map[int]time.Duration{}
		given := map[int]string{}
		err := c.keep(name, func(s *Shipment) error {
			for _, n := range numbers {
				w := &s.Waybills[n]
				w.Tried++
				w.RequestUUID = t.RequestUUID
				waits[n] = w.unanswered(now, t, len(l.ids))
				if w.State == Failed {
					given[n] = w.ID + ": " + w.Why
				}
			}
			return nil
		})
		c.book(name, waits, given, err)
	}
}

func (l *lot) shipments() map[string][]int {
	of := map[string][]int{}
	for _, keys := range l.keys {
		for _, k := range keys {
			of[k.shipment] = append(of[k.shipment], k.n)
		}
	}
	return of
}

// book books the next asks, and tells of what is given up.
func (c *Clerk) book(name string, waits map[int]time.Duration, given map[int]string, err error) {
	for n, wait := range waits {
		if err != nil {
			wait = cannotKeep
		}
		c.later(key{shipment: name, n: n}, wait)
	}
	if err != nil {
		return
	}
	for n, why := range given {
		c.alarm(key{shipment: name, n: n}.String(), fmt.Sprintf("shipment %s: no QR code for waybill %s", name, why))
	}
}

// unanswered decides when a waybill is asked for again after a call for n of them that brought nothing.
func (w *Waybill) unanswered(now time.Time, t *Trouble, n int) time.Duration {
	switch {
	case t.Kind == Unusable && n > 1: // one of them may be the reason: halves find it
		w.Most = n / 2
		w.postponed(now, max(t.After, time.Second), t.Error())
	case t.Kind == Unusable:
		return w.unusable(now, t.Error(), t.After)
	case t.Kind == Access:
		w.postponed(now, max(t.After, accessAgain), t.Error())
	default:
		w.Away++
		pause := firstAway
		for range min(w.Away, 16) - 1 {
			pause = min(2*pause, lastAway)
		}
		w.postponed(now, max(t.After, pause), t.Error())
	}
	return w.Wait
}

// unusable counts an answer about this waybill alone that cannot be used.
func (w *Waybill) unusable(now time.Time, why string, after time.Duration) time.Duration {
	w.Away = 0
	if w.Unusable++; w.Unusable > len(repeats) {
		w.failed(why, "get the QR code from Ediweb by hand, or put right what it says and have it asked for again with linemark shipping retry")
		return 0
	}
	w.postponed(now, max(after, repeats[w.Unusable-1]), why)
	return w.Wait
}

// missing decides when a waybill is asked for again that an answer did not have.
func (w *Waybill) missing(now time.Time, why string, within time.Duration) time.Duration {
	w.Away = 0
	if w.Began.IsZero() || now.Before(w.Began) {
		w.Began, w.Without = now, 0
	}
	w.Without++
	gone := now.Sub(w.Began)
	if gone >= within && w.Without >= min(fewest, int(within/firstMissing)) {
		w.failed(fmt.Sprintf("asked %d times in %s: %s", w.Tried, within, why), "look in Ediweb whether the waybill is there under this id, and have it asked for again with linemark shipping retry")
		return 0
	}
	wait := min(max(gone/patience, firstMissing), lastMissing)
	if gone < within {
		wait = min(wait, within-gone)
	}
	w.postponed(now, wait, why)
	return w.Wait
}

// take keeps what an answer brought for the waybills of one shipment, by their numbers there.
func (c *Clerk) take(name string, a Answer, of map[int]Brought, asked int) {
	now := c.steady()
	pictures := map[int][]QR{}
	var inventories, strays []File
	notes, err := c.write(name, a, of, now, pictures, &inventories, &strays)
	waits, given := map[int]time.Duration{}, map[int]string{}
	if err == nil {
		err = c.keep(name, func(s *Shipment) error {
			for n, b := range of {
				w := &s.Waybills[n]
				w.Tried++
				w.RequestUUID = b.RequestUUID
				w.Number = cmp.Or(number(b.Number), w.Number)
				switch {
				case b.Trouble != nil:
					waits[n] = w.unanswered(now, b.Trouble, asked)
				case len(pictures[n]) > 0:
					w.Pictures = relabelled(w.Pictures, pictures[n])
					w.Away, w.Unusable, w.Most, w.Without, w.Began = 0, 0, 0, 0, time.Time{}
					w.done(now)
				case b.Unusable && asked > 1:
					w.Most = 1
					w.postponed(now, firstMissing, b.Why)
					waits[n] = w.Wait
				case b.Unusable:
					waits[n] = w.unusable(now, b.Why, 0)
				default:
					waits[n] = w.missing(now, b.Why, c.Within)
				}
				if w.State == Failed {
					given[n] = w.ID + ": " + w.Why
				}
			}
			s.Inventories = addFiles(s.Inventories, inventories)
			s.Strays = strays
			s.Notes = notes
			return nil
		})
	} else {
		c.unkept(err)
		for n := range of {
			waits[n] = cannotKeep
		}
	}
	if err != nil {
		for n := range of { // also what was found: it is asked for again
			waits[n] = cannotKeep
		}
	}
	c.book(name, waits, given, err)
}
