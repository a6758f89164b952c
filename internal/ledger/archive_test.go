package ledger

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

var longAgo = ArchiveOptions{Before: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), NeedsUtilisation: func(string) bool { return true }}

// settle reports everything that is due, sees it through and ends the batch.
func (p *plant) settleAll(batch string) {
	for _, d := range must(p.DueUtilisation(p.ctx, "VERIFIED")) {
		r := must(p.BuildUtilisation(p.ctx, d, 30_000, frozen))
		try(p.MarkReport(p.ctx, r.ID, Accepted, "srv-"+r.UUID, ""))
		try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
	}
	all := func(string) bool { return true }
	for range 2 { // the pallets after their boxes
		for _, d := range must(p.DueAggregation(p.ctx, all)) {
			r := must(p.BuildAggregation(p.ctx, d, true, 11_000, func(Report, []AggregationUnit) ([]byte, error) { return []byte("boxes"), nil }))
			try(p.MarkReport(p.ctx, r.ID, Accepted, "srv-"+r.UUID, ""))
			try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
		}
	}
	for _, d := range must(p.DueDropouts(p.ctx, "VERIFIED", all)) {
		r := must(p.BuildDropout(p.ctx, d, true, 30_000, func(Report, Drop, []code.Code) ([]byte, error) { return []byte("dropped"), nil }))
		try(p.MarkReport(p.ctx, r.ID, Accepted, "srv-"+r.UUID, ""))
		try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
	}
	if b, err := p.LastBatch(p.ctx, "3"); err == nil && b.Running() {
		must(p.EndBatch(p.ctx, "3"))
	}
}

// lifetimes reads the whole life of every code and transport code.
func (p *plant) lifetimes(texts []code.Code) map[code.Code]Life {
	all := map[code.Code]Life{}
	for _, c := range texts {
		life := must(p.Trace(p.ctx, c))
		life.Archive = ""
		all[c] = life
	}
	return all
}

// everyCode returns all codes of the ledger, and all transport codes.
func (p *plant) everyCode() (texts []code.Code) {
	try(p.EachCode(p.ctx, func(h Held) error { texts = append(texts, h.Code); return nil }))
	rows, err := p.reads.Query("SELECT sscc FROM container WHERE sscc <> ''")
	return append(texts, must(collect(rows, err, scanCode))...)
}

func sameLives(t *testing.T, before, after map[code.Code]Life) {
	t.Helper()
	for c, was := range before {
		if was, now := fmt.Sprintf("%+v", was), fmt.Sprintf("%+v", after[c]); was != now {
			t.Fatalf("%s:\nwas %s\nnow %s", code.Visible(c), was, now)
		}
	}
}

