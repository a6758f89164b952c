package ledger

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/code"
)

func (p *plant) backup(dir string, keep int) (Kept, error) {
	return MakeBackup(p.ctx, p.dir, BackupOptions{Dir: dir, Agent: "line-3", Keep: keep, NoConfig: "none was given", Now: func() time.Time {
		return time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC).Add(time.Duration(p.commits.Add(1)) * time.Minute)
	}})
}

// restored puts a backup in place elsewhere and opens it.
func restored(t *testing.T, from string) *Ledger {
	t.Helper()
	dir := t.TempDir()
	must(Restore(t.Context(), from, dir, RestoreOptions{Now: time.Now}))
	l := must(Open(t.Context(), dir, Options{Agent: "line-3"}))
	t.Cleanup(func() { try(l.Close()) })
	return l
}

// TestBackupBesideTheLine: a backup is of one moment, whole, and says what it is, while codes are
// claimed, verified and packed beside it.
func TestBackupBesideTheLine(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 3000)
	stop, packed := make(chan struct{}), make(chan struct{})
	var line sync.WaitGroup
	line.Go(func() {
		for {
			id, _ := p.container(3)
			try(p.Fill(p.ctx, id))
			try(p.CloseWithSSCC(p.ctx, id, must(p.NextSSCC(p.ctx, "0301234567"))))
			select {
			case <-stop:
				return
			case packed <- struct{}{}:
			default:
			}
		}
	})
	dir := t.TempDir()
	var kept []Kept
	for range 5 {
		<-packed
		<-packed // all of this one was packed since the backup before
		kept = append(kept, must(p.backup(dir, 0)))
	}
	close(stop)
	line.Wait()
	for i, k := range kept {
		if k.Agent != "line-3" || k.Schema != schemaVersion || k.PC != "PC-3" || !k.CopiedAt.Equal(k.At) || k.Balances[0].Received != 3000 || !k.Balances[0].Equal() {
			t.Errorf("%+v", k)
		}
		if i > 0 && k.LastEntry <= kept[i-1].LastEntry {
			t.Errorf("backup %d ends with entry %d, the one before with %d", i, k.LastEntry, kept[i-1].LastEntry)
		}
		text := string(must(os.ReadFile(strings.TrimSuffix(k.Path, backupSuffix) + manifestSuffix)))
		for _, want := range []string{"agent      line-3\n", "sha256     " + k.SHA256 + "\n", "config     is not here: none was given\n", fmt.Sprintf("journal    to entry %d of 2026-03-01T", k.LastEntry), "product    water-05 " + bottle.GTIN + ": 3000 codes received, "} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
		if left := must(matching(dir, filepath.Base(k.Path)+"-*")); len(left) != 0 {
			t.Errorf("beside it: %v", left)
		}
	}
	l := restored(t, kept[2].Path)
	if c := l.Copy(); c == nil || !c.At.Equal(kept[2].At) || c.PC != "PC-3" || c.Why != "it was made as a backup" {
		t.Fatalf("%+v", l.Copy())
	}
	account(t, l)
	if _, err := l.Claim(t.Context(), "mark", p.unit.lot, 1); err == nil {
		t.Error("a backup gave a code")
	}
}

// Old backups go only when a new one is there; those of other agents and other files stay.
func TestBackupsThinOut(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 3)
	dir := t.TempDir()
	others := []string{"linemark-line-30-20250101T000000Z.ledger", "linemark-line-3-notes.ledger", "linemark-line-3-20250101T000000Z.ledger.part", "x.ledger"}
	for _, name := range others {
		try(os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	var all []string
	for range 4 {
		all = append(all, must(p.backup(dir, 2)).Path)
	}
	if got := must(Backups(dir, "line-3")); len(got) != 2 || got[0].Path != all[2] || got[1].Path != all[3] {
		t.Errorf("%v of %v", got, all)
	}
	entries := must(os.ReadDir(dir))
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	for _, name := range others {
		if stays := !strings.HasSuffix(name, partial); slices.Contains(names, name) != stays {
			t.Errorf("%s stays: %v, in %v", name, !stays, names)
		}
	}
	if len(names) != 3+2*2 {
		t.Errorf("%v", names)
	}
	// A damaged ledger makes no backup, and no good one goes for it.
	try(p.Close())
	intoFile(p.dir)
	whole := must(os.ReadFile(file(p.dir, "")))
	at := bytes.Index(whole, []byte("a93_00000002"))
	put(p.dir, at, []byte("b"))
	if _, err := p.backup(dir, 2); !Damaged(err) {
		t.Errorf("of a damaged ledger: %v", err)
	}
	if got := must(Backups(dir, "line-3")); len(got) != 2 || got[0].Path != all[2] {
		t.Errorf("%v", got)
	}
	if left := must(matching(dir, "*"+partial+"*")); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	try(os.WriteFile(file(p.dir, ""), whole, 0o600))
	p.open()
}

func TestBackupNeedsItsFolder(t *testing.T) {
	p := newPlant(t)
	if _, err := p.backup(filepath.Join(t.TempDir(), "stick"), 1); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Error(err)
	}
	if prefix := backupPrefix(`линия 3/б_a`); prefix != "linemark-линия_20_3_2f_б_5f_a-" {
		t.Error(prefix)
	}
}

