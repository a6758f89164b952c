package web

import (
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// Fault is the answer to a request that could not be done.
type Fault struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"` // what to do
}

// StartBatch is what POST /api/v1/batch/start takes. Dates are as in RFC 3339.
type StartBatch struct {
	Line           Text `json:"line"`
	Name           Text `json:"name"`
	ProductionDate Text `json:"production_date"`
	ExpirationDate Text `json:"expiration_date"`
	Series         Text `json:"series"`
}

// EndBatch is what POST /api/v1/batch/end takes.
type EndBatch struct {
	Line Text `json:"line"`
	Name Text `json:"name,omitempty"` // of the batch that is meant; empty: whichever runs
}

// StartLine is what POST /api/v1/lines/{name}/start takes.
type StartLine struct {
	// Held is the stop that is meant: lines[].held.since as the status has it, or "" where nobody had stopped the line on
	// the page. Where another stop has come since, the line stays as it is. Without it any stop ends.
	Held *Text `json:"held,omitempty"`
}

// StopLine is what POST /api/v1/lines/{name}/stop takes.
type StopLine struct {
	Reason Text `json:"reason"`
}

// Drop is what POST /api/v1/drop takes. Codes are full codes, identification codes or SSCCs,
// GS as \u001d.
type Drop struct {
	Codes     []Text `json:"codes"`
	Reason    Text   `json:"reason"`
	WithChild bool   `json:"with_child"`
	DocNum    Text   `json:"doc_num"`
	DocDate   Text   `json:"doc_date"`
}

// Resolve is what POST /api/v1/reports/{id}/resolve takes.
type Resolve struct {
	As     Text `json:"as"`
	Reason Text `json:"reason"`
}

// Hand is what POST /api/v1/reports/{id}/hand takes.
type Hand struct {
	Reason Text `json:"reason"`
}

func asCode(t Text) code.Code { return code.Code(t) }

// Withdrawn is what became of one code that was to be dropped.
type Withdrawn struct {
	Code  string `json:"code"`          // GS as {GS}
	Codes int    `json:"codes"`         // codes withdrawn: itself, and what was in it
	Why   string `json:"why,omitempty"` // why it was not; empty if it was
}

// Batch is one run of a line as the API gives it.
type Batch struct {
	Line           string     `json:"line"`
	Name           string     `json:"name"`
	ProductionDate string     `json:"production_date,omitempty"`
	ExpirationDate string     `json:"expiration_date,omitempty"`
	Series         string     `json:"series,omitempty"`
	StartedAt      time.Time  `json:"started_at"`
	EndedAt        *time.Time `json:"ended_at,omitempty"` // nil while it runs
}

func batchOf(b ledger.Batch) Batch {
	out := Batch{Line: b.Line, Name: b.Name, ProductionDate: b.ProductionDate, ExpirationDate: b.ExpirationDate, Series: b.Series, StartedAt: b.StartedAt}
	if !b.EndedAt.IsZero() {
		out.EndedAt = &b.EndedAt
	}
	return out
}

// Sheet is a batch's balance sheet as the API gives it.
type Sheet struct {
	Batch    Batch     `json:"batch"`
	Products []Account `json:"products"`
	Equal    bool      `json:"equal"`
}

// Account is what became of one product's codes in a batch.
type Account struct {
	Product  string         `json:"product"`
	Received int            `json:"received"`
	Printed  int            `json:"printed"`
	Verified int            `json:"verified"`
	Rejected int            `json:"rejected"`
	Sampled  int            `json:"sampled"`
	Dropped  int            `json:"dropped"`
	Doubtful map[string]int `json:"doubtful"` // by cause
	Left     int            `json:"left"`
	Equal    bool           `json:"equal"`
	Reported int            `json:"reported"`
}

func sheetOf(s office.Sheet) Sheet {
	out := Sheet{Batch: batchOf(s.Batch), Products: []Account{}, Equal: s.Equal()}
	for _, a := range s.Products {
		out.Products = append(out.Products, Account{Product: a.Product, Received: a.Received, Printed: a.Printed, Verified: a.Verified, Rejected: a.Rejected,
			Sampled: a.Sampled, Dropped: a.Dropped, Doubtful: a.Doubtful, Left: a.Left, Equal: a.Equal(), Reported: a.Reported})
	}
	return out
}

// OutboxReport is a report with its number in this ledger, by which a person names it.
type OutboxReport struct {
	ID        int64     `json:"id"`
	UUID      string    `json:"uuid"`
	Kind      string    `json:"kind"`
	State     string    `json:"state"`
	Codes     int       `json:"codes"`
	Line      string    `json:"line"`
	Batch     string    `json:"batch"`
	Group     string    `json:"group"`
	Usage     string    `json:"usage,omitempty"`
	Server    string    `json:"server_id,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Attempts  int       `json:"attempts"`
	Parent    int64     `json:"parent,omitempty"` // the divided report in whose place it stands
	CreatedAt time.Time `json:"created_at"`
	ChangedAt time.Time `json:"changed_at"`
}

func outboxReport(r ledger.Report) OutboxReport {
	return OutboxReport{ID: r.ID, UUID: r.UUID, Kind: string(r.Kind), State: string(r.State), Codes: r.Codes, Line: r.Line, Batch: r.Batch, Group: r.Group,
		Usage: r.Usage, Server: r.ServerID, Reason: r.Reason, Attempts: r.Attempts, Parent: r.Parent, CreatedAt: r.CreatedAt, ChangedAt: r.ChangedAt}
}

// Paper is a report with what it names.
type Paper struct {
	OutboxReport
	Names []string `json:"names"` // codes, or containers by their own; GS as {GS}
	Parts []int64  `json:"parts"` // of a divided report: those that stand in its place
}

// File is a file for the cabinet; its data are base64 in JSON.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}
