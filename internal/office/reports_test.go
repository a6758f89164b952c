package office_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"linemark/internal/code"
	"linemark/internal/codefile"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// in brings a new report of two codes into a state by the way that it takes there.
func (p *plant) in(s ledger.ReportStatus) ledger.Report {
	p.t.Helper()
	p.verified("PO-17", 2)
	r := p.utilisation()
	switch s {
	case ledger.Frozen:
	case ledger.Divided:
		p.mark(r.ID, ledger.Denied)
		all := func(int, code.Code) bool { return true }
		try(p.Ledger.DivideUtilisation(p.ctx, must(p.Ledger.ReportByID(p.ctx, r.ID)), all, p.Papers.Utilisation))
	default:
		p.mark(r.ID, s)
	}
	return must(p.Ledger.ReportByID(p.ctx, r.ID))
}

// TestWordOnReport: which word is taken of a person on a report in which state, and where it
// brings the report. What is not listed is refused and changes nothing.
func TestWordOnReport(t *testing.T) {
	words := map[string]struct {
		say   func(p *plant, id int64) error
		taken map[ledger.ReportStatus]ledger.ReportStatus
	}{
		"retry": {func(p *plant, id int64) error { return p.Retry(p.ctx, id) },
			map[ledger.ReportStatus]ledger.ReportStatus{ledger.InDoubt: ledger.Frozen, ledger.Denied: ledger.Divided}},
		"resolve as sent": {func(p *plant, id int64) error { return p.Resolve(p.ctx, id, ledger.Sent, "seen by N.") },
			map[ledger.ReportStatus]ledger.ReportStatus{ledger.Frozen: ledger.Sent, ledger.InDoubt: ledger.Sent, ledger.Accepted: ledger.Sent, ledger.Denied: ledger.Sent}},
		"resolve as rejected": {func(p *plant, id int64) error { return p.Resolve(p.ctx, id, ledger.Denied, "seen by N.") },
			map[ledger.ReportStatus]ledger.ReportStatus{ledger.Frozen: ledger.Denied, ledger.InDoubt: ledger.Denied, ledger.Accepted: ledger.Denied, ledger.Denied: ledger.Denied}},
		"hand": {func(p *plant, id int64) error { return p.Hand(p.ctx, id, "by N.") },
			map[ledger.ReportStatus]ledger.ReportStatus{ledger.Frozen: ledger.Handed, ledger.InDoubt: ledger.Handed, ledger.Denied: ledger.Handed}},
	}
	for name, word := range words {
		for _, s := range []ledger.ReportStatus{ledger.Frozen, ledger.Sending, ledger.InDoubt, ledger.Accepted, ledger.Sent, ledger.Denied, ledger.Divided, ledger.Handed} {
			t.Run(name+" "+string(s), func(t *testing.T) {
				p := newPlant(t, "water")
				r := p.in(s)
				err := word.say(p, r.ID)
				want, ok := word.taken[s]
				if !ok {
					input(t, err, fmt.Sprintf("report %d is %s", r.ID, s))
					want = s
				} else if err != nil {
					t.Fatal(err)
				}
				if got := p.state(r.ID); got != want {
					t.Errorf("the report is %s, want %s", got, want)
				}
			})
		}
	}
}

func TestWordsThatAreNone(t *testing.T) {
	p := newPlant(t, "water")
	r := p.in(ledger.InDoubt)
	input(t, p.Resolve(p.ctx, r.ID, ledger.Handed, "seen"), `"handed" settles nothing`)
	input(t, p.Resolve(p.ctx, r.ID, "", "seen"), `"" settles nothing`)
	input(t, p.Resolve(p.ctx, r.ID, ledger.Sent, " "), "a reason is needed")
	input(t, p.Hand(p.ctx, r.ID, "\t"), "a reason is needed")
	if s := p.state(r.ID); s != ledger.InDoubt {
		t.Errorf("the report is %s", s)
	}
	for _, err := range []error{p.Retry(p.ctx, 99), p.Resolve(p.ctx, 99, ledger.Sent, "seen"), p.Hand(p.ctx, 99, "by N."),
		func() error { _, err := p.Report(p.ctx, 99); return err }(), func() error { _, err := p.Export(p.ctx, 99); return err }()} {
		input(t, err, "there is no report 99")
	}
	try(p.Resolve(p.ctx, r.ID, ledger.Sent, "seen by N. in the cabinet"))
	if got := must(p.Ledger.ReportByID(p.ctx, r.ID)).Reason; got != "resolved by hand: seen by N. in the cabinet" {
		t.Errorf("the journal's reason is %q", got)
	}
}

// TestP5RetryInDoubt: a report in doubt goes again as the same report with the same bytes.
func TestP5RetryInDoubt(t *testing.T) {
	p := newPlant(t, "water")
	r := p.in(ledger.InDoubt)
	before := must(p.Report(p.ctx, r.ID))
	try(p.Retry(p.ctx, r.ID))
	after := must(p.Report(p.ctx, r.ID))
	if !bytes.Equal(before.Body, after.Body) || before.UUID != after.UUID || after.State != ledger.Frozen || !slices.Equal(before.Names, after.Names) {
		t.Errorf("the report is %+v", after.Report)
	}
	if all := must(p.Ledger.Reports(p.ctx)); len(all) != 1 {
		t.Errorf("there are %d reports", len(all))
	}
}

