package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// batches marks n units in each of so many batches, in turns so that their entries lie between each other, and
// archives the batches one by one. It returns the archives' paths.
func (p *plant) batches(batches, n int) (archives []string) {
	p.stock(p.unit, batches*n+10)
	var lots []LotID
	for i := range batches {
		lots = append(lots, must(p.Lot(p.ctx, "3", p.unit.id, fmt.Sprint("A", i))))
	}
	for range n {
		for _, lot := range lots {
			p.unit.lot = lot
			p.verified(p.unit, 1)
		}
	}
	for i := range batches {
		try(p.StartBatch(p.ctx, Batch{Line: "3", Name: fmt.Sprint("A", i)}))
		if i == 0 {
			for _, d := range must(p.DueUtilisation(p.ctx, "VERIFIED")) {
				r := must(p.BuildUtilisation(p.ctx, d, 30_000, frozen))
				try(p.MarkReport(p.ctx, r.ID, Accepted, "srv-"+r.UUID, ""))
				try(p.MarkReport(p.ctx, r.ID, Sent, "", ""))
			}
		}
		must(p.EndBatch(p.ctx, "3"))
		a := must(p.Archive(p.ctx, longAgo))
		if a.Codes != n {
			panic(fmt.Sprintf("archive %d has %d codes", i, a.Codes))
		}
		archives = append(archives, p.archivePath(a.Name))
	}
	return archives
}

// keptSeals counts the seals beside the journal.
func (p *plant) keptSeals() (n int) {
	try(p.reads.QueryRow("SELECT COUNT(*) FROM seal").Scan(&n))
	return n
}

