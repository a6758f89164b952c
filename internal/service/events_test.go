package service

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
)

// written keeps what an event log was given.
type written struct{ all []string }

func (w *written) Info(id uint32, text string) error    { return w.add("info", id, text) }
func (w *written) Warning(id uint32, text string) error { return w.add("warning", id, text) }
func (w *written) Error(id uint32, text string) error   { return w.add("error", id, text) }

func (w *written) add(level string, id uint32, text string) error {
	w.all = append(w.all, fmt.Sprintf("%s %d %s", level, id, text))
	return nil
}

// Records that bear the key are written with the number and the level of their event, whatever their own.
func TestEventHandler(t *testing.T) {
	w := &written{}
	log := slog.New(NewEventHandler(w)).With("line", "3")
	log.Error("no event")
	log.Debug("printer is out of labels", "at", "tij-1", EventKey, "alarm")
	log.With(EventKey, "ledger").WithGroup("disk").Warn("the disk is full", "error", errors.New("no room\x00left"))
	log.Info("linemark is up", EventKey, "started")
	log.Info("what is this", EventKey, "nonsense")
	want := []string{
		"warning 20 printer is out of labels\r\nline: 3\r\nat: tij-1",
		"error 30 the disk is full\r\nline: 3\r\nerror: no room left",
		"info 1 linemark is up\r\nline: 3",
		"warning 99 what is this\r\nline: 3",
	}
	if !slices.Equal(w.all, want) {
		t.Errorf("%q\nwant %q", w.all, want)
	}
}

// Two loggers of one do not write each other's attributes.
func TestEventHandlerAttrs(t *testing.T) {
	w := &written{}
	base := slog.New(NewEventHandler(w)).With("a", 1, "b", 2).With("c", 3)
	one, two := base.With("one", 1), base.With("two", 2)
	one.Info("x", EventKey, "alarm")
	two.Info("y", EventKey, "alarm")
	want := []string{"warning 20 x\r\na: 1\r\nb: 2\r\nc: 3\r\none: 1", "warning 20 y\r\na: 1\r\nb: 2\r\nc: 3\r\ntwo: 2"}
	if !slices.Equal(w.all, want) {
		t.Errorf("%q", w.all)
	}
}

// Numbers and levels that a plant's monitoring looks for. A line of this table is never changed.
func TestEventsStay(t *testing.T) {
	want := map[string]string{
		"started": "1 INFO", "stopped": "2 INFO", "degraded": "3 ERROR", "ended": "4 ERROR", "no progress": "5 ERROR",
		"stop overdue": "6 WARN", "log": "7 WARN", "config": "10 ERROR", "reloaded": "11 INFO", "alarm": "20 WARN",
		"ledger": "30 ERROR", "ledger well": "31 INFO", "other": "99 WARN",
	}
	seen := map[uint32]bool{}
	for _, e := range Events() {
		if got := fmt.Sprint(e.ID, " ", e.Level); got != want[e.Name] {
			t.Errorf("%s is %s, want %s", e.Name, got, want[e.Name])
		}
		if seen[e.ID] || e.ID < 1 || e.ID > 1000 || e.About == "" {
			t.Errorf("%+v", e)
		}
		seen[e.ID] = true
		delete(want, e.Name)
	}
	if len(want) > 0 {
		t.Errorf("gone: %v", want)
	}
}
