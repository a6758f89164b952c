package ledger

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// P1: what comes back from the server may have been printed: it is doubtful, is not claimed, and
// passes only by a scan or on a person's word.
func TestP1_Recovered(t *testing.T) {
	p := newPlant(t)
	codes := p.unit.issue(6)
	longAgo := time.Date(2025, 3, 1, 6, 0, 0, 0, time.UTC)
	order := must(p.RecoverOrder(p.ctx, p.unit.id, "server-order", 6, Active, longAgo))
	if again := must(p.RecoverOrder(p.ctx, p.unit.id, "server-order", 6, Active, longAgo)); again != order {
		t.Errorf("taken up twice: %d and %d", order, again)
	}
	if all := must(p.Orders(p.ctx)); !all[len(all)-1].PlacedAt.Equal(longAgo) {
		t.Errorf("taken up as %+v", all)
	}
	if n := must(p.ReceiveRecovered(p.ctx, order, "b1", p.unit.profile, codes[:4])); n != 4 {
		t.Errorf("%d codes", n)
	}
	if n, err := p.ReceiveRecovered(p.ctx, order, "b1", p.unit.profile, codes[:4]); !errors.Is(err, ErrBlockKnown) || n != 0 {
		t.Errorf("a block twice: %d, %v", n, err)
	}
	if n := must(p.ReceiveRecovered(p.ctx, order, "b2", p.unit.profile, codes[3:])); n != 2 {
		t.Errorf("%d codes of a block with a known one", n)
	}
	p.claim0()
	if p.Stock(p.unit.id) != 0 {
		t.Error("recovered codes are in stock")
	}
	if v := must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, codes[1:2]))[0]; v.Outcome != Good || v.Was != Doubtful {
		t.Errorf("%+v", v)
	}
	if due := p.due("VERIFIED"); !strings.Contains(due, "1") {
		t.Errorf("what was read is not due: %q", due)
	}
	for first, want := range []int{1, 1, 0, 0} {
		if n := must(p.ReadFrom(p.ctx, codes[first])); n != want {
			t.Errorf("%d read from the code %d on, want %d", n, first, want)
		}
	}
	if n := must(p.ReadOfOrder(p.ctx, "server-order")); n != 1 {
		t.Errorf("%d read", n)
	}
	if n := must(p.ReadOfOrder(p.ctx, "another")); n != 0 {
		t.Errorf("%d read of an order that is not there", n)
	}
	if _, err := p.ReleaseFrom(p.ctx, codes[2], ""); err == nil {
		t.Error("released without a reason")
	}
	if n := must(p.ReleaseFrom(p.ctx, codes[2][:31], "the last printed one was the second")); n != 4 {
		t.Errorf("%d released", n)
	}
	life := must(p.Trace(p.ctx, codes[2]))
	if last := life.Journal[len(life.Journal)-1]; life.State != InStock || last.Cause != "released: the last printed one was the second" || last.Place != "recover" {
		t.Errorf("%+v", life)
	}
	if c := p.claim(p.unit, 4); c[0].Code != codes[2] {
		t.Errorf("claimed %+v", c)
	}
	if n := must(p.ReleaseOrder(p.ctx, "server-order", "never used")); n != 1 { // the first one
		t.Errorf("%d released", n)
	}
	if _, err := p.ReleaseFrom(p.ctx, "01nothing", "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown one: %v", err)
	}
	// Codes in doubt for another cause stay there.
	try(p.Doubt(p.ctx, "mark", []int64{must(p.findAny(p.ctx, codes[2]))}, "head open"))
	if n := must(p.ReleaseFrom(p.ctx, codes[0], "x")); n != 0 {
		t.Errorf("%d released that a printer had", n)
	}
}

// A ledger of the first version is brought to this one with all that it has.
func TestMigration(t *testing.T) {
	dir := t.TempDir()
	db := must(sql.Open("sqlite", filepath.Join(dir, FileName)))
	must(db.Exec(schema1 + `
		INSERT INTO product VALUES (1, 'water-05', '` + bottle.GTIN + `', 'water', 'UNIT');
		INSERT INTO lot VALUES (1, '3', 1, 'B1');
		INSERT INTO orders (id, product, quantity, server_id, state, placed_at, changed_at) VALUES (1, 1, 1, 'o', 'closed', 0, 0);
		INSERT INTO block (id, orders, server_id, quantity, received_at) VALUES (1, 1, 'b', 1, 0);
		INSERT INTO code (id, product, block, raw, idlen, key, state, evidence, lot, claim, last) VALUES (1, 1, 1, x'3031', 2, 7, 3, 3, 1, 1, 1);
		INSERT INTO tally VALUES (1, 3, 1);
		INSERT INTO report (id, uuid, kind, line, grp, batch, state, created_at, changed_at) VALUES (1, 'u', 'utilisation', '3', 'water', 'B1', 'frozen', 0, 0);
		PRAGMA user_version = 1`))
	try(db.Close())
	l := must(Open(context.Background(), dir, Options{Agent: "a", Home: homely}))
	defer l.Close()
	if due := must(l.DueUtilisation(context.Background(), "VERIFIED")); len(due) != 1 || due[0].Count != 1 {
		t.Errorf("due %+v", due)
	}
	if n := l.w.tally[tallyKey{1, numbered}]; n != 1 {
		t.Errorf("%d codes were claimed in the batch, it says", n)
	}
	if r := must(l.OpenReports(context.Background())); len(r) != 1 || r[0].Parent != 0 {
		t.Errorf("reports %+v", r)
	}
	if all := must(l.Recount(context.Background())); !all[0].Equal() || all[0].States[Verified] != 1 {
		t.Errorf("balance %+v", all)
	}
}
