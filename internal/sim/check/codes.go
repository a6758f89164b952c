package check

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// book is the whole ledger.
type book struct {
	codes    []ledger.Held
	journal  []ledger.Step
	reports  []ledger.Report
	balances []ledger.Balance
	miscount error // what was counted is not what the running tally says
}

func readBook(ctx context.Context, l *ledger.Ledger) (b book, err error) {
	if err = l.EachCode(ctx, func(h ledger.Held) error { b.codes = append(b.codes, h); return nil }); err != nil {
		return b, err
	}
	if err = l.EachStep(ctx, func(s ledger.Step) error { b.journal = append(b.journal, s); return nil }); err != nil {
		return b, err
	}
	if err = b.readArchives(ctx, l); err != nil {
		return b, err
	}
	if b.reports, err = l.Reports(ctx); err != nil {
		return b, err
	}
	if b.balances, b.miscount = l.Recount(ctx); b.balances == nil {
		return b, b.miscount
	}
	return b, nil
}

// readArchives adds what has left the ledger: the journal is whole only with it.
func (b *book) readArchives(ctx context.Context, l *ledger.Ledger) error {
	left := len(b.journal)
	err := l.EachArchived(ctx, func(h ledger.Held, steps []ledger.Step) error {
		h.ID = -h.ID // the number may be another code's by now
		for i := range steps {
			steps[i].CodeID = h.ID
		}
		b.codes = append(b.codes, h)
		b.journal = append(b.journal, steps...)
		return nil
	})
	if len(b.journal) > left {
		slices.SortFunc(b.journal, func(x, y ledger.Step) int { return cmp.Compare(x.Seq, y.Seq) })
	}
	return err
}

// judgePrinters wants each code at most once at any printer (P1).
func (w *witness) judgePrinters(v *Verdict) {
	for c, n := range w.printed {
		if n > 1 {
			v.PrintedTwice++
			v.find("P1", "printed %d times: %s", n, code.Visible(code.Code(c)))
		}
	}
	for c, n := range w.received {
		if n > 1 && w.printed[c] <= 1 {
			v.find("P1", "received by a printer %d times: %s", n, code.Visible(code.Code(c)))
		}
	}
}

// judgeCodes holds each code of the ledger against the issued blocks, the printers and the cameras.
func (w *witness) judgeCodes(v *Verdict, b book) {
	stored := map[string]int{}
	held := map[string]bool{}
	for _, h := range b.codes {
		c := string(h.Code)
		stored[h.Block]++
		held[c] = true
		// Codes of a file come from somebody to whom they were issued in a block of his own.
		if block, ok := w.issued[c]; !ok || block != h.Block && w.blocks[h.Block] != nil {
			v.UnknownToServer++
			v.find("P8", "in the ledger but not issued in block %s: %s", h.Block, code.Visible(h.Code))
		}
		if h.State == ledger.Verified && !w.read[c] {
			v.find("P3", "verified in the ledger, but no camera has read it: %s", code.Visible(h.Code))
		}
		switch {
		case h.State != ledger.InStock:
		case w.printed[c] > 0:
			v.find("P1", "in stock, but printed already: %s", code.Visible(h.Code))
		case w.received[c] > 0:
			v.find("P1", "in stock, but a printer has received it: %s", code.Visible(h.Code))
		}
	}
	for c := range w.printed {
		if !held[c] {
			v.UnknownToServer++
			v.find("P8", "printed, but not in the ledger: %s", code.Visible(code.Code(c)))
		}
	}
	for c := range w.received {
		if !held[c] && w.printed[c] == 0 {
			v.find("P1", "received by a printer, but not in the ledger: %s", code.Visible(code.Code(c)))
		}
	}
	for id, block := range w.blocks {
		if block.acknowledged && stored[id] != block.codes {
			v.Balanced = false
			v.find("P4", "block %s was acknowledged with %d codes, the ledger has %d", id, block.codes, stored[id])
		}
	}
}

// judgeOrder wants the labels of each printer in the order in which their codes were claimed: a printer
// that only counts names its labels by that order alone (P3).
func (w *witness) judgeOrder(v *Verdict, b book) {
	claim := make(map[string]int64, len(b.codes))
	for _, h := range b.codes {
		if h.Claim > 0 {
			claim[string(h.Code)] = h.Claim
		}
	}
	for name, codes := range w.order {
		before := int64(0)
		for _, c := range codes {
			at := claim[c]
			if at == 0 || w.printed[c] > 1 {
				continue // found already
			}
			if at < before {
				v.find("P3", "%s printed a code out of the order of claims: %s", strings.TrimPrefix(name, "printer-"), code.Visible(code.Code(c)))
			}
			before = max(before, at)
		}
	}
}

// judgeBalance wants received = sum of the states, recounted (P2).
func judgeBalance(v *Verdict, b book) {
	if b.miscount != nil {
		v.Balanced = false
		v.find("P2", "%v", b.miscount)
	}
	for _, p := range b.balances {
		if !p.Equal() {
			v.Balanced = false
			v.find("P2", "product %s: received %d, the states do not add up: %v", p.Product.Name, p.Received, p.States)
		}
	}
}
