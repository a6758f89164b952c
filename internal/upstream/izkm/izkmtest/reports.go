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
	first, name := c.repeats(r)
	if first != nil {
		r.ErrorReason = "duplicate of report " + first.ID + name
	}
	if first != nil && s.opt.DuplicateAtOnce {
		c.event.Repeat = first.ID
		return errorReply(http.StatusBadRequest, codeDuplicate, r.ErrorReason)
	}
	if r.ErrorReason == "" {
		r.ErrorReason = judge()
		if r.ErrorReason != "" {
			c.breach("report %s is rejected: %s", r.ID, r.ErrorReason)
		}
	}
	if r.ErrorReason == "" {
		r.ErrorReason = s.disliked(&r.Report)
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

// repeats finds the accepted report that r is a duplicate of, if it is one: by its
// sourceReportId or sourceDocNum, which name says, else by its whole body. Sending the same
// bytes again is what a caller does whose answer was lost, so that is no breach; another
// body under a used id is, whatever came of the first, when it comes for the first time.
func (c *call) repeats(r *received) (first *report, name string) {
	switch {
	case r.SourceReportID != "":
		name = ": sourceReportId " + r.SourceReportID
	case r.SourceDocNum != "":
		name = ": sourceDocNum " + r.SourceDocNum
	}
	all := c.s.byKey[(&report{*r}).key()]
	known := len(all) == 0
	for _, before := range all {
		known = known || before.Hash == r.Hash
		if first == nil && before.accepted() {
			first = before
		}
	}
	if !known {
		c.breach("%s comes again with another body", strings.TrimPrefix(name, ": "))
	}
	return first, name
}

// disliked says that a report holds codes that are rejected at will.
func (s *Server) disliked(r *Report) string {
	if s.opt.RejectCodes == nil {
		return ""
	}
	var why reasons
	check := func(code string) {
		full := code
		if i := s.byKI[code]; i != nil {
			full = i.full
		}
		if s.opt.RejectCodes(full) {
			why.add("not accepted by the registry", code)
		}
	}
	for _, code := range r.Codes {
		check(code)
	}
	for _, u := range r.Units {
		check(u.SerialNumber)
		for _, child := range u.Codes {
			check(child)
		}
	}
	if len(why.kinds) > 0 && !s.opt.NameBad {
		return "the report holds codes that the registry does not accept"
	}
	return why.String()
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
