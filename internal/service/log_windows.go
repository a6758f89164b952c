package service

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"golang.org/x/sys/windows/svc/eventlog"

	"linemark/internal/logfile"
)

// Log returns the program's log and what closes it. Of a service it goes to the folder logs beside the
// configuration, and what is an Event to Windows' event log too; a crash leaves its stacks in logs\crash.log.
// Of another program it goes to stderr.
func Log(asService bool, config string, stderr io.Writer) (*slog.Logger, func()) {
	if !asService {
		return slog.New(slog.NewTextHandler(stderr, nil)), func() {}
	}
	dir := filepath.Join(filepath.Dir(config), "logs")
	var handlers []slog.Handler
	var open []io.Closer
	file, err := logfile.Open(logfile.Options{Dir: dir, Name: Name})
	if err == nil {
		handlers, open = append(handlers, slog.NewTextHandler(file, nil)), append(open, file)
		err = crashLog(filepath.Join(dir, "crash.log"))
	}
	if events, err := eventlog.Open(Name); err == nil {
		handlers, open = append(handlers, NewEventHandler(events)), append(open, events)
	}
	log := slog.New(slog.NewMultiHandler(handlers...))
	if err != nil {
		log.Warn("the log file cannot be written", EventKey, "log", "error", err)
	}
	return log, func() {
		for _, c := range open {
			_ = c.Close()
		}
	}
}

// crashLog has a crash leave its stacks in a file; a service has no other place for them.
func crashLog(path string) error {
	const most = 10 << 20
	if s, err := os.Stat(path); err == nil && s.Size() > most {
		if err := os.Rename(path, path+".old"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return err
	}
	return errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close()) // it keeps a handle of its own
}
