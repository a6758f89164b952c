package ngpcltest

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
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

// log writes one line. The caller holds the lock, so that lines stand in the order of the effects and each
// is complete before its effect can be seen. The first failure is kept for Close.
func (p *Printer) log(e event) {
	if p.opt.Log == nil {
		return
	}
	e.At = p.opt.Now()
	line, err := json.Marshal(e)
	if err == nil {
		_, err = p.opt.Log.Write(append(line, '\n'))
	}
	if err != nil && p.logErr == nil {
		p.logErr = fmt.Errorf("writing the log of the printer: %w", err)
	}
}
