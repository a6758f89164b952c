//go:build !linux && !windows

package service

import (
	"io"
	"log/slog"
)

// Log returns the program's log, which goes to stderr, and what closes it.
func Log(_ bool, _ string, stderr io.Writer) (*slog.Logger, func()) {
	return slog.New(slog.NewTextHandler(stderr, nil)), func() {}
}
