package record

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// records returns everything that can be read.
func records(t testing.TB, r *Reader) (all []Record) {
	t.Helper()
	if err := r.Each(func(one Record) error { all = append(all, one); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// texts returns the data of the records of a kind.
func texts(all []Record, kind Kind) (found []string) {
	for _, r := range all {
		if r.Kind == kind {
			found = append(found, string(r.Data))
		}
	}
	return found
}

// What was put comes out again, in its order, with its time, source, connection and offset.
func TestRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := New(Options{DataDir: dir, Log: quiet(), About: About{Agent: "line-3"}})
		began := time.Now()
		time.Sleep(1500 * time.Microsecond)
		r.put(entry{kind: KindIn, source: "cam-1", since: time.Since(began), conn: 7, offset: 300}, []byte("\x00\xff"))
		r.PutLater(KindStep, "3/check", time.Now(), Call{Method: "GET"})
		for n := range uint64(3) {
			time.Sleep(50 * time.Millisecond)
			r.Tick("3/check", time.Now(), 4+n)
		}
		r.Flush()
		all := records(t, InFolder(dir))
		if len(all) != 5 || all[0].Kind != KindAbout || all[1].Kind != KindMark {
			t.Fatalf("got %+v", all)
		}
		in := all[2]
		if in.Kind != KindIn || in.Source != "cam-1" || in.Conn != 7 || in.Offset != 300 || string(in.Data) != "\x00\xff" || in.Since != 1500*time.Microsecond || !in.At.Equal(began.Add(in.Since)) {
			t.Errorf("got %+v", in)
		}
		first, at, ok := UnTick(all[4])
		if !ok || first != 4 || len(at) != 3 || at[2]-at[0] != 100*time.Millisecond {
			t.Errorf("ticks from %d at %v", first, at)
		}
		for i := range all[2:] {
			if all[i+2].Seq <= all[i+1].Seq && all[i+1].Kind != KindAbout {
				t.Errorf("record %d has number %d behind %d", i, all[i+2].Seq, all[i+1].Seq)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		r.Put(KindIn, "cam-1", time.Now(), nil)
		if r.Status().Dropped != 1 {
			t.Error("a closed recorder took a record")
		}
	})
}

// chopped returns one file of several frames, and where each ends.
func chopped(t testing.TB) (file []byte, ends []int) {
	t.Helper()
	f := newFramer(1)
	for i := range 5 {
		f.add(&Record{Seq: uint64(2*i + 1), Kind: KindIn, Source: "cam", Data: fmt.Appendf(nil, "reading %d", i)})
		f.add(&Record{Seq: uint64(2*i + 2), Kind: KindMark, Source: "agent", Data: []byte(`{}`)})
		file = append(file, f.frame(time.Unix(int64(i), 0), time.Duration(i)*time.Second)...)
		ends = append(ends, len(file))
	}
	return file, ends
}

func scanned(t testing.TB, file []byte) (seqs []uint64, damaged int64) {
	t.Helper()
	_, damaged, err := scan(bytes.NewReader(file), func(r Record) error { seqs = append(seqs, r.Seq); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return seqs, damaged
}

// A file cut off at any byte gives all whole frames before the cut.
func TestTornAtEveryByte(t *testing.T) {
	file, ends := chopped(t)
	for cut := range len(file) + 1 {
		whole := 0
		for _, end := range ends {
			if end <= cut {
				whole++
			}
		}
		seqs, damaged := scanned(t, file[:cut])
		if len(seqs) != 2*whole {
			t.Fatalf("cut at %d: %d records, want %d", cut, len(seqs), 2*whole)
		}
		left := cut
		if whole > 0 {
			left = cut - ends[whole-1]
		}
		if damaged != int64(left) {
			t.Fatalf("cut at %d: %d bytes damaged, want %d", cut, damaged, left)
		}
	}
}

// A byte changed anywhere costs the frame that it is in and no other.
func TestCorruptAtEveryByte(t *testing.T) {
	file, ends := chopped(t)
	for at := range file {
		bad := bytes.Clone(file)
		bad[at] ^= 0x41
		hit := 0
		for ends[hit] <= at {
			hit++
		}
		seqs, _ := scanned(t, bad)
		var want []uint64
		for i := range ends {
			if i != hit {
				want = append(want, uint64(2*i+1), uint64(2*i+2))
			}
		}
		if fmt.Sprint(seqs) != fmt.Sprint(want) {
			t.Fatalf("byte %d changed: records %v, want %v", at, seqs, want)
		}
	}
}

// The ring keeps its size, loses the oldest first, and each file begins with what it is about.
func TestRingWraps(t *testing.T) {
	dir := t.TempDir()
	r := New(Options{DataDir: dir, Size: leastSize, Log: quiet(), About: About{Agent: "line-3"}})
	noise := make([]byte, 60<<10)
	for i := range 300 {
		for j := range noise {
			noise[j] = byte((i*31 + j*j + j>>3*7) * 2654435761 >> 13)
		}
		r.Put(KindCall, "national system", time.Now(), noise)
		if i%8 == 7 {
			r.Flush()
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if s := r.Status(); s.Dropped != 0 || s.Error != "" {
		t.Fatalf("status %+v", s)
	}
	files, err := filepath.Glob(filepath.Join(dir, FolderName, "*"))
	if err != nil || len(files) != segments {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var size int64
	for _, f := range files {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > leastSize {
		t.Errorf("the ring has %d bytes, more than %d", size, leastSize)
	}
	all := records(t, InFolder(dir))
	abouts := texts(all, KindAbout)
	if len(abouts) != segments || r.Epoch() <= segments {
		t.Errorf("%d files say what they are about, epoch %d", len(abouts), r.Epoch())
	}
	last := all[len(all)-1]
	if last.Kind != KindMark || !strings.Contains(string(last.Data), "end") {
		t.Errorf("the last record is %s %s", last.Kind, last.Data)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Kind != KindAbout && all[i-1].Kind != KindAbout && all[i].Seq != all[i-1].Seq+1 {
			t.Errorf("record %d follows %d", all[i].Seq, all[i-1].Seq)
		}
	}
}

// A run goes on behind the last one, also in a file with a torn end, and says when that one was killed.
func TestNextRun(t *testing.T) {
	dir := t.TempDir()
	options := Options{DataDir: dir, Log: quiet(), About: About{Agent: "line-3"}}
	for range 3 {
		r := New(options)
		r.Put(KindCall, "national system", time.Now(), []byte("{}"))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all := records(t, InFolder(dir))
	if got := len(texts(all, KindCall)); got != 3 || len(all) != 12 {
		t.Fatalf("%d calls in %d records", got, len(all))
	}
	if _, found, err := LastStop(InFolder(dir)); found || err != nil {
		t.Fatalf("a death was found, %v", err)
	}
	name := filepath.Join(dir, FolderName, "00.lrec")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text[:len(text)-20], 0o640); err != nil { // the last frame is not whole
		t.Fatal(err)
	}
	r := New(options)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	stop, found, err := LastStop(InFolder(dir))
	if err != nil || !found || stop.Mark.Kind != MarkDeath || !stop.From.Before(stop.To) {
		t.Fatalf("the last stop is %+v, %v, %v", stop, found, err)
	}
	var seq uint64
	for _, r := range records(t, InFolder(dir)) {
		if r.Kind == KindAbout {
			continue
		}
		if r.Seq <= seq {
			t.Errorf("record %d follows %d", r.Seq, seq)
		}
		seq = r.Seq
	}
}

// stuck is a disk that takes nothing until it is told to.
type stuck struct {
	File
	mu   *sync.Mutex
	fail *error
}

func (s stuck) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *s.fail != nil {
		n, _ := s.File.Write(b[:len(b)/2])
		return n, *s.fail
	}
	return s.File.Write(b)
}

// A disk that hangs holds nobody up: what the queue cannot take is dropped and counted, and the
// recording says so.
func TestHangingDisk(t *testing.T) {
	var mu sync.Mutex
	var fault error
	dir := t.TempDir()
	r := New(Options{DataDir: dir, Log: quiet(), OnDisk: func(path string, flag int) (File, error) {
		f, err := os.OpenFile(path, flag, 0o640)
		return stuck{f, &mu, &fault}, err
	}})
	r.Flush()
	mu.Lock()
	const n = 3 * mostEntries
	for range n {
		r.Put(KindIn, "cam", time.Now(), []byte("x"))
	}
	if got := r.Status().Dropped; got == 0 || got > n {
		t.Errorf("%d records were dropped", got)
	}
	mu.Unlock()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	all := records(t, InFolder(dir))
	kept, told := 0, 0
	for _, r := range all {
		if r.Kind == KindIn {
			kept++
		}
	}
	for _, text := range texts(all, KindDropped) {
		var one int
		fmt.Sscan(text, &one)
		told += one
	}
	if kept+told < n || told == 0 || uint64(told) > r.Status().Dropped {
		t.Errorf("%d kept, %d told as dropped of %d", kept, told, n)
	}
}

// A full disk is told once, nothing before it is lost, and the recording goes on behind the torn frame.
func TestFullDisk(t *testing.T) {
	var mu sync.Mutex
	var fault error
	dir := t.TempDir()
	r := New(Options{DataDir: dir, Log: quiet(), OnDisk: func(path string, flag int) (File, error) {
		f, err := os.OpenFile(path, flag, 0o640)
		return stuck{f, &mu, &fault}, err
	}})
	put := func(text string) {
		r.Put(KindCall, "national system", time.Now(), []byte(text))
		r.Flush()
	}
	put("before")
	mu.Lock()
	fault = errors.New("no space left on device")
	mu.Unlock()
	put("lost")
	if s := r.Status(); s.Dropped != 1 || !strings.Contains(s.Error, "no space left") || s.Since == nil {
		t.Errorf("status %+v", s)
	}
	mu.Lock()
	fault = nil
	mu.Unlock()
	put("behind")
	if s := r.Status(); s.Dropped != 1 || s.Error != "" {
		t.Errorf("status %+v", s)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	all := records(t, InFolder(dir))
	if got := texts(all, KindCall); fmt.Sprint(got) != "[before behind]" {
		t.Errorf("the calls are %q", got)
	}
	if got := texts(all, KindDropped); fmt.Sprint(got) != "[1]" {
		t.Errorf("dropped are %q", got)
	}
}

// A folder that cannot be made stops nobody either.
func TestNoFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FolderName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := New(Options{DataDir: dir, Log: quiet()})
	r.Put(KindIn, "cam", time.Now(), []byte("x"))
	r.Flush()
	if s := r.Status(); s.Dropped != 2 || s.Error == "" {
		t.Errorf("status %+v", s)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	var none *Recorder
	none.Put(KindIn, "cam", time.Now(), nil)
	none.Mark(MarkAlarm, "agent", "")
	none.Call(Call{})
	none.Flush()
	if none.Close() != nil || none.Status() != nil || none.Epoch() != 0 {
		t.Error("no recorder is a recorder")
	}
}
