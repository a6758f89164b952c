package record

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// A frame is
//
//	magic     4 bytes
//	length    4 bytes, of everything behind the checksum
//	checksum  4 bytes, CRC-32C of everything behind it
//	run       8 bytes, when the agent's run began
//	wall      8 bytes, the PC's clock when the frame was written, in nanoseconds since 1970
//	mono      8 bytes, the same moment in nanoseconds since the run began, on the monotonic clock
//	records   compressed (RFC 1951)
//
// and a record in it
//
//	length of what follows, kind, sequence number, nanoseconds since the run began, source,
//	connection and offset (devices alone), data
//
// Numbers of records are varints, those of frames are big-endian. Sequence number and time stand as
// the difference to the record before, which for the first one of a frame is zero.
const (
	magic      = "LMR1"
	headLength = len(magic) + 4 + 4
	timeLength = 3 * 8
	mostRaw    = 16 << 20 // of a frame, before it is compressed
	mostRecord = 8 << 20
	mostPacked = mostRaw + mostRaw/64 + 1<<10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// framer gathers records and makes frames of them.
type framer struct {
	run  int64
	seq  uint64        // of the record before
	at   time.Duration // and its time
	raw  []byte
	one  []byte
	pack *flate.Writer
	out  bytes.Buffer
}

func newFramer(run int64) *framer {
	w, err := flate.NewWriter(io.Discard, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return &framer{run: run, pack: w}
}

// add takes one record into the frame.
func (f *framer) add(r *Record) {
	b := append(f.one[:0], byte(r.Kind))
	since := r.Since
	if r.Kind.ofDevice() {
		since = since.Truncate(time.Microsecond) // finer ones only take room
	}
	b = binary.AppendUvarint(b, r.Seq-f.seq)
	b = binary.AppendVarint(b, int64(since-f.at))
	f.seq, f.at = r.Seq, since
	b = binary.AppendUvarint(b, uint64(len(r.Source)))
	b = append(b, r.Source...)
	if r.Kind.ofDevice() {
		b = binary.AppendUvarint(b, r.Conn)
		b = binary.AppendUvarint(b, r.Offset)
	}
	b = append(b, r.Data...)
	f.one = b
	f.raw = binary.AppendUvarint(f.raw, uint64(len(b)))
	f.raw = append(f.raw, b...)
}

// frame returns what was gathered as a frame, good until the next one, and begins anew.
func (f *framer) frame(wall time.Time, mono time.Duration) []byte {
	f.out.Reset()
	f.out.WriteString(magic)
	f.out.Write(make([]byte, 8))
	var head [timeLength]byte
	binary.BigEndian.PutUint64(head[0:], uint64(f.run))
	binary.BigEndian.PutUint64(head[8:], uint64(wall.UnixNano()))
	binary.BigEndian.PutUint64(head[16:], uint64(mono))
	f.out.Write(head[:])
	f.pack.Reset(&f.out)
	_, err := f.pack.Write(f.raw)
	if err := errors.Join(err, f.pack.Close()); err != nil {
		panic(err) // a buffer in memory takes everything
	}
	f.raw, f.seq, f.at = f.raw[:0], 0, 0
	b := f.out.Bytes()
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-headLength))
	binary.BigEndian.PutUint32(b[8:], crc32.Checksum(b[headLength:], castagnoli))
	return b
}

var errFrame = errors.New("this is no frame of a recording")

// unframe reads what stands behind a frame's checksum.
func unframe(body []byte, each func(Record) error) error {
	run := int64(binary.BigEndian.Uint64(body[0:]))
	wall := time.Unix(0, int64(binary.BigEndian.Uint64(body[8:])))
	mono := time.Duration(binary.BigEndian.Uint64(body[16:]))
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body[timeLength:])), mostRaw+1))
	if err != nil {
		return fmt.Errorf("%w: %w", errFrame, err)
	}
	if len(raw) > mostRaw {
		return errFrame
	}
	var before Record
	for len(raw) > 0 {
		n, used := binary.Uvarint(raw)
		if used <= 0 || n > uint64(len(raw)-used) {
			return errFrame
		}
		r, ok := unrecord(raw[used : used+int(n)])
		if !ok {
			return errFrame
		}
		r.Seq += before.Seq
		r.Since += before.Since
		before = r
		r.Run, r.At = run, wall.Add(r.Since-mono).UTC()
		raw = raw[used+int(n):]
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func unrecord(b []byte) (r Record, ok bool) {
	number := func() uint64 {
		n, used := binary.Uvarint(b)
		if ok = ok && used > 0; !ok {
			return 0
		}
		b = b[used:]
		return n
	}
	if len(b) == 0 {
		return r, false
	}
	ok = true
	r.Kind, b = Kind(b[0]), b[1:]
	r.Seq = number()
	zigzag := number() // AppendVarint's form
	r.Since = time.Duration(int64(zigzag>>1) ^ -int64(zigzag&1))
	if n := number(); ok && n <= uint64(len(b)) {
		r.Source, b = string(b[:n]), b[n:]
	} else {
		return r, false
	}
	if r.Kind.ofDevice() {
		r.Conn, r.Offset = number(), number()
	}
	r.Data = b
	return r, ok
}
