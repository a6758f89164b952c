// Package stack reads the archive that answers getStackQrCode of Ediweb: a ZIP of an inventory
// and of one inner ZIP for each document. The archive is taken for hostile: everything happens
// in memory under limits, nothing is ever written under a name that the archive chose, and what
// cannot be read is said of the one entry that it befell, unless it puts the whole in doubt.
package stack

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// Why an archive is refused as a whole, or an entry by itself. Read returns and Entry.Err holds
// errors that wrap them.
var (
	ErrNotZip  = errors.New("not a ZIP")
	ErrLimit   = errors.New("over the limit")
	ErrOverlap = errors.New("entries overlap")
)

// Limits bounds what an archive may be. A zero field is its default.
type Limits struct {
	Entries int     // entries of the archive and of all within it; 0: 4096
	Total   int64   // bytes that all of it unpacks to, an inner archive together with its contents; 0: 128 MiB
	File    int64   // bytes that one entry unpacks to; 0: 16 MiB
	Ratio   int64   // times its own size that an archive may unpack to once that is over 8 MiB; 0: 100
	Depth   int     // archives within each other, the outermost counted; 0: 2, as the document describes
	Names   Charset // of names without the mark of UTF-8; empty: CP866
}

// ratioFree is how many bytes an archive may unpack to whatever its own size: a picture of two colours
// packs very well.
const ratioFree = 8 << 20

// WithDefaults returns l with its zero fields filled in, or an error that names a bad one.
func (l Limits) WithDefaults() (Limits, error) {
	if l.Entries < 0 || l.Total < 0 || l.File < 0 || l.Ratio < 0 || l.Depth < 0 {
		return l, errors.New("limits of the archive must not be negative")
	}
	if l.Entries == 0 {
		l.Entries = 4096
	}
	if l.Total == 0 {
		l.Total = 128 << 20
	}
	if l.File == 0 {
		l.File = 16 << 20
	}
	if l.Ratio == 0 {
		l.Ratio = 100
	}
	if l.Depth == 0 {
		l.Depth = 2
	}
	if l.Names == "" {
		l.Names = CP866
	}
	if _, ok := tables[l.Names]; !ok {
		return l, fmt.Errorf("names of the archive in %q: neither %s nor %s", l.Names, CP866, Windows1251)
	}
	return l, nil
}

// Entry is one entry of an archive; directories are left out.
type Entry struct {
	Name    string  // in UTF-8; only for a person and for comparison, never for a path
	RawName string  // its bytes in the archive
	Bytes   []byte  // unpacked; nil where Err says why it was not
	Inner   []Entry // of an inner archive
	Archive bool    // Bytes is an archive, and Inner what is in it
	Err     error   // why it is not to be used, nil: it is whole
}

// IsZip reports whether b begins as an archive does, an empty one included.
func IsZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte("PK\x03\x04")) || bytes.HasPrefix(b, []byte("PK\x05\x06"))
}

// Read unpacks an archive with the archives in it. It returns an error that wraps ErrNotZip,
// ErrOverlap or ErrLimit where the whole is not to be trusted, and then no entries.
func Read(body []byte, l Limits) ([]Entry, error) {
	l, err := l.WithDefaults()
	if err != nil {
		return nil, err
	}
	room := max(ratioFree, l.Ratio*min(int64(len(body)), l.Total)) // the min keeps it from overflowing
	b := &budget{Limits: l, entries: l.Entries, left: min(l.Total, room)}
	b.room = b.left
	return b.archive(body, 1)
}

// budget is what is left of the limits while one answer is read.
type budget struct {
	Limits
	entries    int
	left, room int64 // bytes: still to unpack, and at the beginning
}

func (b *budget) tooMany() error { return fmt.Errorf("more than %d entries: %w", b.Entries, ErrLimit) }

func (b *budget) tooMuch() error {
	return fmt.Errorf("unpacks to more than %d bytes: %w", b.room, ErrLimit)
}

// archive reads one archive at a depth.
func (b *budget) archive(body []byte, depth int) ([]Entry, error) {
	if !IsZip(body) {
		return nil, ErrNotZip
	}
	// Each entry of the directory takes much memory for its 46 bytes, and the number that the
	// archive declares may be false, so the signatures are counted before anybody trusts it.
	if bytes.Count(body, []byte("PK\x01\x02")) > b.entries {
		return nil, b.tooMany()
	}
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // that one depends on the environment
		return nil, fmt.Errorf("%w: %w", ErrNotZip, err)
	}
	if b.entries -= len(z.File); b.entries < 0 {
		return nil, b.tooMany()
	}
	if err := apart(z.File, int64(len(body))); err != nil {
		return nil, err
	}
	var all []Entry
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") && f.UncompressedSize64 == 0 {
			continue // a directory; one with contents is read as an entry, and fails
		}
		e, err := b.entry(f, depth)
		if err != nil {
			return nil, fmt.Errorf("entry %.120q: %w", e.Name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// entry reads one entry. What it returns as an error ends the whole; what is wrong with this
// entry alone is in its Err.
func (b *budget) entry(f *zip.File, depth int) (Entry, error) {
	e := Entry{Name: entryName(&f.FileHeader, b.Names), RawName: f.Name}
	if e.Err = admissible(&f.FileHeader, e.Name); e.Err != nil {
		return e, nil
	}
	data, err := b.unpack(f)
	if errors.Is(err, errRoom) {
		return e, b.tooMuch()
	}
	if err != nil {
		e.Err = err
		return e, nil
	}
	e.Bytes = data
	switch named := strings.HasSuffix(strings.ToLower(e.Name), ".zip"); {
	case IsZip(data) && depth >= b.Depth:
		e.Err = fmt.Errorf("an archive within %d others: %w", depth, ErrLimit)
	case IsZip(data):
		e.Archive = true
		e.Inner, err = b.archive(data, depth+1)
		if errors.Is(err, ErrLimit) {
			return e, err
		}
		e.Err = err
	case named:
		e.Err = fmt.Errorf("named .zip, but %w", ErrNotZip)
	}
	return e, nil
}

// errRoom says that nothing of the total is left.
var errRoom = errors.New("no room")

// encrypted are the flags of encryption of three kinds (APPNOTE 4.4.4: bits 0, 6, 13).
const encrypted = 1<<0 | 1<<6 | 1<<13

// unpack reads one entry up to the limits, whatever sizes it declares.
func (b *budget) unpack(f *zip.File) ([]byte, error) {
	switch {
	case f.Flags&encrypted != 0:
		return nil, errors.New("encrypted")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return nil, fmt.Errorf("packed by method %d, which is not read", f.Method)
	case f.UncompressedSize64 > uint64(b.File):
		return nil, fmt.Errorf("unpacks to more than %d bytes: %w", b.File, ErrLimit)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("opening it: %w", err)
	}
	defer r.Close()
	var data bytes.Buffer // grows with what really comes; archive/zip lets no more come than is declared
	n, err := io.Copy(&data, io.LimitReader(r, b.left+1))
	if b.left -= n; b.left < 0 {
		return nil, errRoom
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking it: %w", err)
	}
	// archive/zip takes a sum of 0 for one that was not given.
	if crc32.ChecksumIEEE(data.Bytes()) != f.CRC32 {
		return nil, fmt.Errorf("unpacking it: %w", zip.ErrChecksum)
	}
	return data.Bytes(), nil
}
