package record

import (
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Options of New.
type Options struct {
	DataDir string // the ring lies in the folder record in it
	Size    int64  // of all of the ring, in bytes; at least 8 MiB
	About   About
	Log     *slog.Logger // nil: slog.Default()
	// OnDisk replaces how the ring's files are opened, for tests; nil: os.OpenFile.
	OnDisk func(path string, flag int) (File, error)
}

const leastSize = 8 << 20

// segments is how many files a ring has.
const segments = 16

// What the queue holds at most. It is emptied every second, and whenever it is half full.
const (
	mostEntries = 1 << 15
	mostBytes   = 4 << 20
)

// Recorder takes records. A nil Recorder takes none: every method may be called on it. All methods may
// be called at the same time, and none but Flush and Close waits for anything.
type Recorder struct {
	began time.Time
	log   *slog.Logger

	mu       sync.Mutex
	queue    queue
	lost     uint64 // records dropped since the last time that was written down
	newest   uint64 // number of the newest connection
	dropped  uint64
	fault    error
	failed   time.Time // since when
	finished bool

	epoch  atomic.Uint64
	wake   chan struct{}
	asks   chan chan struct{}
	finish chan struct{}
	done   chan struct{}
	w      *writer
}

// queue is what waits to be written.
type queue struct {
	entries []entry
	bytes   []byte
}

// entry is a record on its way. Its data are bytes of the queue, or made by lazy when it is written.
type entry struct {
	kind         Kind
	urgent       bool // goes to the disk at once
	source       string
	since        time.Duration
	conn, offset uint64
	from, to     int
	lazy         Lazy
}

// Lazy is a record's data that the recorder makes itself when it writes. What it is made of must not
// change any more.
type Lazy interface {
	// AppendRecord appends the data to b.
	AppendRecord(b []byte) []byte
}

// New begins a recording. It never fails: a ring that cannot be written drops what it should hold,
// says so in Status, and tries again. Close ends it.
func New(o Options) *Recorder {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	r := &Recorder{began: time.Now(), log: o.Log, wake: make(chan struct{}, 1), asks: make(chan chan struct{}), finish: make(chan struct{}), done: make(chan struct{})}
	r.w = newWriter(r, &ring{dir: filepath.Join(o.DataDir, FolderName), most: max(o.Size, leastSize) / segments, open: o.OnDisk}, o.About)
	r.Mark(MarkBegin, "agent", o.About.Agent)
	go r.w.run()
	return r
}

// Base is the moment from which this run's times are counted.
func (r *Recorder) Base() time.Time { return r.began }

// Put records what happened to a source at a moment of the monotonic clock. The bytes are copied.
func (r *Recorder) Put(kind Kind, source string, at time.Time, data []byte) {
	if r != nil {
		r.put(entry{kind: kind, source: source, since: at.Sub(r.began)}, data)
	}
}

// PutLater records what lazy makes.
func (r *Recorder) PutLater(kind Kind, source string, at time.Time, lazy Lazy) {
	if r != nil {
		r.put(entry{kind: kind, source: source, since: at.Sub(r.began), lazy: lazy}, nil)
	}
}

// Tick records the event number n of a station, which was the passing of time and came to nothing.
func (r *Recorder) Tick(source string, at time.Time, n uint64) {
	if r != nil {
		r.put(entry{kind: KindTicks, source: source, since: at.Sub(r.began), conn: n}, nil)
	}
}

// Mark records something that a person looks for.
func (r *Recorder) Mark(kind MarkKind, source, text string) {
	if r == nil {
		return
	}
	data, err := json.Marshal(Mark{Kind: kind, Text: text})
	if err != nil {
		panic(err) // it holds texts alone
	}
	r.put(entry{kind: KindMark, urgent: kind.stops() || kind == MarkEnd, source: source, since: time.Since(r.began)}, data)
}

// Call records a call of the national system that has ended just now.
func (r *Recorder) Call(c Call) {
	if r != nil {
		r.put(entry{kind: KindCall, source: "national system", since: time.Since(r.began), lazy: c}, nil)
	}
}

// AppendRecord implements Lazy.
func (c Call) AppendRecord(b []byte) []byte {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // it holds texts and numbers alone
	}
	return append(b, text...)
}

func (r *Recorder) put(e entry, data []byte) {
	r.mu.Lock()
	q := &r.queue
	if r.finished || len(q.entries) >= mostEntries || len(q.bytes)+len(data) > mostBytes {
		r.lost++
		r.dropped++
		r.mu.Unlock()
		return
	}
	e.from = len(q.bytes)
	q.bytes = append(q.bytes, data...)
	e.to = len(q.bytes)
	q.entries = append(q.entries, e)
	due := e.urgent || len(q.entries) == mostEntries/2 || e.from < mostBytes/2 && e.to >= mostBytes/2
	r.mu.Unlock()
	if due {
		select {
		case r.wake <- struct{}{}:
		default: // it is awake
		}
	}
}

// take gives the queue away for an empty one, and how many records were dropped.
func (r *Recorder) take(empty queue) (queue, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	full, lost := r.queue, r.lost
	r.queue, r.lost = queue{entries: empty.entries[:0], bytes: empty.bytes[:0]}, 0
	return full, lost
}

// lose counts records that were not written.
func (r *Recorder) lose(n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += n
	r.dropped += n
}

// failing notes why the disk takes nothing; nil: it does. It is logged when that changes.
func (r *Recorder) failing(err error) {
	r.mu.Lock()
	was := r.fault
	if r.fault = err; err != nil && was == nil {
		r.failed = time.Now()
	}
	r.mu.Unlock()
	switch {
	case err != nil && was == nil:
		r.log.Warn("the flight recorder cannot write: nothing is recorded until it can", "error", err)
	case err == nil && was != nil:
		r.log.Info("the flight recorder writes again")
	}
}

// Epoch rises whenever the ring begins a new file: then every station is to be recorded as it stands,
// so that its history can be replayed from there when the files before are gone.
func (r *Recorder) Epoch() uint64 {
	if r == nil {
		return 0
	}
	return r.epoch.Load()
}

// Status tells how the recorder stands.
type Status struct {
	Folder  string     `json:"folder"`
	Dropped uint64     `json:"dropped"`         // records since the agent's start
	Error   string     `json:"error,omitempty"` // why nothing can be written now
	Since   *time.Time `json:"since,omitempty"` // of the error
}

// Status returns nil where nothing is recorded.
func (r *Recorder) Status() *Status {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &Status{Folder: r.w.ring.dir, Dropped: r.dropped}
	if r.fault != nil {
		since := r.failed
		s.Error, s.Since = r.fault.Error(), &since
	}
	return s
}

// patience is how long Flush and Close wait for a disk that does not answer.
const patience = 3 * time.Second

// Flush returns when everything that was put before is on disk, or the disk has not answered for
// three seconds.
func (r *Recorder) Flush() {
	if r == nil {
		return
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	ask := make(chan struct{})
	select {
	case r.asks <- ask:
	case <-r.done:
		return
	case <-late.C:
		return
	}
	select {
	case <-ask:
	case <-r.done:
	case <-late.C:
	}
}

// Close writes what waits and ends the recording.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.Mark(MarkEnd, "agent", "")
	r.mu.Lock()
	first := !r.finished
	r.finished = true
	r.mu.Unlock()
	if first {
		close(r.finish)
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-r.done:
		return nil
	case <-late.C:
		return errors.New("the flight recorder's disk does not answer")
	}
}
