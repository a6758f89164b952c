package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger/home"
)

// plant is a ledger in a folder of its own with two products, an order for each and a lot for
// each on line 3. The methods here stop the test at the first error.
type plant struct {
	*Ledger
	ctx     context.Context
	dir     string
	commits *atomic.Int64 // transactions begun: the clock is read once in each
	begun   func()        // called when one begins; nil: not
	lives   home.Home     // where the ledger finds itself
	unit    *kind
	box     *kind
}

// kind is one product with where its codes come from and go to.
type kind struct {
	Product
	id      ProductID
	order   OrderID
	lot     LotID
	profile code.Profile
	issued  int // codes made so far
	blocks  int
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func try(err error) {
	if err != nil {
		panic(err)
	}
}

func gtin(thirteen string) string {
	return thirteen + string(rune(must(code.CheckDigit(thirteen))))
}

var (
	bottle = Product{Name: "water-05", GTIN: gtin("0478001234567"), Group: "water", Type: code.Unit}
	pack   = Product{Name: "water-05x6", GTIN: gtin("1478001234567"), Group: "water", Type: code.Group}
)

// newPlant makes a plant whose account is checked when the test ends.
func newPlant(t testing.TB) *plant {
	t.Helper()
	p := openPlant(t.TempDir())
	t.Cleanup(func() {
		account(t, p.Ledger)
		unbroken(t, p.Ledger)
		if err := p.Close(); err != nil {
			t.Errorf("closing the ledger: %v", err)
		}
	})
	return p
}

// atHome is where the ledger of a plant lives, in whatever folder a test puts it.
var atHome = home.Home{PC: home.PC{Name: "PC-3", Install: "9a3f"}, File: "12 1.0", Path: "/var/lib/linemark/ledger.db"}

func homely(string) (home.Home, error) { return atHome, nil }

// openPlant opens the ledger in dir and makes the products and orders that are missing.
func openPlant(dir string) *plant {
	p := openPlantAt(dir)
	p.orders()
	return p
}

// openPlantAt opens a ledger with the plant's products and orders in it.
func openPlantAt(dir string) *plant {
	p := &plant{ctx: context.Background(), dir: dir, commits: new(atomic.Int64), lives: atHome}
	p.open()
	p.unit, p.box = p.kind(bottle), p.kind(pack)
	return p
}

func (p *plant) orders() {
	for _, k := range []*kind{p.unit, p.box} {
		k.order = must(p.PlaceOrder(p.ctx, k.id, 10_000))
		try(p.SetOrder(p.ctx, k.order, "order-"+k.Name, Active, ""))
	}
}

func (p *plant) open() {
	start := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	p.Ledger = must(Open(p.ctx, p.dir, Options{Agent: "line-3", Home: func(string) (home.Home, error) { return p.lives, nil }, Now: func() time.Time {
		if p.begun != nil {
			p.begun()
		}
		return start.Add(time.Duration(p.commits.Add(1)) * time.Second)
	}}))
}

// reopen closes the ledger and opens it again.
func (p *plant) reopen() {
	try(p.Close())
	p.open()
}

func (p *plant) kind(of Product) *kind {
	k := &kind{Product: of, profile: must(code.Table{}.Profile(of.Group, of.Type))}
	k.id = must(p.Product(p.ctx, of))
	for _, o := range must(p.Orders(p.ctx)) {
		if o.Product == k.id {
			k.order = o.ID
		}
	}
	k.lot = must(p.Lot(p.ctx, "3", k.id, "B1"))
	return k
}

// issue makes n codes that nobody had before, as the national system would.
func (k *kind) issue(n int) []code.Code {
	codes := make([]code.Code, n)
	for i := range codes {
		k.issued++
		// The serial number holds what a careless reader would take for an identifier.
		codes[i] = code.Code(fmt.Sprintf("01%s21%sa93_%08d%c93%04X", k.GTIN, "x", k.issued, code.GS, k.issued*40503&0xffff))
	}
	return codes
}

// stock receives a block of n new codes and returns them.
func (p *plant) stock(k *kind, n int) []code.Code {
	codes := k.issue(n)
	k.blocks++
	try(p.Receive(p.ctx, k.order, fmt.Sprintf("block-%d", k.blocks), k.profile, codes))
	return codes
}

// claim takes n codes, which must be there.
func (p *plant) claim(k *kind, n int) []Claim {
	claims := must(p.Claim(p.ctx, "mark", k.lot, n))
	if len(claims) != n {
		panic(fmt.Sprintf("%d codes claimed, want %d", len(claims), n))
	}
	return claims
}

// verified takes n codes through printing to a good scan.
func (p *plant) verified(k *kind, n int) []Claim {
	claims := p.claim(k, n)
	for i, v := range must(p.Verify(p.ctx, "check", k.lot, k.profile, texts(claims))) {
		if v.Outcome != Good {
			panic(fmt.Sprintf("scan %d is %s", i, v.Outcome))
		}
	}
	return claims
}

// container opens a container for n units and fills it with verified ones.
func (p *plant) container(n int) (ContainerID, []Claim) {
	id := must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: "box", Group: "water", Batch: "B1", Capacity: n}))
	units := p.verified(p.unit, n)
	for _, o := range must(p.Put(p.ctx, "box", id, p.unit.lot, p.unit.profile, texts(units))) {
		if !o.Packed {
			panic("not packed: " + o.Outcome.String())
		}
	}
	return id, units
}

