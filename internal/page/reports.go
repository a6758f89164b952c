package page

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"linemark/internal/ledger"
	"linemark/internal/office"
)

// reportsView is the outbox.
type reportsView struct {
	Waiting []ledger.Report // for a person
	Open    []ledger.Report // on their way
	Settled []ledger.Report // the newest of those that nothing is done with any more
	Trouble string
}

const mostSettled = 100

func livereports(ctx context.Context, v *visit) (any, error) {
	s, err := v.status(ctx)
	if err != nil {
		return nil, err
	}
	reports, err := v.kept.outbox(ctx, v.agent.Ledger())
	if err != nil {
		return nil, err
	}
	all := reportsView{Trouble: s.Reports.Trouble}
	for _, r := range reports {
		switch {
		case needsPerson(r.State):
			all.Waiting = append(all.Waiting, r)
		case !isSettled(r.State):
			all.Open = append(all.Open, r)
		default:
			all.Settled = append(all.Settled, r)
		}
	}
	return all, nil
}

// outbox is what is not settled, what was refused, and the newest of the others; the newest first.
func outbox(ctx context.Context, l *ledger.Ledger) ([]ledger.Report, error) {
	open, err := l.OpenReports(ctx)
	if err != nil {
		return nil, err
	}
	refused, err := l.RefusedReports(ctx)
	if err != nil {
		return nil, err
	}
	newest, err := l.NewestReports(ctx, mostSettled)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(open, refused, newest)
	slices.SortFunc(all, func(a, b ledger.Report) int { return cmp.Compare(b.ID, a.ID) })
	return slices.CompactFunc(all, func(a, b ledger.Report) bool { return a.ID == b.ID }), nil
}

func needsPerson(s ledger.ReportStatus) bool {
	return slices.Contains([]ledger.ReportStatus{ledger.Denied, ledger.InDoubt, ledger.Unclear, ledger.Probable}, s)
}

func isSettled(s ledger.ReportStatus) bool {
	return slices.Contains([]ledger.ReportStatus{ledger.Sent, ledger.Divided, ledger.Handed}, s)
}

// reportView is one report with what can be done about it.
type reportView struct {
	office.Paper
	CanRetry, CanResolve, CanHand bool
	Files                         []string
	Shown                         int // of its codes
	Parts                         []ledger.Report
}

// Codes are the codes that are shown.
func (r reportView) First() []string {
	all := make([]string, 0, r.Shown)
	for _, c := range r.Names[:r.Shown] {
		all = append(all, visible(c))
	}
	return all
}

const mostNames = 200

func reportRest(ctx context.Context, v *visit) (any, error) {
	id, err := reportID(v)
	if err != nil {
		return nil, err
	}
	p, err := v.agent.Office().Report(ctx, id)
	if err != nil {
		return nil, err
	}
	r := reportView{Paper: p, Shown: min(len(p.Names), mostNames)}
	switch p.State {
	case ledger.InDoubt, ledger.Unclear, ledger.Denied, ledger.Probable:
		r.CanRetry, r.CanResolve, r.CanHand = true, true, p.State != ledger.Probable
	case ledger.Frozen:
		r.CanResolve, r.CanHand = true, true
	case ledger.Accepted:
		r.CanResolve = true
	case ledger.Divided:
		if r.Parts, err = v.agent.Ledger().PartsOf(ctx, id); err != nil {
			return nil, err
		}
	}
	files, err := v.agent.Office().Export(ctx, id)
	var none *office.InputError
	if err != nil && !errors.As(err, &none) {
		return nil, err
	}
	for _, f := range files {
		r.Files = append(r.Files, f.Name)
	}
	return r, nil
}

func reportID(v *visit) (int64, error) {
	id, err := strconv.ParseInt(v.param("id"), 10, 64)
	if err != nil {
		return 0, &office.InputError{What: "\"" + v.param("id") + "\" is no number of a report", Hint: "linemark reports list shows them"}
	}
	return id, nil
}

func reportFile(ctx context.Context, v *visit) (file, error) {
	id, err := reportID(v)
	if err != nil {
		return file{}, err
	}
	files, err := v.agent.Office().Export(ctx, id)
	if err != nil {
		return file{}, err
	}
	for _, f := range files {
		if f.Name == v.r.PathValue("file") {
			return file{name: f.Name, kind: "application/octet-stream", data: f.Data}, nil
		}
	}
	return file{}, ledger.ErrNotFound
}

// onReport does something to a report and goes on to it.
func onReport(v *visit, key string, do func(id int64) error) (done, error) {
	id, err := reportID(v)
	if err != nil {
		return done{}, err
	}
	return done{Key: key, Args: []any{id}, To: "/reports/" + strconv.FormatInt(id, 10)}, do(id)
}

func retryReport(ctx context.Context, v *visit, _ url.Values) (done, error) {
	return onReport(v, "report.retried", func(id int64) error { return v.agent.Office().Retry(ctx, id) })
}

func resolveReport(ctx context.Context, v *visit, form url.Values) (done, error) {
	return onReport(v, "report.resolved", func(id int64) error {
		return v.agent.Office().Resolve(ctx, id, ledger.ReportStatus(form.Get("as")), v.because(form))
	})
}

func handReport(ctx context.Context, v *visit, form url.Values) (done, error) {
	return onReport(v, "report.handed", func(id int64) error { return v.agent.Office().Hand(ctx, id, v.because(form)) })
}

// because is a form's reason with who gives it; empty if there is none.
func (v *visit) because(form url.Values) string {
	reason := form.Get("reason")
	if reason == "" {
		return ""
	}
	return "by " + v.who.Name + ": " + reason
}
