package zpltest

import (
	"encoding/hex"
	"time"
)

// event is one line of the log.
type event struct {
	At      time.Time     `json:"at"`
	Event   string        `json:"event"`
	Label   int           `json:"label,omitempty"`
	Code    string        `json:"code,omitempty"` // hex of the first symbol's data
	Symbols []eventSymbol `json:"symbols,omitempty"`
	Copies  int           `json:"copies,omitempty"`
	Fault   string        `json:"fault,omitempty"`
	Peer    string        `json:"peer,omitempty"`
	Format  string        `json:"format,omitempty"` // the name of a stored format
}

type eventSymbol struct {
	Kind string `json:"kind"`
	Code string `json:"code"`
	GS1  bool   `json:"gs1"`
}

func labelEvent(name string, l Label) event {
	e := event{Event: name, Label: l.Seq}
	for i, s := range l.Symbols {
		code := hex.EncodeToString(s.Data)
		if i == 0 {
			e.Code = code
		}
		e.Symbols = append(e.Symbols, eventSymbol{Kind: s.Kind, Code: code, GS1: s.GS1})
	}
	return e
}

// log writes one line. The caller holds the lock.
func (p *Printer) log(e event) {
	e.At = p.opt.Now()
	p.events.Add(e)
}