// TestRetryDenied: a denied report is made anew under another id, of the same codes, and with
// what is known of the batch by then.
func TestRetryDenied(t *testing.T) {
	p := newPlant(t, "water")
	_, box := p.box("PO-17", 2)
	first := p.utilisation()
	boxes := p.aggregation()
	must(p.Drop(p.ctx, ledger.Drop{Reason: "DEFECT"}, p.verified("PO-17", 3)))
	drop := p.dropout()
	for _, r := range []ledger.Report{first, drop} {
		names := must(p.Report(p.ctx, r.ID)).Names
		p.mark(r.ID, ledger.Denied)
		try(p.Retry(p.ctx, r.ID))
		all := must(p.Ledger.Reports(p.ctx))
		made := must(p.Report(p.ctx, all[len(all)-1].ID))
		if made.Kind != r.Kind || made.Parent != r.ID || made.State != ledger.Frozen || made.UUID == r.UUID || !slices.Equal(made.Names, names) || !contains(string(made.Body), made.UUID) {
			t.Errorf("%s: in place of %+v stands %+v with %q", r.Kind, r, made.Report, made.Names)
		}
		if old := must(p.Report(p.ctx, r.ID)); len(old.Names) != 0 || old.State != ledger.Divided || !contains(string(old.Body), r.UUID) {
			t.Errorf("%s: the old one is %+v with %q", r.Kind, old.Report, old.Names)
		}
	}
	p.mark(boxes.ID, ledger.Denied)
	try(p.Retry(p.ctx, boxes.ID))
	if again := must(p.Report(p.ctx, p.aggregation().ID)); len(again.Names) != 1 || again.Names[0] != ident(box) {
		t.Errorf("the boxes are in %+v with %q", again.Report, again.Names)
	}
}

// TestExport: the files of each kind of report hold its identification codes, one a line, and
// its bytes as frozen; and nothing is marked.
func TestExport(t *testing.T) {
	p := newPlant(t, "water")
	units, box := p.box("PO-17", 3)
	more, other := p.box("PO-17", 2)
	used := p.utilisation()
	boxes := p.aggregation()
	loose := p.verified("PO-17", 2)
	must(p.Drop(p.ctx, ledger.Drop{Reason: "DEFECT"}, loose))
	drop := p.dropout()
	for _, test := range []struct {
		report ledger.Report
		lines  [][]code.Code
	}{
		{used, [][]code.Code{slices.Concat(units, more)}},
		{boxes, [][]code.Code{units, more}},
		{drop, [][]code.Code{loose}},
	} {
		base := fmt.Sprintf("%s-%d", test.report.Kind, test.report.ID)
		files := must(p.Export(p.ctx, test.report.ID))
		if files[0].Name != base+".json" || !bytes.Equal(files[0].Data, must(p.Ledger.ReportBody(p.ctx, test.report.ID))) {
			t.Errorf("%s: the first file is %s: %s", base, files[0].Name, files[0].Data)
		}
		want := len(test.lines) + 1
		if test.report.Kind == ledger.Aggregation {
			want++
			index := files[want-1]
			if text := fmt.Sprintf("%s-001.csv\t%s\n%[1]s-002.csv\t%[3]s\n", base, ident(box), ident(other)); index.Name != base+"-index.txt" || string(index.Data) != text {
				t.Errorf("%s holds %q, want %q", index.Name, index.Data, text)
			}
		}
		if len(files) != want {
			t.Fatalf("%s: %d files, want %d", base, len(files), want)
		}
		for i, codes := range test.lines {
			f := files[i+1]
			if f.Name != fmt.Sprintf("%s-%03d.csv", base, i+1) || !slices.Equal(linesOf(f), idents(codes)) {
				t.Errorf("%s holds %q, want %q", f.Name, linesOf(f), idents(codes))
			}
		}
		if s := p.state(test.report.ID); s != ledger.Frozen {
			t.Errorf("%s is %s", base, s)
		}
	}
}

func TestExportRefuses(t *testing.T) {
	p := newPlant(t, "water")
	_, err := p.Export(p.ctx, p.in(ledger.Divided).ID)
	input(t, err, "is split")
	p.verified("PO-18", 1)
	due := must(p.Ledger.DueUtilisation(p.ctx, "VERIFIED"))
	broken := context.Canceled // the agent is ended in the midst of it
	half, err := p.Ledger.BuildUtilisation(p.ctx, due[0], 1, func(ledger.Report, []code.Code) ([]byte, error) { return nil, broken })
	if err == nil {
		t.Fatal("a report was frozen without bytes")
	}
	_, err = p.Export(p.ctx, half.ID)
	input(t, err, "still being built")
	if r := must(p.Report(p.ctx, half.ID)); r.Body != nil || len(r.Names) != 1 {
		t.Errorf("the report is %+v", r)
	}
}

func idents(codes []code.Code) []code.Code {
	all := make([]code.Code, len(codes))
	for i, c := range codes {
		all[i] = ident(c)
	}
	return all
}

func linesOf(f office.File) []code.Code {
	var all []code.Code
	for line, err := range codefile.Read(bytes.NewReader(f.Data), codefile.Lines) {
		try(err)
		try(line.Err)
		all = append(all, line.Code)
	}
	return all
}
