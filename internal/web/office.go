package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/rights"
)

// Office answers what a person decides, without an agent's page around it:
//
//	POST /api/v1/batch/start           {line, name, production_date, expiration_date, series}: a Batch
//	POST /api/v1/batch/end             {line, name}: its Sheet
//	GET  /api/v1/batch?line=&name=     a Sheet; without a name of the line's last batch
//	POST /api/v1/drop                  {codes, reason, with_child, doc_num, doc_date}: an array of Withdrawn
//	GET  /api/v1/pack?line=&station=   the Container that is open at a pack station
//	GET  /api/v1/pack?code=            the Container that bears the code, or holds it; the code is percent-encoded
//	POST /api/v1/pack/close            {line, station, container, by, reason}: Repacked; so do undo, empty, out {code, by, reason},
//	                                   replace {code, for, by, reason}, dissolve and label {code, by, reason}
//	GET  /api/v1/reports               those that are not settled, and the rejected ones; ?all=1: all
//	GET  /api/v1/reports/{id}          a Paper
//	POST /api/v1/reports/{id}/retry    {}: the Paper as it is then; so do the next two
//	POST /api/v1/reports/{id}/resolve  {as, reason}; as is sent or rejected
//	POST /api/v1/reports/{id}/hand     {reason}
//	GET  /api/v1/reports/{id}/files    an array of File, for the cabinet
//	POST /api/v1/lines/{name}/stop     {reason}: {}; so does start {held}
//	GET  /api/v1/shipping              Shipments
//	POST /api/v1/shipping              {name, pallets, waybills, documents: [{box, message, document}]}: a Shipment; the same
//	                                   once more changes nothing
//	GET  /api/v1/shipping/{name}       a Shipment
//	GET  /api/v1/shipping/{name}/files/{file}    a File
//	POST /api/v1/shipping/{name}/print {again, waybill, by, reason}: ShipmentDone; so does retry {by, reason}
//	GET  /api/v1/journal?from=&to=&place=&text=&people=1&code=&before=&limit=    a JournalPage; the code is percent-encoded
//	GET  /api/v1/doubtful              an array of DoubtfulCause
//	GET  /api/v1/doubtful/codes?product=&line=&batch=&cause=&up_to=&after=&limit=    an array of DoubtfulCode, in the order
//	                                   in which they came into doubt; what is given must be just so, also if it is empty
//	POST /api/v1/doubtful/drop         DropDoubtful: DroppedDoubtful
//	GET  /api/v1/batches?line=&limit=  an array of Batch, that which was started last first
//	GET  /api/v1/containers?line=&station=&state=&before=&limit=    a ContainerPage
//	GET  /api/v1/orders                an array of Order, newest first
//
// What changes something needs the header X-Linemark: 1 and a JSON object of at most MaxBody
// bytes. Another answer than 200 is a Fault: 400 for what was given, 404 and 409 for what the
// ledger does not have or allow, 403, 413 and 415 for the request itself, 500 for a failure.
func Office(o office.Office, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	clerk{office: func() office.Office { return o }, log: log}.routes(mux)
	return mux
}

// clerk takes what people decide and answers with what became of it.
type clerk struct {
	office func() office.Office
	log    *slog.Logger
}

func (c clerk) routes(mux router) {
	mux.HandleFunc("POST /api/v1/batch/start", tell(c, startBatch))
	mux.HandleFunc("POST /api/v1/batch/end", tell(c, endBatch))
	mux.HandleFunc("GET /api/v1/batch", look(c, sheet))
	mux.HandleFunc("POST /api/v1/drop", tell(c, drop))
	mux.HandleFunc("GET /api/v1/pack", look(c, container))
	for _, do := range []string{"close", "undo", "empty", "out", "replace", "dissolve", "label"} {
		mux.HandleFunc("POST /api/v1/pack/"+do, tell(c, repack(do)))
	}
	mux.HandleFunc("GET /api/v1/reports", look(c, reports))
	mux.HandleFunc("GET /api/v1/reports/{id}", look(c, onReport(paper)))
	mux.HandleFunc("GET /api/v1/reports/{id}/files", look(c, onReport(files)))
	mux.HandleFunc("POST /api/v1/reports/{id}/retry", tell(c, retry))
	mux.HandleFunc("POST /api/v1/reports/{id}/resolve", tell(c, resolve))
	mux.HandleFunc("POST /api/v1/reports/{id}/hand", tell(c, hand))
	mux.HandleFunc("POST /api/v1/lines/{name}/stop", tell(c, stopLine))
	mux.HandleFunc("POST /api/v1/lines/{name}/start", tell(c, startLine))
	c.shippingRoutes(mux)
	c.lookRoutes(mux)
}

