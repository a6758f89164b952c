// Package logfile is a log that cannot fill the disk: files of a bounded size in one folder, the
// newest so many of which are kept.
//
// A file is never renamed and never cut. NAME-000042.log is written until it is full, then
// NAME-000043.log is made and written, and what is too old is removed. So a kill at any moment
// loses nothing that was written, a viewer that holds a file open on Windows does not hold up the
// log, and two processes may write the same log: who finds its file full goes on in the newest one.
package logfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Options of Open.
type Options struct {
	Dir  string // made when it is not there
	Name string // of the files, before their number
	Size int64  // bytes at which a file is full; 0: 10 MiB
	Keep int    // files, the one being written among them; 0: 20
}

// Log is an open log. It is an io.Writer for records that end with a line end; it may be used by
// several goroutines.
type Log struct {
	o Options

	mu     sync.Mutex
	file   *os.File
	number int
}

// Open goes on with the newest file of the folder, or makes the first.
func Open(o Options) (*Log, error) {
	if o.Size <= 0 {
		o.Size = 10 << 20
	}
	if o.Keep <= 0 {
		o.Keep = 20
	}
	l := &Log{o: o}
	newest, err := l.newest()
	if err != nil {
		return nil, err
	}
	if err := l.open(max(newest, 1)); err != nil {
		return nil, err
	}
	return l, nil
}

// Path returns the file that is being written.
func (l *Log) Path() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.path(l.number)
}

// Write adds one record. A record is never split over two files.
func (l *Log) Write(record []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return 0, fs.ErrClosed
	}
	size, err := l.size()
	if err != nil {
		return 0, err
	}
	if size > 0 && size+int64(len(record)) > l.o.Size {
		err := l.next()
		// Where no new file can be made the old one takes a bit more: what is going wrong there is
		// what a person will look for in the log.
		if err != nil && size+int64(len(record)) > 2*l.o.Size {
			return 0, err
		}
	}
	n, err := l.file.Write(record)
	if err != nil {
		return n, fmt.Errorf("writing the log: %w", err)
	}
	return n, nil
}

// Close closes the file. A Write after it is refused.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// size asks the disk: another process may write the same file.
func (l *Log) size() (int64, error) {
	s, err := l.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("looking at the log: %w", err)
	}
	return s.Size(), nil
}

// next goes on in a newer file: one that another process has made, or a new one.
func (l *Log) next() error {
	newest, err := l.newest()
	if err != nil {
		return err
	}
	if newest <= l.number {
		newest = l.number + 1
	}
	if err := l.open(newest); err != nil {
		return err
	}
	l.tidy()
	return nil
}

// open goes to a file, which keeps what it holds.
func (l *Log) open(number int) error {
	if err := os.MkdirAll(l.o.Dir, 0o750); err != nil {
		return fmt.Errorf("making the log's folder: %w", err)
	}
	f, err := os.OpenFile(l.path(number), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	if l.file != nil {
		_ = l.file.Close() // every record of it was written
	}
	l.file, l.number = f, number
	if torn(f) {
		_, err = f.WriteString("\n") // what a power cut has left of a record is no part of the next one
	}
	return err
}

// torn says whether the last record of a file has no end.
func torn(f *os.File) bool {
	s, err := f.Stat()
	if err != nil || s.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, s.Size()-1)
	return err == nil && last[0] != '\n'
}

// tidy removes what is too old. What cannot be removed, since a viewer holds it, goes another time.
func (l *Log) tidy() {
	numbers, err := l.numbers()
	if err != nil {
		return
	}
	for _, n := range numbers {
		if n <= l.number-l.o.Keep {
			_ = os.Remove(l.path(n))
		}
	}
}

func (l *Log) newest() (int, error) {
	numbers, err := l.numbers()
	if err != nil {
		return 0, err
	}
	newest := 0
	for _, n := range numbers {
		newest = max(newest, n)
	}
	return newest, nil
}

func (l *Log) path(number int) string {
	return filepath.Join(l.o.Dir, fmt.Sprintf("%s-%06d.log", l.o.Name, number))
}

// numbers are those of the files of this log; other files of the folder are none of its business.
func (l *Log) numbers() ([]int, error) {
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the log's folder: %w", err)
	}
	var all []int
	for _, e := range entries {
		var n int
		digits := strings.TrimSuffix(strings.TrimPrefix(e.Name(), l.o.Name+"-"), ".log")
		if _, err := fmt.Sscanf(digits, "%d", &n); err == nil && n > 0 && filepath.Base(l.path(n)) == e.Name() {
			all = append(all, n)
		}
	}
	return all, nil
}
