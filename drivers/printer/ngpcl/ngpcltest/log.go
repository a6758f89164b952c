package ngpcltest

import (
	"encoding/hex"
	"time"
)

// event is one line of the log.
type event struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	Label int       `json:"label,omitempty"`
	Code  string    `json:"code,omitempty"` // hex of the first field
	Text  string    `json:"text,omitempty"` // of a command, an answer or a job
	Fault string    `json:"fault,omitempty"`
	Peer  string    `json:"peer,omitempty"`
}

func labelEvent(name string, l Label) event {
	return event{Event: name, Label: l.Seq, Code: hex.EncodeToString(l.Code)}
}

// log writes one line. The caller holds the lock.
func (p *Printer) log(e event) {
	e.At = p.opt.Now()
	p.events.Add(e)
}
