package shipping

import "time"

// Status is how all shipments stand.
type Status struct {
	Shipments int        `json:"shipments"`
	Open      int        `json:"open"`             // not complete
	Oldest    *time.Time `json:"oldest,omitempty"` // when the oldest open one was given
	Name      string     `json:"oldest_name,omitempty"`
	Waiting   int        `json:"waiting"`   // papers
	Failed    int        `json:"failed"`    // papers
	ToPrint   int        `json:"to_print"`  // labels
	Attention int        `json:"attention"` // labels that are doubtful or unprintable
	Trouble   string     `json:"trouble,omitempty"`
	Broken    []Broken   `json:"broken,omitempty"`
}

// Status tells how all shipments stand.
func (c *Clerk) Status() Status {
	s := StatusOf(c.Store)
	c.mu.Lock()
	inbox := c.inbox
	c.mu.Unlock()
	switch {
	case inbox != "":
		s.Trouble = inbox
	case len(s.Broken) > 0:
		s.Trouble = "shipment " + s.Broken[0].Name + " cannot be read: " + s.Broken[0].Why
	}
	return s
}

// StatusOf counts the shipments of a store. The trouble is the last word on a paper that waits longest.
func StatusOf(store *Store) Status {
	all, broken := store.All()
	s := Status{Shipments: len(all), Broken: broken}
	for _, one := range all {
		n := one.Count()
		if n.Waiting+n.Failed+n.ToPrint+n.Attention == 0 {
			continue
		}
		s.Open++
		if s.Oldest == nil {
			s.Oldest, s.Name = &one.Made, one.Name
		}
		s.Waiting += n.Waiting
		s.Failed += n.Failed
		s.ToPrint += n.ToPrint
		s.Attention += n.Attention
		if s.Trouble == "" {
			s.Trouble = one.Why()
		}
	}
	return s
}

// Why is the first thing that is told of a paper that has failed, or of a label that did not come out; else of
// a paper that is not there yet.
func (s *Shipment) Why() string {
	waits := ""
	tell := func(state State, why string) bool {
		if why != "" && waits == "" && state != Done {
			waits = why
		}
		return state == Failed && why != ""
	}
	for _, w := range s.Waybills {
		if tell(w.State, w.Why) {
			return w.Why
		}
		for _, q := range w.Pictures {
			if q.Why != "" {
				return q.Why
			}
		}
	}
	for _, d := range s.Documents {
		if tell(d.State, d.Why) {
			return d.Why
		}
	}
	return waits
}
