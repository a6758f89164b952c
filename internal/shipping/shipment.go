package shipping

import (
	"slices"
	"time"
)

// version is that of the form of shipment.json.
const version = 1

// State is how a paper of a shipment stands.
type State string

// The states of a paper.
const (
	Waiting State = "waiting" // it is asked for
	Done    State = "done"    // it is beside the shipment
	Failed  State = "failed"  // it is not asked for any more, until a person says so
)

// LabelState is how a label stands.
type LabelState string

// The states of a label.
const (
	Unasked     LabelState = "not asked for" // no printer is configured
	ToPrint     LabelState = "to print"
	Sending     LabelState = "sending"     // on disk before the first byte leaves
	Sent        LabelState = "sent"        // the printer took it, and never says whether it printed it
	Printed     LabelState = "printed"     // the printer confirmed it
	Doubtful    LabelState = "doubtful"    // it may be printed: only a person knows, and only a person has it printed again
	Unprintable LabelState = "unprintable" // no label can be made of the picture
)

// Shipment is all that is known of one shipment. The field names are those of shipment.json and of the API.
type Shipment struct {
	Version     int        `json:"version"`
	Name        string     `json:"name"`
	Made        time.Time  `json:"made"`
	From        string     `json:"from"` // who gave it: office, or a file of the watched folder
	Pallets     []Pallet   `json:"pallets"`
	Waybills    []Waybill  `json:"waybills"`
	Documents   []Document `json:"documents"`
	Inventories []File     `json:"inventories,omitempty"` // as they came with the QR codes
	Strays      []File     `json:"strays,omitempty"`      // what came with the last answer and belongs to no waybill for certain
	Notes       []string   `json:"notes,omitempty"`       // what the last answer made people know
	Words       []Word     `json:"words,omitempty"`       // what people said
}

// Pallet is one pallet.
type Pallet struct {
	SSCC    string `json:"sscc"` // with 00
	Warning string `json:"warning,omitempty"`
}

// Fate is how a paper stands.
type Fate struct {
	State       State         `json:"state"`
	Since       time.Time     `json:"since"`
	Tried       int           `json:"tried"`
	Why         string        `json:"why,omitempty"` // what the last ask came to, in one line
	Do          string        `json:"do,omitempty"`  // failed: what to do
	Next        time.Time     `json:"next,omitzero"` // waiting: when it is asked for again
	Wait        time.Duration `json:"wait_ns,omitempty"`
	RequestUUID string        `json:"request_uuid,omitempty"` // of the last ask
}

// Waybill is one waybill and what came for it.
type Waybill struct {
	ID     string `json:"id"`
	Number string `json:"number,omitempty"` // as the answer called it
	Fate
	Began    time.Time `json:"began,omitzero"`     // of the answers without it: the deadline counts from here
	Without  int       `json:"without,omitempty"`  // answers since then that did not have it
	Away     int       `json:"away,omitempty"`     // asks in a row without an answer
	Unusable int       `json:"unusable,omitempty"` // answers about it alone that were unusable
	Most     int       `json:"most,omitempty"`     // it is asked for with at most so many in one call; 0: the service's limit
	Pictures []QR      `json:"pictures,omitempty"`
}

// QR is one QR picture and its label.
type QR struct {
	File
	Format string     `json:"format"`
	Label  LabelState `json:"label"`
	Why    string     `json:"why,omitempty"` // why it is doubtful or unprintable
	Since  time.Time  `json:"since"`
}

// Document is one document and its protocol.
type Document struct {
	Named
	Fate
	Course Course `json:"course,omitzero"`
	Files  []File `json:"files,omitempty"` // the PDF and its signature
}

// File is one file beside the shipment.
type File struct {
	Name     string `json:"file"`
	Original string `json:"original,omitempty"` // the name as it came: to show and never a path
	Size     int    `json:"size"`
	SHA256   string `json:"sha256"`
}

// Word is what a person said.
type Word struct {
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	What   string    `json:"what"`
}

// clone is a copy that shares nothing that changes.
func (s *Shipment) clone() *Shipment {
	c := *s
	c.Pallets = slices.Clone(s.Pallets)
	c.Waybills = slices.Clone(s.Waybills)
	for i := range c.Waybills {
		c.Waybills[i].Pictures = slices.Clone(c.Waybills[i].Pictures)
	}
	c.Documents = slices.Clone(s.Documents)
	for i := range c.Documents {
		c.Documents[i].Files = slices.Clone(c.Documents[i].Files)
	}
	c.Inventories, c.Strays = slices.Clone(s.Inventories), slices.Clone(s.Strays)
	c.Notes, c.Words = slices.Clone(s.Notes), slices.Clone(s.Words)
	return &c
}

// Files are all files beside the shipment, in their order.
func (s *Shipment) Files() []File {
	var all []File
	for _, w := range s.Waybills {
		for _, q := range w.Pictures {
			all = append(all, q.File)
		}
	}
	for _, d := range s.Documents {
		all = append(all, d.Files...)
	}
	return slices.Concat(all, s.Inventories, s.Strays)
}

// Count is a shipment in a few numbers.
type Count struct {
	Waiting   int `json:"waiting"`    // papers
	Failed    int `json:"failed"`     // papers
	ToPrint   int `json:"to_print"`   // labels, those under way too
	Attention int `json:"attention"`  // labels that are doubtful or unprintable
	Done      int `json:"done"`       // papers
	Labels    int `json:"labels_out"` // labels printed, or sent to a printer that never says more
}

// Count counts papers and labels.
func (s *Shipment) Count() (n Count) {
	paper := func(f Fate) {
		switch f.State {
		case Waiting:
			n.Waiting++
		case Failed:
			n.Failed++
		default:
			n.Done++
		}
	}
	for _, w := range s.Waybills {
		paper(w.Fate)
		for _, q := range w.Pictures {
			switch q.Label {
			case ToPrint, Sending:
				n.ToPrint++
			case Doubtful, Unprintable:
				n.Attention++
			case Printed, Sent:
				n.Labels++
			}
		}
	}
	for _, d := range s.Documents {
		paper(d.Fate)
	}
	return n
}

// Stands is the shipment in one word: needs a person, waiting, printing or complete.
func (s *Shipment) Stands() string {
	switch n := s.Count(); {
	case n.Failed+n.Attention > 0:
		return "needs a person"
	case n.Waiting > 0:
		return "waiting"
	case n.ToPrint > 0:
		return "printing"
	}
	return "complete"
}
