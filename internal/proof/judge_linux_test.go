package proof

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"linemark/internal/ledger"
	"linemark/internal/proof/disk"
)

// finding is one thing that is wrong, with the promise it breaks.
type finding string

// judgeCopy puts the disk's platter into an image, mounts it as the machine would after the cut, opens
// the ledger with the program's own code and holds it against the plant's logs. The disk itself is not
// touched.
func (r *rig) judgeCopy() []finding {
	r.t.Helper()
	dir, err := os.MkdirTemp(r.Dir, "copy-")
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
	if err := whole(filepath.Join(dir, ledger.FileName)); err != nil {
		found = append(found, finding(fmt.Sprintf("the ledger's file: %v", err)))
	}
	for _, f := range r.Judge(dir) {
		// What passed while no agent lived was seen by nobody: the PLC's watchdog bounds that, not the agent.
		if !r.died || !strings.Contains(f, passed) {
			found = append(found, finding(f))
		}
	}
	return found
}

// passed is how the plant's check calls a bad product that was neither thrown out nor stopped.
const passed = "passed the rejector although"

// received counts how often each code has come to a printer, whether it was printed or not.
func (r *rig) received() (map[string]int, error) {
	given := map[string]int{}
	files, err := filepath.Glob(filepath.Join(r.Logs, "printer-*.jsonl"))
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
