package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"linemark/internal/code"
)

// ReportKind is what a report tells the national system.
type ReportKind string

// The kinds of reports (the document's dictionary 5.11).
const (
	Utilisation ReportKind = "utilisation"
	Aggregation ReportKind = "aggregation"
	Dropout     ReportKind = "dropout"
)

// ReportStatus is where a report is between this ledger and the server. The words are on disk.
type ReportStatus string

// The states of a report. From Frozen on its bytes never change.
const (
	Building ReportStatus = "building" // codes are being assigned to it
	Frozen   ReportStatus = "frozen"   // on disk with its own id, not sent yet
	Sending  ReportStatus = "sending"  // on its way: written before the first byte
	InDoubt  ReportStatus = "doubt"    // an answer was lost: the server may have it
	Accepted ReportStatus = "accepted" // the server gave it an id and works on it
	Sent     ReportStatus = "sent"     // the server's last good state
	Denied   ReportStatus = "rejected" // the server's no, or a refusal to take it
	Probable ReportStatus = "probably" // a repeat was refused as a duplicate: the first sending has probably arrived; a person may look
	Unclear  ReportStatus = "unclear"  // a repeat was refused in other words: whether the first sending has arrived a person must see
	Divided  ReportStatus = "split"    // denied; others, made of its parts, stand in its place
	Handed   ReportStatus = "handed"   // a person took it to the system's own cabinet
)

// settled are the states in which nothing more is done with a report; arrived those in which
// what builds on it may go.
const (
	settled = "('sent', 'rejected', 'split', 'handed')"
	arrived = "('sent', 'handed', 'probably')"
)

// Report is one report of the outbox.
type Report struct {
	ID        int64
	UUID      string // its own id, made with it: sourceReportId where the document has that field
	Kind      ReportKind
	Line      string
	Group     string
	Batch     string
	Usage     string // utilisation: usageType
	State     ReportStatus
	Codes     int // codes in it; for an aggregation parents and children
	ServerID  string
	Reason    string // the server's word, or why it waits
	Attempts  int
	Doubted   bool  // an answer was lost once: the server may have had it before its last sending
	Parent    int64 // the denied report in whose place it stands; 0: none
	Dropout   int64 // dropout: the row of what was dropped
	CreatedAt time.Time
	ChangedAt time.Time

	hold bool // once frozen it waits for a person
}

// Due is a set of codes that may be reported as applied: one product of one line and batch,
// with one kind of evidence.
type Due struct {
	Lot         LotID
	Line, Batch string
	Product     Product
	Usage       string // VERIFIED, PRINTED, ...
	Count       int
	productID   int64
	least, most Evidence
}

