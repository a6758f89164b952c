package ledger

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"linemark/internal/code"
)

// archiveChild archives in small steps until it is killed, beside a line that works.
func archiveChild(dir string) {
	p := openPlantAt(dir)
	go func() {
		for p.Stock(p.unit.id) > 0 {
			p.verified(p.unit, 1)
		}
	}()
	fmt.Println("up")
	o := longAgo
	o.Pause = func(context.Context) error { fmt.Println("a step"); return nil }
	must(p.Archive(p.ctx, o))
	for {
		fmt.Println("done")
		time.Sleep(10 * time.Millisecond)
	}
}

// TestP2_ArchiveKilled: at whatever moment the program is killed, every code is in the ledger or in an
// archive, and in one of them alone.
func TestP2_ArchiveKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	for seed := range uint64(2) {
		archiveKilled(t, seed)
	}
}

func archiveKilled(t *testing.T, seed uint64) {
	dir := t.TempDir()
	p := openPlant(dir)
	p.stock(p.unit, 1600)
	p.stock(p.box, 100)
	try(p.StartBatch(p.ctx, Batch{Line: "3", Name: "B1"}))
	p.verified(p.unit, 800)
	for range 50 {
		p.closed(6)
	}
	p.settleAll("B1")
	all := p.everyCode()
	try(p.Close())
	random := rand.New(rand.NewPCG(seed, 0))
	rounds := 0
	left := 0
	const whole = 800 + 49*6 // the newest box keeps its number
	for ; left < whole && rounds < 40; rounds++ {
		cmd := exec.Command(must(os.Executable()))
		cmd.Env = append(os.Environ(), childEnv+"="+dir, archiveEnv+"=1")
		out := must(cmd.StdoutPipe())
		var trouble strings.Builder
		cmd.Stderr = &trouble
		try(cmd.Start())
		lines := bufio.NewScanner(out)
		for range 1 + random.IntN(14) {
			if !lines.Scan() {
				t.Fatalf("the child has ended: %s", trouble.String())
			}
		}
		time.Sleep(time.Duration(random.IntN(5)) * time.Millisecond)
		try(cmd.Process.Kill())
		_ = cmd.Wait()
		p.open()
		account(t, p.Ledger)
		unbroken(t, p.Ledger)
		before := left
		left = must(p.Balance(p.ctx))[0].Archived
		t.Logf("round %d: %d codes have left, %d of them now", rounds, left, left-before)
		seen := map[code.Code]int{}
		try(p.EachCode(p.ctx, func(h Held) error { seen[h.Code]++; return nil }))
		try(p.EachArchived(p.ctx, func(h Held, _ []Step) error { seen[h.Code]++; return nil }))
		for _, c := range all {
			if seen[c] != 1 {
				t.Fatalf("round %d: %s is there %d times", rounds, code.Visible(c), seen[c])
			}
		}
		try(p.Close())
	}
	p.open()
	must(p.Archive(p.ctx, longAgo))
	if b := must(p.Recount(p.ctx)); b[0].Archived < whole || b[1].Archived != 49 {
		t.Errorf("%+v", b)
	}
	account(t, p.Ledger)
	try(p.Close())
	t.Logf("killed %d times", rounds)
}