// TestP1_Restore: what was there is set aside, never removed; a changed backup is refused.
func TestP1_Restore(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	p.claim(p.unit, 2)
	k := must(p.backup(t.TempDir(), 0))
	given := p.claim(p.unit, 3) // the backup has these in stock
	try(p.Close())
	o := RestoreOptions{Now: time.Now}
	if _, err := Restore(p.ctx, k.Path, p.dir, o); func() bool { _, ok := errors.AsType[*ExistsError](err); return !ok }() {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), filepath.Base(k.Path))
	text := must(os.ReadFile(k.Path))
	text[len(text)-1] ^= 1
	try(os.WriteFile(bad, text, 0o600))
	try(os.WriteFile(strings.TrimSuffix(bad, backupSuffix)+manifestSuffix, must(os.ReadFile(strings.TrimSuffix(k.Path, backupSuffix)+manifestSuffix)), 0o600))
	o.Replace = true
	if _, err := Restore(p.ctx, bad, p.dir, o); !Damaged(err) || !exists(file(p.dir, "")) {
		t.Errorf("a changed backup: %v", err)
	}
	r := must(Restore(p.ctx, k.Path, p.dir, o))
	aside := &plant{ctx: p.ctx, dir: r.Aside, commits: p.commits, lives: atHome}
	aside.open()
	if last := must(aside.Trace(p.ctx, given[0].Code)); last.State != Claimed {
		t.Errorf("what was set aside: %+v", last)
	}
	try(aside.Close())
	p.open()
	if c := p.Copy(); c == nil || r.LastEntry != k.LastEntry {
		t.Fatalf("%+v, %v", r, c)
	}
	must(p.BeginTakeover(p.ctx, Word{Reason: "x"}))
	try(p.EndTakeover(p.ctx))
	if p.state(given[0].ID) != Doubtful {
		t.Errorf("a code that was printed since is %s", p.state(given[0].ID))
	}
	l := must(Open(p.ctx, t.TempDir(), Options{Agent: "x", Home: homely}))
	defer func() { try(l.Close()) }()
	if _, err := Restore(p.ctx, k.Path, filepath.Dir(l.Path()), o); !errors.Is(err, ErrInUse) {
		t.Errorf("beside an agent: %v", err)
	}
}

// A ledger's own files, off the disk of the old PC, with what stands only in the log.
func TestRestoreFromAFolder(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 10)
	p.claim(p.unit, 2)
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		try(os.WriteFile(file(dir, suffix), must(os.ReadFile(file(p.dir, suffix))), 0o600))
	}
	l := restored(t, file(dir, ""))
	if c := l.Copy(); c == nil || !c.At.Equal(must(p.LastEntry(p.ctx))) || !strings.Contains(c.Why, "it was restored from") {
		t.Errorf("%+v", l.Copy())
	}
	if b := must(l.Balance(t.Context())); b[0].States[Claimed] != 2 {
		t.Errorf("%+v", b)
	}
}

// Archives stand beside the backups, each once, and come back with them.
func TestBackupKeepsArchives(t *testing.T) {
	p := newPlant(t)
	p.stock(p.unit, 20)
	dir := t.TempDir()
	var codes []code.Code
	for i := range 2 {
		name := fmt.Sprint("A", i)
		try(p.StartBatch(p.ctx, Batch{Line: "3", Name: name}))
		p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, name))
		codes = append(codes, p.verified(p.unit, 3)[0].Code)
		p.settleAll(name)
		must(p.Archive(p.ctx, longAgo))
		if k := must(p.backup(dir, 1)); k.Archives != 1 || !k.Balances[0].Equal() || k.Balances[0].Archived != 3*(i+1) {
			t.Errorf("%+v", k)
		}
	}
	kept := must(matching(filepath.Join(dir, "linemark-line-3-archive"), "*"))
	if len(kept) != 2 {
		t.Errorf("%v", kept)
	}
	l := restored(t, must(Backups(dir, "line-3"))[0].Path)
	for _, c := range codes {
		if life := must(l.Trace(t.Context(), c)); life.Archive == "" || life.State != Verified {
			t.Errorf("%+v", life)
		}
	}
	account(t, l)
	try(os.Remove(kept[1]))
	if r := must(Restore(t.Context(), must(Backups(dir, "line-3"))[0].Path, t.TempDir(), RestoreOptions{Now: time.Now})); r.Archives != 1 || r.Lacking != 1 {
		t.Errorf("%+v", r)
	}
	try(os.RemoveAll(filepath.Dir(kept[0])))
	if r := must(Restore(t.Context(), must(Backups(dir, "line-3"))[0].Path, t.TempDir(), RestoreOptions{Now: time.Now})); r.Lacking != 2 {
		t.Errorf("%+v", r)
	}
}

