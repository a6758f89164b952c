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

// deny tells a real refusal from the echo of a sending whose answer was lost: a report that
// went again with the same id and is turned down as a duplicate did arrive before. Where the
// server names that first one, it is asked what became of it, for it may have been rejected;
// else the echo is the evidence that it went through. A real refusal is the fault of some codes,
// if of any: the report is divided until they stand alone.
func (d *Desk) deny(ctx context.Context, r ledger.Report, reason string, divide bool) error {
	if r.Doubted && duplicate.MatchString(reason) {
		d.Log.Warn("a repeated report was refused as a duplicate: the first sending did arrive", "report", r.UUID, "reason", reason)
		for _, id := range named.FindAllString(reason, -1) {
			if !strings.EqualFold(id, r.UUID) && !strings.EqualFold(id, r.ServerID) {
				return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Accepted, id, reason)
			}
		}
		return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Sent, "", "probably accepted: "+reason)
	}
	if divide {
		divided, err := d.divide(ctx, r, reason)
		if divided || err != nil {
			return err
		}
	}
	return d.Ledger.MoveReport(ctx, r.ID, r.State, ledger.Denied, "", reason)
}

// patience is how many parts of one report may be denied, one after another, before it is taken
// for certain that no single code is to blame. Of 30,000 codes a few bad ones need fewer.
const patience = 256

// divide puts two halves in the place of a denied report, or those codes that the reason names and
// the others. It says no where there is nothing to divide.
func (d *Desk) divide(ctx context.Context, r ledger.Report, reason string) (bool, error) {
	first := d.first(ctx, r)
	if d.denied[first]++; d.denied[first] > patience {
		return false, nil
	}
	r.Reason = reason
	if r.Kind == ledger.Aggregation {
		return d.Ledger.DivideAggregation(ctx, r, d.System.Aggregation)
	}
	codes, err := d.Ledger.ReportCodes(ctx, r)
	if err != nil || len(codes) < 2 {
		return false, err
	}
	pick := half(len(codes))
	switch blamed := blame(reason, codes); {
	case len(blamed) == 0 && duplicate.MatchString(reason):
		return false, nil // the report itself is known there, and it never was in doubt here: a person must look
	case len(blamed) > 0 && len(blamed) < len(codes):
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
