package izkmtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is one line of the log: a request and what came of it.
type event struct {
	At       time.Time `json:"at"`
	Restored bool      `json:"restored,omitempty"` // the emulator was started again here
	Method   string    `json:"method,omitempty"`
	Path     string    `json:"path,omitempty"`
	Fault    string    `json:"fault,omitempty"`  // what befell the caller in place of the answer
	Again    bool      `json:"again,omitempty"`  // the request of the line before, carried out once more
	Status   int       `json:"status,omitempty"` // of the answer before any fault
	Breaches []string  `json:"breaches,omitempty"`
	Order    *placed   `json:"order,omitempty"`
	Block    *taken    `json:"block,omitempty"`
	Close    *closing  `json:"close,omitempty"`
	Report   *received `json:"report,omitempty"`
	Repeat   string    `json:"repeat,omitempty"` // the id of the report that was refused as a repeat of it
}

// placed is a new order.
type placed struct {
	ID       string    `json:"orderId"`
	OMSID    string    `json:"omsId"`
	Group    string    `json:"group"`
	Created  time.Time `json:"created"`
	Pending  time.Time `json:"pending"` // until then CREATED
	Ready    time.Time `json:"ready"`   // from then on codes can be taken, but for a course of their own
	Products []product `json:"products"`
}

type product struct {
	GTIN    string   `json:"gtin"`
	Type    string   `json:"cisType"`
	Total   int      `json:"quantity"`
	Serials []string `json:"serialNumbers,omitempty"` // SELF_MADE
	// The suborder's own course, if any.
	Ready     time.Time `json:"ready,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`
	Rejection string    `json:"rejectionReason,omitempty"`
}

// taken is a new block; it acknowledges the one before, if any.
type taken struct {
	ID      string    `json:"blockId"`
	OrderID string    `json:"orderId"`
	GTIN    string    `json:"gtin"`
	At      time.Time `json:"at"`
	Codes   []string  `json:"codes"`
}

// closing closes a suborder, or the whole order if GTIN is empty.
type closing struct {
	OrderID string `json:"orderId"`
	GTIN    string `json:"gtin,omitempty"`
}

// received is a report with its verdict.
type received struct {
	Report
	Due  time.Time `json:"due"`  // from then on the verdict is told
	Hash string    `json:"hash"` // SHA-256 of the body
}

// record writes the event to the log, then carries it out. After a failure of the log the
// emulator answers 500 to everything: what it did could not be restored.
func (s *Server) record(e *event) error {
	if s.dead != nil {
		return s.dead
	}
	if s.opt.Log != nil {
		line, err := json.Marshal(e)
		if err == nil {
			_, err = s.opt.Log.Write(append(line, '\n'))
		}
		if err != nil {
			s.dead = fmt.Errorf("writing the log: %w", err)
			return s.dead
		}
	}
	return s.apply(e)
}

// apply changes the state; requests are counted on arrival.
func (s *Server) apply(e *event) error {
	s.breaches = append(s.breaches, e.Breaches...)
	switch {
	case e.Order != nil:
		return s.applyOrder(e.Order)
	case e.Block != nil:
		return s.applyBlock(e.Block)
	case e.Close != nil:
		return s.applyClose(e.Close, e.At)
	case e.Report != nil:
		s.applyReport(e.Report)
	case e.Repeat != "":
		if r := s.reportByID[e.Repeat]; r != nil {
			s.times[r.key()]++
		}
	}
	return nil
}

// Restore replays a log into a new emulator, which then continues with the same orders,
// codes, blocks and reports. A half last line is what a kill leaves: it is ignored. If the
// emulator has a Log, a line that says so is added, and that may well be the log just read.
func (s *Server) Restore(r io.Reader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.orders)+len(s.reports)+len(s.requests)+len(s.breaches) > 0 {
		return errors.New("restoring: the emulator has a history already")
	}
	half, err := s.replay(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	if half && s.opt.Log != nil {
		if _, err := s.opt.Log.Write([]byte{'\n'}); err != nil {
			return fmt.Errorf("restoring: ending the half line of the log: %w", err)
		}
	}
	return s.record(&event{At: s.now(), Restored: true})
}

