package ediweb

import (
	"context"
	"fmt"

	"linemark/internal/upstream/ediweb/stack"
)

// State is what became of one document that was asked for.
type State string

// The states of a document.
const (
	Found   State = "found"   // at least one picture came, and nothing about it is in doubt
	Missing State = "missing" // its lot was answered, and nothing in the answer is for it
	Failed  State = "error"   // its lot was not answered, or what came for it is not to be used
)

// Answer is what came for all ids together.
type Answer struct {
	Documents []Document // one for each id, in the order asked, repeats left out
	Strays    []Packet   // what came and belongs to no id for certain
	Lots      []Lot      // the calls in their order, those that failed too
}

// With returns the ids of the documents in a state, in the order asked.
func (a Answer) With(s State) []string {
	var ids []string
	for _, d := range a.Documents {
		if d.State == s {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// Document is one document that was asked for.
type Document struct {
	ID      string
	State   State
	Why     string   // one line; empty where State is Found
	Lot     int      // index in Answer.Lots
	Packets []Packet // normally one; a name may come twice
}

// Packet is one entry of the answer: the inner archive of one document.
type Packet struct {
	Number      string // the document's number, from the name QR_<number>_<ddMMyyyyHHmmss>.zip; else empty
	Stamp       string // the fourteen digits of that name; their zone is not described
	Name        string // as in the archive, in UTF-8: to show and to compare, never a path
	RawName     string // its bytes in the archive
	SafeName    string // fit for a file, and the only one of the Answer
	Lot         int    // index in Answer.Lots
	Pictures    []Picture
	Inventories []Inventory // those inside it
	Raw         []byte      // the inner archive as it came; nil where it could not be unpacked
	Problem     string      // one line that says why it is not to be used; empty: it is whole
}

// Picture is one QR picture, as it came.
type Picture struct {
	Name, RawName string       // as in the inner archive
	SafeName      string       // fit for a file, and the only one of its packet
	Format        stack.Format // by its bytes; stack.Unknown is kept too, and told in Lot.Notes
	Bytes         []byte
}

// Inventory is one Inventory.xml, as it came.
type Inventory struct {
	Raw  []byte
	Note string // one line that says why it could not be read; empty: it could
	tree *stack.Node
}

// Lot is one call.
type Lot struct {
	IDs         []string
	RequestUUID string // by which the service finds the call; for the log
	FileName    string // how the answer calls itself; empty where it does not
	SafeName    string // the same, or a name of our own, fit for a file
	Inventories []Inventory
	Notes       []string // what a person should know: a strange picture, an unreadable inventory
	Err         error    // an *Error, nil: it was answered
}

func (l *Lot) note(format string, args ...any) {
	l.Notes = append(l.Notes, fmt.Sprintf(format, args...))
}

// QRCodes fetches the QR codes of documents for an organisation, 100 with one call. Every id has
// its state in the Answer, whatever happens; the error is the *Error of the first call that
// failed. A call that fails takes nothing from the others, but after one that found no
// connection or no access no further one is made. Where the error's Kind is Invalid the request
// was against the document: nothing was sent, and the Answer is empty.
func (c *Client) QRCodes(ctx context.Context, t IDType, orgID string, docIDs []string) (Answer, error) {
	if err := checkOrg(t, orgID); err != nil {
		return Answer{}, err
	}
	ids, bad := distinct(docIDs)
	if bad != nil {
		return Answer{}, bad
	}
	var a Answer
	var first, end *Error
	var packets, files stack.SafeNames
	for i, part := range lots(ids) {
		lot := Lot{IDs: part}
		var entries []stack.Entry
		failed := end
		if end == nil {
			entries, failed = c.ask(ctx, t, orgID, &lot)
		}
		if failed != nil {
			lot.Err = failed
			a.failed(i, lot, failed, end != nil)
		} else {
			if lot.SafeName = lot.FileName; lot.SafeName == "" {
				lot.SafeName = fmt.Sprintf("StackQrCodes_%d.zip", i+1)
			}
			lot.SafeName = files.Make(lot.SafeName)
			a.allot(i, &lot, entries, &packets)
		}
		a.Lots = append(a.Lots, lot)
		if first == nil {
			first = failed
		}
		if end == nil && failed != nil && (failed.ends() || ctx.Err() != nil) {
			end = failed
		}
	}
	c.quiet(&a)
	if first != nil {
		return a, first
	}
	return a, nil
}

// failed gives every document of a lot the error.
func (a *Answer) failed(i int, lot Lot, err *Error, unasked bool) {
	why := err.Error()
	if unasked {
		why = "not asked for, since a call before failed: " + why
	}
	for _, id := range lot.IDs {
		a.Documents = append(a.Documents, Document{ID: id, State: Failed, Lot: i, Why: why})
	}
}

// quiet takes the secret out of all texts for people, should the archive repeat it.
func (c *Client) quiet(a *Answer) {
	packets := func(all []Packet) {
		for i := range all {
			all[i].Problem = c.hide(all[i].Problem)
		}
	}
	packets(a.Strays)
	for i := range a.Documents {
		a.Documents[i].Why = c.hide(a.Documents[i].Why)
		packets(a.Documents[i].Packets)
	}
	for _, lot := range a.Lots {
		for i, n := range lot.Notes {
			lot.Notes[i] = c.hide(n)
		}
	}
}

// allot gives each document of a lot its packets.
func (a *Answer) allot(i int, lot *Lot, entries []stack.Entry, names *stack.SafeNames) {
	var packets []Packet
	for _, e := range entries {
		if e.Err == nil && !e.Archive && stack.IsInventory(e.Name) {
			lot.Inventories = append(lot.Inventories, inventory(e, lot))
			continue
		}
		packets = append(packets, packet(e, i, lot, names))
	}
	owners := match(lot, packets)
	of := map[string][]Packet{}
	doubt := map[string]string{}
	strays := 0
	for n, p := range packets {
		switch ids := owners.of(n); len(ids) {
		case 1:
			of[ids[0]] = append(of[ids[0]], p)
		case 0:
			lot.note("%.120q belongs to no document asked for", p.Name)
			a.Strays = append(a.Strays, p)
			strays++
		default:
			lot.note("%.120q may belong to each of %.60q", p.Name, ids)
			a.Strays = append(a.Strays, p)
			for _, id := range ids {
				doubt[id] = fmt.Sprintf("%.120q may belong to each of %.60q", p.Name, ids)
			}
		}
	}
	for _, id := range lot.IDs {
		a.Documents = append(a.Documents, document(id, i, lot, of[id], doubt[id], strays))
	}
}

// document judges what came for one id.
func document(id string, i int, lot *Lot, packets []Packet, doubt string, strays int) Document {
	d := Document{ID: id, State: Found, Lot: i, Packets: packets}
	switch {
	case doubt != "":
		d.State, d.Why = Failed, doubt
	case len(packets) == 0 && strays > 0:
		d.State, d.Why = Missing, fmt.Sprintf("the answer holds nothing that is for it for certain, but %d for nobody", strays)
	case len(packets) == 0:
		d.State, d.Why = Missing, "the answer holds nothing for it"
	}
	for _, p := range packets {
		if p.Problem != "" && d.State == Found {
			d.State, d.Why = Failed, fmt.Sprintf("%.120q: %s", p.Name, p.Problem)
		}
	}
	if len(packets) > 1 {
		lot.note("document %.60q came %d times", id, len(packets))
	}
	return d
}
