package ledger

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// dropChild drops all codes in doubt, as an agent does on a person's word, and says after each commit how many it were.
func dropChild(dir string) {
	ctx := context.Background()
	l := must(Open(ctx, dir, Options{Agent: "line-3", Home: homely}))
	for q := (DoubtfulQuery{Limit: 200}); ; {
		listed := must(l.Doubtful(ctx, q))
		if len(listed) == 0 {
			try(l.Close())
			return
		}
		n := 0
		for _, o := range must(l.DropDoubtful(ctx, "office", burnt, "by N.: burnt", listed)) {
			n += o.Codes
		}
		fmt.Println(n)
		q.After = listed[len(listed)-1].Seq
	}
}

// TestP2_DropDoubtfulKilled: killed at any moment, each code is in doubt or dropped, with what the dropout reports;
// what was told to be dropped is; and another call drops the rest. LINEMARK_TEST_DOUBTFUL says of how many codes.
func TestP2_DropDoubtfulKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	many := 10_000
	if text := os.Getenv("LINEMARK_TEST_DOUBTFUL"); text != "" {
		many = must(strconv.Atoi(text))
	}
	dir := t.TempDir()
	p := openPlant(dir)
	order := must(p.RecoverOrder(p.ctx, p.unit.id, "old", many, Active, time.Unix(0, 0)))
	must(p.ReceiveRecovered(p.ctx, order, "old-1", p.unit.profile, p.unit.issue(many)))
	try(p.Close())
	seed := uint64(20260301)
	random := rand.New(rand.NewPCG(seed, 0))
	told, kills := 0, 0
	for ended := false; !ended; {
		killAt := random.IntN(many / 400)
		if kills > 5 {
			killAt = -1
		}
		var n int
		n, ended = dropAndKill(t, dir, killAt)
		kills++
		told += n
		p.open()
		account(t, p.Ledger)
		unbroken(t, p.Ledger)
		var dropped, doubtful, words int
		try(p.EachCode(p.ctx, func(h Held) error {
			switch h.State {
			case Dropped:
				dropped++
			case Doubtful:
				doubtful++
			}
			return nil
		}))
		try(p.EachStep(p.ctx, func(s Step) error {
			words += manyCodes(s.Entry) * strings.Count(s.Cause, "in doubt dropped")
			return nil
		}))
		reported := int(must(scanInt(p.reads.QueryRow("SELECT COUNT(*) FROM dropped d JOIN code c ON c.id = d.code WHERE c.state = 6 AND d.report = 0"))))
		if dropped+doubtful != many || reported != dropped || words != dropped || dropped < told || dropped > told+200*kills {
			t.Errorf("%d dropped, %d of them to be reported, %d by the journal's word, %d told; %d in doubt", dropped, reported, words, told, doubtful)
		}
		if ended && doubtful > 0 {
			t.Errorf("%d are left in doubt", doubtful)
		}
		try(p.Close())
	}
	if kills < 3 {
		t.Errorf("killed %d times: this shows nothing", kills-1)
	}
}

// dropAndKill lets a child drop until it has said so many lines, and kills it; -1: never. It returns how many codes it
// has told, and whether it came to its end.
func dropAndKill(t *testing.T, dir string, killAt int) (told int, ended bool) {
	t.Helper()
	cmd := exec.Command(must(os.Executable()))
	cmd.Env = append(os.Environ(), childEnv+"="+dir, dropEnv+"=1")
	var trouble strings.Builder
	cmd.Stderr = &trouble
	read := bufio.NewReader(must(cmd.StdoutPipe()))
	try(cmd.Start())
	for n := 0; ; n++ {
		if n == killAt {
			try(cmd.Process.Kill())
		}
		line, err := read.ReadString('\n')
		if err == io.EOF {
			break
		}
		try(err)
		told += must(strconv.Atoi(strings.TrimSpace(line)))
	}
	err := cmd.Wait()
	if trouble.Len() > 0 {
		t.Fatalf("the child: %v %s", err, trouble.String())
	}
	return told, err == nil
}
