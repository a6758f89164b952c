package line

import (
	"context"

	"linemark/internal/label"
	"linemark/internal/ledger"
)

// lots is what a place works for in the batch that runs.
type lots struct {
	batch label.Batch
	unit  ledger.LotID
	label ledger.LotID // pack: group codes; 0 for others
}

// setBatch looks the place's lots up and works for them from now on.
func (p *place) setBatch(ctx context.Context, line string, batch ledger.Batch) error {
	now := &lots{batch: label.Batch{Name: batch.Name, ProductionDate: batch.ProductionDate, ExpirationDate: batch.ExpirationDate}}
	var err error
	if p.unit != 0 {
		if now.unit, err = p.ledger.Lot(ctx, line, p.unit, batch.Name); err != nil {
			return err
		}
	}
	if p.label != 0 {
		if now.label, err = p.ledger.Lot(ctx, line, p.label, batch.Name); err != nil {
			return err
		}
	}
	was := p.lots.Swap(now)
	if _, bench := p.station.(*Bench); bench && was != nil && was.batch.Name != batch.Name {
		p.post(ctx, BatchChanged{})
	}
	return nil
}

func (p *place) newContainer() ledger.NewContainer {
	c := p.container
	c.Batch = p.lots.Load().batch.Name
	return c
}
