package torture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// account adds up what the history has come to, and says what must not be when everything has run out beside
// an honest national system: codes that nobody reports, a block in quarantine, an order that is forgotten.
func (h *history) account() (found []string) {
	ctx := context.Background()
	l, err := ledger.OpenReader(ctx, h.Data)
	if err != nil {
		return []string{err.Error()}
	}
	defer l.Close()
	find := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	balances, err := l.Recount(ctx)
	if err != nil {
		find("P2: %v", err)
	}
	for _, b := range balances {
		if !b.Equal() {
			find("P2: %s: received %d, states %v", b.Product.Name, b.Received, b.States)
		}
		for s, n := range b.States {
			h.sum.codes[s.String()] += n
		}
	}
	if err := l.EachCode(ctx, func(c ledger.Held) error {
		if c.State == ledger.Verified && !c.Reported {
			find("verified, and no report has it: %s", code.Visible(c.Code))
		}
		return nil
	}); err != nil {
		find("%v", err)
	}
	reports, err := l.Reports(ctx)
	if err != nil {
		find("%v", err)
	}
	for _, r := range reports {
		h.sum.reports[string(r.Kind)+" "+string(r.State)]++
	}
	placed, err := h.placed()
	if err != nil {
		find("%v", err)
	}
	orders, err := l.Orders(ctx)
	if err != nil {
		find("%v", err)
	}
	for _, o := range orders {
		delete(placed, o.ServerID)
		h.sum.orders[string(o.State)]++
		blocks, err := l.Blocks(ctx, o.ID)
		if err != nil {
			find("%v", err)
		}
		for _, b := range blocks {
			if b.Quarantined {
				find("block %s of order %s is in quarantine", b.ServerID, o.ServerID)
			}
		}
	}
	for id := range placed {
		find("the national system has order %s, which the ledger does not have", id)
	}
	printed, err := h.printed()
	if err != nil {
		find("%v", err)
	}
	h.sum.codes["came out of a printer"] += printed
	return found
}

// placed are the orders that the national system has taken.
func (h *history) placed() (map[string]bool, error) {
	ids := map[string]bool{}
	err := eachLine(filepath.Join(h.Logs, "izkm.jsonl"), func(line []byte) error {
		var e struct {
			Order *struct {
				ID string `json:"orderId"`
			} `json:"order"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return nil // half a line that a kill has left
		}
		if e.Order != nil {
			ids[e.Order.ID] = true
		}
		return nil
	})
	return ids, err
}

// printed counts the labels with a code that have come out of printers.
func (h *history) printed() (n int, err error) {
	logs, err := filepath.Glob(filepath.Join(h.Logs, "printer-*.jsonl"))
	if err != nil {
		return 0, err
	}
	for _, name := range logs {
		err = errors.Join(err, eachLine(name, func(line []byte) error {
			if bytes.Contains(line, []byte(`"event":"printed"`)) && bytes.Contains(line, []byte(`"datamatrix"`)) {
				n++
			}
			return nil
		}))
	}
	return n, err
}

func eachLine(path string, f func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if err := f(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}
