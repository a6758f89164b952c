package office

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/ledger"
)

// Paper is one report with what it names and its bytes.
type Paper struct {
	ledger.Report
	Names []code.Code // codes, or containers by their own
	Body  []byte      // as frozen
}

// Report returns one report; an unknown number is an *InputError.
func (o Office) Report(ctx context.Context, id int64) (Paper, error) {
	r, err := o.Ledger.ReportByID(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return Paper{}, &InputError{fmt.Sprintf("there is no report %d", id), "linemark reports list shows them"}
	}
	if err != nil {
		return Paper{}, err
	}
	p := Paper{Report: r}
	if p.Names, err = o.Ledger.ReportCodes(ctx, r); err != nil {
		return Paper{}, err
	}
	if r.State != ledger.Building {
		p.Body, err = o.Ledger.ReportBody(ctx, id)
	}
	if errors.Is(err, ledger.ErrArchived) {
		err = nil // its codes and bytes are in the archive: linemark trace CODE tells in which
	}
	return p, err
}

// Retry lets a report go again: one in doubt with the same bytes, a denied one as a new report of
// the same codes, made with what is known of the batch now.
func (o Office) Retry(ctx context.Context, id int64) error {
	p, err := o.Report(ctx, id)
	if err != nil {
		return err
	}
	switch p.State {
	case ledger.InDoubt, ledger.Unclear, ledger.Probable:
		return o.Ledger.MoveReport(ctx, id, p.State, ledger.Frozen, "", ledger.CauseSentAgain)
	case ledger.Denied:
	default:
		return &InputError{fmt.Sprintf("report %d is %s", id, p.State), "only reports in doubt and rejected ones go again"}
	}
	all := func(int, code.Code) bool { return true }
	switch p.Kind {
	case ledger.Utilisation:
		return o.Ledger.DivideUtilisation(ctx, p.Report, all, o.Papers.Utilisation)
	case ledger.Dropout:
		return o.Ledger.DivideDropout(ctx, p.Report, all, o.Papers.Dropout)
	}
	return o.Ledger.AggregateAgain(ctx, p.Report)
}

// Resolve settles a report on the word of a person who has looked into the cabinet: it has arrived
// (Sent) or not (Denied). The reason stands in the journal.
func (o Office) Resolve(ctx context.Context, id int64, as ledger.ReportStatus, reason string) error {
	p, err := o.Report(ctx, id)
	if err != nil {
		return err
	}
	if as != ledger.Sent && as != ledger.Denied {
		return &InputError{fmt.Sprintf("%q settles nothing", as), "say sent or rejected"}
	}
	if strings.TrimSpace(reason) == "" {
		return &InputError{"a reason is needed", "say who saw what in the cabinet"}
	}
	switch p.State {
	case ledger.InDoubt, ledger.Accepted, ledger.Denied, ledger.Frozen, ledger.Probable, ledger.Unclear:
		return o.Ledger.MoveReport(ctx, id, p.State, as, "", ledger.CauseResolved+reason)
	}
	return &InputError{fmt.Sprintf("report %d is %s", id, p.State), "it needs no word"}
}

// File is what a person hands over in the cabinet.
type File struct {
	Name string
	Data []byte
}

// maxLines is the most lines of a file that the cabinet takes.
const maxLines = 30_000

// Export makes the files of a report for the cabinet: one code a line, without check part, no
// header, UTF-8, at most 30,000 lines; for an aggregation a file for each container, with its own
// code as the name. The report's exact bytes come with them. Nothing is marked: see Hand.
func (o Office) Export(ctx context.Context, id int64) ([]File, error) {
	p, err := o.Report(ctx, id)
	if err != nil {
		return nil, err
	}
	switch p.State {
	case ledger.Building:
		return nil, &InputError{fmt.Sprintf("report %d is still being built", id), "try it again in a moment"}
	case ledger.Sent, ledger.Handed:
		if p.Body == nil {
			return nil, &InputError{fmt.Sprintf("report %d has left the ledger with its codes", id), "its bytes are in data_dir/archive: linemark trace CODE tells the file"}
		}
	case ledger.Divided:
		return nil, &InputError{fmt.Sprintf("report %d is %s", id, p.State), "export those that stand in its place: linemark reports show tells them"}
	}
	base := fmt.Sprintf("%s-%d", p.Kind, p.ID)
	files := []File{{Name: base + ".json", Data: p.Body}}
	if p.Kind == ledger.Aggregation {
		units, err := o.Ledger.ReportUnits(ctx, p.Report)
		if err != nil {
			return nil, err
		}
		for i, u := range units {
			data, err := lines(u.Children)
			if err != nil {
				return nil, err
			}
			files = append(files, File{Name: fmt.Sprintf("%s-%03d.csv", base, i+1), Data: data})
		}
		return append(files, index(base, units)), nil
	}
	idents, err := o.Ledger.ReportIdents(ctx, p.Report)
	if err != nil {
		return nil, err
	}
	sheets, err := sheets(base, idents)
	return append(files, sheets...), err
}

// sheets puts codes into as many files as the cabinet needs.
func sheets(base string, idents []code.Code) ([]File, error) {
	var files []File
	for i := 0; len(idents) > 0; i++ {
		n := min(len(idents), maxLines)
		data, err := lines(idents[:n])
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: fmt.Sprintf("%s-%03d.csv", base, i+1), Data: data})
		idents = idents[n:]
	}
	return files, nil
}

func lines(codes []code.Code) ([]byte, error) {
	var b bytes.Buffer
	w := codefile.NewWriter(&b, codefile.Lines)
	for _, c := range codes {
		if err := w.Write(c); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// index says which file holds the contents of which container: a container's code may hold
// characters that no file name can.
func index(base string, units []ledger.AggregationUnit) File {
	var b bytes.Buffer
	for i, u := range units {
		fmt.Fprintf(&b, "%s-%03d.csv\t%s\n", base, i+1, u.Serial)
	}
	return File{Name: base + "-index.txt", Data: b.Bytes()}
}

// Hand marks a report as handed over in the cabinet by a person, who says so.
func (o Office) Hand(ctx context.Context, id int64, reason string) error {
	p, err := o.Report(ctx, id)
	if err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return &InputError{"a reason is needed", "say who hands it over, and under which number"}
	}
	switch p.State {
	case ledger.Frozen, ledger.InDoubt, ledger.Unclear, ledger.Denied:
	default:
		return &InputError{fmt.Sprintf("report %d is %s", id, p.State), "only what has not arrived can be handed over by hand"}
	}
	return o.Ledger.MoveReport(ctx, id, p.State, ledger.Handed, "", ledger.CauseHanded+reason)
}
