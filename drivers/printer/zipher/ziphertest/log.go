package ziphertest

import (
	"encoding/hex"
	"time"
)

// event is one line of the log.
type event struct {
	At     time.Time         `json:"at"`
	Event  string            `json:"event"`
	Label  int               `json:"label,omitempty"`
	Index  int64             `json:"index,omitempty"`
	Code   string            `json:"code,omitempty"` // hex of the symbol's data
	GS1    bool              `json:"gs1,omitempty"`
	Values map[string]string `json:"values,omitempty"`
	Line   string            `json:"line,omitempty"` // a command that was refused
	Fault  string            `json:"fault,omitempty"`
	Job    string            `json:"job,omitempty"`
	Peer   string            `json:"peer,omitempty"`
}

func labelEvent(name string, l Label) event {
	e := event{Event: name, Label: l.Seq, Index: l.Index, Values: l.Values}
	for _, s := range l.Symbols {
		e.Code, e.GS1 = hex.EncodeToString(s.Data), s.GS1
	}
	return e
}

// log writes one line. The caller holds the lock.
func (p *Printer) log(e event) {
	e.At = p.opt.Now()
	p.events.Add(e)
}