// TestP2_JournalAcrossArchives: entries that have left are proved from their archives, and while one is away it is
// said which they are; the chain goes on behind them. Of runs that have grown together one seal is kept.
func TestP2_JournalAcrossArchives(t *testing.T) {
	p := openPlant(t.TempDir())
	first := must(p.Head(p.ctx))
	archives := p.batches(3, 40)
	last := must(p.Head(p.ctx))
	if n := p.keptSeals(); n > 3 {
		t.Errorf("%d seals are kept", n)
	}
	if v, err := p.VerifyJournal(p.ctx, nil, first, last); err != nil || v.Entries != v.To || v.To != last.Seq || len(v.Unproved) != 0 {
		t.Fatalf("%+v, %v", v, err)
	}
	entries := 0
	try(p.EachStep(p.ctx, func(Step) error { entries++; return nil }))
	if int64(entries) != last.Seq-3*2*40 {
		t.Errorf("%d entries are left of %d", entries, last.Seq)
	}

	away := archives[1] + ".away"
	try(os.Rename(archives[1], away))
	v, err := p.VerifyJournal(p.ctx, nil, first, last)
	if err != nil || len(v.Unproved) != 1 || v.Head != last {
		t.Fatalf("%+v, %v", v, err)
	}
	u := v.Unproved[0]
	if u.From > u.To || v.Entries != last.Seq-(u.To-u.From+1) || !slices.Equal(u.Archives, []string{filepath.Base(archives[1])}) || u.Why != "it is not there" {
		t.Errorf("%+v", v)
	}
	if u.To-u.From+1 != 3*2*40 {
		t.Errorf("%d to %d are not proved", u.From, u.To)
	}
	hidden := Head{Seq: u.From + 5}
	_, err = p.VerifyJournal(p.ctx, nil, hidden)
	if e, ok := errors.AsType[*HeadError](err); !ok || !e.Unproved || e.Head != hidden {
		t.Errorf("a head that nobody can look at: %v", err)
	}
	// What is missing and was in no archive is missing, whatever is away.
	var some int64
	try(p.reads.QueryRow("SELECT MIN(seq) FROM journal WHERE seq > ?", u.To+2).Scan(&some))
	try(p.Close())
	tampered(p.dir, fmt.Sprintf("UPDATE journal SET seq = -seq WHERE seq = %d", some))
	_, err = verified(t, p.dir)
	if e, ok := errors.AsType[*BrokenError](err); !ok || e.Seq != some || e.What != Missing {
		t.Errorf("%v, want entry %d", err, some)
	}
	tampered(p.dir, "UPDATE journal SET seq = -seq WHERE seq < 0")
	try(os.Rename(away, archives[1]))
	if v, err := verified(t, p.dir); err != nil || len(v.Unproved) != 0 {
		t.Errorf("%+v, %v", v, err)
	}

	// An archive that was changed is found, and named.
	whole := must(os.ReadFile(archives[2]))
	lines := unpacked(whole)
	changed := bytes.Replace(lines, []byte(`"cause":"claim"`), []byte(`"cause":"Claim"`), 1)
	try(os.WriteFile(archives[2], packed(changed), 0o600))
	v, err = verified(t, p.dir)
	if e, ok := errors.AsType[*BrokenError](err); !ok || e.What != Changed || e.Seq != u.From || e.To != u.To || !slices.Contains(e.Archives, filepath.Base(archives[2])) {
		t.Errorf("%+v, %v", v, err)
	}
	// One that is cut, or no archive at all, cannot be looked at.
	for name, text := range map[string][]byte{"cut": whole[:len(whole)*2/3], "empty": nil, "text": []byte("no archive")} {
		try(os.WriteFile(archives[2], text, 0o600))
		if v, err := verified(t, p.dir); err != nil || len(v.Unproved) == 0 || v.Unproved[0].Why == "" {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	// A seal that was kept holds for what stands before it.
	try(os.WriteFile(archives[2], whole, 0o600))
	tampered(p.dir, "UPDATE seal SET seal = randomblob(32) WHERE seq > 0")
	_, err = verified(t, p.dir)
	if e, ok := errors.AsType[*BrokenError](err); !ok || e.What != Changed || e.Seq != u.From {
		t.Error(err)
	}
	try(os.Remove(archives[0]))
	_, err = verified(t, p.dir)
	if e, ok := errors.AsType[*BrokenError](err); !ok || e.Seq != u.To+1 {
		t.Errorf("%v, want entry %d", err, u.To+1)
	}
}

func unpacked(b []byte) []byte {
	return must(io.ReadAll(must(gzip.NewReader(bytes.NewReader(b)))))
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	must(z.Write(b))
	try(z.Close())
	return out.Bytes()
}

// The property: whatever happens on a line, whichever batches leave for archives, in whatever slices it is read:
// the journal is unbroken, every head that was noted is part of it, and few seals are kept.
func TestP2_JournalOfAnyHistory(t *testing.T) {
	for seed := range uint64(4) {
		p := newPlant(t)
		random := rand.New(rand.NewPCG(seed, 2))
		p.stock(p.unit, 600)
		p.stock(p.box, 60)
		var noted []Head
		for b := range 4 {
			name := fmt.Sprint("Y", b)
			try(p.StartBatch(p.ctx, Batch{Line: "3", Name: name}))
			p.unit.lot, p.box.lot = must(p.Lot(p.ctx, "3", p.unit.id, name)), must(p.Lot(p.ctx, "3", p.box.id, name))
			p.life(random, name)
			noted = append(noted, must(p.Head(p.ctx)))
			if random.IntN(4) > 0 {
				p.settleAll(name)
			} else {
				must(p.EndBatch(p.ctx, "3"))
			}
			must(p.Archive(p.ctx, longAgo))
			noted = append(noted, must(p.Head(p.ctx)))
			if random.IntN(2) == 0 {
				p.reopen()
			}
			v, err := p.verifyJournal(p.ctx, 0, nil, noted)
			if err != nil || v.Entries != noted[len(noted)-1].Seq || len(v.Unproved) != 0 {
				t.Fatalf("seed %d, batch %d: %+v, %v", seed, b, v, err)
			}
			kept, gaps := p.keptSeals(), 0
			try(p.reads.QueryRow("SELECT COUNT(*) FROM journal j WHERE seq > 1 AND NOT EXISTS (SELECT 1 FROM journal b WHERE b.seq = j.seq - 1)").Scan(&gaps))
			if kept != 1+gaps {
				t.Errorf("seed %d, batch %d: %d seals for %d gaps", seed, b, kept, gaps)
			}
		}
	}
}

// TestJournalVerifiedMeanwhile: beside lines at work, and while codes leave for archives, the journal is unbroken at
// every moment.
func TestJournalVerifiedMeanwhile(t *testing.T) {
	p := newPlant(t)
	p.batches(2, 30)
	p.stock(p.unit, 600)
	p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, "M"))
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "M"}))
	p.verified(p.unit, 200)
	p.settleAll("M")
	p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, "N"))
	p.verified(p.unit, 1)
	beside := must(OpenReader(p.ctx, p.dir))
	defer beside.Close()
	var all sync.WaitGroup
	done := make(chan struct{})
	all.Go(func() {
		defer close(done)
		for range 60 {
			p.verified(p.unit, 2)
		}
	})
	all.Go(func() {
		o := longAgo
		o.Pause = func(context.Context) error { time.Sleep(5 * time.Millisecond); return nil }
		if a := must(p.Archive(p.ctx, o)); a.Codes != 200 {
			t.Errorf("%+v", a)
		}
	})
	rounds, before := 0, Head{}
	for working := true; working; rounds++ {
		select {
		case <-done:
			working = false
		default:
		}
		v, err := beside.verifyJournal(p.ctx, time.Millisecond, nil, []Head{before})
		if err != nil || len(v.Unproved) != 0 {
			t.Fatalf("round %d: %+v, %v", rounds, v, err)
		}
		before = v.Head
	}
	all.Wait()
	t.Logf("verified %d times", rounds)
}