// replay reports whether the log ends inside a line.
func (s *Server) replay(r *bufio.Reader) (half bool, err error) {
	var broken error // of the line before: fine only at the end or where a restart follows
	for n := 1; ; n++ {
		line, readErr := r.ReadBytes('\n')
		if readErr != nil && readErr != io.EOF {
			return false, fmt.Errorf("reading line %d: %w", n, readErr)
		}
		half = len(line) > 0 && line[len(line)-1] != '\n'
		if line = bytes.TrimSpace(line); len(line) > 0 {
			var e event
			err := json.Unmarshal(line, &e)
			if broken != nil && !e.Restored {
				return false, broken
			}
			broken = nil
			if err != nil {
				broken = fmt.Errorf("line %d: %w", n, err)
			} else if err := s.replayOne(&e); err != nil {
				return false, fmt.Errorf("line %d: %w", n, err)
			}
		}
		if readErr == io.EOF {
			if broken != nil && !half {
				return false, broken
			}
			return half, nil
		}
	}
}

func (s *Server) replayOne(e *event) error {
	if e.Method != "" && !e.Again {
		s.requests[e.Method+" "+e.Path]++
	}
	return s.apply(e)
}

func (s *Server) applyOrder(p *placed) error {
	g, ok := groupOf(p.Group)
	if !ok {
		return fmt.Errorf("order %s: unknown group %q", p.ID, p.Group)
	}
	o := &order{placed: *p, group: g}
	for _, pr := range p.Products {
		u := &suborder{product: pr, order: o}
		if u.Ready.IsZero() {
			u.Ready = o.Ready
		}
		l, ok := g.layout(pr.Type)
		if !ok {
			return fmt.Errorf("order %s: group %s has no codes of type %q", p.ID, p.Group, pr.Type)
		}
		for _, serial := range pr.Serials {
			s.byKI[string(l.appendKI(nil, pr.GTIN, serial))] = nil
		}
		o.subs = append(o.subs, u)
	}
	s.orders = append(s.orders, o)
	s.orderByID[p.ID] = o
	return nil
}

func (s *Server) applyBlock(t *taken) error {
	u := s.suborder(t.OrderID, t.GTIN)
	if u == nil {
		return fmt.Errorf("block %s: no order %s with GTIN %s", t.ID, t.OrderID, t.GTIN)
	}
	if prev := u.last(); prev != nil {
		prev.acked = true
	}
	ki := u.layout().ki()
	b := &block{id: t.ID, sub: u, at: t.At, ki: ki, codes: make([]issued, len(t.Codes))}
	for i, full := range t.Codes {
		if len(full) < ki {
			return fmt.Errorf("block %s: code %q is too short", t.ID, full)
		}
		b.codes[i] = issued{full: full, block: b}
		s.byKI[full[:ki]] = &b.codes[i]
	}
	u.blocks = append(u.blocks, b)
	u.passed += len(t.Codes)
	s.blocks = append(s.blocks, b)
	return nil
}

// applyClose closes what has not come to another end before.
func (s *Server) applyClose(c *closing, at time.Time) error {
	o := s.orderByID[c.OrderID]
	if o == nil {
		return fmt.Errorf("closing: no order %s", c.OrderID)
	}
	for _, u := range o.subs {
		if (c.GTIN == "" || u.GTIN == c.GTIN) && !ended(u.status(at)) {
			u.closed = true
		}
	}
	return nil
}

func (s *Server) applyReport(in *received) {
	r := &report{received: *in}
	s.reports = append(s.reports, r)
	s.reportByID[r.ID] = r
	s.byKey[r.key()] = append(s.byKey[r.key()], r)
	s.times[r.key()]++
	s.share(r)
	if !r.accepted() {
		return
	}
	switch r.Kind {
	case Utilisation:
		for _, full := range r.Codes {
			if c := s.issuedCode(full); c != nil {
				c.used = r
			}
		}
	case Aggregation:
		for i := range r.Units {
			s.pack(r, &r.Units[i])
		}
	case Dropout:
		for _, full := range r.Codes {
			s.drop(r, full)
		}
	}
}

// share has a report hold the issued codes themselves in place of its own copies: a long
// run has many reports.
func (s *Server) share(r *report) {
	for i, full := range r.Codes {
		if c := s.issuedCode(full); c != nil {
			r.Codes[i] = c.full
		}
	}
	for _, u := range r.Units {
		for i, ki := range u.Codes {
			if c := s.byKI[ki]; c != nil {
				u.Codes[i] = c.full[:len(ki)]
			}
		}
	}
}

// suborder finds a suborder by its address; nil if there is none.
func (s *Server) suborder(orderID, gtin string) *suborder {
	if o := s.orderByID[strings.ToLower(orderID)]; o != nil {
		for _, u := range o.subs {
			if u.GTIN == gtin {
				return u
			}
		}
	}
	return nil
}
