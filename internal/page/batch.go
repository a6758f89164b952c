package page

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// batchLine is one line with the batch that it runs.
type batchLine struct {
	agent.LineStatus
	State string
}

func livebatch(ctx context.Context, v *visit) (any, error) {
	s, err := v.status(ctx)
	if err != nil {
		return nil, err
	}
	var all []batchLine
	for _, l := range s.Lines {
		all = append(all, batchLine{l, lineOf(l).State})
	}
	return all, nil
}

// batchForm is what a line's next batch is asked for.
type batchForm struct {
	Line    string
	Running string // name of the one that runs
	Needs   office.BatchNeeds
	Past    []ledger.Batch
}

const mostPast = 20

func batchRest(ctx context.Context, v *visit) (any, error) {
	var all []batchForm
	for _, l := range v.cfg.Lines {
		f := batchForm{Line: l.Name, Needs: office.NeedsOf(v.cfg, l.Name)}
		last, err := v.agent.Ledger().LastBatch(ctx, l.Name)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return nil, err
		}
		if last.Running() {
			f.Running = last.Name
		}
		if f.Past, err = v.agent.Ledger().Batches(ctx, l.Name, mostPast); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// startBatch takes dates as the browser's own field gives them: a day and a time of this PC's clock, or RFC 3339.
func startBatch(ctx context.Context, v *visit, form url.Values) (done, error) {
	b := ledger.Batch{Line: form.Get("line"), Name: form.Get("name"), ProductionDate: localDate(form.Get("production_date")), ExpirationDate: localDate(form.Get("expiration_date")), Series: form.Get("series")}
	return done{Key: "batch.started", Args: []any{b.Name, b.Line}, To: "/batch"}, v.agent.Office().StartBatch(ctx, b)
}

func endBatch(ctx context.Context, v *visit, form url.Values) (done, error) {
	s, err := v.agent.Office().EndThisBatch(ctx, form.Get("line"), form.Get("name"))
	return done{Key: "batch.ended", Args: []any{s.Batch.Name, s.Batch.Line}, To: "/batch/sheet?line=" + queryEscape(s.Batch.Line) + "&name=" + queryEscape(s.Batch.Name)}, err
}

// localDate turns what a browser's field for a moment gives into RFC 3339 with this PC's zone; anything else stays as it
// is, and is refused by who wants a date.
func localDate(text string) string {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t.Format(time.RFC3339)
		}
	}
	return text
}

type sheetView struct {
	office.Sheet
	Line config.Line
}

func sheetRest(ctx context.Context, v *visit) (any, error) {
	s, err := v.agent.Office().Sheet(ctx, v.Query("line"), v.Query("name"))
	return sheetView{Sheet: s}, err
}

// Causes are the causes of doubt of an account, in their order.
func Causes(a ledger.BatchAccount) []string {
	var all []string
	for c := range a.Doubtful {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

// sheetCSV is a balance sheet for a spreadsheet.
func sheetCSV(ctx context.Context, v *visit) (file, error) {
	s, err := v.agent.Office().Sheet(ctx, v.Query("line"), v.Query("name"))
	if err != nil {
		return file{}, err
	}
	rows := [][]string{{"line", "batch", "started", "ended", "product", "received", "printed", "verified", "rejected", "sampled", "dropped", "doubtful", "left", "balanced", "reported"}}
	ended := ""
	if !s.Batch.EndedAt.IsZero() {
		ended = s.Batch.EndedAt.Local().Format(time.RFC3339)
	}
	for _, a := range s.Products {
		doubtful := 0
		for _, n := range a.Doubtful {
			doubtful += n
		}
		row := []string{s.Batch.Line, s.Batch.Name, s.Batch.StartedAt.Local().Format(time.RFC3339), ended, a.Product}
		for _, n := range []int{a.Received, a.Printed, a.Verified, a.Rejected, a.Sampled, a.Dropped, doubtful, a.Left} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, append(row, strconv.FormatBool(a.Equal()), strconv.Itoa(a.Reported)))
	}
	return tableFile("batch-"+s.Batch.Line+"-"+s.Batch.Name+".csv", func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}), nil
}
