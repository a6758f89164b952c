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
	// Breaches names every violation of the document by the caller.
	Breaches []string
	// Requests counts by "METHOD /path", those that a fault swallowed included.
	Requests map[string]int
}

// Order is an order with the status (dictionary 5.6) it has now.
type Order struct {
	ID, OMSID, Group, Status string
	Created                  time.Time
	Suborders                []Suborder
}

// Suborder is one product of an order, its status by dictionary 5.8.
type Suborder struct {
	GTIN, Type, Status string
	Total, Passed      int // codes ordered and issued
}

// Block is one answer of the method codes.
type Block struct {
	ID, OrderID, GTIN string
	Quantity          int
	Issued            time.Time
	Acknowledged      bool // its id came as a later lastBlockId
	Closed            bool // its suborder was closed by the caller
}

// Code is an issued code.
type Code struct {
	Full, KI                      string // with and without the check part
	Group, GTIN, Type             string
	OrderID, BlockID, Utilisation string // Utilisation: the accepted report that names it, if any
	Issued                        time.Time
}

// The kinds of reports.
const (
	Utilisation = "utilisation"
	Aggregation = "aggregation"
)

// Report is a utilisation or aggregation report, its strings exactly as received.
type Report struct {
	ID             string    `json:"id"`
	OMSID          string    `json:"omsId"`
	Group          string    `json:"group"`
	Kind           string    `json:"kind"`
	Received       time.Time `json:"received"`
	Status         string    `json:"status"` // dictionary 5.7; in the log the one it will come to
	ErrorReason    string    `json:"errorReason,omitempty"`
	SourceReportID string    `json:"sourceReportId,omitempty"`
	// Times is how often this sourceReportId has come, or, without one, this very body.
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
	Codes             []string `json:"codes,omitempty"`   // utilisation: full codes
	Units             []Unit   `json:"units,omitempty"`   // aggregation
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
		out := Order{ID: o.ID, OMSID: o.OMSID, Group: o.Group, Status: o.status(now), Created: o.Created}
		for _, u := range o.subs {
			out.Suborders = append(out.Suborders,
				Suborder{GTIN: u.GTIN, Type: u.Type, Status: u.status(now), Total: u.Total, Passed: u.passed})
		}
		h.Orders = append(h.Orders, out)
	}
	for _, b := range s.blocks {
		u := b.sub
		h.Blocks = append(h.Blocks, Block{ID: b.id, OrderID: u.order.ID, GTIN: u.GTIN, Quantity: len(b.codes),
			Issued: b.at, Acknowledged: b.acked, Closed: u.closed})
		for _, c := range b.codes {
			out := Code{Full: c.full, KI: c.full[:u.layout().ki()], Group: u.order.Group, GTIN: u.GTIN, Type: u.Type,
				OrderID: u.order.ID, BlockID: b.id, Issued: b.at}
			if c.used != nil {
				out.Utilisation = c.used.ID
			}
			h.Codes = append(h.Codes, out)
		}
	}
	for _, r := range s.reports {
		h.Reports = append(h.Reports, r.copy(now, len(s.byKey[r.key()])))
	}
	return h
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
