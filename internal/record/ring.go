package record

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// File is a file of the ring.
type File interface {
	io.WriteCloser
	Sync() error
}

// ring is a fixed number of files that are filled one after another; the oldest is emptied for the
// next one. It is emptied in its place, since a reader may have it open.
type ring struct {
	dir  string
	most int64 // bytes of a file
	open func(path string, flag int) (File, error)

	file File
	no   int
	size int64
}

// past is what a ring says of the runs before this one.
type past struct {
	seq        uint64
	last       time.Time
	unfinished bool // the last of them was not stopped
}

// begin finds where the ring goes on: behind its newest record.
func (g *ring) begin() (past, error) {
	if g.open == nil {
		g.open = func(path string, flag int) (File, error) { return os.OpenFile(path, flag, 0o640) }
	}
	var p past
	if err := os.MkdirAll(g.dir, 0o750); err != nil {
		return p, fmt.Errorf("creating the recording's folder: %w", err)
	}
	all, err := slots(g.dir)
	if err != nil {
		return p, fmt.Errorf("looking through the recording: %w", err)
	}
	if len(all) == 0 {
		g.no, g.size = 0, 0
		return p, nil
	}
	newest := all[len(all)-1]
	f, err := os.Open(newest.path)
	if err != nil {
		return p, fmt.Errorf("looking through the recording: %w", err)
	}
	defer f.Close()
	_, _, err = scan(f, func(r Record) error {
		p.seq, p.last, p.unfinished = max(p.seq, r.Seq), r.At, true
		if r.Kind == KindMark {
			var m Mark
			p.unfinished = json.Unmarshal(r.Data, &m) != nil || m.Kind != MarkEnd
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	info, err := f.Stat()
	if err != nil {
		return p, fmt.Errorf("looking through the recording: %w", err)
	}
	g.no, g.size = newest.no, info.Size()
	return p, nil
}

// room makes sure that n bytes fit. fresh says that nothing of this run stands in the file yet.
func (g *ring) room(n int) (fresh bool, err error) {
	flag := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	no, size := g.no, g.size
	if size > 0 && size+int64(n) > g.most {
		no, size = (no+1)%segments, 0
		flag |= os.O_TRUNC
	} else if g.file != nil {
		return false, nil
	}
	f, err := g.open(filepath.Join(g.dir, fmt.Sprintf(slotForm, no)), flag)
	if err != nil {
		return false, fmt.Errorf("opening a file of the recording: %w", err)
	}
	g.close()
	g.file, g.no, g.size = f, no, size
	return true, nil
}

// write appends a frame. One that the disk took in part is skipped by who reads it.
func (g *ring) write(frame []byte) error {
	n, err := g.file.Write(frame)
	g.size += int64(n)
	if err != nil {
		return fmt.Errorf("writing the recording: %w", err)
	}
	return nil
}

func (g *ring) sync() error {
	if g.file == nil {
		return nil
	}
	if err := g.file.Sync(); err != nil {
		return fmt.Errorf("writing the recording: %w", err)
	}
	return nil
}

func (g *ring) close() {
	if g.file != nil {
		_ = g.file.Sync()
		_ = g.file.Close() // what it holds is on disk, or nobody can help it
		g.file = nil
	}
}