func look(c clerk, ask func(*http.Request, office.Office) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := ask(r, c.office())
		c.answer(w, r, v, err)
	}
}

func tell[T any](c clerk, do func(*http.Request, office.Office, T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		if err := readBody(w, r, &in); err != nil {
			c.answer(w, r, nil, err)
			return
		}
		v, err := do(r, c.office(), in)
		c.answer(w, r, v, err)
	}
}

func (c clerk) answer(w http.ResponseWriter, r *http.Request, v any, err error) {
	if err == nil {
		writeJSON(w, http.StatusOK, v)
		return
	}
	status, fault := http.StatusInternalServerError, Fault{Error: err.Error()}
	var input *office.InputError
	var refused *refusal
	var state *ledger.StateError
	of, said := shippingFault(err)
	if of == 0 {
		of, said = deviceFault(err)
	}
	switch {
	case errors.As(err, &input):
		status, fault = http.StatusBadRequest, Fault{Error: input.What, Hint: input.Hint}
	case errors.As(err, &refused):
		status, fault = refused.status, refused.Fault
	case errors.As(err, &state):
		status = http.StatusConflict
	case errors.Is(err, ledger.ErrNotFound):
		status = http.StatusNotFound
	case of != 0:
		status, fault = of, said
	default:
		c.log.Warn("an API call failed", "path", r.URL.Path, "error", err)
	}
	writeJSON(w, status, fault)
}

func startBatch(r *http.Request, o office.Office, in StartBatch) (any, error) {
	b := ledger.Batch{Line: string(in.Line), Name: string(in.Name), ProductionDate: string(in.ProductionDate), ExpirationDate: string(in.ExpirationDate), Series: string(in.Series)}
	if err := o.StartBatch(r.Context(), b); err != nil {
		return nil, err
	}
	b, err := o.Ledger.BatchOf(r.Context(), b.Line, b.Name)
	return batchOf(b), err
}

func endBatch(r *http.Request, o office.Office, in EndBatch) (any, error) {
	s, err := o.EndThisBatch(r.Context(), string(in.Line), string(in.Name))
	return sheetOf(s), err
}

func stopLine(r *http.Request, o office.Office, in StopLine) (any, error) {
	by := rights.From(r.Context()).Name
	return struct{}{}, o.StopLine(r.Context(), r.PathValue("name"), cmp.Or(by, "somebody"), string(in.Reason))
}

func startLine(r *http.Request, o office.Office, in StartLine) (any, error) {
	return struct{}{}, o.StartLine(r.Context(), r.PathValue("name"), (*string)(in.Held))
}

func sheet(r *http.Request, o office.Office) (any, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the query cannot be read: "+err.Error(), "")
	}
	s, err := o.Sheet(r.Context(), q.Get("line"), q.Get("name"))
	return sheetOf(s), err
}

func drop(r *http.Request, o office.Office, in Drop) (any, error) {
	d := ledger.Drop{Reason: string(in.Reason), WithChild: in.WithChild, DocNum: string(in.DocNum)}
	var err error
	if d.DocDate, err = documentDate(in.DocDate); err != nil {
		return nil, err
	}
	codes := make([]code.Code, len(in.Codes))
	for i, c := range in.Codes {
		codes[i] = asCode(c)
	}
	outs, err := o.Drop(r.Context(), d, codes)
	return withdrawn(outs), err
}