// What is asked to end, ends.
func TestVerifyJournalEnds(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	ctx, cancel := context.WithCancel(p.ctx)
	cancel()
	if _, err := p.VerifyJournal(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestShelf: any entries, read from archives in any order and more than are sorted at once, come in order; of
// those that two archives have, the later archive's.
func TestShelf(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	s := shelf{atOnce: 10}
	defer s.close()
	want := map[int64]shelved{}
	add := func(archive uint32, from, n int64) {
		for range n {
			e := shelved{seq: from + random.Int64N(300), at: random.Int64(), archive: archive, digest: Seal{byte(random.Uint32()), 31: byte(archive)}}
			if had, ok := want[e.seq]; ok && had.archive == archive {
				continue
			}
			want[e.seq] = e
			if s.fresh = append(s.fresh, e); len(s.fresh) == s.atOnce {
				try(s.sort())
			}
		}
		try(s.sort())
	}
	for archive := range uint32(3) {
		add(archive, 1, 150)
	}
	hold := func(from, to int64) {
		for seq := from; seq < to; seq++ {
			e, there, err := s.take(seq)
			if w, ok := want[seq]; err != nil || there != ok || e != w {
				t.Fatalf("entry %d: %+v, %v, %v, want %+v", seq, e, there, err, w)
			}
		}
	}
	hold(1, 100)
	for seq := range want {
		if seq < 100 {
			delete(want, seq)
		}
	}
	add(3, 100, 200) // one more archive meanwhile
	hold(100, 450)
	name := s.spool.Name()
	s.close()
	if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

// A ledger of an earlier version has no chain until it is opened; then it begins with the next entry.
func TestChainBeginsWithItsSchema(t *testing.T) {
	for _, schema := range []int{1, 2, 4, 5} {
		dir := older(t, schema)
		if _, err := verified(t, dir); !errors.Is(err, ErrNoChain) {
			t.Errorf("schema %d: %v", schema, err)
		}
		l := must(OpenReader(t.Context(), dir))
		had, _, _, err := l.lastEntry(t.Context())
		if h := must(l.Head(t.Context())); err != nil || h != (Head{}) {
			t.Errorf("%v, %v", h, err)
		}
		try(l.Close())
		p := resume(dir)
		begun := must(p.Head(p.ctx))
		p.verified(p.unit, 10)
		v, err := p.VerifyJournal(p.ctx, nil, begun)
		if err != nil || v.Older != had || v.From != had+1 || v.Entries != v.To-had || v.Entries < 20 {
			t.Errorf("schema %d: %+v, %v", schema, v, err)
		}
		_, err = p.VerifyJournal(p.ctx, nil, Head{Seq: had - 1})
		if e, ok := errors.AsType[*HeadError](err); !ok || !strings.Contains(e.Why, fmt.Sprintf("begins with entry %d", had+1)) {
			t.Errorf("schema %d: %v", schema, err)
		}
		// Old entries, and new ones, leave for archives.
		try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
		p.settleAll("B1")
		p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, "B2"))
		p.verified(p.unit, 1)
		if a := must(p.Archive(p.ctx, longAgo)); a.Codes < 10 {
			t.Errorf("schema %d: %+v", schema, a)
		}
		if v, err := p.VerifyJournal(p.ctx, nil, begun); err != nil || v.Older != had || v.Entries != v.To-had {
			t.Errorf("schema %d: %+v, %v", schema, v, err)
		}
		try(p.Close())
	}
}

// TestP2_ChainOfCopies: a backup carries the head, is proved by itself, and restored goes on with the same chain, of
// which the heads up to it are part, and none that was noted later.
func TestP2_ChainOfCopies(t *testing.T) {
	p := newPlant(t)
	p.batches(2, 5)
	to := t.TempDir()
	early := must(p.Head(p.ctx))
	p.verified(p.unit, 1)
	k := must(MakeBackup(p.ctx, p.dir, BackupOptions{Dir: to, Agent: "line-3", Now: time.Now}))
	if k.Head != must(p.Head(p.ctx)) || k.Head.Seq != k.LastEntry {
		t.Errorf("%+v", k.Contents)
	}
	if text := string(must(os.ReadFile(strings.TrimSuffix(k.Path, backupSuffix) + manifestSuffix))); !strings.Contains(text, "\nhead       "+k.Head.String()+"\n") {
		t.Error(text)
	}
	p.verified(p.unit, 3)
	late := must(p.Head(p.ctx))
	of := func(l *Ledger) {
		t.Helper()
		if v, err := l.VerifyJournal(t.Context(), nil, early, k.Head); err != nil || len(v.Unproved) != 0 {
			t.Errorf("%+v, %v", v, err)
		}
		_, err := l.VerifyJournal(t.Context(), nil, late)
		if e, ok := errors.AsType[*HeadError](err); !ok || e.Head != late {
			t.Error(err)
		}
		try(l.Close())
	}
	of(must(OpenCopy(t.Context(), k.Path)))

	dir := t.TempDir()
	r := must(Restore(t.Context(), k.Path, dir, RestoreOptions{Now: time.Now}))
	if r.Head != k.Head {
		t.Errorf("%+v", r)
	}
	l := must(Open(t.Context(), dir, Options{Agent: "line-4", Of: "line-3", Home: homely}))
	try(l.Rename(t.Context(), "line-3", "a test"))
	must(l.BeginTakeover(t.Context(), Word{Reason: "a test"}))
	try(l.EndTakeover(t.Context()))
	for range 20 { // past where the old one was
		must(l.Recover(t.Context()))
	}
	of(l)
}

// BenchmarkVerifyJournal measures how many entries of the journal are proved in a second.
func BenchmarkVerifyJournal(b *testing.B) {
	p := benchPlant(b)
	p.fill(p.unit, max(b.N/4, 1)+10)
	for left := max(b.N/4, 1); left > 0; left -= 1000 {
		claims := p.claim(p.unit, min(left, 1000))
		try(p.Confirm(p.ctx, "3/mark", ids(claims), ByIdentity))
		must(p.Verify(p.ctx, "3/check", p.unit.lot, p.unit.profile, texts(claims)))
		try(p.each(p.ctx, ids(claims), func(t *tx, h held) error { return t.note(h, "3/check", "noted") }))
	}
	b.ResetTimer()
	v := must(p.VerifyJournal(p.ctx, nil))
	b.ReportMetric(float64(v.Entries)/b.Elapsed().Seconds(), "entries/s")
}
