package record

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzScan: whatever a file holds, reading it ends without an error or a panic, and what it gives
// is a record.
func FuzzScan(f *testing.F) {
	file, ends := chopped(f)
	f.Add(file)
	f.Add(file[:ends[1]+9])
	f.Add(append([]byte("LMR1LMR1"), file[20:]...))
	f.Add([]byte(strings.Repeat(magic+"\x00\x00\x00\x18", 9)))
	f.Fuzz(func(t *testing.T, b []byte) {
		frames, damaged, err := scan(bytes.NewReader(b), func(r Record) error {
			_ = Text(r)
			if r.Kind == KindTicks {
				UnTick(r)
			}
			return nil
		})
		if err != nil || damaged < 0 || damaged > int64(len(b)) || frames == 0 && damaged != int64(len(b)) {
			t.Errorf("%d frames, %d of %d bytes damaged, %v", frames, damaged, len(b), err)
		}
		// The same, frame by frame: what stands behind a checksum may be anything, too.
		if len(b) >= timeLength {
			if err := unframe(b, func(Record) error { return nil }); err != nil && !errors.Is(err, errFrame) {
				t.Error(err)
			}
		}
	})
}

// BenchmarkPut is what recording costs who records: at most 2 µs, and no allocation.
func BenchmarkPut(b *testing.B) {
	r := New(Options{DataDir: b.TempDir(), Size: 64 << 20, Log: quiet()})
	defer r.Close()
	label := []byte(strings.Repeat("^FD0104780012345677215abcdefghijkl_1D93dGVz^FS", 5))
	n := 0
	for b.Loop() {
		r.Put(KindOut, "tij-1", time.Now(), label)
		if n++; n%4096 == 0 { // no line is as fast as this loop: what the queue drops costs nothing
			b.StopTimer()
			r.Flush()
			b.StartTimer()
		}
	}
	if dropped := r.Status().Dropped; dropped > 0 {
		b.Errorf("%d of %d records were dropped", dropped, n)
	}
	if each := b.Elapsed() / time.Duration(b.N); each > 2*time.Microsecond {
		b.Errorf("%s for a record, 2µs are allowed", each)
	}
}
