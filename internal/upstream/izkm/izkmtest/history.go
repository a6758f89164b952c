package izkmtest

import (
	"maps"
	"slices"
	"time"
)

// History is all that the emulator knows, for a checker to judge by itself. Times are UTC.
type History struct {
	Orders  []Order
	Blocks  []Block  // in the order of issue
	Codes   []Code   // in the order of issue
	Reports []Report // in the order of arrival, refused (HTTP 400) ones left out
	Packs   []Pack   // the units of accepted aggregation reports, in the order of arrival
	// Breaches names every violation of the document by the caller.
	Breaches []string
	// Requests counts by "METHOD /path", those that a fault swallowed included.
	Requests map[string]int
}

// Order is an order with the status (dictionary 5.6) it has now.
type Order struct {
	ID, OMSID, Group, Status string
	Created                  time.Time
	DeclineReason            string // if REJECTED
	Suborders                []Suborder
}

// Suborder is one product of an order, its status by dictionary 5.8.
type Suborder struct {
	GTIN, Type, Status string
	Total, Passed      int    // codes ordered and issued
	RejectionReason    string // if REJECTED
}

// Block is one answer of the method codes.
type Block struct {
	ID, OrderID, GTIN string
	Quantity          int
	Issued            time.Time
	Acknowledged      bool // its id came as a later lastBlockId
	Closed            bool // its suborder was closed by the caller
	Lapsed            bool // its suborder closed by itself, and nobody had acknowledged it
}

// Code is an issued code.
type Code struct {
	Full, KI                      string // with and without the check part
	Group, GTIN, Type             string
	OrderID, BlockID, Utilisation string // Utilisation: the accepted report that names it, if any
	Issued                        time.Time
	UsageType                     string // of that utilisation
	Unit, Aggregation             string // the unit that it is inside of and the accepted report that put it there
	Dropped, DropoutReason        string // the accepted report that names it or, with its children, what it is in
}

// Pack is an aggregated unit.
type Pack struct {
	SerialNumber, Group    string
	Aggregation            string // the accepted report of it
	Unit                   string // the unit that it is inside of
	Dropped, DropoutReason string // as of a code
}

// The kinds of reports.
const (
	Utilisation = "utilisation"
	Aggregation = "aggregation"
	Dropout     = "dropout"
)

// Report is a utilisation, aggregation or dropout report, its strings exactly as received.
type Report struct {
	ID             string    `json:"id"`
	OMSID          string    `json:"omsId"`
	Group          string    `json:"group"`
	Kind           string    `json:"kind"`
	Received       time.Time `json:"received"`
	Status         string    `json:"status"` // dictionary 5.7; in the log the one it will come to
	ErrorReason    string    `json:"errorReason,omitempty"`
	SourceReportID string    `json:"sourceReportId,omitempty"`
	// Times is how often this sourceReportId or sourceDocNum has come, or, without one, this
	// very body.
	Times             int      `json:"times"`
	UsageType         string   `json:"usageType,omitempty"`
	ProductionLineID  string   `json:"productionLineId,omitempty"`
	ProductionOrderID string   `json:"productionOrderId,omitempty"`
	BrandCode         string   `json:"brandcode,omitempty"`
	ProductionDate    string   `json:"productionDate,omitempty"`
	ExpirationDate    string   `json:"expirationDate,omitempty"`
	SeriesNumber      string   `json:"seriesNumber,omitempty"`
	ParticipantID     string   `json:"participantId,omitempty"`
	DateDoc           int64    `json:"dateDoc,omitempty"` // epoch milliseconds, 0: not sent
	Address           string   `json:"address,omitempty"`
	DropoutReason     string   `json:"dropoutReason,omitempty"`
	SourceDocDate     string   `json:"sourceDocDate,omitempty"`
	SourceDocNum      string   `json:"sourceDocNum,omitempty"`
	WithChild         bool     `json:"withChild,omitempty"`
	Codes             []string `json:"codes,omitempty"` // utilisation, dropout: full codes
	Units             []Unit   `json:"units,omitempty"` // aggregation
}

// Unit is one aggregation unit: a parent and its children.
type Unit struct {
	SerialNumber string   `json:"unitSerialNumber"`
	Codes        []string `json:"sntins"`
	Count        int      `json:"aggregatedItemsCount"`
	Capacity     int      `json:"aggregationUnitCapacity"`
}

// History returns a deep copy of what the emulator knows at this moment.
func (s *Server) History() History {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	h := History{Breaches: slices.Clone(s.breaches), Requests: maps.Clone(s.requests)}
	for _, o := range s.orders {
		out := Order{ID: o.ID, OMSID: o.OMSID, Group: o.Group, Status: o.status(now), Created: o.Created, DeclineReason: o.declined(now)}
		for _, u := range o.subs {
			out.Suborders = append(out.Suborders,
				Suborder{GTIN: u.GTIN, Type: u.Type, Status: u.status(now), Total: u.Total, Passed: u.passed, RejectionReason: u.rejected(now)})
		}
		h.Orders = append(h.Orders, out)
	}
	h.Codes = slices.Grow(h.Codes, s.issuedCodes())
	for _, b := range s.blocks {
		u := b.sub
		lapsed := !b.acked && !u.closed && u.status(now) == statusClosed
		h.Blocks = append(h.Blocks, Block{ID: b.id, OrderID: u.order.ID, GTIN: u.GTIN, Quantity: len(b.codes),
			Issued: b.at, Acknowledged: b.acked, Closed: u.closed, Lapsed: lapsed})
		for i := range b.codes {
			c := &b.codes[i]
			out := Code{Full: c.full, KI: c.ki(), Group: u.order.Group, GTIN: u.GTIN, Type: u.Type,
				OrderID: u.order.ID, BlockID: b.id, Issued: b.at}
			if c.used != nil {
				out.Utilisation, out.UsageType = c.used.ID, c.used.UsageType
			}
			if c.in != nil {
				out.Unit, out.Aggregation = c.in.SerialNumber, c.in.by.ID
			}
			if c.dropped != nil {
				out.Dropped, out.DropoutReason = c.dropped.ID, c.dropped.DropoutReason
			}
			h.Codes = append(h.Codes, out)
		}
	}
	for _, r := range s.reports {
		h.Reports = append(h.Reports, r.copy(now, s.times[r.key()]))
	}
	for _, p := range s.packs {
		h.Packs = append(h.Packs, s.packed(p))
	}
	return h
}

func (s *Server) issuedCodes() int {
	n := 0
	for _, b := range s.blocks {
		n += len(b.codes)
	}
	return n
}

func (s *Server) packed(p *pack) Pack {
	out := Pack{SerialNumber: p.SerialNumber, Group: p.by.Group, Aggregation: p.by.ID}
	if outer := s.into(p.SerialNumber); outer != nil {
		out.Unit = outer.SerialNumber
	}
	if r := s.droppedBy(p.SerialNumber); r != nil {
		out.Dropped, out.DropoutReason = r.ID, r.DropoutReason
	}
	return out
}

func (r *report) copy(now time.Time, times int) Report {
	out := r.Report
	out.Status, out.ErrorReason = r.outcome(now)
	out.Times = times
	out.Codes = slices.Clone(r.Codes)
	out.Units = slices.Clone(r.Units)
	for i := range out.Units {
		out.Units[i].Codes = slices.Clone(out.Units[i].Codes)
	}
	return out
}