func withdrawn(outs []ledger.DropOutcome) []Withdrawn {
	all := make([]Withdrawn, len(outs))
	for i, out := range outs {
		all[i] = Withdrawn{Code: code.Visible(out.Code), Codes: out.Codes, Why: out.Why}
	}
	return all
}

// documentDate is the date of a source document; zero: none is given.
func documentDate(text Text) (at time.Time, err error) {
	if text == "" {
		return at, nil
	}
	if at, err = time.Parse(time.RFC3339, string(text)); err != nil {
		return at, &office.InputError{What: fmt.Sprintf("the document's date %q is no date with time and zone", text), Hint: "write it as 2026-01-31T00:00:00+05:00"}
	}
	return at, nil
}

func reports(r *http.Request, o office.Office) (any, error) {
	every := false
	if text := r.URL.Query().Get("all"); text != "" {
		var err error
		if every, err = strconv.ParseBool(text); err != nil {
			return nil, refuse(http.StatusBadRequest, fmt.Sprintf("all=%s is neither 0 nor 1", text), "")
		}
	}
	all, err := o.Ledger.Reports(r.Context())
	if !every {
		all = slices.DeleteFunc(all, func(r ledger.Report) bool {
			return r.State == ledger.Sent || r.State == ledger.Divided || r.State == ledger.Handed
		})
	}
	slices.SortStableFunc(all, func(a, b ledger.Report) int { return urgency(a.State) - urgency(b.State) })
	out := make([]OutboxReport, len(all))
	for i, r := range all {
		out[i] = outboxReport(r)
	}
	return out, err
}

// urgency puts what waits for a person first.
func urgency(s ledger.ReportStatus) int {
	switch s {
	case ledger.InDoubt, ledger.Unclear, ledger.Probable:
		return 0
	case ledger.Denied:
		return 1
	}
	return 2
}

func onReport(ask func(context.Context, office.Office, int64) (any, error)) func(*http.Request, office.Office) (any, error) {
	return func(r *http.Request, o office.Office) (any, error) {
		id, err := reportID(r)
		if err != nil {
			return nil, err
		}
		return ask(r.Context(), o, id)
	}
}

func reportID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, &office.InputError{What: fmt.Sprintf("%q is no number of a report", r.PathValue("id")), Hint: "linemark reports list shows them"}
	}
	return id, nil
}

func paper(ctx context.Context, o office.Office, id int64) (any, error) {
	p, err := o.Report(ctx, id)
	if err != nil {
		return nil, err
	}
	out := Paper{OutboxReport: outboxReport(p.Report), Names: visible(p.Names), Parts: []int64{}}
	if p.State == ledger.Divided {
		all, err := o.Ledger.Reports(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if r.Parent == id {
				out.Parts = append(out.Parts, r.ID)
			}
		}
	}
	return out, nil
}

func files(ctx context.Context, o office.Office, id int64) (any, error) {
	made, err := o.Export(ctx, id)
	all := make([]File, len(made))
	for i, f := range made {
		all[i] = File{Name: f.Name, Data: f.Data}
	}
	return all, err
}

func retry(r *http.Request, o office.Office, _ struct{}) (any, error) {
	return settle(r, o, func(id int64) error { return o.Retry(r.Context(), id) })
}

func resolve(r *http.Request, o office.Office, in Resolve) (any, error) {
	return settle(r, o, func(id int64) error {
		return o.Resolve(r.Context(), id, ledger.ReportStatus(in.As), string(in.Reason))
	})
}

func hand(r *http.Request, o office.Office, in Hand) (any, error) {
	return settle(r, o, func(id int64) error { return o.Hand(r.Context(), id, string(in.Reason)) })
}

// settle does something to a report and answers with the report as it is then.
func settle(r *http.Request, o office.Office, do func(id int64) error) (any, error) {
	id, err := reportID(r)
	if err == nil {
		err = do(id)
	}
	if err != nil {
		return nil, err
	}
	return paper(r.Context(), o, id)
}
