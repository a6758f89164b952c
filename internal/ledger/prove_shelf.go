package ledger

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// shelf has the entries of the journal that are in archives, in their order: an archive has them by code. Only
// their digests are kept, in sorted runs in a file, so that there may be any number of them.
type shelf struct {
	l      *Ledger
	atOnce int      // how many entries are sorted at once
	newest int64    // the archive that was read last
	names  []string // of the archives
	away   []awayArchive
	spool  *os.File
	end    int64 // of what stands in it
	runs   []*run
	fresh  []shelved // not sorted yet
}

// awayArchive is an archive that could not be read, or not wholly.
type awayArchive struct{ name, why string }

// shelved is an entry that is in an archive.
type shelved struct {
	seq, at int64
	archive uint32 // its place in names
	digest  Seal
}

// shelvedSize is how many bytes one takes in the file; runLength is atOnce for who has
// no reason for another: 12 MiB.
const (
	shelvedSize = 8 + 8 + 4 + len(Seal{})
	runLength   = 1 << 18
)

// run is a part of the spool that is in order.
type run struct {
	in   *bufio.Reader
	next shelved
	more bool
}

// fill reads the archives that it has not read yet, for their entries from one on.
func (s *shelf) fill(ctx context.Context, from int64) error {
	files, err := s.l.archives(ctx, fmt.Sprintf("WHERE id > %d", s.newest))
	if err != nil {
		return err
	}
	for _, f := range files {
		s.newest = f.id
		s.names = append(s.names, f.name)
		err := s.read(ctx, s.l.archivePath(f.name), uint32(len(s.names)-1), from)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errSpool):
			return err
		case errors.Is(err, os.ErrNotExist):
			s.away = append(s.away, awayArchive{f.name, "it is not there"})
		case err != nil:
			s.away = append(s.away, awayArchive{f.name, err.Error()})
		}
	}
	return s.sort()
}

var errSpool = errors.New("putting what is in archives into order")

func (s *shelf) read(ctx context.Context, path string, archive uint32, from int64) error {
	var buf []byte
	return eachRecord(path, func(r record, _ int64) error {
		if err := ctx.Err(); err != nil || r.Code == nil {
			return err
		}
		c := r.Code
		for _, step := range c.Journal {
			if !step.Own || step.Seq < from || step.Was == nil || step.Now == nil {
				continue
			}
			e := leaf{seq: step.Seq, at: step.At, agent: step.Agent, place: step.Place, of: hasLife, code: c.ID, text: c.Raw,
				was: int64(*step.Was), now: int64(*step.Now), cause: step.Cause, prev: step.Prev}
			put := shelved{seq: e.seq, at: e.at, archive: archive}
			put.digest, buf = e.digest(buf)
			if s.fresh = append(s.fresh, put); len(s.fresh) == s.atOnce {
				if err := s.sort(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// sort brings what was read into a run of its own.
func (s *shelf) sort() error {
	if len(s.fresh) == 0 {
		return nil
	}
	// What an archive has and the ledger had kept may stand in a later archive too: that one is right.
	slices.SortFunc(s.fresh, func(a, b shelved) int {
		return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.archive, b.archive))
	})
	var err error
	if s.spool == nil {
		if s.spool, err = os.CreateTemp("", "linemark-journal-*"); err != nil {
			return fmt.Errorf("%w: %w", errSpool, err)
		}
	}
	out := bufio.NewWriterSize(io.NewOffsetWriter(s.spool, s.end), 1<<16)
	var b []byte
	for _, e := range s.fresh {
		b = binary.LittleEndian.AppendUint64(b[:0], uint64(e.seq))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.at))
		b = binary.LittleEndian.AppendUint32(b, e.archive)
		if _, err := out.Write(append(b, e.digest[:]...)); err != nil {
			return fmt.Errorf("%w: %w", errSpool, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("%w: %w", errSpool, err)
	}
	size := int64(len(s.fresh) * shelvedSize)
	r := &run{in: bufio.NewReaderSize(io.NewSectionReader(s.spool, s.end, size), 1<<14)}
	s.end += size
	s.fresh = s.fresh[:0]
	s.runs = append(s.runs, r)
	return r.step()
}

// step reads a run's next entry.
func (r *run) step() error {
	var b [shelvedSize]byte
	_, err := io.ReadFull(r.in, b[:])
	if r.more = err == nil; !r.more {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return fmt.Errorf("%w: %w", errSpool, err)
	}
	r.next.seq, r.next.at = int64(binary.LittleEndian.Uint64(b[:])), int64(binary.LittleEndian.Uint64(b[8:]))
	r.next.archive = binary.LittleEndian.Uint32(b[16:])
	copy(r.next.digest[:], b[20:])
	return nil
}

// take returns an entry and forgets those before it.
func (s *shelf) take(seq int64) (e shelved, there bool, err error) {
	for _, r := range s.runs {
		for r.more && r.next.seq <= seq {
			if r.next.seq == seq && (!there || r.next.archive >= e.archive) {
				e, there = r.next, true
			}
			if err := r.step(); err != nil {
				return e, false, err
			}
		}
	}
	return e, there, nil
}

// close removes what stands on the disk.
func (s *shelf) close() {
	if s.spool != nil {
		_ = s.spool.Close()
		_ = os.Remove(s.spool.Name()) // it holds no codes, and takes room until the system clears that folder
	}
}
