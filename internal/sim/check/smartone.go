package check

import (
	"encoding/json"
	"strings"

	"linemark/internal/code"
)

// smartOne takes a line of SmartOne's own log: the batches that it has made, the documents that it has taken.
func (w *witness) smartOne(line []byte) error {
	w.named = true
	var e struct {
		Generated *struct{ Codes []struct{ Code string } } `json:"generated"`
		Breach    string                                   `json:"breach"`
		Document  *struct {
			RequestID string
			Packed    []struct{ Code, Parent string }
		} `json:"document"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	if e.Breach != "" {
		w.breaches = append(w.breaches, e.Breach)
	}
	if e.Generated != nil {
		for _, c := range e.Generated.Codes {
			w.issued[c.Code] = ""
		}
	}
	if e.Document == nil {
		return nil
	}
	r := loggedReport{Kind: "AGGREGATION", Source: e.Document.RequestID, Status: "SENT"}
	at := map[string]int{}
	for _, p := range e.Document.Packed {
		child, parent := bare(p.Code), bare(p.Parent)
		w.packed = append(w.packed, packing{p.Code, e.Document.RequestID})
		i, known := at[parent]
		if !known {
			i = len(r.Units)
			at[parent] = i
			r.Units = append(r.Units, loggedUnit{Serial: parent})
		}
		r.Units[i].Children = append(r.Units[i].Children, child)
	}
	w.reports = append(w.reports, r)
	return nil
}

// packing is that a document has put a code into a package.
type packing struct{ code, document string }

// judgePacked wants each code in one package of one document (P5), and as it was made (P8).
func (w *witness) judgePacked(v *Verdict) {
	in := map[string]string{}
	for _, p := range w.packed {
		if _, made := w.issued[p.code]; !made && bare(p.code) != p.code {
			v.UnknownToServer++
			v.find("P8", "packed but never issued: %s", code.Visible(code.Code(p.code)))
		}
		if before, twice := in[p.code]; twice {
			v.find("P5", "packed twice (%s, %s): %s", before, p.document, code.Visible(code.Code(p.code)))
		}
		in[p.code] = p.document
	}
}

// bare is a code up to its first GS.
func bare(c string) string {
	ident, _, _ := strings.Cut(c, string(code.GS))
	return ident
}