// DueUtilisation returns what has evidence and is in no report yet. Units count by the given
// usage type: VERIFIED takes scanned ones only. A container's own code is reported by the
// evidence it has: VERIFIED by a scan of its label, else PRINTED (P3).
func (l *Ledger) DueUtilisation(ctx context.Context, unitUsage string) ([]Due, error) {
	rows, err := l.reads.QueryContext(ctx, `
		SELECT d.lot, d.evidence, d.n, lot.line, lot.batch, p.id, p.name, p.gtin, p.grp, p.type
		FROM (SELECT lot, evidence, COUNT(*) AS n FROM code WHERE utilisation = 0 AND evidence >= 2 AND state IN (2, 3, 6) GROUP BY lot, state, evidence) d
		JOIN lot ON lot.id = d.lot JOIN product p ON p.id = lot.product ORDER BY d.lot`)
	found, err := collect(rows, err, func(s scanner) (d Due, err error) {
		err = s.Scan(&d.Lot, &d.least, &d.Count, &d.Line, &d.Batch, &d.productID, &d.Product.Name, &d.Product.GTIN, &d.Product.Group, &d.Product.Type)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for codes to report: %w", err)
	}
	var dues []Due
	for _, d := range found {
		switch {
		case d.Product.Type == code.Unit && unitUsage != "VERIFIED":
			d.Usage, d.least, d.most = unitUsage, ByIdentity, ByScan
		case d.least == ByScan:
			d.Usage, d.most = "VERIFIED", ByScan
		case d.Product.Type == code.Group:
			d.Usage, d.most = "PRINTED", ByIdentity
		default:
			continue // printed, and VERIFIED is asked for: not before its scan
		}
		if i := slices.IndexFunc(dues, func(o Due) bool { return o.Lot == d.Lot && o.Usage == d.Usage }); i >= 0 {
			dues[i].Count += d.Count
			continue
		}
		dues = append(dues, d)
	}
	return dues, nil
}

// slice is how many codes one commit assigns to a report, so that claims and verdicts never
// wait long behind it.
const slice = 500

// BuildUtilisation assigns up to limit of the due codes to a new report and freezes the bytes
// that build makes of them. A crash in between leaves the report Building: ResumeBuilding ends it.
func (l *Ledger) BuildUtilisation(ctx context.Context, d Due, limit int, build func(Report, []code.Code) ([]byte, error)) (Report, error) {
	return l.buildUtilisation(ctx, d, limit, false, build)
}

func (l *Ledger) buildUtilisation(ctx context.Context, d Due, limit int, hold bool, build func(Report, []code.Code) ([]byte, error)) (Report, error) {
	r := Report{UUID: uuid.NewString(), Kind: Utilisation, Line: d.Line, Group: d.Product.Group, Batch: d.Batch, Usage: d.Usage, State: Building, hold: hold}
	if err := l.do(ctx, func(t *tx) error { return t.newReport(&r, d.productID) }); err != nil {
		return r, err
	}
	for left := limit; left > 0; left -= slice {
		var n int64
		err := l.bulk(ctx, func(t *tx) error {
			res, err := t.exec(`UPDATE code SET utilisation = ? WHERE id IN (SELECT id FROM code
				WHERE lot = ? AND utilisation = 0 AND evidence >= 2 AND state IN (2, 3, 6) AND evidence BETWEEN ? AND ? LIMIT ?)`,
				r.ID, int64(d.Lot), int(d.least), int(d.most), min(slice, left))
			if err != nil {
				return err
			}
			n, err = res.RowsAffected()
			return err
		})
		if err != nil {
			return r, err
		}
		if n < slice {
			break
		}
	}
	return l.freeze(ctx, r, build)
}

// ResumeBuilding freezes the utilisation reports that a crash left half built.
func (l *Ledger) ResumeBuilding(ctx context.Context, build func(Report, []code.Code) ([]byte, error)) error {
	half, err := l.reports(ctx, "WHERE state = 'building' AND kind = 'utilisation'")
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range half {
		if r.Parent != 0 { // what the crash left with the divided report goes into its part
			if err := l.takeOver(ctx, r.Parent, r.ID); err != nil {
				return err
			}
		}
		_, err := l.freeze(ctx, r, build)
		errs = append(errs, err) // one that cannot be made holds up no other
	}
	return errors.Join(errs...)
}

func (l *Ledger) freeze(ctx context.Context, r Report, build func(Report, []code.Code) ([]byte, error)) (Report, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT raw FROM code WHERE utilisation = ? ORDER BY claim", r.ID)
	codes, err := collect(rows, err, scanCode)
	if err != nil {
		return r, fmt.Errorf("reading the report's codes: %w", err)
	}
	if len(codes) == 0 { // a crash before the first code was assigned
		r.State = Building
		return r, l.do(ctx, func(t *tx) error {
			_, err := t.exec("DELETE FROM report WHERE id = ? AND state = 'building'", r.ID)
			return err
		})
	}
	body, err := build(r, codes)
	if errors.Is(err, context.Canceled) {
		return r, err // ResumeBuilding goes on here
	}
	if err != nil {
		return r, errors.Join(fmt.Errorf("building report %s: %w", r.UUID, err), l.unbuild(ctx, r))
	}
	r.State, r.Codes = r.frozen(), len(codes)
	return r, l.bulk(ctx, func(t *tx) error { return t.freeze(r, body) })
}

// unbuild takes a report back that cannot be made: its codes are due again.
func (l *Ledger) unbuild(ctx context.Context, r Report) error {
	if err := l.takeOver(ctx, r.ID, 0); err != nil {
		return err
	}
	return l.do(ctx, func(t *tx) error {
		_, err := t.exec("DELETE FROM report WHERE id = ? AND state = 'building'", r.ID)
		return err
	})
}

func scanCode(s scanner) (code.Code, error) {
	var raw []byte
	err := s.Scan(&raw)
	return code.Code(raw), err
}

func (t *tx) newReport(r *Report, product int64) error {
	res, err := t.exec("INSERT INTO report (uuid, kind, line, product, grp, batch, usage, state, parent, dropout, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'building', ?, ?, ?, ?)",
		r.UUID, string(r.Kind), r.Line, product, r.Group, r.Batch, r.Usage, r.Parent, r.Dropout, t.at, t.at)
	if err != nil {
		return err
	}
	r.CreatedAt = time.UnixMicro(t.at).UTC()
	r.ID, err = res.LastInsertId()
	return err
}

// frozen is the state of a report whose bytes have just been written.
func (r Report) frozen() ReportStatus {
	if r.hold {
		return Unclear
	}
	return Frozen
}

func (t *tx) freeze(r Report, body []byte) error {
	if _, err := t.event("report", fmt.Sprintf("%s report %s frozen: %d codes", r.Kind, r.UUID, r.Codes)); err != nil {
		return err
	}
	reason := ""
	if r.hold {
		reason = causeHeld
	}
	res, err := t.exec("UPDATE report SET body = ?, codes = ?, state = ?, reason = ?, changed_at = ? WHERE id = ? AND state = 'building'", body, r.Codes, string(r.frozen()), reason, t.at, r.ID)
	return oneRow(res, err, "the report is frozen already")
}

// MarkReport records a step of a report's way. Sending must be on disk before the first byte
// goes out, and Accepted, with the server's id, before the server is asked about it.
func (l *Ledger) MarkReport(ctx context.Context, id int64, s ReportStatus, serverID, reason string) error {
	return l.mark(ctx, id, "", s, serverID, reason, s == InDoubt)
}

// MoveReport is MarkReport for a report that must still be in the state from: between a look and
// a step somebody else may have said a word on it. Then it is a *StateError and nothing changes.
func (l *Ledger) MoveReport(ctx context.Context, id int64, from, to ReportStatus, serverID, reason string) error {
	return l.mark(ctx, id, from, to, serverID, reason, to == InDoubt)
}

// HoldReport puts a report back that was turned away at the door (401, 403): it goes again when the
// access is mended, and it counts as doubted, for who turned it away may have taken it in before.
func (l *Ledger) HoldReport(ctx context.Context, id int64, back ReportStatus, reason string) error {
	return l.mark(ctx, id, Sending, back, "", reason, true)
}

func (l *Ledger) mark(ctx context.Context, id int64, from, s ReportStatus, serverID, reason string, doubted bool) error {
	if s == Building {
		return errors.New("a frozen report is never built again")
	}
	return l.do(ctx, func(t *tx) error {
		attempt := 0
		if s == Sending {
			attempt = 1
		}
		if _, err := t.event("report", fmt.Sprintf("report %d %s %s %s", id, s, serverID, reason)); err != nil {
			return err
		}
		res, err := t.exec(`UPDATE report SET state = ?, server_id = CASE WHEN ? = '' THEN server_id ELSE ? END, reason = ?, attempts = attempts + ?, doubted = MAX(doubted, ?), changed_at = ?
			WHERE id = ? AND state NOT IN ('building', 'sent', 'split', 'handed') AND (? = '' OR state = ?)`,
			string(s), serverID, serverID, reason, attempt, doubted, t.at, id, string(from), string(from))
		return oneRow(res, err, fmt.Sprintf("report %d is settled, not frozen, or no longer %s", id, from))
	})
}

// ReportBody returns the frozen bytes; ErrArchived if they have left the ledger.
func (l *Ledger) ReportBody(ctx context.Context, id int64) ([]byte, error) {
	var body []byte
	var archived bool
	err := l.reads.QueryRowContext(ctx, "SELECT body, body IS NULL AND state IN "+done+" FROM report WHERE id = ? AND (body IS NOT NULL OR state IN "+done+")", id).Scan(&body, &archived)
	if err == nil && archived {
		err = ErrArchived
	}
	return body, err
}

// OpenReports returns the reports that are not settled, oldest first.
func (l *Ledger) OpenReports(ctx context.Context) ([]Report, error) {
	return l.reports(ctx, "WHERE state NOT IN "+settled)
}

// Reports returns all reports, oldest first.
func (l *Ledger) Reports(ctx context.Context) ([]Report, error) { return l.reports(ctx, "") }

// ReportByID returns one report; ErrNotFound if there is none.
func (l *Ledger) ReportByID(ctx context.Context, id int64) (Report, error) {
	found, err := l.reports(ctx, fmt.Sprintf("WHERE id = %d", id))
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Report{}, err
	}
	return found[0], nil
}

