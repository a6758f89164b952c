package line

import (
	"context"

	"linemark/internal/ledger"
)

// lots is what a place works for in the batch that runs.
type lots struct {
	batch string
	unit  ledger.LotID
	label ledger.LotID // pack: group codes; 0 for others
}

// setBatch looks the place's lots up and works for them from now on.
func (p *place) setBatch(ctx context.Context, line, batch string) error {
	now := &lots{batch: batch}
	var err error
	if now.unit, err = p.ledger.Lot(ctx, line, p.unit, batch); err != nil {
		return err
	}
	if p.label != 0 {
		if now.label, err = p.ledger.Lot(ctx, line, p.label, batch); err != nil {
			return err
		}
	}
	p.lots.Store(now)
	return nil
}

func (p *place) newContainer() ledger.NewContainer {
	c := p.container
	c.Batch = p.lots.Load().batch
	return c
}