func TestP2_Archive(t *testing.T) {
	p := newPlant(t)
	codes := p.stock(p.unit, 60)
	labels := p.stock(p.box, 4)
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
	p.closed(3) // a box with its own code
	box, _ := p.container(3)
	try(p.Fill(p.ctx, box))
	sscc := must(p.NextSSCC(p.ctx, "0301234567"))
	try(p.CloseWithSSCC(p.ctx, box, sscc))
	loose := p.verified(p.unit, 5)
	printed := p.claim(p.unit, 2)
	try(p.Confirm(p.ctx, "mark", ids(printed), ByIdentity))
	doubtful := p.claim(p.unit, 2)
	try(p.Doubt(p.ctx, "mark", ids(doubtful), "head open"))
	sample := p.verified(p.unit, 1)[0]
	p.dropAll(Drop{Reason: "QA_SAMPLES"}, sample.Code)
	rejected := p.claim(p.unit, 1)[0]
	must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{mangle(rejected.Code)}))
	p.settleAll("B1")
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B2"}))
	second := must(p.Lot(p.ctx, "3", p.unit.id, "B2"))
	for _, c := range must(p.Claim(p.ctx, "mark", second, 2)) {
		must(p.Verify(p.ctx, "check", second, p.unit.profile, []code.Code{c.Code}))
	}
	later, _ := p.container(2) // goes on while the batch before is archived
	texts := p.everyCode()
	before, sheet := p.lifetimes(texts), fmt.Sprint(must(p.BatchBalance(p.ctx, "3", "B1")))
	report := must(p.Reports(p.ctx))[0]

	none := longAgo
	none.Before = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	if a := must(p.Archive(p.ctx, none)); a != (Archived{}) {
		t.Errorf("nothing is as old: %+v", a)
	}
	a := must(p.Archive(p.ctx, longAgo))
	if a.Codes != 3+1+3+5+1+1 || a.Name == "" {
		t.Errorf("%+v", a)
	}
	account(t, p.Ledger)
	if b := must(p.Recount(p.ctx)); b[0].Archived != 13 || b[1].Archived != 1 || b[0].States[Doubtful] != 2 || b[0].States[Printed] != 2 {
		t.Errorf("%+v", b)
	}
	sameLives(t, before, p.lifetimes(texts))
	if life := must(p.Trace(p.ctx, loose[0].Code)); life.Archive != a.Name {
		t.Errorf("%+v", life)
	}
	if now := fmt.Sprint(must(p.BatchBalance(p.ctx, "3", "B1"))); now != sheet {
		t.Errorf("the batch's account was %s and is %s", sheet, now)
	}
	if _, err := p.ReportBody(p.ctx, report.ID); !errors.Is(err, ErrArchived) {
		t.Errorf("the report's bytes: %v", err)
	}

	// P6, P1: what has left is known for what it is, and does not come in again.
	for what, scan := range map[string]code.Code{"a unit": loose[0].Code, "its GS lost": code.Code(strings.ReplaceAll(string(loose[0].Code), "\x1d", "")), "rejected": rejected.Code, "a sample": sample.Code} {
		if v := must(p.Verify(p.ctx, "check", second, p.unit.profile, []code.Code{scan}))[0]; v.Outcome != Duplicate || v.Note == "" {
			t.Errorf("%s: %+v", what, v)
		}
	}
	if v := must(p.Verify(p.ctx, "check", second, p.unit.profile, p.unit.issue(1)))[0]; v.Outcome != Unknown {
		t.Errorf("a code of nobody's: %+v", v)
	}
	if _, ok := errors.AsType[*RepeatedCode](p.Receive(p.ctx, p.unit.order, "again", p.unit.profile, codes[:1])); !ok {
		t.Error("an archived code was received again")
	}
	if _, ok := errors.AsType[*RepeatedCode](p.Receive(p.ctx, p.box.order, "again", p.box.profile, labels[:1])); !ok {
		t.Error("an archived label was received again")
	}
	if err := p.Receive(p.ctx, p.unit.order, "block-1", p.unit.profile, codes); !errors.Is(err, ErrBlockKnown) {
		t.Errorf("a block twice: %v", err)
	}
	if n, err := p.ReceiveRecovered(p.ctx, p.unit.order, "again", p.unit.profile, codes[:1]); n != 0 || err != nil {
		t.Errorf("recovered: %d, %v", n, err)
	}
	if outs := must(p.Drop(p.ctx, "office", Drop{Reason: "DEFECT"}, []code.Code{loose[0].Code, sscc})); !strings.Contains(outs[0].Why, "archive") || !strings.Contains(outs[1].Why, "archive") {
		t.Errorf("%+v", outs)
	}
	if err := p.CloseWithReadSSCC(p.ctx, later, sscc); err == nil {
		t.Error("an archived transport code was given to another container")
	}
	if v := must(p.PutCoded(p.ctx, p.openPallet(2), "box", sscc)); v.Outcome != Duplicate {
		t.Errorf("on a pallet: %+v", v)
	}
	// What stayed goes on: a product of the batch turns up, is reported, and follows.
	must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{printed[0].Code, doubtful[0].Code}))
	p.settleAll("")
	if a := must(p.Archive(p.ctx, longAgo)); a.Codes != 2+2 { // and what batch B2 has done, but for its open box
		t.Errorf("then: %+v", a)
	}
	account(t, p.Ledger)
	p.reopen()
	account(t, p.Ledger)
}

