package shipping

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// cannotPrint is how long nothing is printed after the state of a label could not be kept.
const cannotPrint = 30 * time.Second

// print prints the labels that wait, one after another.
func (c *Clerk) print(ctx context.Context) {
	for ctx.Err() == nil {
		changed := c.Store.Changed()
		t, ok := c.nextLabel()
		if !ok || c.Printer == nil {
			wait(ctx, changed, time.Time{})
			continue
		}
		if err := c.printOne(ctx, t); err != nil {
			wait(ctx, nil, time.Now().Add(cannotPrint))
		}
	}
}

// ticket is a label that waits for the printer.
type ticket struct {
	shipment string
	waybill  int
	picture  int
	id       string // of the waybill
	label    Label
	file     File
}

// nextLabel is the first label that waits.
func (c *Clerk) nextLabel() (ticket, bool) {
	all, _ := c.Store.All()
	for _, s := range all {
		for i, w := range s.Waybills {
			for j, q := range w.Pictures {
				if q.Label != ToPrint {
					continue
				}
				fields := map[string]string{"shipment": s.Name, "waybill": w.ID, "pallets": strconv.Itoa(len(s.Pallets))}
				if w.Number != "" {
					fields["waybill"] = w.Number
				}
				if len(s.Pallets) == 1 {
					fields["sscc"] = s.Pallets[0].SSCC
				}
				return ticket{shipment: s.Name, waybill: i, picture: j, id: w.ID, label: Label{Fields: fields}, file: q.File}, true
			}
		}
	}
	return ticket{}, false
}

// printOne prints one label. Its error is that its state could not be kept.
func (c *Clerk) printOne(ctx context.Context, t ticket) error {
	content, err := c.Store.read(t.shipment, t.file)
	if err == nil {
		t.label.Picture, err = Decode(content)
	}
	if err == nil {
		err = c.Printer.CheckLabel(t.label)
	}
	if err != nil {
		c.alarm(t.shipment+t.file.Name, fmt.Sprintf("shipment %s: no label for waybill %s: %s", t.shipment, t.id, oneLine(err.Error())))
		return c.labelled(t, Unprintable, oneLine(err.Error()))
	}
	begun := false
	confirmed, err := c.Printer.Print(ctx, t.label, func() error {
		err := c.labelled(t, Sending, "")
		begun = err == nil
		return err
	})
	switch {
	case err != nil && !begun:
		return err
	case err != nil:
		c.alarm(t.shipment+t.file.Name, fmt.Sprintf("shipment %s: whether the label of waybill %s was printed is not known (%s): look, and have it printed again with linemark shipping print --again", t.shipment, t.id, oneLine(err.Error())))
		return c.labelled(t, Doubtful, oneLine(err.Error()))
	}
	c.well(t.shipment + t.file.Name)
	state := Printed
	if !confirmed {
		state = Sent
	}
	for {
		if err := c.labelled(t, state, ""); err == nil || ctx.Err() != nil {
			return err
		}
		wait(ctx, nil, time.Now().Add(cannotKeep)) // what came out is known: it only has to be written down
	}
}

// labelled writes down how a label stands.
func (c *Clerk) labelled(t ticket, state LabelState, why string) error {
	now := c.steady()
	return c.keep(t.shipment, func(s *Shipment) error {
		if len(s.Waybills[t.waybill].Pictures) <= t.picture {
			return fmt.Errorf("the picture of waybill %s is gone", t.id)
		}
		q := &s.Waybills[t.waybill].Pictures[t.picture]
		q.Label, q.Why, q.Since = state, why, now
		return nil
	})
}
