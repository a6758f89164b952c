package ledger

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/ledger/home"
)

// older lays a ledger into a folder that the program of an earlier schema has written: 80 codes of the
// plant's unit, 8 of its box, 60 and 6 of them in stock.
func older(t testing.TB, schema int) (dir string) {
	t.Helper()
	z := must(gzip.NewReader(must(os.Open(filepath.Join("testdata", fmt.Sprintf("schema%d.ledger.gz", schema))))))
	dir = t.TempDir()
	try(os.WriteFile(file(dir, ""), must(io.ReadAll(z)), 0o600))
	return dir
}

// resume goes on with a ledger that an earlier program has left.
func resume(dir string) *plant {
	p := openPlantAt(dir)
	p.unit.issued, p.unit.blocks, p.box.issued, p.box.blocks = 80, 2, 8, 1
	return p
}

// TestUpgrade: a ledger of each earlier schema, with data, is copied, brought to this one, balances, and
// goes on. The copy is the ledger as it was.
func TestUpgrade(t *testing.T) {
	for _, schema := range []int{1, 2, 4, 5, 6} { // no program has ever left one of schema 3
		t.Run(fmt.Sprint("schema ", schema), func(t *testing.T) {
			dir := older(t, schema)
			before := must(os.ReadFile(file(dir, "")))
			said := ""
			l := must(Open(t.Context(), dir, Options{Agent: "line-3", Home: homely, Progress: func(s string) { said += s + "\n" }}))
			try(l.Close())
			if want := fmt.Sprintf("copying the ledger before it is brought from schema %d to %d\n", schema, schemaVersion); !strings.HasPrefix(said, want) || !strings.HasSuffix(said, fmt.Sprintf("bringing the ledger to schema %d\n", schemaVersion)) {
				t.Errorf("told: %q", said)
			}
			copies := must(matching(dir, "ledger-schema*.db"))
			if len(copies) != 1 {
				t.Fatalf("copies: %v", copies)
			}
			c := must(Inspect(t.Context(), copies[0]))
			if c.Schema != schema || c.Agent != "line-3" || c.CopiedAt.IsZero() || c.Balances[0].Received != 80 || c.Balances[1].States[InStock] != 6 {
				t.Errorf("%+v", c)
			}

			p := resume(dir)
			defer func() { try(p.Close()) }()
			if p.Copy() != nil {
				t.Fatalf("an older ledger is taken for a copy: %v", p.Copy())
			}
			account(t, p.Ledger)
			if r := must(p.Recover(p.ctx)); r.Codes != 1 || r.Containers != 1 {
				t.Errorf("set aside: %+v", r)
			}
			if open := must(p.OpenReports(p.ctx)); len(open) != 1 || open[0].State != Frozen || open[0].Codes != 2 {
				t.Errorf("open reports: %+v", open)
			}
			p.claim(p.unit, 30)
			p.verified(p.unit, 30)
			p.stock(p.unit, 10)
			p.closed(3)
			p.report(p.unit, "VERIFIED")
			account(t, p.Ledger)
			entries := 0
			try(p.EachStep(p.ctx, func(s Step) error {
				if strings.HasPrefix(s.Cause, "the ledger is at home on PC") {
					entries++
				}
				return nil
			}))
			if entries != 1 {
				t.Errorf("%d entries say that it is at home", entries)
			}

			// What was copied comes back as a copy, in this program and, byte for byte of its codes, in the old one.
			back := t.TempDir()
			try(os.WriteFile(file(back, ""), must(os.ReadFile(copies[0])), 0o600))
			restored := must(Open(t.Context(), back, Options{Agent: "line-3", Home: homely}))
			defer func() { try(restored.Close()) }()
			if restored.Copy() == nil {
				t.Error("the copy does not know that it is one")
			}
			try(restored.EachCode(t.Context(), func(h Held) error {
				if !bytes.Contains(before, []byte(h.Code)) {
					t.Errorf("%q was not in the ledger", h.Code)
				}
				return nil
			}))
		})
	}
}