// The property: in whatever states its codes are, archiving changes no life, no account and no balance.
func TestP2_ArchiveChangesNoLife(t *testing.T) {
	for seed := range uint64(6) {
		p := newPlant(t)
		random := rand.New(rand.NewPCG(seed, 1))
		p.stock(p.unit, 400)
		p.stock(p.box, 40)
		for b := range 3 {
			name := fmt.Sprint("X", b)
			try(p.StartBatch(p.ctx, Batch{Line: "3", Name: name}))
			p.unit.lot, p.box.lot = must(p.Lot(p.ctx, "3", p.unit.id, name)), must(p.Lot(p.ctx, "3", p.box.id, name))
			p.life(random, name)
			if random.IntN(3) > 0 {
				p.settleAll(name)
			} else {
				must(p.EndBatch(p.ctx, "3"))
			}
			texts := p.everyCode()
			before := p.lifetimes(texts)
			sheets := map[string]string{}
			for i := range b + 1 {
				sheets[fmt.Sprint("X", i)] = fmt.Sprint(must(p.BatchBalance(p.ctx, "3", fmt.Sprint("X", i))))
			}
			due := fmt.Sprint(must(p.DueUtilisation(p.ctx, "VERIFIED")), must(p.DueAggregation(p.ctx, longAgo.NeedsUtilisation)))
			a := must(p.Archive(p.ctx, longAgo))
			sameLives(t, before, p.lifetimes(texts))
			account(t, p.Ledger)
			for name, was := range sheets {
				if now := fmt.Sprint(must(p.BatchBalance(p.ctx, "3", name))); now != was {
					t.Errorf("seed %d, batch %s: was %s, is %s", seed, name, was, now)
				}
			}
			if now := fmt.Sprint(must(p.DueUtilisation(p.ctx, "VERIFIED")), must(p.DueAggregation(p.ctx, longAgo.NeedsUtilisation))); now != due {
				t.Errorf("seed %d: due was %s, is %s", seed, due, now)
			}
			t.Logf("seed %d, batch %d: %d codes archived", seed, b, a.Codes)
		}
	}
}

// life does what happens on a line, by chance.
func (p *plant) life(random *rand.Rand, batch string) {
	open := func(pallet bool) ContainerID {
		return must(p.OpenContainer(p.ctx, NewContainer{Line: "3", Station: map[bool]string{false: "box", true: "pallet"}[pallet], Group: "water", Batch: batch, Capacity: 3, OfContainers: pallet}))
	}
	pallet := open(true)
	var last []Claim
	for range 12 {
		switch random.IntN(7) {
		case 0:
			last = p.verified(p.unit, 1+random.IntN(3))
		case 1:
			c := p.claim(p.unit, 2)
			try(p.Confirm(p.ctx, "mark", ids(c), Evidence(1+random.IntN(2))))
		case 2:
			try(p.Doubt(p.ctx, "mark", ids(p.claim(p.unit, 2)), "head open"))
		case 3:
			must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, []code.Code{mangle(p.claim(p.unit, 1)[0].Code)}))
		case 4:
			if len(last) > 0 {
				must(p.Drop(p.ctx, "lab", Drop{Reason: []string{"QA_SAMPLES", "DEFECT"}[random.IntN(2)], DocDate: time.Now()}, texts(last[:1])))
				last = nil
			}
		default:
			box := open(false)
			must(p.Put(p.ctx, "box", box, p.unit.lot, p.unit.profile, texts(p.verified(p.unit, 1+random.IntN(3)))))
			if random.IntN(5) == 0 {
				continue // stays open
			}
			try(p.Fill(p.ctx, box))
			if random.IntN(2) == 0 {
				try(p.CloseWithSSCC(p.ctx, box, must(p.NextSSCC(p.ctx, "0301234567"))))
			} else {
				label := p.claim(p.box, 1)[0]
				try(p.CloseWithCode(p.ctx, "box", box, label.ID, ByIdentity))
			}
			if random.IntN(2) == 0 {
				if p.PutContainer(p.ctx, pallet, box) != nil { // it is full
					try(p.Fill(p.ctx, pallet))
					try(p.CloseWithSSCC(p.ctx, pallet, must(p.NextSSCC(p.ctx, "0301234567"))))
					pallet = open(true)
				}
			}
		}
	}
}

