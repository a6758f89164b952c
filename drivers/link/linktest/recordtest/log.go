package recordtest

import (
	"encoding/json"
	"fmt"
	"io"
)

// Log writes what happens in a device, one JSON object a line. The device calls Add under its lock, before the
// effect can be seen outside: so lines stand in the order of the effects and are complete.
type Log struct {
	to  io.Writer
	err error
}

// NewLog returns a log to w; nil: none is kept.
func NewLog(w io.Writer) Log { return Log{to: w} }

// Add writes one event. The first failure is kept for Err.
func (l *Log) Add(event any) {
	if l.to == nil {
		return
	}
	line, err := json.Marshal(event)
	if err == nil {
		_, err = l.to.Write(append(line, '\n'))
	}
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("writing the log of an emulated device: %w", err)
	}
}

// Err returns the first failure of writing.
func (l *Log) Err() error { return l.err }
