package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// JournalPage is the answer of GET /api/v1/journal.
type JournalPage struct {
	Entries []JournalEntry `json:"entries"`        // newest first
	More    int64          `json:"more,omitempty"` // before of the query for what follows, which may be there without an entry
}

// JournalEntry is an entry of the journal with the code that it is of.
type JournalEntry struct {
	Seq int64 `json:"seq"`
	Entry
	Code  string `json:"identification_code,omitempty"` // GS as {GS}; empty: of no single code
	Codes int    `json:"codes,omitempty"`               // how many it is of where these are many
}

// DoubtfulCause is how many codes of one product and batch are in doubt for one cause.
type DoubtfulCause struct {
	Product   string    `json:"product"`
	GTIN      string    `json:"gtin"`
	Line      string    `json:"line"`
	Batch     string    `json:"batch"`
	Cause     string    `json:"cause"`
	Codes     int       `json:"codes"`
	Oldest    time.Time `json:"oldest"`
	Newest    time.Time `json:"newest"`
	UpTo      int64     `json:"up_to"`     // the newest one's entry of the journal
	Unprinted int       `json:"unprinted"` // of these: read on a product though nobody here had printed them
	Recovered int       `json:"recovered"` // of these: from the server, or out of the stock of a dead PC
	ScanAt    []string  `json:"scan_at"`   // line/station: a scan there makes one verified; nothing else does
}

// DoubtfulCode is a code in doubt. Codes are shown with GS as {GS}.
type DoubtfulCode struct {
	Seq       int64     `json:"seq"`
	Code      string    `json:"code"`
	Ident     string    `json:"identification_code"`
	Product   string    `json:"product"`
	Line      string    `json:"line"`
	Batch     string    `json:"batch"`
	Cause     string    `json:"cause"`
	At        time.Time `json:"at"`
	Unprinted bool      `json:"unprinted,omitempty"`
	Recovered bool      `json:"recovered,omitempty"`
}

// DropDoubtful is what POST /api/v1/doubtful/drop takes: product, line, batch, cause and up_to of a DoubtfulCause, or
// codes. Reason is of the dictionary; by and because are who says so, and how he knows.
type DropDoubtful struct {
	Product *Text  `json:"product"`
	Line    *Text  `json:"line"`
	Batch   *Text  `json:"batch"`
	Cause   *Text  `json:"cause"`
	UpTo    int64  `json:"up_to"`
	Codes   []Text `json:"codes"`
	Reason  Text   `json:"reason"`
	DocNum  Text   `json:"doc_num"`
	DocDate Text   `json:"doc_date"`
	By      Text   `json:"by"`
	Because Text   `json:"because"`
}

// DroppedDoubtful is its answer.
type DroppedDoubtful struct {
	Dropped int         `json:"dropped"`
	Kept    []Withdrawn `json:"kept"` // that were not, and why: the first thousand
	KeptAll int         `json:"kept_all"`
}

// ContainerPage is the answer of GET /api/v1/containers.
type ContainerPage struct {
	Containers []ListedContainer `json:"containers"`     // newest first
	More       int64             `json:"more,omitempty"` // as in JournalPage
}

// ListedContainer is a container with how much is in it.
type ListedContainer struct {
	ContainerFacts
	Count int `json:"count"`
}

// Order is an order of codes.
type Order struct {
	ID        int64     `json:"id"`
	Product   string    `json:"product"`
	GTIN      string    `json:"gtin"`
	Server    string    `json:"server_id,omitempty"`
	Quantity  int       `json:"quantity"`
	Received  int       `json:"received"`
	State     string    `json:"state"` // placing, pending, active, taken, closed, rejected, expired
	Reason    string    `json:"reason,omitempty"`
	PlacedAt  time.Time `json:"placed_at"`
	ChangedAt time.Time `json:"changed_at"`
}

func (c clerk) lookRoutes(mux router) {
	mux.HandleFunc("GET /api/v1/journal", look(c, journal))
	mux.HandleFunc("GET /api/v1/doubtful", look(c, doubtful))
	mux.HandleFunc("GET /api/v1/doubtful/codes", look(c, doubtfulCodes))
	mux.HandleFunc("POST /api/v1/doubtful/drop", tell(c, dropDoubtful))
	mux.HandleFunc("GET /api/v1/batches", look(c, batches))
	mux.HandleFunc("GET /api/v1/containers", look(c, containers))
	mux.HandleFunc("GET /api/v1/orders", look(c, orders))
}

// longestText is how much of the journal's text may be looked for.
const longestText = 500

