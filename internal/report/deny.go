package report

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// duplicate is how a server says that it has this report already. The document gives no code
// for it, so the words are looked for.
var duplicate = regexp.MustCompile(`(?i)duplicat|already (exists|registered|processed)|дублик|повторн|уже (существует|зарегистрирован|обработан)`)

// named finds the id of another report in a server's words.
var named = regexp.MustCompile(`(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)

// codeMissing is the document's error of a request that lacks a required parameter: no code of the
// report is to blame.
const codeMissing = "601"

// general says whether a refusal is about the request as a whole.
func general(err error) bool {
	var e interface{ HasCode(string) bool }
	return errors.As(err, &e) && e.HasCode(codeMissing)
}

// outcome is the state that an error itself gives to a report: of a system that knows each report by its
// own id, whose answer is the same whatever was sent before it, and is about the report as a whole.
func outcome(err error) (ledger.ReportStatus, bool) {
	var o interface{ Outcome() ledger.ReportStatus }
	if !errors.As(err, &o) || o.Outcome() == "" {
		return "", false
	}
	return o.Outcome(), true
}

// end leaves a report to a person.
func (d *Desk) end(ctx context.Context, r ledger.Report, state ledger.ReportStatus, err error) error {
	d.Log.Error("a report was refused: a person must look", "report", r.UUID, "kind", string(r.Kind), "error", err)
	return d.Ledger.MoveReport(context.WithoutCancel(ctx), r.ID, r.State, state, "", err.Error())
}

// deny tells what a no means. One that names codes of the report is about these codes: the report is
// divided. One to a report whose first sending may have arrived is about the report: where the
// server names that first one, it is asked what became of it; else a person must look, at what has
// probably arrived ("duplicate"), or at what nobody can tell. Every other no is the fault of some
// codes, if of any: the report is divided until they stand alone.
func (d *Desk) deny(ctx context.Context, r ledger.Report, reason string, divide bool) error {
	codes, err := d.Ledger.ReportCodes(ctx, r)
	if err != nil {
		return err
	}
	blamed := blame(reason, codes)
	echo := duplicate.MatchString(reason)
	if r.Doubted && len(blamed) == 0 {
		for _, id := range named.FindAllString(reason, -1) {
			if echo && !strings.EqualFold(id, r.UUID) && !strings.EqualFold(id, r.ServerID) {
				return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Accepted, id, reason)
			}
		}
		d.Log.Warn("a report whose first sending may have arrived was refused: a person must look", "report", r.UUID, "reason", reason)
		if echo {
			return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Probable, "", reason)
		}
		return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Unclear, "", reason)
	}
	if echo && len(blamed) == 0 {
		divide = false // the report itself is known there, and never was in doubt here: a person must look
	}
	if divide {
		divided, err := d.divide(ctx, r, reason, codes, blamed)
		if divided || err != nil {
			return err
		}
	}
	return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Denied, "", reason)
}

// patience is how many lone codes of one report may be denied, one after another, before it is
// taken for certain that no single code is to blame.
const patience = 256

// divide puts two halves in the place of a denied report, or those codes that the reason names and
// the others. It says no where there is nothing to divide.
func (d *Desk) divide(ctx context.Context, r ledger.Report, reason string, codes []code.Code, blamed map[int]bool) (bool, error) {
	first := d.first(ctx, r)
	if d.denied[first] > patience {
		return false, nil
	}
	r.Reason = reason
	if len(codes) < 2 {
		d.denied[first]++
		return false, nil
	}
	if r.Kind == ledger.Aggregation {
		return d.Ledger.DivideAggregation(ctx, r, d.System.Aggregation)
	}
	pick := half(len(codes))
	if len(blamed) > 0 && len(blamed) < len(codes) {
		pick = func(i int, _ code.Code) bool { return blamed[i] }
	}
	if r.Kind == ledger.Dropout {
		return true, d.Ledger.DivideDropout(ctx, r, pick, d.System.Dropout)
	}
	return true, d.Ledger.DivideUtilisation(ctx, r, pick, d.System.Utilisation)
}

func half(n int) func(int, code.Code) bool {
	return func(i int, _ code.Code) bool { return i < n/2 }
}

// blame finds the codes that a reason names, by their beginning with a serial number or whole.
func blame(reason string, codes []code.Code) map[int]bool {
	found := map[int]bool{}
	for i, c := range codes {
		ident, _, _ := strings.Cut(string(c), string(code.GS))
		if strings.Contains(reason, ident) {
			found[i] = true
		}
	}
	return found
}

// first returns the report that stands at the beginning of a line of divisions.
func (d *Desk) first(ctx context.Context, r ledger.Report) int64 {
	id, parent := r.ID, r.Parent
	for parent != 0 {
		id = parent
		p, err := d.Ledger.ReportByID(ctx, parent)
		if err != nil {
			break
		}
		parent = p.Parent
	}
	return id
}
