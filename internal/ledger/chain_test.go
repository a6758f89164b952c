package ledger

import (
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

const (
	leafOfCode  = "9435570afbf961e6aaab9b5d7983aa4fb3c712626baf2e88056566d2142b1c4f"
	leafOfEvent = "39b903bfa4d2b2fb172b6c32d39460240b8c67d68d492131ece2a14bbddbbc91"
	sealAfter   = "cb592844121d926f1ca3ad4e1d6fb9d8e260ed6e3216361f7732e975a0e8bbf6"
)

// The bytes of an entry are for ever: these digests were computed by another program, from the description.
func TestLeafDigest(t *testing.T) {
	for name, c := range map[string]struct {
		leaf leaf
		want string
	}{
		"of a code": {leaf{seq: 258, at: 1772344800000001, agent: "line-3", place: "mark", of: hasLife, code: 7, text: []byte("010478\x1d93"), was: 0, now: 1, cause: "claim", prev: 3}, leafOfCode},
		"an event":  {leaf{seq: 1, at: 1772344800000000, agent: "Линия", place: "agent", cause: ""}, leafOfEvent},
	} {
		if got, _ := c.leaf.digest([]byte("left from before")); hex.EncodeToString(got[:]) != c.want {
			t.Errorf("%s: %x", name, got)
		}
	}
	if got := (Seal{}).after(Seal{1}); hex.EncodeToString(got[:]) != sealAfter {
		t.Errorf("after: %x", got)
	}
}

func TestParseHead(t *testing.T) {
	h := Head{Seq: 12, Seal: Seal{0xab, 31: 1}}
	for _, text := range []string{h.String(), " " + strings.ToUpper(h.String()) + "\n"} {
		if got, err := ParseHead(text); got != h || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "12", "12:", ":" + strings.Repeat("0", 64), "-1:" + strings.Repeat("0", 64), "12:" + strings.Repeat("0", 62), "12:" + strings.Repeat("0", 66), "12:" + strings.Repeat("g", 64), "x:" + strings.Repeat("0", 64)} {
		if _, err := ParseHead(text); err == nil {
			t.Errorf("%q is taken for a head", text)
		}
	}
}

func FuzzParseHead(f *testing.F) {
	f.Add(Head{Seq: 12, Seal: Seal{0xab}}.String())
	f.Add("1:00")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHead(text)
		if again, bad := ParseHead(h.String()); err == nil && (bad != nil || again != h) {
			t.Errorf("%q: %v, again %v, %v", text, h, again, bad)
		}
	})
}

// twelve leaves a ledger with twelve entries: two orders, a block, two claims (4, 5), their labels (6, 7), their
// scans (8, 9), a third claim (10) that is set aside (11), and an event.
func twelve(dir string) {
	p := openPlant(dir)
	p.stock(p.unit, 6)
	two := p.claim(p.unit, 2)
	try(p.Confirm(p.ctx, "mark", ids(two), ByIdentity))
	must(p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, texts(two)))
	try(p.Doubt(p.ctx, "mark", ids(p.claim(p.unit, 1)), "head open"))
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
	try(p.Close())
}

// tampered changes a closed ledger's file.
func tampered(dir string, statements ...string) {
	db := must(sql.Open("sqlite", file(dir, "")))
	for _, s := range statements {
		if n := must(must(db.Exec(s)).RowsAffected()); n == 0 {
			panic("nothing was changed by " + s)
		}
	}
	try(db.Close())
}

// verified reads a closed ledger's journal.
func verified(t *testing.T, dir string, noted ...Head) (Proof, error) {
	t.Helper()
	l := must(OpenReader(t.Context(), dir))
	p, err := l.VerifyJournal(t.Context(), nil, noted...)
	try(l.Close())
	return p, err
}