func journal(r *http.Request, o office.Office) (any, error) {
	q := questionOf(r)
	ask := ledger.JournalQuery{From: q.moment("from"), To: q.moment("to"), Place: q.Get("place"), Text: q.Get("text"), OnlyPeople: q.yes("people"), Code: q.code, Before: q.number("before"), Limit: q.limit()}
	if len(ask.Text) > longestText {
		q.fault(fmt.Sprintf("text has %d bytes", len(ask.Text)), fmt.Sprintf("the most are %d", longestText))
	}
	if q.err != nil {
		return nil, q.err
	}
	page, err := o.Ledger.Journal(r.Context(), ask)
	out := JournalPage{Entries: make([]JournalEntry, len(page.Entries)), More: page.More}
	for i, e := range page.Entries {
		out.Entries[i] = JournalEntry{Seq: e.Seq, Entry: entryOf(e.Entry), Code: code.Visible(e.Code), Codes: e.Codes}
	}
	return out, err
}

func doubtful(r *http.Request, o office.Office) (any, error) {
	all, err := o.Ledger.DoubtfulCauses(r.Context())
	out := make([]DoubtfulCause, len(all))
	for i, c := range all {
		out[i] = DoubtfulCause{Product: c.Product, GTIN: c.GTIN, Line: c.Line, Batch: c.Batch, Cause: c.Cause, Codes: c.Codes, Oldest: c.Oldest, Newest: c.Newest, UpTo: c.UpTo,
			Unprinted: c.Unprinted, Recovered: c.Recovered, ScanAt: append([]string{}, o.ScanAt(c)...)}
	}
	return out, err
}

func doubtfulCodes(r *http.Request, o office.Office) (any, error) {
	q := questionOf(r)
	ask := ledger.DoubtfulQuery{Product: q.exactly("product"), Line: q.exactly("line"), Batch: q.exactly("batch"), Cause: q.exactly("cause"), UpTo: q.number("up_to"), After: q.number("after"), Limit: q.limit()}
	if q.err != nil {
		return nil, q.err
	}
	all, err := o.Ledger.Doubtful(r.Context(), ask)
	out := make([]DoubtfulCode, len(all))
	for i, c := range all {
		out[i] = DoubtfulCode{Seq: c.Seq, Code: code.Visible(c.Code), Ident: code.Visible(c.Ident), Product: c.Product, Line: c.Line, Batch: c.Batch, Cause: c.Cause, At: c.At, Unprinted: c.Unprinted, Recovered: c.Recovered}
	}
	return out, err
}

func dropDoubtful(r *http.Request, o office.Office, in DropDoubtful) (any, error) {
	d := ledger.Drop{Reason: string(in.Reason), DocNum: string(in.DocNum)}
	var err error
	if d.DocDate, err = documentDate(in.DocDate); err != nil {
		return nil, err
	}
	which := office.Doubtful{Of: ledger.DoubtfulQuery{Product: (*string)(in.Product), Line: (*string)(in.Line), Batch: (*string)(in.Batch), Cause: (*string)(in.Cause), UpTo: in.UpTo},
		By: string(in.By), Reason: string(in.Because)}
	for _, c := range in.Codes {
		which.Codes = append(which.Codes, asCode(c))
	}
	done, err := o.SettleDoubtful(r.Context(), which, d)
	if err != nil && done.Dropped > 0 {
		err = fmt.Errorf("%d codes were dropped, and then: %w", done.Dropped, err)
	}
	return DroppedDoubtful{Dropped: done.Dropped, Kept: withdrawn(done.Kept), KeptAll: done.KeptAll}, err
}

func batches(r *http.Request, o office.Office) (any, error) {
	q := questionOf(r)
	line, n := q.Get("line"), q.limit()
	if q.err != nil {
		return nil, q.err
	}
	all, err := o.Ledger.Batches(r.Context(), line, n)
	out := make([]Batch, len(all))
	for i, b := range all {
		out[i] = batchOf(b)
	}
	return out, err
}

func containers(r *http.Request, o office.Office) (any, error) {
	q := questionOf(r)
	ask := ledger.ContainerQuery{Line: q.Get("line"), Station: q.Get("station"), Before: ledger.ContainerID(q.number("before")), Limit: q.limit()}
	if text := q.Get("state"); text != "" {
		ask.States = slices.DeleteFunc(ledger.ContainerStates(), func(s ledger.ContainerState) bool { return s.String() != text })
		if len(ask.States) == 0 {
			q.fault("state="+text+" is no state of a container", "open, full, closed or aside")
		}
	}
	if q.err != nil {
		return nil, q.err
	}
	page, err := o.Ledger.ContainersOf(r.Context(), ask)
	out := ContainerPage{Containers: make([]ListedContainer, len(page.Containers)), More: int64(page.More)}
	for i, c := range page.Containers {
		out.Containers[i] = ListedContainer{factsOf(c.Container), c.Count}
	}
	return out, err
}

func orders(r *http.Request, o office.Office) (any, error) {
	all, err := o.Ledger.Orders(r.Context())
	out := make([]Order, len(all))
	for i, a := range all {
		out[len(all)-1-i] = Order{ID: int64(a.ID), Product: a.Name, GTIN: a.GTIN, Server: a.ServerID, Quantity: a.Quantity, Received: a.Stored, State: string(a.State), Reason: a.Reason, PlacedAt: a.PlacedAt, ChangedAt: a.ChangedAt}
	}
	return out, err
}
