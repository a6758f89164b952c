package service

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
)

// Log returns the program's log and what closes it. It goes to stderr, and where that is the journal every
// record has its priority, so that journalctl -p warning finds it, and no second time.
func Log(_ bool, _ string, stderr io.Writer) (*slog.Logger, func()) {
	if toJournal(os.Getenv("JOURNAL_STREAM"), stderr) {
		return slog.New(newJournal(stderr)), func() {}
	}
	return slog.New(slog.NewTextHandler(stderr, nil)), func() {}
}

// toJournal says whether w is the stream that systemd has named in the environment.
func toJournal(stream string, w io.Writer) bool {
	f, isFile := w.(*os.File)
	if stream == "" || !isFile {
		return false
	}
	s, err := f.Stat()
	if err != nil {
		return false
	}
	at, ok := s.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", at.Dev, at.Ino)
}

// journal writes a record as one line that begins with its priority, as sd-daemon(3) describes.
type journal struct {
	text slog.Handler
	out  *priorityWriter
}

// priorityWriter is shared by all handlers that come from one.
type priorityWriter struct {
	mu   sync.Mutex
	line bytes.Buffer
	to   io.Writer
}

func newJournal(to io.Writer) journal {
	out := &priorityWriter{to: to}
	return journal{out: out, text: slog.NewTextHandler(&out.line, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{} // the journal has both
		}
		return a
	}})}
}

func (j journal) Enabled(ctx context.Context, l slog.Level) bool { return j.text.Enabled(ctx, l) }

func (j journal) Handle(ctx context.Context, r slog.Record) error {
	priority := "<6>"
	switch {
	case r.Level >= slog.LevelError:
		priority = "<3>"
	case r.Level >= slog.LevelWarn:
		priority = "<4>"
	case r.Level < slog.LevelInfo:
		priority = "<7>"
	}
	j.out.mu.Lock()
	defer j.out.mu.Unlock()
	j.out.line.Reset()
	j.out.line.WriteString(priority)
	if err := j.text.Handle(ctx, r); err != nil {
		return err
	}
	_, err := j.out.to.Write(j.out.line.Bytes())
	return err
}

func (j journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return journal{j.text.WithAttrs(attrs), j.out}
}

func (j journal) WithGroup(name string) slog.Handler { return journal{j.text.WithGroup(name), j.out} }
