package load

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// witness stands beside the agent for as long as a run lasts, on the same disk and the same processors, and
// does nothing but ask them for the least that they can do: to bring one page of a file, written over again and
// again, to the disk, and to wake a thread that sleeps a millisecond. What is slow for it too was not slow in
// the agent alone; whether other work or the agent's own was in the way it cannot tell, so it excuses nothing.
type witness struct {
	file *os.File
	ends chan struct{}
	wait sync.WaitGroup

	mu      sync.Mutex
	flushes []delay
	naps    []delay // how much longer than asked; those of noticed and longer
	err     error
}

// flushEvery is how often the witness writes: seldom enough for the disk, and often enough to meet every delay
// that is as long as a product needs to its rejector at the load's speed.
const (
	flushEvery = 20 * time.Millisecond
	noticed    = 2 * time.Millisecond
)

// look begins; the file is in folder dir.
func look(t *testing.T, dir string) *witness {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "witness"))
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{file: f, ends: make(chan struct{})}
	page := make([]byte, 4096)
	if _, err := f.WriteAt(page, 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil { // from here on its length stays, so that a flush is no more than the page
		t.Fatal(err)
	}
	w.wait.Go(func() { w.flush(page) })
	w.wait.Go(w.sleep)
	t.Cleanup(func() { w.leave() })
	return w
}

// leave ends it; what it has seen may be read then.
func (w *witness) leave() {
	select {
	case <-w.ends:
		return
	default:
	}
	close(w.ends)
	w.wait.Wait()
	_ = w.file.Close() // nothing in it is of use
}

func (w *witness) flush(page []byte) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.ends:
			return
		case <-tick.C:
		}
		page[0]++
		at := time.Now()
		_, err := w.file.WriteAt(page, 0)
		if err == nil {
			err = syscall.Fdatasync(int(w.file.Fd()))
		}
		d := delay{at, time.Since(at)}
		w.mu.Lock()
		w.flushes = append(w.flushes, d)
		if err != nil {
			w.err = err
		}
		w.mu.Unlock()
	}
}

func (w *witness) sleep() {
	runtime.LockOSThread() // the thread is the kernel's to wake, not the Go scheduler's
	defer runtime.UnlockOSThread()
	const nap = time.Millisecond
	for {
		select {
		case <-w.ends:
			return
		default:
		}
		at, ask := time.Now(), syscall.NsecToTimespec(int64(nap))
		_ = syscall.Nanosleep(&ask, nil) // a signal that wakes it early makes no delay
		if late := time.Since(at) - nap; late >= noticed {
			w.mu.Lock()
			w.naps = append(w.naps, delay{at, late})
			w.mu.Unlock()
		}
	}
}

// witnessed is what the witness, if there was one, adds to a finding.
func (r *run) witnessed(at time.Time) string {
	if r.witness == nil {
		return ""
	}
	return "; " + r.witness.around(at)
}

// around tells the longest flush and the longest sleep that touch the moments before a time.
func (w *witness) around(at time.Time) string {
	return fmt.Sprintf("in the %v before, the witness waited up to %s ms for the disk and %s ms for a processor", before, ms(longest(w.flushes, at)), ms(longest(w.naps, at)))
}

// before is longer than a product takes from the camera to the rejector, and than the line then takes to stop.
const before = 200 * time.Millisecond

func longest(all []delay, at time.Time) (most time.Duration) {
	for _, d := range all {
		if d.at.Before(at) && d.at.Add(d.d).After(at.Add(-before)) {
			most = max(most, d.d)
		}
	}
	return most
}

// during are the witness's figures of a minute: p50, p99 and the longest of its flushes, and its longest sleep.
func (w *witness) during(r row) string {
	if w == nil {
		return "-"
	}
	flushes := r.of(w.flushes)
	naps := append(r.of(w.naps), 0)
	if len(flushes) == 0 {
		return "-"
	}
	s := spreadOf(flushes)
	return fmt.Sprintf("%s/%s %s", s, ms(flushes[len(flushes)-1]), ms(slices.Max(naps)))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }

// The witness sees a disk that takes long, and tells of it for the moments before a stop alone.
func TestWitness(t *testing.T) {
	w := look(t, t.TempDir())
	time.Sleep(10 * flushEvery)
	w.leave()
	if len(w.flushes) == 0 || w.err != nil {
		t.Fatalf("%d flushes, %v", len(w.flushes), w.err)
	}
	at := time.Date(2026, 1, 1, 6, 0, 0, 0, time.UTC)
	w.flushes = []delay{{at.Add(-time.Second), 900 * time.Millisecond}, {at.Add(-100 * time.Millisecond), 31 * time.Millisecond}, {at.Add(time.Millisecond), time.Second}}
	w.naps = []delay{{at.Add(-250 * time.Millisecond), 7 * time.Millisecond}}
	if got, want := w.around(at), "in the 200ms before, the witness waited up to 900.0 ms for the disk and 0.0 ms for a processor"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	w.flushes = w.flushes[1:]
	if got, want := w.around(at), "in the 200ms before, the witness waited up to 31.0 ms for the disk and 0.0 ms for a processor"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := w.during(row{from: at.Add(-time.Minute), to: at}), "31.0/31.0/31.0 7.0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
