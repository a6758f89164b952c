package proof

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/proof/disk"
	"linemark/internal/sim"
)

// finding is one thing that is wrong, with the promise it breaks.
type finding string

// judgeCopy puts the disk's platter into an image, mounts it as the machine would after the cut, opens
// the ledger with the program's own code and holds it against the plant's logs. The disk itself is not
// touched.
func (r *rig) judgeCopy() []finding {
	r.t.Helper()
	dir, err := os.MkdirTemp(r.dir, "copy-")
	if err != nil {
		r.t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "image")
	if err := sparse(image, r.disk.Platter()); err != nil {
		r.t.Fatal(err)
	}
	mounted := filepath.Join(dir, "mounted")
	if err := os.Mkdir(mounted, 0o700); err != nil {
		r.t.Fatal(err)
	}
	if _, err := disk.MountImage(image, mounted, ""); err != nil {
		return []finding{finding(fmt.Sprintf("the file system: %v", err))}
	}
	found := r.judge(filepath.Join(mounted, "data"))
	if err := unix.Unmount(mounted, 0); err != nil {
		r.t.Errorf("unmounting the copy: %v", err)
		_ = unix.Unmount(mounted, unix.MNT_DETACH)
	}
	return found
}

// sparse writes a file with holes where there are zeros.
func sparse(path string, image []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const page = 64 << 10
	empty := make([]byte, page)
	for at := 0; at < len(image); at += page {
		part := image[at:min(at+page, len(image))]
		if !bytes.Equal(part, empty[:len(part)]) {
			if _, err := f.WriteAt(part, int64(at)); err != nil {
				return err
			}
		}
	}
	return f.Truncate(int64(len(image)))
}

// judge opens the ledger in folder dir as a starting agent does and says what is wrong with it.
func (r *rig) judge(dir string) (found []finding) {
	r.t.Helper()
	ctx := context.Background()
	if err := whole(filepath.Join(dir, ledger.FileName)); err != nil {
		found = append(found, finding(fmt.Sprintf("the ledger's file: %v", err)))
	}
	l, err := ledger.Open(ctx, dir, ledger.Options{Agent: "line-3"})
	if err != nil {
		return append(found, finding(fmt.Sprintf("opening the ledger: %v", err)))
	}
	defer l.Close()
	if _, err := l.Recover(ctx); err != nil {
		found = append(found, finding(fmt.Sprintf("recovering: %v", err)))
	}
	return append(found, r.compare(ctx, l)...)
}

// compare holds an open ledger against what the plant has logged.
func (r *rig) compare(ctx context.Context, l *ledger.Ledger) (found []finding) {
	v, err := sim.Check(ctx, r.logs, l)
	if err != nil {
		return []finding{finding(fmt.Sprintf("checking: %v", err))}
	}
	for _, f := range v.Findings {
		// What passed while no agent lived was seen by nobody: the PLC's watchdog bounds that, not the agent.
		if !r.died || !strings.Contains(f, passed) {
			found = append(found, finding(f))
		}
	}
	if !v.Balanced {
		found = append(found, "P2: not balanced")
	}
	more, err := r.acknowledged(ctx, l)
	if err != nil {
		return append(found, finding(err.Error()))
	}
	return append(found, more...)
}

// passed is how the plant's check calls a bad product that was neither thrown out nor stopped.
const passed = "passed the rejector although"

// acknowledged looks for what the plant has had from the agent and the ledger no longer knows.
func (r *rig) acknowledged(ctx context.Context, l *ledger.Ledger) (found []finding, err error) {
	given, err := r.received()
	if err != nil {
		return nil, err
	}
	held := map[string]ledger.State{}
	if err := l.EachCode(ctx, func(h ledger.Held) error { held[string(h.Code)] = h.State; return nil }); err != nil {
		return nil, err
	}
	for c, times := range given {
		state, known := held[c]
		switch {
		case !known:
			found = append(found, finding("P1: a printer has received a code that the ledger does not have: "+code.Visible(code.Code(c))))
		case state == ledger.InStock:
			found = append(found, finding("P1: a printer has received a code that is in stock: "+code.Visible(code.Code(c))))
		}
		if times > 1 {
			found = append(found, finding(fmt.Sprintf("P1: a printer has received a code %d times: %s", times, code.Visible(code.Code(c)))))
		}
	}
	reports, err := l.Reports(ctx)
	if err != nil {
		return nil, err
	}
	frozen := map[string]bool{}
	for _, p := range reports {
		frozen[p.UUID] = true
	}
	err = eachLine(filepath.Join(r.logs, "izkm.jsonl"), func(line []byte) error {
		var e struct {
			Report *struct {
				Kind   string `json:"kind"`
				Source string `json:"sourceReportId"`
			} `json:"report"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		if e.Report != nil && e.Report.Source != "" && !frozen[e.Report.Source] {
			found = append(found, finding("P5: the national system has a report that the ledger does not have: "+e.Report.Source))
		}
		return nil
	})
	return found, err
}

// received counts how often each code has come to a printer, whether it was printed or not.
func (r *rig) received() (map[string]int, error) {
	given := map[string]int{}
	files, err := filepath.Glob(filepath.Join(r.logs, "printer-*.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := eachLine(f, func(line []byte) error {
			var e struct {
				Event   string `json:"event"`
				Code    string `json:"code"`
				Symbols []struct {
					Kind string `json:"kind"`
				} `json:"symbols"`
			}
			if err := json.Unmarshal(line, &e); err != nil {
				return err
			}
			if e.Event != "received" || len(e.Symbols) == 0 || e.Symbols[0].Kind != "datamatrix" {
				return nil
			}
			raw, err := hex.DecodeString(e.Code)
			given[string(raw)]++
			return err
		}); err != nil {
			return nil, err
		}
	}
	return given, nil
}

// eachLine calls f for every whole line of a log that may be growing.
func eachLine(path string, f func([]byte) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // half a line was not said yet
		}
		if err := f(line); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

// whole asks SQLite for everything that it can see wrong with a file.
func whole(path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	var said string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return errors.New(said)
	}
	return nil
}
