package izkmtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// receive gives a report that is right in itself its id and verdict, and files it. The
// verdict falls at once, on what is known at this moment, and is told when it is due.
func (c *call) receive(r *received, judge func() string) reply {
	s := c.s
	sum := sha256.Sum256(c.body)
	r.Hash = hex.EncodeToString(sum[:])
	r.OMSID, r.Group, r.Received = c.oms, c.group.alias, c.now
	r.Due = c.now.Add(s.opt.ReportDelay)
	r.ID = newID(s.opt.Seed, "report", len(s.reports)+1)
	r.ErrorReason = c.repeats(r)
	if r.ErrorReason == "" {
		r.ErrorReason = judge()
		if r.ErrorReason != "" {
			c.breach("report %s is rejected: %s", r.ID, r.ErrorReason)
		}
	}
	r.Status = statusSent
	if r.ErrorReason != "" {
		r.Status = statusRejected
	}
	c.event.Report = r
	return done(struct {
		OMSID    string `json:"omsId"`
		ReportID string `json:"reportId"`
	}{c.oms, r.ID})
}

// repeats says of which report r is a duplicate, if it is one. A sourceReportId is taken
// once, whatever came of it. A report without one, as every aggregation, repeats an
// accepted report of the same body. Sending the same bytes again is what a caller does
// whose answer was lost, so that is no breach; another body under a used id is.
func (c *call) repeats(r *received) string {
	this := report{*r}
	for _, first := range c.s.byKey[this.key()] {
		if r.SourceReportID == "" {
			if first.accepted() && first.Group == r.Group {
				return "duplicate of report " + first.ID
			}
			continue
		}
		if first.Hash != r.Hash {
			c.breach("sourceReportId %s comes again with another body", r.SourceReportID)
		}
		return fmt.Sprintf("duplicate of report %s: sourceReportId %s", first.ID, r.SourceReportID)
	}
	return ""
}

// reportInfo is GET report/info (document 4.7).
func (c *call) reportInfo() func() reply {
	id := c.needUUID("reportId")
	return func() reply {
		r := c.s.reportByID[id]
		switch {
		case r == nil || r.Group != c.group.alias:
			return c.refuse(http.StatusBadRequest, codeNoReport, "Идентификатор отчета %s не найден", id)
		case !strings.EqualFold(r.OMSID, c.oms):
			return c.foreign("report " + id)
		}
		status, reason := r.outcome(c.now)
		return done(struct {
			OMSID    string `json:"omsId"`
			ReportID string `json:"reportId"`
			Status   string `json:"reportStatus"`
			Reason   string `json:"errorReason,omitempty"`
		}{c.oms, r.ID, status, reason})
	}
}

// reasons gathers what is wrong with the codes of a report, by kind of fault.
type reasons struct {
	kinds []string
	names map[string][]string
	count map[string]int
}

// add names a code; of each kind the first twenty are kept.
func (w *reasons) add(kind, name string) {
	if w.names == nil {
		w.names, w.count = make(map[string][]string), make(map[string]int)
	}
	if w.count[kind] == 0 {
		w.kinds = append(w.kinds, kind)
	}
	if w.count[kind]++; w.count[kind] <= 20 {
		w.names[kind] = append(w.names[kind], name)
	}
}

// String names the codes apart by spaces, which no code holds.
func (w *reasons) String() string {
	var parts []string
	for _, kind := range w.kinds {
		text := kind + ": " + strings.Join(w.names[kind], " ")
		if more := w.count[kind] - len(w.names[kind]); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}
