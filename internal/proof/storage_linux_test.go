package proof

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/proof/disk"
	"linemark/internal/proof/site"
	"linemark/internal/sim"
)

// storageSize is a disk that is soon full.
const storageSize = 24 << 20

// working returns a rig whose agent marks products on the fresh disk.
func working(t *testing.T, options string) *rig {
	t.Helper()
	return workingIn(t, ordinary(), options)
}

func workingIn(t *testing.T, o sim.Options, options string) *rig {
	t.Helper()
	needDisk(t)
	seed := rand.Uint64() >> 16
	t.Logf("seed %d", seed)
	r := newRig(t, site.Program(t), seed, storageSize, o)
	r.options = options
	r.plug()
	r.Start()
	r.run()
	r.Counted("verified", 30)
	return r
}

// unfed waits until the printers get nothing any more and the agent says why: on its page, at the
// station that prints, and to whoever asks whether it is ready.
func (r *rig) unfed(why ...string) {
	r.t.Helper()
	var s agent.Status
	r.Until("the ledger's fault", func() (err error) {
		if s, err = r.Status(); err == nil && s.Ledger == "ok" {
			err = errors.New("the ledger is well")
		}
		return err
	})
	was, steady := -1, time.Now()
	r.Until("printers that are fed no more", func() error {
		given, err := r.received()
		if err != nil {
			return err
		}
		if len(given) != was {
			was, steady = len(given), time.Now()
		}
		if quiet := time.Since(steady); quiet < 2*time.Second {
			return fmt.Errorf("%d codes received, the last %v ago", was, quiet)
		}
		return nil
	})
	s, err := r.Status()
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("the page says of the ledger: %s", s.Ledger)
	said := []string{s.Ledger}
	for _, st := range s.Lines[0].Stations {
		r.t.Logf("%s: %s, %s", st.Name, st.State, st.Why)
		if st.Kind == "print" {
			said = append(said, st.Why)
			if st.State == "running" {
				r.t.Errorf("station %s is %s", st.Name, st.State)
			}
		}
	}
	body, code, err := r.Get("/readyz")
	if err != nil || code != 503 {
		r.t.Errorf("ready: %d %s %v", code, body, err)
	}
	for _, text := range said {
		named := false
		for _, w := range why {
			named = named || strings.Contains(text, w)
		}
		if !named {
			r.t.Errorf("%q does not name the reason (%q)", text, why)
		}
	}
}

// fed waits until the agent marks products again, n of them.
func (r *rig) fed(n int) {
	r.t.Helper()
	s, err := r.Status()
	if err != nil {
		r.t.Fatal(err)
	}
	r.Counted("verified", site.Count(s, "verified")+n)
	r.Until("the ledger's health", func() error {
		s, err := r.Status()
		if err == nil && s.Ledger != "ok" {
			err = errors.New(s.Ledger)
		}
		return err
	})
}

func (r *rig) good(found []finding) {
	r.t.Helper()
	for _, f := range found {
		r.t.Error(f)
	}
}

// A full disk stops the line; as soon as there is room the agent goes on, without a person.
func TestP6DiskFull(t *testing.T) {
	t.Parallel()
	r := working(t, "")
	filler := filepath.Join(r.plugged.Dir, "filler")
	fill(t, filler)
	r.unfed("full")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	r.fed(30)
	r.good(r.runOut())
}

// freeze stops the agent where it stands, but not in the middle of a call that waits for the disk.
func (r *rig) freeze() {
	r.t.Helper()
	r.Agent.Signal(syscall.SIGSTOP)
	tasks := filepath.Join("/proc", strconv.Itoa(r.Agent.Cmd.Process.Pid), "task", "*", "stat")
	r.Until("an agent that stands still", func() error {
		files, err := filepath.Glob(tasks)
		for _, f := range files {
			text, readErr := os.ReadFile(f)
			if after := bytes.LastIndexByte(text, ')'); readErr == nil && after+2 < len(text) && text[after+2] != 'T' {
				err = fmt.Errorf("a thread is in state %c", text[after+2])
			}
		}
		return err
	})
}

// fill writes until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		_, err := f.Write(make([]byte, size))
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 4
		case err != nil:
			t.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

// A file system that has found a fault becomes read-only under the working agent. When the machine was
// started again everything acknowledged is there. The fault comes between two commits: docs/proof.md
// tells what ext4 does with a flush that is under way.
func TestP6ReadOnly(t *testing.T) {
	t.Parallel()
	r := working(t, "errors=remount-ro")
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(r.plugged.Device), "trigger_fs_error")
	r.freeze()
	if err := os.WriteFile(trigger, []byte("on purpose"), 0); err != nil {
		t.Skip("this kernel lets nobody ask ext4 for a fault: ", err)
	}
	r.Agent.Signal(syscall.SIGCONT)
	r.unfed("read-only", "readonly", "disk I/O error")
	r.powerCut()
	r.good(r.judgeCopy())
	r.plug()
	r.Start()
	r.Counted("verified", 30)
	r.good(r.runOut())
}

// A disk whose writes fail: with the disk's next good day everything acknowledged is there.
func TestP6WritesFail(t *testing.T) {
	for _, c := range []struct {
		name string
		op   disk.Op
	}{{"writes", disk.Write}, {"flushes", disk.Flush}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := working(t, "errors=remount-ro")
			r.disk.Break(func(op disk.Op, _ int64, _ int) (time.Duration, syscall.Errno) {
				if op == c.op {
					return 0, syscall.EIO
				}
				return 0, 0
			})
			r.unfed("I/O error", "read-only", "readonly")
			r.powerCut()
			r.disk.Break(nil)
			r.good(r.judgeCopy())
			r.plug()
			r.Start()
			r.Counted("verified", 30)
			r.good(r.runOut())
		})
	}
}

// A disk that takes five seconds for a flush: printers wait for it, and no product passes that the
// agent could not judge in time. When the disk is quick again the agent goes on.
func TestP6SlowDisk(t *testing.T) {
	t.Parallel()
	const flush = 5 * time.Second
	bad := ordinary() // so much that some of what is read while the disk is slow must not pass
	bad.Rate, bad.Faults = 60, sim.Faults{NoRead: 0.15, Wrong: 0.1, Copied: 0.05}
	r := workingIn(t, bad, "")
	r.disk.Break(func(op disk.Op, _ int64, _ int) (time.Duration, syscall.Errno) {
		if op == disk.Flush {
			return flush, 0
		}
		return 0, 0
	})
	before, err := r.received()
	if err != nil {
		t.Fatal(err)
	}
	began, flushes := time.Now(), r.disk.Count(disk.Flush)
	const watched = 4 * flush
	time.Sleep(watched) // nothing to wait for: this is how long the disk is slow
	after, err := r.received()
	if err != nil {
		t.Fatal(err)
	}
	flushes = r.disk.Count(disk.Flush) - flushes
	t.Logf("%v: %d flushes, %d codes given to printers", time.Since(began).Round(time.Second), flushes, len(after)-len(before))
	const ahead, label = 16, 1 // of the configuration: what one commit can give
	if most := (flushes + 1) * (ahead + label); len(after)-len(before) > most {
		t.Errorf("%d codes were given in %d flushes, at most %d could be on disk", len(after)-len(before), flushes, most)
	}
	r.disk.Break(nil)
	r.fed(30)
	r.good(r.runOut())
}
