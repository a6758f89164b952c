package shipping

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Desk is what people and programs ask of shipments.
type Desk struct {
	Store  *Store
	Ledger Ledger
	Rules  Rules
	Now    func() time.Time // nil: time.Now
}

func (d Desk) now() time.Time {
	if d.Now != nil {
		return d.Now().UTC().Truncate(time.Millisecond)
	}
	return time.Now().UTC().Truncate(time.Millisecond)
}

// Add takes a shipment. The same once more is the one that is there already; another one under its name is
// refused. from says who gives it. The error is an *InputError where the order is at fault.
func (d Desk) Add(ctx context.Context, o Order, from string) (*Shipment, error) {
	o, err := o.check(d.Rules)
	if err != nil {
		return nil, err
	}
	had, err := d.Store.Get(o.Name)
	switch {
	case err == nil && o.same(had):
		return had, nil
	case err == nil:
		return nil, input("give it another name; linemark shipping show "+o.Name+" shows the one that is there", "there is another shipment %s already, of %s, with other contents", o.Name, had.Made.Local().Format("2006-01-02 15:04"))
	case !errors.Is(err, ErrNotFound):
		return nil, input("give it another name", "%v", err)
	}
	one := &Shipment{Version: version, Name: o.Name, Made: d.now(), From: from, Pallets: []Pallet{}, Waybills: []Waybill{}, Documents: []Document{}}
	for _, p := range o.Pallets {
		warning, err := d.known(ctx, p)
		if err != nil {
			return nil, err
		}
		one.Pallets = append(one.Pallets, Pallet{SSCC: p, Warning: warning})
	}
	for _, id := range o.Waybills {
		one.Waybills = append(one.Waybills, Waybill{ID: id, Fate: fate(one.Made)})
	}
	for _, n := range o.Documents {
		one.Documents = append(one.Documents, Document{Named: n, Fate: fate(one.Made)})
	}
	if err := d.Store.add(one); err != nil {
		return nil, err
	}
	return one, nil
}

// known says what a person should know of a pallet.
func (d Desk) known(ctx context.Context, sscc string) (warning string, err error) {
	c, own, err := d.Ledger.FindContainer(ctx, code.Code(sscc))
	switch {
	case errors.Is(err, ledger.ErrNotFound) || err == nil && !own:
		return "no pallet with this code was packed here", nil
	case err != nil:
		return "", fmt.Errorf("looking for pallet %s: %w", sscc, err)
	case c.Dropped:
		return "the pallet was withdrawn", nil
	case c.State != ledger.ContainerClosed:
		return "the pallet is not closed: it is " + c.State.String(), nil
	}
	return "", nil
}

// Wish is what a person wants of a shipment.
type Wish struct {
	Again   bool   // also what is printed, in doubt or could not be printed
	Waybill string // only this one's labels; empty: all
	By      string
	Reason  string // needed with Again
}

// Print has labels printed: those that nobody asked for yet, and with Again also those that are or may be
// printed already. It returns how many labels wait for the printer then.
func (d Desk) Print(name string, w Wish) (int, error) {
	switch {
	case !d.Rules.Print:
		return 0, input("name a label printer under [shipping]", "no printer is configured for shipments")
	case w.Again && (strings.TrimSpace(w.Reason) == "" || strings.TrimSpace(w.By) == ""):
		return 0, input("say with --by who wants it and with --reason why", "a label is printed again only on a person's word")
	}
	n, found := 0, false
	err := d.Store.change(name, func(s *Shipment) error {
		again := 0
		for i := range s.Waybills {
			if w.Waybill != "" && w.Waybill != s.Waybills[i].ID {
				continue
			}
			found = true
			for j := range s.Waybills[i].Pictures {
				q := &s.Waybills[i].Pictures[j]
				switch {
				case q.Label == Unasked:
					q.Label, q.Since = ToPrint, d.now()
				case w.Again && slices.Contains([]LabelState{Printed, Sent, Doubtful, Unprintable}, q.Label):
					q.Label, q.Why, q.Since = ToPrint, "", d.now()
					again++
				}
				if q.Label == ToPrint {
					n++
				}
			}
		}
		if !found {
			return input("linemark shipping show "+name+" shows them", "shipment %s has no waybill %q", name, w.Waybill)
		}
		if w.Again {
			s.Words = append(s.Words, Word{At: d.now(), By: w.By, Reason: w.Reason, What: fmt.Sprintf("%d labels printed again", again)})
		}
		return nil
	})
	return n, err
}

// Retry has papers asked for again that have failed, and those that wait at once. It returns how many.
func (d Desk) Retry(name, by, reason string) (int, error) {
	if strings.TrimSpace(by) == "" || strings.TrimSpace(reason) == "" {
		return 0, input("say with --by who wants it and with --reason why", "what has failed is asked for again only on a person's word")
	}
	n := 0
	err := d.Store.change(name, func(s *Shipment) error {
		for i := range s.Waybills {
			if w := &s.Waybills[i]; w.State != Done {
				*w = Waybill{ID: w.ID, Number: w.Number, Fate: Fate{State: Waiting, Since: w.Since, Tried: w.Tried, Why: w.Why}, Pictures: w.Pictures}
				n++
			}
		}
		for i := range s.Documents {
			if p := &s.Documents[i]; p.State != Done {
				*p = Document{Named: p.Named, Fate: Fate{State: Waiting, Since: p.Since, Tried: p.Tried, Why: p.Why}, Files: p.Files}
				n++
			}
		}
		s.Words = append(s.Words, Word{At: d.now(), By: by, Reason: reason, What: fmt.Sprintf("%d papers asked for again", n)})
		return nil
	})
	return n, err
}
