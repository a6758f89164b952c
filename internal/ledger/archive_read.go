package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"linemark/internal/code"
)

// ErrArchived is returned for the bytes of a report whose codes have left for an archive.
var ErrArchived = errors.New("it is in an archive")

// traceArchive finds a code, or a transport code, that has left the ledger.
func (l *Ledger) traceArchive(ctx context.Context, text code.Code) (Life, error) {
	idents, err := l.idents(ctx, text)
	if err != nil {
		return Life{}, err
	}
	for _, ident := range idents {
		var name string
		var at int64
		err := l.reads.QueryRowContext(ctx, "SELECT a.name, p.at FROM purged p JOIN archive a ON a.id = p.archive WHERE p.key = ? AND p.chk = ?", key(ident), check([]byte(ident))).Scan(&name, &at)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return Life{}, fmt.Errorf("looking for the code among archived ones: %w", err)
		}
		r, found, err := recordAt(l.archivePath(name), at, ident)
		switch {
		case err != nil:
			return Life{}, fmt.Errorf("reading the archive: %w", err)
		case found && r.Code != nil:
			return r.Code.life(name), nil
		case found:
			return r.Container.life(name), nil
		}
		return Life{}, &DamagedError{What: fmt.Sprintf("%s is not in archive %s, where it should be", code.Visible(ident), name)}
	}
	return Life{}, ErrNotFound
}

func (l *Ledger) archivePath(name string) string {
	path := filepath.Join(filepath.Dir(l.path), ArchiveDir, name)
	if l.beside != "" && !exists(path) {
		return filepath.Join(l.beside, name)
	}
	return path
}

func (c *archivedCode) life(archive string) Life {
	v := Life{Code: code.Code(c.Raw), Ident: code.Code(c.Raw[:c.IdentLength]), Product: c.Product, State: State(c.State), Evidence: Evidence(c.Evidence),
		Line: c.Line, Batch: c.Batch, Order: c.Order, Block: c.Block, Archive: archive, Reports: c.Reports, Parents: codesOf(c.Parents), Children: codesOf(c.Children)}
	for _, s := range c.Journal {
		v.Journal = append(v.Journal, s.entry())
	}
	return v
}

func (c *archivedContainer) life(archive string) Life {
	sscc := code.Code(c.SSCC)
	return Life{Code: sscc, Ident: sscc, State: Printed, Line: c.Line, Batch: c.Batch, Archive: archive, Reports: c.Reports, Parents: codesOf(c.Parents), Children: codesOf(c.Children)}
}

func (s archivedStep) entry() Entry {
	e := Entry{Seq: s.Seq, At: time.UnixMicro(s.At).UTC(), Agent: s.Agent, Place: s.Place, Cause: s.Cause, HasStates: s.Now != nil}
	if s.Now != nil {
		e.Was, e.Now = State(*s.Was), State(*s.Now)
	}
	return e
}

// EachArchived calls f for every code that has left the ledger, with its own entries of the journal,
// until f returns an error. It reads all archives.
func (l *Ledger) EachArchived(ctx context.Context, f func(Held, []Step) error) error {
	files, err := l.archives(ctx, "")
	if err != nil {
		return err
	}
	for _, a := range files {
		err := eachRecord(l.archivePath(a.name), func(r record, at int64) error {
			if r.Code == nil {
				return ctx.Err()
			}
			ident := r.Code.Raw[:r.Code.IdentLength]
			var n int
			err := l.reads.QueryRowContext(ctx, "SELECT COUNT(*) FROM purged WHERE key = ? AND chk = ? AND archive = ? AND at = ?", key(code.Code(ident)), check(ident), a.id, at).Scan(&n)
			if err != nil || n == 0 { // it stayed
				return err
			}
			return f(r.Code.held())
		})
		if err != nil {
			return fmt.Errorf("reading archive %s: %w", a.name, err)
		}
	}
	return nil
}

func (c *archivedCode) held() (Held, []Step) {
	h := Held{ID: c.ID, Code: code.Code(c.Raw), Ident: code.Code(c.Raw[:c.IdentLength]), State: State(c.State), Evidence: Evidence(c.Evidence), Block: c.Block,
		Reported: c.Utilisation > 0, Product: c.Product.Name, Claim: c.Claim, Last: c.Last}
	var steps []Step
	for _, s := range c.Journal {
		if s.Own {
			steps = append(steps, Step{Entry: s.entry(), CodeID: c.ID, Prev: s.Prev})
		}
	}
	return h, steps
}
