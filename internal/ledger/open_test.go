package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"linemark/internal/code"
)

func TestOpenTakesTheLedgerAlone(t *testing.T) {
	p := newPlant(t)
	if _, err := Open(p.ctx, p.dir, Options{Agent: "other", Home: homely}); !errors.Is(err, ErrInUse) {
		t.Fatalf("second Open: %v, want ErrInUse", err)
	}
	p.stock(p.unit, 1) // the first is not disturbed
	try(p.Close())
	if err := p.Close(); err != nil {
		t.Fatalf("closing twice: %v", err)
	}
	if _, err := p.Claim(p.ctx, "mark", p.unit.lot, 1); !errors.Is(err, ErrClosed) {
		t.Fatalf("claim after Close: %v, want ErrClosed", err)
	}
	p.open()
}

// A command that only looks whether an agent works holds the lock for a moment. An agent that starts just
// then (P9: after a power cut, with nobody there) waits for it.
func TestP9OpenWaitsForWhoLooks(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		looks, err := lockFile(filepath.Join(dir, lockName))
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() { try(looks.Close()) })
		l, err := Open(t.Context(), dir, Options{Agent: "line-3"})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenInFoldersOfAnyName(t *testing.T) {
	for _, name := range []string{"с пробелом", "a#b", "50%", "what?", "a&b=c;d", "new/deep"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			l, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely})
			if err != nil {
				t.Fatal(err)
			}
			try(l.Close())
			if l.Path() != filepath.Join(dir, FileName) {
				t.Errorf("path %s", l.Path())
			}
			if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
				t.Errorf("the file is elsewhere: %v", err)
			}
		})
	}
}

func TestP1_VerifyDurability(t *testing.T) {
	tests := []struct {
		pragma  string
		refused bool
	}{
		{"PRAGMA synchronous = FULL", false},
		{"PRAGMA synchronous = EXTRA", false},
		{"PRAGMA synchronous = NORMAL", true},
		{"PRAGMA synchronous = OFF", true},
		{"PRAGMA journal_mode = DELETE", true},
	}
	for _, test := range tests {
		t.Run(test.pragma, func(t *testing.T) {
			db := must(sql.Open("sqlite", dsn(file(t.TempDir(), ""), false)))
			defer db.Close()
			c := must(db.Conn(t.Context()))
			defer c.Close()
			must(c.ExecContext(t.Context(), test.pragma))
			if err := verifyDurability(t.Context(), c); (err != nil) != test.refused {
				t.Fatalf("verifyDurability: %v, refused should be %v", err, test.refused)
			}
		})
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	try(openPlant(dir).Close())
	db := must(sql.Open("sqlite", file(dir, "")))
	must(db.Exec("PRAGMA user_version = 999"))
	try(db.Close())
	if _, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely}); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Fatalf("open: %v, want a refusal of the newer schema", err)
	}
	db = must(sql.Open("sqlite", file(dir, "")))
	must(db.Exec("PRAGMA user_version = -5")) // no version ever: the file's head is damaged
	try(db.Close())
	if _, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely}); !Damaged(err) {
		t.Fatalf("open: %v, want damage", err)
	}
	db = must(sql.Open("sqlite", file(dir, "")))
	must(db.Exec(fmt.Sprint("PRAGMA user_version = ", schemaVersion)))
	try(db.Close())
	l, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely}) // the refusal has let the lock go
	if err != nil {
		t.Fatal(err)
	}
	try(l.Close())
}

func TestOpenReader(t *testing.T) {
	if _, err := OpenReader(t.Context(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("without a ledger: %v, want fs.ErrNotExist", err)
	}
	p := newPlant(t)
	p.stock(p.unit, 3)
	p.claim(p.unit, 1)
	read := func(t *testing.T) {
		r, err := OpenReader(t.Context(), p.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { try(r.Close()) }()
		account(t, r)
		if b := must(r.Balance(t.Context())); b[0].States[InStock] != 2 || b[0].States[Claimed] != 1 {
			t.Errorf("balance %v", b[0].States)
		}
		if _, err := r.Claim(t.Context(), "mark", p.unit.lot, 1); err == nil {
			t.Error("a reader could claim")
		}
		if _, err := r.reads.Exec("DELETE FROM tally"); err == nil {
			t.Error("a reader's connection took a write")
		}
		if r.Fault() != nil {
			t.Errorf("fault %v", r.Fault())
		}
	}
	t.Run("beside the agent", read)
	try(p.Close())
	t.Run("without it", read)
	p.open()
}

func TestAgentNamesItsEntries(t *testing.T) {
	p := newPlant(t)
	c := p.stock(p.unit, 1)[0]
	if life := must(p.Trace(p.ctx, c)); life.Journal[0].Agent != "line-3" {
		t.Errorf("agent %s", life.Journal[0].Agent)
	}
}

// A ledger from another PC holds codes that are printed there.
func TestLedgerOfAnotherAgentIsRefused(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 1)
	try(p.Close())
	_, err := Open(p.ctx, p.dir, Options{Agent: "line-4", Home: homely})
	if f, ok := errors.AsType[*ForeignError](err); !ok || f.Ledger != "line-3" || f.Agent != "line-4" {
		t.Errorf("open: %v", err)
	}
	p.open() // nothing was changed, and the lock is free
	p.claim(p.unit, 1)
}

// A row that the tables refuse is the caller's mistake; a broken file is the storage's.
func TestFault(t *testing.T) {
	p := newPlant(t)
	second := must(p.PlaceOrder(p.ctx, p.unit.id, 5))
	err := p.SetOrder(p.ctx, second, "order-"+p.unit.Name, Active, "")
	if err == nil || isStorage(err) || p.Fault() != nil {
		t.Fatalf("an order id used twice: %v, fault %v", err, p.Fault())
	}
	p.stock(p.unit, 2)
	must(p.w.conn.ExecContext(p.ctx, "PRAGMA query_only = ON"))
	var storage *StorageError
	if _, err := p.Claim(p.ctx, "mark", p.unit.lot, 1); !errors.As(err, &storage) || p.Fault() == nil {
		t.Fatalf("claim on a file that takes no writes: %v, fault %v", err, p.Fault())
	}
	must(p.w.conn.ExecContext(p.ctx, "PRAGMA query_only = OFF"))
	p.claim(p.unit, 1)
	if p.Fault() != nil {
		t.Fatalf("fault after a good commit: %v", p.Fault())
	}
}

func TestCancelledCallDoesNothing(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 1)
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	if _, err := p.Claim(ctx, "mark", p.unit.lot, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("claim: %v, want context.Canceled", err)
	}
	p.claim(p.unit, 1) // the cancelled one took no code
}

func TestSameIdentHash(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 2)
	// Two identification codes with one hash: the look-up must go on to the bytes.
	a, b := codes[0][:p.unit.profile.KI], codes[1][:p.unit.profile.KI]
	try(p.do(p.ctx, func(t *tx) error {
		_, err := t.exec("UPDATE code SET key = ? WHERE key = ?", key(b), key(a))
		return err
	}))
	try(p.do(p.ctx, func(tx *tx) error {
		h, err := tx.find(b)
		if err != nil || h.raw != codes[1] {
			t.Errorf("found %s, %v", code.Visible(h.raw), err)
		}
		if _, err := tx.find("01" + b[2:]); err != nil {
			t.Errorf("find: %v", err)
		}
		if _, err := tx.find(a); !errors.Is(err, errNoCode) {
			t.Errorf("found by a hash that is not its own: %v", err)
		}
		return nil
	}))
}
