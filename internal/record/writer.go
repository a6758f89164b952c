package record

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

const (
	flushEvery = time.Second
	// syncEvery is how often the system is asked to bring the ring to the disk itself. Every flush
	// would take turns with the ledger's commits on the same disk.
	syncEvery = 10 * time.Second
	fullFrame = 256 << 10
)

// writer brings the queue into the ring. Its goroutine is the only one that touches a disk.
type writer struct {
	r      *Recorder
	ring   *ring
	about  []byte
	frames *framer
	abouts *framer
	seq    uint64
	begun  bool   // the ring was looked through
	held   uint64 // records that are waiting to be written
	spare  queue
	ticks  map[string]*ticks
	data   []byte
	synced time.Time
	most   int // bytes of a record
}

// ticks are events of a station that came to nothing, one after another.
type ticks struct {
	first, last time.Duration
	next        uint64 // the number of the station's next event
	data        []byte // its first number, then the time between each and the one before
}

func newWriter(r *Recorder, disk *ring, about About) *writer {
	text, err := json.Marshal(about)
	if err != nil {
		panic(err) // it holds texts and numbers alone
	}
	run := r.began.UnixNano()
	return &writer{r: r, ring: disk, about: text, frames: newFramer(run), abouts: newFramer(run), ticks: map[string]*ticks{}, synced: r.began, most: int(min(mostRecord, disk.most/2))}
}

func (w *writer) run() {
	defer close(w.r.done)
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.drain(false)
		case <-w.r.wake:
			w.drain(false)
		case ask := <-w.r.asks:
			w.drain(true)
			close(ask)
		case <-w.r.finish:
			w.drain(true)
			w.ring.close()
			return
		}
	}
}

// drain writes what waits. sync brings it to the disk itself.
func (w *writer) drain(sync bool) {
	q, lost := w.r.take(w.spare)
	if lost > 0 {
		w.add(Record{Kind: KindDropped, Source: "recorder", Since: time.Since(w.r.began), Data: strconv.AppendUint(nil, lost, 10)})
	}
	for i := range q.entries {
		e := &q.entries[i]
		sync = sync || e.urgent
		if e.kind == KindTicks {
			w.tick(e)
			continue
		}
		if e.kind.ofStation() {
			w.endTicks(e.source)
		}
		data := q.bytes[e.from:e.to]
		if e.lazy != nil {
			data = w.make(e)
		}
		w.add(Record{Kind: e.kind, Source: e.source, Since: e.since, Conn: e.conn, Offset: e.offset, Data: data})
	}
	for source := range w.ticks {
		w.endTicks(source)
	}
	w.write()
	if now := time.Now(); sync || now.Sub(w.synced) >= syncEvery {
		w.synced = now
		if err := w.ring.sync(); err != nil {
			w.r.failing(err)
		}
	}
	clear(q.entries) // lets go of what the events hold
	w.spare = q
}

// make makes the data of an entry. Whatever goes wrong there must not end the agent.
func (w *writer) make(e *entry) (data []byte) {
	defer func() {
		if why := recover(); why != nil {
			data = fmt.Appendf(nil, "%q", fmt.Sprintf("could not be recorded: %v", why))
		}
	}()
	w.data = e.lazy.AppendRecord(w.data[:0])
	return w.data
}

func (w *writer) tick(e *entry) {
	t := w.ticks[e.source]
	if t != nil && t.next != e.conn {
		w.endTicks(e.source)
		t = nil
	}
	if t == nil {
		t = &ticks{first: e.since, last: e.since, data: binary.AppendUvarint(nil, e.conn)}
		w.ticks[e.source] = t
	}
	t.data = binary.AppendVarint(t.data, int64(e.since-t.last))
	t.last, t.next = e.since, e.conn+1
}

func (w *writer) endTicks(source string) {
	if t := w.ticks[source]; t != nil {
		delete(w.ticks, source)
		w.add(Record{Kind: KindTicks, Source: source, Since: t.first, Data: t.data})
	}
}

// UnTick takes a record of KindTicks apart: the number of the first event, and when each was.
func UnTick(r Record) (first uint64, at []time.Duration, ok bool) {
	first, used := binary.Uvarint(r.Data)
	if used <= 0 {
		return 0, nil, false
	}
	last := r.Since
	for b := r.Data[used:]; len(b) > 0; b = b[used:] {
		var d int64
		if d, used = binary.Varint(b); used <= 0 {
			return first, at, false
		}
		last += time.Duration(d)
		at = append(at, last)
	}
	return first, at, true
}

// add takes a record into the frame, and writes the frame when it is full.
func (w *writer) add(r Record) {
	if len(r.Data) > w.most {
		w.r.lose(1)
		return
	}
	if len(w.frames.raw)+len(r.Data) > int(min(fullFrame, w.ring.most/2)) {
		w.write()
	}
	if !w.begin() {
		w.held++
		return
	}
	w.seq++
	r.Seq = w.seq
	w.frames.add(&r)
	w.held++
}

// begin looks at what the ring holds, once.
func (w *writer) begin() bool {
	if w.begun {
		return true
	}
	past, err := w.ring.begin()
	if err != nil {
		w.r.failing(err)
		return false
	}
	w.begun, w.seq = true, past.seq
	if past.unfinished {
		text, err := json.Marshal(Mark{Kind: MarkDeath, Text: "the agent had ended without warning: killed, crashed, or a power cut", Of: &past.last})
		if err == nil {
			w.seq++
			w.frames.add(&Record{Seq: w.seq, Kind: KindMark, Source: "agent", Data: text})
			w.held++
		}
	}
	return true
}

// write brings the frame into the ring.
func (w *writer) write() {
	if w.held == 0 {
		return
	}
	n := w.held
	w.held = 0
	if !w.begun {
		w.r.lose(n)
		return
	}
	now := time.Now()
	since := now.Sub(w.r.began)
	frame := w.frames.frame(now, since)
	fresh, err := w.ring.room(len(frame))
	if err == nil && fresh {
		w.r.epoch.Add(1)
		// Its number is that of the record before the frame, so that the files stand in order.
		w.abouts.add(&Record{Seq: w.seq - n, Kind: KindAbout, Source: "agent", Since: since, Data: w.about})
		err = w.ring.write(w.abouts.frame(now, since))
	}
	if err == nil {
		err = w.ring.write(frame)
	}
	if err != nil {
		w.r.lose(n)
	}
	w.r.failing(err)
}
