package dynamarktest

import (
	"encoding/hex"
	"time"
)

// event is one line of the log.
type event struct {
	At    time.Time         `json:"at"`
	Event string            `json:"event"`
	Label int               `json:"label,omitempty"`
	Code  string            `json:"code,omitempty"` // hex of the symbol's data
	GS1   bool              `json:"gs1,omitempty"`
	Texts map[string]string `json:"texts,omitempty"`
	Line  string            `json:"line,omitempty"` // a command that was refused, or came too early
	Fault string            `json:"fault,omitempty"`
	Peer  string            `json:"peer,omitempty"`
}

func labelEvent(name string, l Label) event {
	e := event{Event: name, Label: l.Seq, Texts: l.Texts}
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
