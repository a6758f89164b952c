package ledger

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	"linemark/internal/code"
)

// One bit of a code in stock, changed by the disk: SQLite does not see it, and the code would be printed.
func TestP8_DamagedCodeIsNotClaimed(t *testing.T) {
	p := openPlant(t.TempDir())
	codes := p.stock(p.unit, 50)
	try(p.Close())
	intoFile(p.dir)
	change(p.dir, codes[20], len(codes[20])-1)
	p.open()
	defer func() { try(p.Close()) }()
	p.claim(p.unit, 20)
	_, err := p.Claim(p.ctx, "mark", p.unit.lot, 1)
	if !Damaged(err) || p.Fault() == nil || !strings.Contains(err.Error(), "code 21") {
		t.Errorf("claim of a damaged code: %v, fault %v", err, p.Fault())
	}
	if _, err := p.Verify(p.ctx, "check", p.unit.lot, p.unit.profile, codes[:1]); !Damaged(err) {
		t.Errorf("a scan on a damaged ledger: %v", err)
	}
}

func TestCheckFile(t *testing.T) {
	p := openPlant(t.TempDir())
	codes := p.stock(p.unit, 500)
	if err := p.CheckFile(p.ctx); err != nil || p.Fault() != nil {
		t.Fatalf("a whole file: %v", err)
	}
	try(p.Close())
	intoFile(p.dir)
	whole := must(os.ReadFile(file(p.dir, "")))
	page := bytes.Index(whole, []byte(codes[250])) / 4096 * 4096
	for name, harm := range map[string]func(){
		"a bit of a code":      func() { change(p.dir, codes[400], 3) },
		"a page of zeros":      func() { put(p.dir, page, make([]byte, 4096)) },
		"a page of another":    func() { put(p.dir, page, whole[len(whole)-4096:]) },
		"the last page is cut": func() { try(os.Truncate(file(p.dir, ""), int64(len(whole)-4096))) },
	} {
		harm()
		l, err := Open(p.ctx, p.dir, Options{Agent: "line-3", Home: homely})
		if err == nil {
			if err = l.CheckFile(p.ctx); l.Fault() == nil {
				t.Errorf("%s: the ledger has no fault", name)
			}
			l.w.damage = nil // lets it close as it can
			_ = l.Close()
		}
		if !Damaged(err) {
			t.Errorf("%s: %v", name, err)
		}
		try(os.WriteFile(file(p.dir, ""), whole, 0o600))
		try(errors.Join(os.RemoveAll(file(p.dir, "-wal")), os.RemoveAll(file(p.dir, "-shm"))))
	}
}

// intoFile brings everything out of the log into the file.
func intoFile(dir string) {
	db := must(sql.Open("sqlite", file(dir, "")))
	must(db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"))
	try(db.Close())
}

// change flips one bit of a code in the file.
func change(dir string, c code.Code, at int) {
	data := must(os.ReadFile(file(dir, "")))
	i := bytes.Index(data, []byte(c))
	data[i+at] ^= 1
	try(os.WriteFile(file(dir, ""), data, 0o600))
}

func put(dir string, at int, page []byte) {
	f := must(os.OpenFile(file(dir, ""), os.O_WRONLY, 0))
	must(f.WriteAt(page, int64(at)))
	try(f.Close())
}
