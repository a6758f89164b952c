package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/ledger"
)

// Export says which codes go into a file.
type Export struct {
	Format   codefile.Format
	Product  string         // its name; empty: every product
	States   []ledger.State // those to export
	Ident    bool           // the identification codes, without the check part
	Progress func(codes int)
}

// ErrStock refuses full codes that can still be printed, or may not have been: printed elsewhere
// too, they would be on two packs (P1).
var ErrStock = errors.New("codes that are in stock, with a printer or in doubt leave only as identification codes: a full one outside could be printed a second time")

func printable(s ledger.State) bool {
	return s == ledger.InStock || s == ledger.Claimed || s == ledger.Doubtful
}

// Run writes the codes in the order of their receipt and returns how many there were. A code
// that the format cannot carry ends it with an error that names the code.
func (e Export) Run(ctx context.Context, l *ledger.Ledger, w io.Writer) (n int, err error) {
	if !e.Ident && slices.ContainsFunc(e.States, printable) {
		return 0, ErrStock
	}
	out := codefile.NewWriter(w, e.Format)
	err = l.EachCode(ctx, func(h ledger.Held) error {
		if e.Product != "" && h.Product != e.Product || !slices.Contains(e.States, h.State) {
			return nil
		}
		c := h.Code
		if e.Ident {
			c = h.Ident
		}
		if err := out.Write(c); err != nil {
			return fmt.Errorf("writing %s: %w", code.Visible(c), err)
		}
		n++
		if e.Progress != nil && n%progressEvery == 0 {
			e.Progress(n)
		}
		return nil
	})
	return n, errors.Join(err, out.Close())
}
