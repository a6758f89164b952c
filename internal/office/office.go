// Package office is what a person decides and the agent carries out: batches, codes that are
// withdrawn, reports that need a word. The running agent's page and the command line use it
// alike, and so do the checks: what is wrong is said before anything is changed.
package office

import (
	"context"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/report"
	"linemark/internal/shipping"
)

// Office works on one ledger.
type Office struct {
	Config *config.Config
	Ledger *ledger.Ledger
	Papers report.Papers
	// Reasons are those that the national system knows for withdrawing a code.
	Reasons []string
	// Changed tells the line that its batch is another; nil while no agent runs.
	Changed func(ctx context.Context, line string) error
	// Ask has a working pack station change its open container and says what was done; nil while no
	// agent runs.
	Ask func(ctx context.Context, line, station string, r Repack) (string, error)
	// PrintAgain prints the label of a closed container once more and says what came of it; nil while no agent runs.
	PrintAgain func(ctx context.Context, c ledger.Container) (string, error)
	// Hold stops a line on a person's word, and Start lets it go on, if seen is nil or the moment since when it is held
	// (zero: nobody holds it); nil while no agent runs.
	Hold  func(ctx context.Context, line, by, why string) error
	Start func(ctx context.Context, line string, seen *time.Time) error
	// Shipping opens the desk for shipments; change says that something is to be changed there. nil: there is none.
	Shipping func(change bool) (shipping.Desk, error)
}

// InputError is what a person has given and cannot be taken.
type InputError struct {
	What string
	Hint string // what to do
}

func (e *InputError) Error() string { return e.What }

func (o Office) changed(ctx context.Context, line string) error {
	if o.Changed == nil {
		return nil
	}
	return o.Changed(ctx, line)
}