// TestP2_TamperedJournal: whatever is done to the file behind the ledger's back, the first entry that is wrong is
// named, with what is wrong.
func TestP2_TamperedJournal(t *testing.T) {
	dir := t.TempDir()
	twelve(dir)
	proof, err := verified(t, dir)
	if err != nil || proof.Entries != 12 || proof.From != 1 || proof.To != 12 || proof.Older != 0 || proof.Head.Seq != 12 || len(proof.Unproved) != 0 || !proof.FromAt.Before(proof.ToAt) {
		t.Fatalf("%+v, %v", proof, err)
	}
	noNote := func(dir string) {
		for _, path := range must(matching(dir, reachedName+"*")) {
			try(os.Remove(path))
		}
	}
	const columns = "at, agent, place, code, was, now, cause, prev, seal"
	for _, c := range []struct {
		name string
		do   []string
		also func(dir string)
		seq  int64
		what Break
	}{
		{"a cause", []string{"UPDATE journal SET cause = 'counted by the printer' WHERE seq = 6"}, nil, 6, Changed},
		{"an event's cause", []string{"UPDATE journal SET cause = cause || '0' WHERE seq = 3"}, nil, 3, Changed},
		{"a cause and a place, moved between them", []string{"UPDATE journal SET place = 'markc', cause = 'laim' WHERE seq = 4"}, nil, 4, Changed},
		{"a time", []string{"UPDATE journal SET at = at + 1 WHERE seq = 5"}, nil, 5, Changed},
		{"a time, into a text", []string{"UPDATE journal SET at = 'then' WHERE seq = 5"}, nil, 5, Changed},
		{"a place", []string{"UPDATE journal SET place = 'check' WHERE seq = 7"}, nil, 7, Changed},
		{"a place, into bytes", []string{"UPDATE journal SET place = CAST(place AS BLOB) WHERE seq = 7"}, nil, 7, Changed},
		{"the state before", []string{"UPDATE journal SET was = 1 WHERE seq = 8"}, nil, 8, Changed},
		{"the state", []string{"UPDATE journal SET now = 4 WHERE seq = 8"}, nil, 8, Changed},
		{"the entry before", []string{"UPDATE journal SET prev = prev - 1 WHERE seq = 9"}, nil, 9, Changed},
		{"none into the number 0", []string{"UPDATE journal SET prev = 0 WHERE seq = 3"}, nil, 3, Changed},
		{"the code", []string{"UPDATE journal SET code = 2 WHERE seq = 4"}, nil, 4, Changed},
		{"the code, into none", []string{"UPDATE journal SET code = NULL WHERE seq = 4"}, nil, 4, Changed},
		{"the code's text", []string{"UPDATE code SET raw = CAST(replace(CAST(raw AS TEXT), '00000001', '00000099') AS BLOB) WHERE id = 1"}, nil, 4, Changed},
		{"two codes' texts, of each other", []string{"UPDATE code SET raw = (SELECT raw FROM code o WHERE o.id = 3 - code.id) WHERE id IN (1, 2)"}, nil, 4, Changed},
		{"the code's row is gone", []string{"DELETE FROM code WHERE id = 3"}, nil, 10, Changed},
		{"the agent's name", []string{"UPDATE agent SET name = 'line-4'"}, nil, 1, Changed},
		{"another agent", []string{"INSERT INTO agent (id, name) VALUES (9, 'line-4')", "UPDATE journal SET agent = 9 WHERE seq = 7"}, nil, 7, Changed},
		{"the last one", []string{"UPDATE journal SET cause = '' WHERE seq = 12"}, nil, 12, Changed},
		{"two one after the other", []string{"UPDATE journal SET place = 'x' WHERE seq IN (8, 9)"}, nil, 8, Changed},
		{"one before one that is gone", []string{"UPDATE journal SET place = 'x' WHERE seq = 8", "DELETE FROM journal WHERE seq = 9"}, nil, 8, Changed},

		{"one in the middle is gone", []string{"DELETE FROM journal WHERE seq = 7"}, nil, 7, Missing},
		{"three are gone", []string{"DELETE FROM journal WHERE seq IN (5, 6, 9)"}, nil, 5, Missing},
		{"the first is gone", []string{"DELETE FROM journal WHERE seq = 1"}, nil, 1, Missing},
		{"the first are gone, and those before the rest are said to be older", []string{"DELETE FROM journal WHERE seq < 4", "UPDATE seal SET seq = 3"}, nil, 4, Changed},
		{"so, with the right seal", []string{"UPDATE seal SET seq = 3, seal = (SELECT seal FROM journal WHERE seq = 3)", "DELETE FROM journal WHERE seq < 4"}, nil, 4, NoBeginning},
		{"where it begins is gone", []string{"DELETE FROM seal"}, nil, 1, NoBeginning},
		{"the last is gone", []string{"DELETE FROM journal WHERE seq = 12"}, nil, 12, Cut},
		{"the last two are gone", []string{"DELETE FROM journal WHERE seq > 10"}, nil, 11, Cut},
		{"the last two are gone, and the note", []string{"DELETE FROM journal WHERE seq > 10"}, noNote, 11, Cut},
		{"all are gone", []string{"DELETE FROM journal"}, noNote, 1, Cut},

		{"one more", []string{"INSERT INTO journal (at, agent, place, cause) VALUES (1, 1, 'agent', 'started')"}, nil, 13, Unsealed},
		{"one more, with a seal", []string{"INSERT INTO journal (at, agent, place, cause, seal) VALUES (1, 1, 'agent', 'started', randomblob(32))"}, nil, 13, Changed},
		{"one more, with that of another", []string{"INSERT INTO journal (" + columns + ") SELECT " + columns + " FROM journal WHERE seq = 12"}, nil, 13, Changed},
		{"one more in the middle", []string{
			"UPDATE journal SET seq = -seq - 1 WHERE seq >= 7", "UPDATE journal SET seq = -seq WHERE seq < 0",
			"INSERT INTO journal (seq, " + columns + ") SELECT 7, " + columns + " FROM journal WHERE seq = 6",
		}, nil, 7, Changed},
		{"two in each other's places", []string{
			"UPDATE journal SET seq = -6 WHERE seq = 6", "UPDATE journal SET seq = 6 WHERE seq = 7", "UPDATE journal SET seq = 7 WHERE seq = -6",
		}, nil, 6, Changed},

		{"a seal", []string{"UPDATE journal SET seal = randomblob(32) WHERE seq = 8"}, nil, 8, SealChanged},
		{"a seal and the entry", []string{"UPDATE journal SET seal = randomblob(32), place = 'x' WHERE seq = 8"}, nil, 8, Changed},
		{"a seal is gone", []string{"UPDATE journal SET seal = NULL WHERE seq = 8"}, nil, 8, Unsealed},
		{"half a seal", []string{"UPDATE journal SET seal = substr(seal, 1, 16) WHERE seq = 8"}, nil, 8, Unsealed},
		{"the seal of the first", []string{"UPDATE journal SET seal = zeroblob(32) WHERE seq = 1"}, nil, 1, SealChanged},
		{"all seals are gone", []string{"UPDATE journal SET seal = NULL"}, nil, 1, Unsealed},
		{"an entry, and a seal after it is gone", []string{"UPDATE journal SET place = 'x' WHERE seq = 8", "UPDATE journal SET seal = NULL WHERE seq = 9"}, nil, 8, Changed},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			twelve(dir)
			tampered(dir, c.do...)
			if c.also != nil {
				c.also(dir)
			}
			proof, err := verified(t, dir)
			e, ok := errors.AsType[*BrokenError](err)
			if !ok || e.Seq != c.seq || e.What != c.what || e.To < e.Seq || !strings.Contains(e.Error(), fmt.Sprintf("the journal is broken at entry %d: ", c.seq)) {
				t.Fatalf("%+v: %v, want entry %d, break %d", e, err, c.seq, c.what)
			}
			if c.what != NoBeginning && proof.Entries != c.seq-1-proof.Older {
				t.Errorf("%d entries before entry %d are said to be unbroken", proof.Entries, c.seq)
			}
		})
	}
}

