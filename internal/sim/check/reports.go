package check

import (
	"cmp"
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// refused is how the national system calls a report that it does not take.
const refused = "REJECTED"

// judgeReports holds every report against what printers and cameras did.
func (w *witness) judgeReports(v *Verdict) {
	reported := map[string]string{}
	sources := map[string]bool{}
	for i, r := range w.reports {
		if r.Source != "" && sources[r.Source] {
			continue // sent again, since its answer was lost; other bytes under its id are a breach
		}
		sources[r.Source] = true
		name := cmp.Or(r.Source, fmt.Sprintf("number %d of the log", i+1))
		for _, c := range r.Codes {
			if _, ok := w.issued[c]; !ok {
				v.UnknownToServer++
				v.find("P8", "reported but never issued: %s", code.Visible(code.Code(c)))
			}
			if seen := w.read[c]; !seen && (r.Usage == "VERIFIED" || w.printed[c] == 0) {
				v.ReportedWithoutEvidence++
				v.find("P3", "reported as %s, but printed %d times and never read: %s", r.Usage, w.printed[c], code.Visible(code.Code(c)))
			}
			if r.Status == refused {
				continue // its codes may go again, in another report
			}
			if other, ok := reported[c]; ok {
				v.find("P5", "reported twice (%s, %s): %s", other, name, code.Visible(code.Code(c)))
			}
			reported[c] = name
		}
		for _, u := range r.Units {
			w.judgeContainer(v, u.Serial, u.Children)
		}
	}
}

// judgeContainer wants a label with the container's own code, and a reading of each unit in it.
// Transport codes are nobody's marking codes.
func (w *witness) judgeContainer(v *Verdict, serial string, children []string) {
	if code.ValidSSCC(code.Code(serial)) != nil && !w.ident[serial] {
		v.ReportedWithoutEvidence++
		v.find("P3", "reported as a container, but never printed nor read: %s", code.Visible(code.Code(serial)))
	}
	w.container[serial] = true
	for _, child := range children {
		if code.ValidSSCC(code.Code(child)) != nil && !w.identRead[child] && !w.container[child] {
			v.ReportedWithoutEvidence++
			v.find("P3", "reported in container %s, but never read: %s", code.Visible(code.Code(serial)), code.Visible(code.Code(child)))
		}
	}
}

// judgeOutbox holds what the ledger says was sent against what the national system has taken, both ways
// (P5). An aggregation for IZKM bears no id of the sender's.
func (w *witness) judgeOutbox(v *Verdict, b book) {
	taken, frozen := map[string]bool{}, map[string]bool{}
	for _, r := range w.reports {
		if r.Status == "SENT" {
			taken[r.Source] = true
		}
	}
	for _, r := range b.reports {
		frozen[r.UUID] = true
		if (r.Kind == ledger.Utilisation || w.named) && r.State == ledger.Sent && !taken[r.UUID] {
			v.find("P5", "report %s is sent in the ledger, but the national system has not taken it", r.UUID)
		}
	}
	said := map[string]bool{}
	for _, r := range w.reports {
		if r.Source != "" && !frozen[r.Source] && !said[r.Source] {
			said[r.Source] = true
			v.find("P5", "the national system has report %s, which the ledger does not have", r.Source)
		}
	}
}

// promiseOf is the promise that a breach of the document breaks, if it breaks one.
func (w *witness) promiseOf(breach string) string {
	if strings.Contains(breach, "comes again with another body") {
		return "P5"
	}
	return "document"
}
