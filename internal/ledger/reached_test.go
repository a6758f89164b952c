package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A log that was cut behind the agent's back gives an older ledger, whole in itself: it is refused.
func TestP1_CutLogIsNoticed(t *testing.T) {
	p := openPlant(t.TempDir())
	p.stock(p.unit, 20)
	p.claim(p.unit, 3)
	before := must(os.ReadFile(file(p.dir, "-wal")))
	p.claim(p.unit, 3)
	db, log := must(os.ReadFile(file(p.dir, ""))), must(os.ReadFile(file(p.dir, "-wal")))
	note := must(os.ReadFile(p.w.reached.file.Name()))
	try(p.Close())
	laid := func(log []byte) string { // the files as a kill has left them
		dir := t.TempDir()
		try(os.WriteFile(file(dir, ""), db, 0o600))
		try(os.WriteFile(file(dir, "-wal"), log, 0o600))
		try(os.WriteFile(filepath.Join(dir, reachedName), note, 0o600))
		return dir
	}
	for name, log := range map[string][]byte{"no log": nil, "an older log": before, "half a log": log[:len(log)/20]} {
		l, err := Open(p.ctx, laid(log), Options{Agent: "line-3", Home: homely})
		if err == nil {
			try(l.Close())
		}
		if lost, ok := errors.AsType[*LostError](err); !ok || lost.Has >= lost.Reached {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := must(Open(p.ctx, laid(log), Options{Agent: "line-3", Home: homely}))
	account(t, whole)
	try(whole.Close())
	dir := laid(before)
	try(os.WriteFile(filepath.Join(dir, reachedName), note[:7], 0o600)) // a note that is not whole says nothing
	try(must(Open(p.ctx, dir, Options{Agent: "line-3", Home: homely})).Close())
}
