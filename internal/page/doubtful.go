package page

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// doubtfulView is the codes whose fate nobody knows, by cause.
type doubtfulView struct {
	Causes  []doubtfulCause
	Reasons []string // of withdrawals
}

type doubtfulCause struct {
	ledger.DoubtfulCause
	ScanAt []string // stations at which a scan proves one
}

func doubtfulRest(ctx context.Context, v *visit) (any, error) {
	o := v.agent.Office()
	causes, err := v.agent.Ledger().DoubtfulCauses(ctx)
	all := doubtfulView{Reasons: o.Reasons}
	for _, c := range causes {
		all.Causes = append(all.Causes, doubtfulCause{c, o.ScanAt(c)})
	}
	return all, err
}

// chosen is the cause that a form or an address names, with what had come into doubt when the person looked.
func chosen(get func(string) string) (ledger.DoubtfulQuery, error) {
	product, line, batch, cause := get("product"), get("line"), get("batch"), get("cause")
	upTo, err := strconv.ParseInt(get("up_to"), 10, 64)
	if err != nil {
		return ledger.DoubtfulQuery{}, &office.InputError{What: "it is not said how far the codes were counted", Hint: "load the page again"}
	}
	return ledger.DoubtfulQuery{Product: &product, Line: &line, Batch: &batch, Cause: &cause, UpTo: upTo}, nil
}

// dropDoubtful withdraws all codes of one cause, of which a person says that they are on no product.
func dropDoubtful(ctx context.Context, v *visit, form url.Values) (done, error) {
	if form.Get("sure") == "" {
		return done{}, &office.InputError{What: "nobody has said that the codes are on no product", Hint: "tick the box"}
	}
	of, err := chosen(form.Get)
	if err != nil {
		return done{}, err
	}
	d := dropOf(form)
	settled, err := v.agent.Office().SettleDoubtful(ctx, office.Doubtful{Of: of, By: v.who.Name, Reason: strings.TrimSpace(form.Get("reason"))}, d)
	all := done{Key: "dropped", Args: []any{settled.Dropped}}
	for _, k := range settled.Kept[:min(len(settled.Kept), mostKept)] {
		all.More = append(all.More, code.Visible(k.Code)+": "+v.Say(k.Why))
	}
	return all, err
}

const (
	mostKept = 20   // codes that were not withdrawn and are named
	atOnce   = 1000 // rows that are read at a time
)

func doubtfulCSV(ctx context.Context, v *visit) (file, error) {
	q, err := chosen(v.Query)
	if err != nil {
		return file{}, err
	}
	return tableFile("doubtful.csv", func(yield func([]string, error) bool) {
		more := yield([]string{"code", "identification_code", "product", "line", "batch", "since", "cause"}, nil)
		for q.Limit = atOnce; more; {
			codes, err := v.agent.Ledger().Doubtful(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, c := range codes {
				if !yield([]string{code.Visible(c.Code), code.Visible(c.Ident), c.Product, c.Line, c.Batch, c.At.Local().Format(time.RFC3339), c.Cause}, nil) {
					return
				}
				q.After = c.Seq
			}
			more = len(codes) == atOnce
		}
	}), nil
}

// journalView is a part of the journal.
type journalView struct {
	Entries []ledger.JournalEntry
	CSV     string // where all that the filter finds is a file
	Older   string // where what is older stands; empty: nothing is
}

const mostEntries = 100

func journalQuery(v *visit) (ledger.JournalQuery, error) {
	q := ledger.JournalQuery{Place: v.Query("place"), Text: v.Query("text"), OnlyPeople: v.Query("people") != "", Limit: mostEntries}
	if text := v.Query("code"); text != "" {
		q.Code = asked(text)
	}
	for _, f := range []struct {
		name string
		to   *time.Time
	}{{"from", &q.From}, {"to", &q.To}} {
		if text := v.Query(f.name); text != "" {
			t, err := time.Parse(time.RFC3339, localDate(text))
			if err != nil {
				return q, &office.InputError{What: "\"" + text + "\" is no moment", Hint: "write it as 2026-01-31T08:00"}
			}
			*f.to = t
		}
	}
	if text := v.Query("before"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, &office.InputError{What: "\"" + text + "\" is no number of an entry", Hint: ""}
		}
		q.Before = n
	}
	return q, nil
}

func journalRest(ctx context.Context, v *visit) (any, error) {
	q, err := journalQuery(v)
	if err != nil {
		return nil, err
	}
	found, err := v.agent.Ledger().Journal(ctx, q)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return nil, err
	}
	j := journalView{Entries: found.Entries}
	query := v.r.URL.Query()
	query.Del(noteParameter)
	query.Del("before")
	j.CSV = "/journal.csv?" + query.Encode() // whole: in a place of its own a template would escape what divides it
	if found.More != 0 {
		query.Set("before", strconv.FormatInt(found.More, 10))
		j.Older = "/journal?" + query.Encode()
	}
	return j, nil
}

// journalCSV is what the filter finds, the newest first.
func journalCSV(ctx context.Context, v *visit) (file, error) {
	q, err := journalQuery(v)
	if err != nil {
		return file{}, err
	}
	return tableFile("journal.csv", func(yield func([]string, error) bool) {
		more := yield([]string{"number", "time", "agent", "place", "code", "codes", "was", "now", "cause"}, nil)
		for q.Limit = atOnce; more; more = q.Before != 0 {
			found, err := v.agent.Ledger().Journal(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range found.Entries {
				was, now := "", ""
				if e.HasStates {
					was, now = e.Was.String(), e.Now.String()
				}
				if !yield([]string{strconv.FormatInt(e.Seq, 10), e.At.Local().Format(time.RFC3339Nano), e.Agent, e.Place, code.Visible(e.Code), strconv.Itoa(e.Codes), was, now, e.Cause}, nil) {
					return
				}
			}
			q.Before = found.More
		}
	}), nil
}