func (l *Ledger) reports(ctx context.Context, where string) ([]Report, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT id, uuid, kind, line, grp, batch, usage, state, codes, server_id, reason, attempts, doubted, parent, dropout, created_at, changed_at FROM report "+where+" ORDER BY id")
	return collect(rows, err, func(s scanner) (r Report, err error) {
		var created, changed int64
		err = s.Scan(&r.ID, &r.UUID, &r.Kind, &r.Line, &r.Group, &r.Batch, &r.Usage, &r.State, &r.Codes, &r.ServerID, &r.Reason, &r.Attempts, &r.Doubted, &r.Parent, &r.Dropout, &created, &changed)
		r.CreatedAt, r.ChangedAt = time.UnixMicro(created).UTC(), time.UnixMicro(changed).UTC()
		return r, err
	})
}

// ReportCount says how many reports of a kind are in a state.
type ReportCount struct {
	Kind  ReportKind
	State ReportStatus
	N     int
}

// ReportCounts counts the outbox.
func (l *Ledger) ReportCounts(ctx context.Context) ([]ReportCount, error) {
	rows, err := l.reads.QueryContext(ctx, "SELECT kind, state, COUNT(*) FROM report GROUP BY kind, state")
	return collect(rows, err, func(s scanner) (c ReportCount, err error) {
		err = s.Scan(&c.Kind, &c.State, &c.N)
		return c, err
	})
}