// What changes between the file and the ledger stays, with the whole of its box.
func TestArchiveLeavesWhatChanges(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 20)
	p.stock(p.box, 2)
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
	_, units, label := p.closed(3)
	loose := p.verified(p.unit, 3)
	p.settleAll("B1")
	p.container(1)
	o := longAgo
	set := must(p.settledCodes(p.ctx, o))
	dir := filepath.Join(p.dir, ArchiveDir)
	try(os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "a.jsonl.gz")
	o.Pause = func(context.Context) error { return nil }
	id := must(p.writeArchive(p.ctx, set, path, p.now(), o))
	p.dropAll(Drop{Reason: "DEFECT", WithChild: true}, label.Code)
	p.dropAll(Drop{Reason: "DEFECT"}, loose[1].Code)
	if n := must(p.purge(p.ctx, id, path, o)); n != 2 {
		t.Errorf("%d codes have left", n)
	}
	for _, c := range append(units, loose[1]) {
		if life := must(p.Trace(p.ctx, c.Code)); life.State != Dropped || life.Archive != "" {
			t.Errorf("%+v", life)
		}
	}
	account(t, p.Ledger)
	n := 0
	try(p.EachArchived(p.ctx, func(h Held, _ []Step) error {
		if n++; h.Code == loose[1].Code {
			t.Error("a code that stayed is told as archived")
		}
		return nil
	}))
	if n != 2 {
		t.Errorf("%d archived", n)
	}
}

// A file that is not the one that was written takes nothing out of the ledger.
func TestArchiveDamaged(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 20)
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
	p.verified(p.unit, 3)
	p.settleAll("B1")
	o := longAgo
	o.Pause = func(context.Context) error { return nil }
	set := must(p.settledCodes(p.ctx, o))
	dir := filepath.Join(p.dir, ArchiveDir)
	try(os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "a.jsonl.gz")
	must(p.writeArchive(p.ctx, set, path, p.now(), o))
	whole := must(os.ReadFile(path))
	for name, text := range map[string][]byte{"cut": whole[:len(whole)-30], "a bit": append([]byte{whole[0] ^ 1}, whole[1:]...), "empty": {}} {
		try(os.WriteFile(path, text, 0o600))
		if a, err := p.Archive(p.ctx, longAgo); !Damaged(err) || a.Codes != 0 {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	try(os.WriteFile(path, whole, 0o600))
	if a := must(p.Archive(p.ctx, longAgo)); a.Codes != 3 || a.Name != "" {
		t.Errorf("%+v", a)
	}
	try(os.Remove(path))
	if _, err := p.Trace(p.ctx, p.unit.issueAgain(1)); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("without its archive: %v", err)
	}
}

// issueAgain returns the n-th code that was issued.
func (k *kind) issueAgain(n int) code.Code {
	return code.Code(fmt.Sprintf("01%s21%sa93_%08d%c93%04X", k.GTIN, "x", n, code.GS, n*40503&0xffff))
}

// A code is found among many archives at once: one piece of one of them is read.
func TestTraceAmongManyArchives(t *testing.T) {
	p := newPlant(t)
	const archives = 100
	p.stock(p.unit, archives*3+10)
	var firsts []code.Code
	for i := range archives {
		name := fmt.Sprint("A", i)
		try(p.StartBatch(p.ctx, Batch{Line: "3", Name: name}))
		p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, name))
		firsts = append(firsts, p.verified(p.unit, 3)[0].Code)
		p.settleAll(name)
		if a := must(p.Archive(p.ctx, longAgo)); a.Name == "" {
			t.Fatal("nothing was archived")
		}
	}
	begun := time.Now()
	for _, c := range firsts {
		if life := must(p.Trace(p.ctx, c)); life.Archive == "" || life.State != Verified {
			t.Fatalf("%+v", life)
		}
	}
	if each := time.Since(begun) / archives; each > time.Second {
		t.Errorf("a trace takes %s", each)
	} else {
		t.Logf("a trace takes %s", each)
	}
}
