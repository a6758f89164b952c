package record

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Reader reads recordings: the ring of a data folder, also beside an agent that writes it, or a file
// that was cut out of one.
type Reader struct {
	files []string
	dir   bool
	// Damaged is how many bytes the last Each could not read, and skipped.
	Damaged int64
}

// FolderName is where the ring lies, in the data folder.
const FolderName = "record"

// InFolder reads the ring of a data folder.
func InFolder(dataDir string) *Reader {
	return &Reader{files: []string{filepath.Join(dataDir, FolderName)}, dir: true}
}

// InFile reads one file.
func InFile(path string) *Reader { return &Reader{files: []string{path}} }

// stop ends a reading without an error.
var errStop = errors.New("enough")

// Each calls each for every record, the oldest first, until it returns an error. What is damaged is
// skipped. That nothing is there is an error.
func (r *Reader) Each(each func(Record) error) error {
	r.Damaged = 0
	files := r.files
	if r.dir {
		var err error
		if files, err = inOrder(r.files[0]); err != nil {
			return fmt.Errorf("reading the recording: %w", err)
		}
	}
	frames := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("reading the recording: %w", err)
		}
		n, damaged, err := scan(f, each)
		f.Close()
		frames += n
		r.Damaged += damaged
		if err != nil {
			return err
		}
	}
	if frames == 0 {
		return fmt.Errorf("%s holds no recording", r.files[0])
	}
	return nil
}

// inOrder returns the ring's files, the oldest first.
func inOrder(dir string) ([]string, error) {
	all, err := slots(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range all {
		names = append(names, s.path)
	}
	return names, nil
}

// slot is one file of the ring.
type slot struct {
	path  string
	no    int
	first uint64 // sequence number of its first record
}

const slotForm = "%02d.lrec"

// slots returns the files of a ring that hold anything readable, the oldest first.
func slots(dir string) ([]slot, error) {
	var all []slot
	for no := range segments {
		path := filepath.Join(dir, fmt.Sprintf(slotForm, no))
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s, found := slot{path: path, no: no}, false
		_, _, err = scan(f, func(r Record) error {
			s.first, found = r.Seq, true
			return errStop
		})
		f.Close()
		if err != nil && !errors.Is(err, errStop) {
			return nil, err
		}
		if found {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b slot) int { return cmp.Compare(a.first, b.first) })
	return all, nil
}

// scan calls each for the records of all whole frames and returns how many frames those were, and how
// many bytes belong to none. The error is the reading's own or that of each.
func scan(from io.Reader, each func(Record) error) (frames int, damaged int64, err error) {
	var buf []byte
	at, end := 0, false // what stands before at is done
	// more makes sure that n bytes stand behind at, if there are so many.
	more := func(n int) (bool, error) {
		for len(buf)-at < n && !end {
			if at > 0 {
				buf = buf[:copy(buf, buf[at:])]
				at = 0
			}
			room := max(n-len(buf), 64<<10)
			buf = slices.Grow(buf, room)
			got, err := from.Read(buf[len(buf):cap(buf)])
			buf = buf[:len(buf)+got]
			if errors.Is(err, io.EOF) {
				end = true
			} else if err != nil {
				return false, fmt.Errorf("reading the recording: %w", err)
			}
		}
		return len(buf)-at >= n, nil
	}
	for {
		ok, err := more(headLength)
		if err != nil {
			return frames, damaged, err
		}
		if !ok {
			return frames, damaged + int64(len(buf)-at), nil
		}
		whole := 0
		if head := buf[at : at+headLength]; string(head[:len(magic)]) == magic {
			if n := binary.BigEndian.Uint32(head[4:]); n >= timeLength && n <= mostPacked {
				whole = headLength + int(n)
			}
		}
		if whole > 0 {
			if ok, err = more(whole); err != nil {
				return frames, damaged, err
			}
		}
		if whole > 0 && ok {
			head, body := buf[at:at+headLength], buf[at+headLength:at+whole]
			if crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(head[8:]) {
				err := unframe(body, each)
				switch {
				case err == nil:
					frames++
				case errors.Is(err, errFrame):
					damaged += int64(whole)
				default:
					return frames, damaged, err
				}
				at += whole
				continue
			}
		}
		// No whole frame stands here: the next one begins at the next magic.
		skip := bytes.Index(buf[at+1:], []byte(magic))
		if skip < 0 {
			skip = max(0, len(buf)-at-len(magic)) // the magic may be half there
		} else {
			skip++
		}
		skip = max(skip, 1)
		at += skip
		damaged += int64(skip)
	}
}
