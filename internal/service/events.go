package service

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// EventKey is the attribute of a log record that makes it one of Windows' event log too: its value is the
// name of an Event.
const EventKey = "event"

// Event is one kind of record in Windows' event log. Its number and level never change: plants have
// their monitoring look for them.
type Event struct {
	ID    uint32 // 1 to 1000: EventCreate.exe, whose texts are used, has no others
	Name  string // the value of EventKey
	Level slog.Level
	About string
}

// Events returns every event there is.
func Events() []Event {
	return []Event{
		{1, "started", slog.LevelInfo, "the lines run"},
		{2, "stopped", slog.LevelInfo, "stopped because somebody, or the machine's shutdown, has asked for it"},
		{3, "degraded", slog.LevelError, "nothing runs; the page is up and says why"},
		{4, "ended", slog.LevelError, "ended by itself; service control starts it again"},
		{5, "no progress", slog.LevelError, "no progress for a minute: ended, to be started again"},
		{6, "stop overdue", slog.LevelWarn, "did not end in time when it was asked to, and was ended"},
		{7, "log", slog.LevelWarn, "the log file cannot be written"},
		{10, "config", slog.LevelError, "the configuration has an error"},
		{11, "reloaded", slog.LevelInfo, "another configuration is in force"},
		{20, "alarm", slog.LevelWarn, "an alarm of a line, a device or the agent"},
		{30, "ledger", slog.LevelError, "the ledger does not take writes: nothing is printed"},
		{31, "ledger well", slog.LevelInfo, "the ledger takes writes again"},
		{99, "other", slog.LevelWarn, "an event of a name that this table does not have"},
	}
}

// eventOf returns the event of a name.
func eventOf(name string) Event {
	all := Events()
	for _, e := range all {
		if e.Name == name {
			return e
		}
	}
	return all[len(all)-1]
}

// EventWriter takes records of an event log; golang.org/x/sys/windows/svc/eventlog.Log is one.
type EventWriter interface {
	Info(id uint32, text string) error
	Warning(id uint32, text string) error
	Error(id uint32, text string) error
}

// report writes one event with its number and its level.
func report(w EventWriter, name, text string) error {
	e := eventOf(name)
	text = strings.ReplaceAll(text, "\x00", " ") // the interface takes C strings
	switch {
	case e.Level >= slog.LevelError:
		return w.Error(e.ID, text)
	case e.Level >= slog.LevelWarn:
		return w.Warning(e.ID, text)
	}
	return w.Info(e.ID, text)
}

// eventHandler writes the records that bear an EventKey and lets all others pass by.
type eventHandler struct {
	w     EventWriter
	attrs []slog.Attr
}

// NewEventHandler returns a handler for an event log.
func NewEventHandler(w EventWriter) slog.Handler { return eventHandler{w: w} }

// Enabled is part of slog.Handler: an event is written whatever the level of its record.
func (h eventHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle is part of slog.Handler.
func (h eventHandler) Handle(_ context.Context, r slog.Record) error {
	name, text := "", new(strings.Builder)
	text.WriteString(r.Message)
	add := func(a slog.Attr) bool {
		if a.Key == EventKey {
			name = a.Value.Resolve().String()
		} else {
			fmt.Fprintf(text, "\r\n%s: %v", a.Key, a.Value.Resolve())
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	if name == "" {
		return nil
	}
	return report(h.w, name, text.String())
}

// WithAttrs is part of slog.Handler.
func (h eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return eventHandler{h.w, append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

// WithGroup is part of slog.Handler. The names of groups are left out: people read this.
func (h eventHandler) WithGroup(string) slog.Handler { return h }
