package smartonetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// History is the emulator's own account, a copy.
type History struct {
	Documents  []Document
	Deliveries []Delivery // every request that was carried out, in order
	Breaches   []string   // what the caller did against the vendor's document
	Logins     int        // tries
	Requests   map[string]int
}

// Document is one make_aggregation that the system accepted. Ids are "ext:..." or "id:...".
type Document struct {
	Number           int
	RequestID        string
	At               time.Time
	Batch            int64
	Department, Line string
	Date             string
	Emission         int
	Products         []Product
	Packed           []Packed
}

// queue is what the true order of events is kept for: the department, which a batch stands for where
// it is not named.
func (d Document) queue() string { return cmp.Or(d.Department, fmt.Sprint("batch:", d.Batch)) }

// Product is one product row.
type Product struct {
	Product, Unit, Pack string
	Count               int
}

// Packed is one code; Row is its place in Products.
type Packed struct {
	Row          int
	Code, Parent string
}

// Delivery is one request as it came.
type Delivery struct {
	At        time.Time
	Path      string
	Raw, Body []byte // as it came, and unpacked
	Type      string // Content-Type
	Signature string
	Code      int // of the answer before any fault; 0 also while in progress
}

// History returns what has happened so far.
func (s *Server) History() History {
	s.mu.Lock()
	defer s.mu.Unlock()
	return History{
		Documents: slices.Clone(s.documents), Deliveries: slices.Clone(s.deliveries),
		Breaches: slices.Clone(s.breaches), Logins: s.logins, Requests: maps.Clone(s.requests),
	}
}

// Twice lists the codes that stand in more than one document.
func (h History) Twice() []string {
	seen := make(map[string]int)
	for _, d := range h.Documents {
		for _, p := range d.Packed {
			seen[p.Code]++
		}
	}
	var twice []string
	for code, n := range seen {
		if n > 1 {
			twice = append(twice, code)
		}
	}
	slices.Sort(twice)
	return twice
}
