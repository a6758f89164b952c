package smartonetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// event is one line of the log.
type event struct {
	Event     string    `json:"event"` // batch, request, breach
	Batch     int64     `json:"batch,omitempty"`
	Generated *Batch    `json:"generated,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Params    string    `json:"params,omitempty"`
	Answer    object    `json:"answer,omitempty"`
	Document  *Document `json:"document,omitempty"` // missing: refused
	Breach    string    `json:"breach,omitempty"`
}

// note writes one line of the log, in one write. The caller holds mu.
func (s *Server) note(e event) {
	if s.opt.Log == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = s.opt.Log.Write(append(line, '\n'))
	}
	if err != nil {
		panic("smartonetest: writing the log: " + err.Error())
	}
}

// Restore goes on from the log of an earlier emulator: batches, requests and documents are known again, tokens
// are not. Half a line at the end is what a killed one has left.
func (s *Server) Restore(log io.Reader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := bufio.NewReader(log)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); !json.Valid(line) {
			continue // half a line that was ended later
		}
		var e event
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		s.restore(e)
	}
}

func (s *Server) restore(e event) {
	switch e.Event {
	case "batch":
		s.batches[e.Batch] = e.Generated
	case "request":
		r := &request{id: e.RequestID, at: e.At, params: e.Params, answer: e.Answer}
		s.byID[r.id], s.byParams[r.params] = r, r
		if e.Document != nil {
			s.add(*e.Document)
		}
	case "breach":
		s.breaches = append(s.breaches, e.Breach)
	}
}