// TestUpgradeWithoutRoom: nothing is begun, and nothing changed.
func TestUpgradeWithoutRoom(t *testing.T) {
	dir := older(t, schemaVersion-1)
	before := must(os.ReadFile(file(dir, "")))
	_, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely, Free: func(string) (int64, error) { return 1 << 20, nil }})
	if e, ok := errors.AsType[*RoomError](err); !ok || e.Free != 1<<20 || e.Need < int64(len(before)) {
		t.Fatal(err)
	}
	if after := must(os.ReadFile(file(dir, ""))); !bytes.Equal(before, after) {
		t.Error("the ledger was changed")
	}
	if left := must(matching(dir, "ledger-schema*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestUpgradeKeepsOneCopy: the copy of the migration before goes when the next one is done.
func TestUpgradeKeepsOneCopy(t *testing.T) {
	dir := older(t, 4)
	old := filepath.Join(dir, "ledger-schema3-20250101T000000Z.db")
	try(os.WriteFile(old, nil, 0o600))
	p := resume(dir)
	defer func() { try(p.Close()) }()
	if left := must(matching(dir, "ledger-schema*")); len(left) != 1 || left[0] == old {
		t.Errorf("left: %v", left)
	}
}

// TestUpgradeTriedAgain: a service tries every few seconds. Attempts that fail, and those that were killed while
// they copied, do not fill the disk with copies.
func TestUpgradeTriedAgain(t *testing.T) {
	dir := older(t, 4)
	db := must(sql.Open("sqlite", file(dir, "")))
	must(db.Exec("CREATE TABLE archive (id INTEGER)")) // the migration cannot make it
	try(db.Close())
	killed := filepath.Join(dir, "ledger-schema4-20250101T000000Z.db"+partial)
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	for range 3 {
		try(os.WriteFile(killed, nil, 0o600))
		at = at.Add(5 * time.Second)
		if _, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely, Now: func() time.Time { return at }}); err == nil {
			t.Fatal("brought to another schema")
		}
	}
	if left := must(matching(dir, "ledger-schema*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	db = must(sql.Open("sqlite", file(dir, "")))
	must(db.Exec("DROP TABLE archive"))
	try(db.Close())
	p := resume(dir)
	defer func() { try(p.Close()) }()
	if left := must(matching(dir, "ledger-schema*")); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// A newer program's ledger is refused with that program's name, and not touched.
func TestNewerNamesItsProgram(t *testing.T) {
	dir := t.TempDir()
	l := must(Open(t.Context(), dir, Options{Agent: "line-3", Program: "v9.1", Home: homely}))
	try(l.do(t.Context(), func(t *tx) error {
		_, err := t.exec(fmt.Sprint("PRAGMA user_version = ", schemaVersion+1))
		return err
	}))
	try(l.Close())
	for range 2 {
		_, err := Open(t.Context(), dir, Options{Agent: "line-3", Program: "v9.0", Home: homely})
		if e, ok := errors.AsType[*NewerError](err); !ok || e.Program != "v9.1" || e.Schema != schemaVersion+1 || !strings.Contains(err.Error(), "newer linemark v9.1") {
			t.Error(err)
		}
	}
}

// The program's name is kept by those that have none.
func TestProgramStays(t *testing.T) {
	dir := t.TempDir()
	for _, program := range []string{"v1", "", "v2", ""} {
		l := must(Open(t.Context(), dir, Options{Agent: "line-3", Program: program, Home: func(string) (home.Home, error) { return atHome, nil }}))
		r := must(scanHome(l.reads.QueryRowContext(t.Context(), homeColumns)))
		if program == "" {
			program = map[bool]string{true: "v1", false: "v2"}[r.program == "v1"]
		}
		if r.program != program {
			t.Errorf("%q, want %q", r.program, program)
		}
		try(l.Close())
	}
}