// state reads where a code is.
func (p *plant) state(id int64) State {
	var s State
	try(p.reads.QueryRow("SELECT state FROM code WHERE id = ?", id).Scan(&s))
	return s
}

func (p *plant) states(claims []Claim) []State {
	s := make([]State, len(claims))
	for i, c := range claims {
		s[i] = p.state(c.ID)
	}
	return s
}

func (p *plant) evidence(id int64) Evidence {
	var e Evidence
	try(p.reads.QueryRow("SELECT evidence FROM code WHERE id = ?", id).Scan(&e))
	return e
}

func texts(claims []Claim) []code.Code {
	codes := make([]code.Code, len(claims))
	for i, c := range claims {
		codes[i] = c.Code
	}
	return codes
}

func ids(claims []Claim) []int64 {
	n := make([]int64, len(claims))
	for i, c := range claims {
		n[i] = c.ID
	}
	return n
}

// reporter is what *testing.T and *rapid.T have in common here.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// account holds the ledger against P2: the running tally is what counting the codes gives, both
// sides of each product's balance are equal, and every code's journal is one chain from its
// receipt to the state that it is in.
func account(t reporter, l *Ledger) {
	t.Helper()
	ctx := context.Background()
	running := must(l.Balance(ctx))
	counted, err := l.Recount(ctx)
	if err != nil {
		t.Errorf("recount: %v", err)
	}
	for i, b := range running {
		if !b.Equal() || !counted[i].Equal() {
			t.Errorf("%s: received %d, running %v, counted %v", b.Product.Name, b.Received, b.States, counted[i].States)
		}
		if fmt.Sprint(b.States) != fmt.Sprint(counted[i].States) {
			t.Errorf("%s: running %v, counted %v", b.Product.Name, b.States, counted[i].States)
		}
		if l.w != nil && l.Stock(b.ID) != b.States[InStock] {
			t.Errorf("%s: stock %d, balance %d", b.Product.Name, l.Stock(b.ID), b.States[InStock])
		}
	}
	chains(t, l)
}

// unbroken wants the journal's seals to follow each other.
func unbroken(t reporter, l *Ledger) {
	t.Helper()
	if _, err := l.VerifyJournal(context.Background(), nil); err != nil {
		t.Errorf("verifying the journal: %v", err)
	}
}

type link struct {
	seq, code, prev int64
	was, now        sql.NullInt64
}

func chains(t reporter, l *Ledger) {
	t.Helper()
	ctx := context.Background()
	rows, err := l.reads.QueryContext(ctx, "SELECT seq, COALESCE(code, 0), was, now, COALESCE(prev, 0) FROM journal")
	all := must(collect(rows, err, func(s scanner) (j link, err error) {
		return j, s.Scan(&j.seq, &j.code, &j.was, &j.now, &j.prev)
	}))
	journal, entries := map[int64]link{}, map[int64]int{}
	for _, j := range all {
		journal[j.seq] = j
		entries[j.code]++
	}
	rows, err = l.reads.QueryContext(ctx, "SELECT id, last, state FROM code")
	codes := must(collect(rows, err, func(s scanner) (c [3]int64, err error) {
		return c, s.Scan(&c[0], &c[1], &c[2])
	}))
	for _, c := range codes {
		id, at, state, n := c[0], c[1], c[2], 0
		for {
			j, ok := journal[at]
			if !ok {
				t.Errorf("code %d: journal entry %d is missing", id, at)
				break
			}
			if j.code == 0 { // the receipt of its block
				if j.now.Valid || State(state) != InStock || n != entries[id] {
					t.Errorf("code %d: after its receipt %s, %d of %d entries in its chain", id, State(state), n, entries[id])
				}
				break
			}
			if j.code != id || j.now.Int64 != state || j.prev >= at {
				t.Errorf("code %d: entry %+v where the state is %s", id, j, State(state))
				break
			}
			at, state, n = j.prev, j.was.Int64, n+1
		}
	}
}

// file is the ledger's file in a folder, with the suffix of one of its companions.
func file(dir, suffix string) string { return filepath.Join(dir, FileName+suffix) }