// restoreChild restores the same backup again and again, over what it has restored before.
func restoreChild(dir, from string) {
	for i := 0; ; i++ {
		must(Restore(context.Background(), from, dir, RestoreOptions{Replace: true, Now: func() time.Time {
			return time.Date(2026, 3, 1, 6, 0, i, os.Getpid()%1000, time.UTC).Add(time.Duration(os.Getpid()) * time.Hour)
		}}))
		fmt.Println("restored")
	}
}

// TestP1_RestoreKilled: at whatever moment it is killed, there is a ledger that knows that it is a copy, or
// the one that was there, or none that an agent would open; and nothing of the old one is lost.
func TestP1_RestoreKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	p := openPlant(t.TempDir())
	p.stock(p.unit, 200)
	p.claim(p.unit, 2)
	k := must(p.backup(t.TempDir(), 0))
	newest := p.claim(p.unit, 3)[2].Code
	try(p.Close())
	random := rand.New(rand.NewPCG(11, 0))
	outcomes := map[string]int{}
	for range 12 {
		dir := t.TempDir()
		for _, f := range must(os.ReadDir(p.dir)) {
			try(os.WriteFile(filepath.Join(dir, f.Name()), must(os.ReadFile(filepath.Join(p.dir, f.Name()))), 0o600))
		}
		cmd := exec.Command(must(os.Executable()))
		cmd.Env = append(os.Environ(), childEnv+"="+dir, restoreEnv+"="+k.Path)
		out := must(cmd.StdoutPipe())
		try(cmd.Start())
		lines := bufio.NewScanner(out)
		for range random.IntN(3) {
			lines.Scan()
		}
		time.Sleep(time.Duration(random.IntN(40)) * time.Millisecond)
		try(cmd.Process.Kill())
		_ = cmd.Wait()
		has := false
		for _, at := range append(must(filepath.Glob(filepath.Join(dir, "replaced-*"))), dir) {
			if exists(file(at, "")) {
				r := must(OpenReader(t.Context(), at))
				life, err := r.Trace(t.Context(), newest)
				has = has || err == nil && life.State == Claimed
				try(r.Close())
			}
		}
		if !has {
			t.Error("what was claimed last is nowhere")
		}
		l, err := Open(t.Context(), dir, Options{Agent: "line-3", Home: homely})
		switch {
		case err == nil && l.Copy() != nil:
			outcomes["a copy"]++
		case err == nil:
			outcomes["the old one"]++
			if life := must(l.Trace(t.Context(), newest)); life.State != Claimed {
				t.Errorf("a ledger that is no copy has the code that was claimed last as %s", life.State)
			}
		default:
			if _, lost := errors.AsType[*LostError](err); !lost {
				t.Error(err)
			}
			outcomes["refused"]++
		}
		if err == nil {
			try(l.Close())
		}
	}
	t.Log(outcomes)
	if outcomes["a copy"] == 0 {
		t.Error("no restore has come to its end: this shows nothing")
	}
}

// backupChild makes backups for ever, beside a line that works, and says the name of each.
func backupChild(dir, to string) {
	p := openPlant(dir)
	p.stock(p.unit, 5000)
	go func() {
		for {
			p.verified(p.unit, 1)
		}
	}()
	for {
		k := must(MakeBackup(context.Background(), dir, BackupOptions{Dir: to, Agent: "line-3", Keep: 2, Config: []byte("version = 1\n"), Now: func() time.Time {
			return time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC).Add(time.Duration(p.commits.Add(1)) * time.Minute)
		}}))
		fmt.Println(k.Path)
	}
}

// TestBackupKilled: at whatever moment the program is killed, what has a backup's name is whole, and the
// last that was told is there.
func TestBackupKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	random := rand.New(rand.NewPCG(7, 0))
	seen := 0
	for range 6 {
		to := t.TempDir()
		cmd := exec.Command(must(os.Executable()))
		cmd.Env = append(os.Environ(), childEnv+"="+t.TempDir(), backupEnv+"="+to)
		out := must(cmd.StdoutPipe())
		var trouble strings.Builder
		cmd.Stderr = &trouble
		try(cmd.Start())
		lines := bufio.NewScanner(out)
		for range 1 + random.IntN(4) {
			if !lines.Scan() {
				t.Fatalf("the child has ended: %s", trouble.String())
			}
		}
		last := lines.Text()
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond) // somewhere in the next one
		try(cmd.Process.Kill())
		for lines.Scan() {
			last = lines.Text()
		}
		_ = cmd.Wait()
		all := must(Backups(to, "line-3"))
		if !slices.ContainsFunc(all, func(b Backup) bool { return b.Path == last }) && (len(all) == 0 || all[len(all)-1].Path <= last) {
			t.Errorf("%s was told and is not there: %v", last, all)
		}
		for _, b := range all {
			seen++
			account(t, restored(t, b.Path))
		}
	}
	t.Logf("%d backups were left", seen)
}