// What was noted tells a journal from one that is unbroken in itself.
func TestP2_NotedHeads(t *testing.T) {
	dir := t.TempDir()
	twelve(dir)
	var noted []Head
	l := must(OpenReader(t.Context(), dir))
	rows, err := l.reads.Query("SELECT seq, seal FROM journal WHERE seq % 3 = 0 ORDER BY seq")
	noted = must(collect(rows, err, func(s scanner) (h Head, err error) {
		var b []byte
		err = s.Scan(&h.Seq, &b)
		copy(h.Seal[:], b)
		return h, err
	}))
	if h := must(l.Head(t.Context())); len(noted) != 4 || h != noted[3] {
		t.Fatalf("heads %v, the newest %v", noted, h)
	}
	try(l.Close())
	if p, err := verified(t, dir, noted...); err != nil || p.Head != noted[3] {
		t.Errorf("%+v, %v", p, err)
	}
	p := openPlantAt(dir) // goes on, without its agent knowing what it had
	p.verified(p.unit, 2)
	later := must(p.Head(p.ctx))
	try(p.Close())
	if _, err := verified(t, dir, append(noted, later)...); err != nil {
		t.Error(err)
	}
	other := noted[1]
	other.Seal[31] ^= 1
	for name, h := range map[string]Head{"changed": other, "later": {Seq: later.Seq + 1, Seal: later.Seal}, "of another entry": {Seq: 5, Seal: noted[1].Seal}} {
		p, err := verified(t, dir, noted[0], h)
		if e, ok := errors.AsType[*HeadError](err); !ok || e.Head != h || e.Unproved || p.Head != later {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	// The last entries cut off, with all that could tell: only a noted head does.
	tampered(dir, fmt.Sprintf("DELETE FROM journal WHERE seq > %d", noted[2].Seq), fmt.Sprintf("UPDATE code SET last = 3 WHERE last > %d", noted[2].Seq))
	for _, path := range must(matching(dir, reachedName+"*")) {
		try(os.Remove(path))
	}
	if p, err := verified(t, dir, noted[:3]...); err != nil || p.Entries != 9 {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = verified(t, dir, noted...)
	if e, ok := errors.AsType[*HeadError](err); !ok || e.Head != noted[3] {
		t.Error(err)
	}
}

// A commit that fails leaves the chain as it was, alone or among others; so does one that is run again.
func TestP2_SealsFollowCommits(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 20)
	w := p.Ledger.w
	before := must(p.Head(p.ctx))
	bad := errors.New("bad")
	if err := p.do(p.ctx, func(t *tx) error {
		must(t.event("x", "never"))
		return bad
	}); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	if h := must(p.Head(p.ctx)); h != before {
		t.Errorf("%v, was %v", h, before)
	}
	w.turn <- struct{}{}
	var waiting []*request
	for i := range 6 {
		r := &request{done: make(chan error, 1), run: func(t *tx) error {
			_, err := t.event("x", fmt.Sprint("call ", i))
			if i == 4 {
				err = bad
			}
			return err
		}}
		waiting = append(waiting, r)
	}
	w.mu.Lock()
	w.queue = append(w.queue, waiting...)
	w.mu.Unlock()
	<-w.turn
	p.claim(p.unit, 3)
	for i, r := range waiting {
		if err := <-r.done; (err != nil) != (i == 4) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if h := must(p.Head(p.ctx)); h.Seq != before.Seq+5+3 {
		t.Errorf("%v, was %v", h, before)
	}
	try(p.bulk(p.ctx, func(t *tx) error {
		for i := range 300 {
			must(t.event("x", strings.Repeat("y", i)))
		}
		return nil
	}))
	unbroken(t, p.Ledger)
	p.reopen()
	p.claim(p.unit, 3)
	if v, err := p.VerifyJournal(p.ctx, nil, before); err != nil || v.To != before.Seq+5+3+300+3 {
		t.Errorf("%+v, %v", v, err)
	}
}

// Texts that are no UTF-8 are sealed as an archive would have them.
func TestSealedTexts(t *testing.T) {
	p := newPlant(t)
	try(p.SetOrder(p.ctx, p.unit.order, "order-"+p.unit.Name, Active, "bad \xff\xfe, <b>\u2028 \x00 & good"))
	life := ""
	try(p.EachStep(p.ctx, func(s Step) error { life = s.Cause; return nil }))
	if !strings.HasSuffix(life, "bad \uFFFD, <b>\u2028 \x00 & good") {
		t.Errorf("%q", life)
	}
}

// An entry that something else has written stops no line: the chain goes on behind it, and says so for ever.
func TestForeignEntryStopsNothing(t *testing.T) {
	dir := t.TempDir()
	twelve(dir)
	tampered(dir, "INSERT INTO journal (at, agent, place, cause) VALUES (1, 1, 'x', 'by hand')")
	p := resume(dir)
	p.claim(p.unit, 2)
	p.reopen()
	p.claim(p.unit, 1)
	_, err := p.VerifyJournal(p.ctx, nil)
	if e, ok := errors.AsType[*BrokenError](err); !ok || e.Seq != 13 || e.What != Unsealed {
		t.Error(err)
	}
	if h := must(p.Head(p.ctx)); h.Seq != 16 {
		t.Error(h)
	}
	try(p.Close())
}
