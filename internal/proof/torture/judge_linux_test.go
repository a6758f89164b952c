package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/sim/check"
)

// passed is how the plant's check calls a bad product that was neither thrown out nor stopped. What passed
// while no agent lived was seen by nobody: the PLC's watchdog bounds that, not the agent.
const passed = "passed the rejector although"

// judgeCopy judges what the dead agent has left, before its next start does anything about it.
func (h *history) judgeCopy() []string {
	h.t.Helper()
	dir, err := os.MkdirTemp(h.Dir, "copy-")
	if err != nil {
		h.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{ledger.FileName, ledger.FileName + "-wal"} {
		if err := copyFile(filepath.Join(dir, name), filepath.Join(h.Data, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			h.t.Fatal(err)
		}
	}
	return h.judge(dir)
}

// judge holds the ledger in folder dir against the plant's logs, as it is.
func (h *history) judge(dir string) []string {
	h.t.Helper()
	began := time.Now()
	defer func() { h.judging += time.Since(began) }()
	h.sum.judged++
	ctx := context.Background()
	l, err := ledger.OpenReader(ctx, dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // killed before there was a ledger
	}
	if err != nil {
		return []string{fmt.Sprintf("opening the ledger: %v", err)}
	}
	defer l.Close()
	v, err := check.Judge(ctx, h.Logs, l)
	if err != nil {
		return []string{fmt.Sprintf("checking: %v", err)}
	}
	return ours(v.Findings)
}

// ours leaves out what is not the agent's fault.
func ours(found []string) []string {
	return slices.DeleteFunc(found, func(f string) bool { return strings.Contains(f, passed) })
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
