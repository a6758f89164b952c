package smartone

import (
	"time"

	"linemark/internal/code"
)

// The document's limits. Lengths count characters, not bytes.
const (
	MaxID          = 250       // characters of an external id and of a request id
	MaxCode        = 1024      // characters of a code
	MaxUnpacked    = 1_000_000 // bytes of a body before gzip: the vendor says 1 Mb and not which
	Window         = 5 * time.Minute
	DefaultSpacing = 2 * time.Second // between two heavy calls
)

// Emission says what the codes were issued for.
type Emission int

// The two emissions; zero is the document's default, Retail.
const (
	Retail Emission = 1
	Import Emission = 2
)

// ID names one thing of the system's reference books: by the manufacturer's own id, which must
// have been registered with it, or by the system's. Exactly one of the two is given.
type ID struct {
	Ext    string // at most 250 characters
	System int64  // above zero
}

// IsZero reports that neither is given.
func (id ID) IsZero() bool { return id == ID{} }

// Document is one make_aggregation: what was produced and what was packed into what.
//
// Case 1 gives Batch, and may give Line. Case 2 gives Department and Line. A transport pallet
// (the vendor's case 3) is case 2 with codes that have a parent in rows without Pack.
type Document struct {
	// RequestID is made once, with the document, and goes with its bytes for ever. Of two requests
	// with one id the system carries out the first.
	RequestID string

	Batch      int64 // batch_id of make_batch
	Department ID
	Line       ID

	// Date is the day of production; only its year, month and day count. Zero: Today. It is always
	// sent: left out, a repeat after midnight would move the document to another day.
	Date time.Time
	// Today is the present day where the line stands.
	Today time.Time
	// Estimated is the batch's estimated_date, if known. Date is at most a year after it.
	Estimated time.Time

	Emission Emission
	Rows     []Row
}

// Row is one product at one packing level. Rows go from the inside out: packs in outers, then
// outers in cases.
type Row struct {
	Product ID
	Unit    ID // the package that was produced or packed
	Pack    ID // the package that it went into; zero: none, or a transport pallet
	// Count is the number of units. With Codes it is their number or zero; without it must be given.
	Count int
	Codes []Item
}

// Item is a code and the code of the package that it was put into, if any. A code paired to an
// external one may be named by that.
type Item struct {
	Code, Parent code.Code
}

// day is t's date as a moment that can be compared; zones are left behind.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// date is what goes out as dat.
func (d Document) date() time.Time {
	if d.Date.IsZero() {
		return day(d.Today)
	}
	return day(d.Date)
}

// yearAfter is the last day of the year that begins with t: of 29 February it is 28 February.
func yearAfter(t time.Time) time.Time {
	y, m, d := t.Date()
	last := time.Date(y+1, m, d, 0, 0, 0, 0, time.UTC)
	if last.Day() != d {
		last = last.AddDate(0, 0, -last.Day())
	}
	return last
}
