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
	"strings"
	"testing"

	"linemark/internal/code"
)

// child is the agent of the kill test. It claims, confirms, verifies and packs for ever and
// says on its output what the ledger has acknowledged, one line for each code: only a code
// whose line can be there may have been printed.
func child(dir string) {
	p := &plant{ctx: context.Background(), dir: dir, Ledger: must(Open(context.Background(), dir, Options{Agent: "line-3", Home: homely}))}
	must(p.Recover(p.ctx))
	p.unit = &kind{Product: bottle, profile: must(code.Table{}.Profile(bottle.Group, bottle.Type))}
	p.unit.id = must(p.Product(p.ctx, bottle))
	p.unit.lot = must(p.Lot(p.ctx, "3", p.unit.id, "B1"))
	say := func(what State, claims []Claim) {
		for _, c := range claims {
			must(fmt.Printf("%d %d %q\n", what, c.ID, string(c.Code)))
		}
	}
	for {
		claims := must(p.Claim(p.ctx, "mark", p.unit.lot, 4))
		if len(claims) < 4 {
			panic("the stock is too small for this test")
		}
		say(Claimed, claims)
		try(p.Confirm(p.ctx, "mark", ids(claims[1:]), ByIdentity))
		say(Printed, claims[1:])
		box := p.openBox(2)
		must(p.Put(p.ctx, "box", box, p.unit.lot, p.unit.profile, texts(claims[2:])))
		say(Verified, claims[2:])
		try(p.Fill(p.ctx, box))
		try(p.CloseWithSSCC(p.ctx, box, must(p.NextSSCC(p.ctx, "0301234567"))))
		try(p.Doubt(p.ctx, "mark", ids(claims[:1]), "fault"))
		say(Doubtful, claims[:1])
	}
}

// TestP1_Killed kills an agent again and again at moments that nobody chose, and looks whether
// what it was told is true, whether a code was given out twice and whether the account is right.
func TestP1_Killed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no SIGKILL")
	}
	dir := t.TempDir()
	p := openPlant(dir)
	p.stock(p.unit, 3000)
	try(p.Close())
	seed := uint64(20260301)
	random := rand.New(rand.NewPCG(seed, 0))
	told := map[code.Code]State{} // the last word on each code
	claimedAt := map[code.Code]int{}
	for round := range 10 {
		for _, w := range runAndKill(t, dir, random) {
			if w.state == Claimed {
				if before, again := claimedAt[w.code]; again {
					t.Errorf("round %d: %s was claimed in round %d", round, code.Visible(w.code), before)
				}
				claimedAt[w.code] = round
			}
			told[w.code] = w.state
		}
		p.open()
		account(t, p.Ledger)
		open, truth := 0, map[code.Code]State{}
		try(p.EachCode(p.ctx, func(h Held) error {
			truth[h.Code] = h.State
			if h.State == Claimed {
				open++
			}
			return nil
		}))
		for c, said := range told {
			if s := truth[c]; s != said && !later(said, s) {
				t.Errorf("round %d: %s was told to be %s and is %s", round, code.Visible(c), said, s)
			}
		}
		// More than one call can be under way at no moment: no more than its codes can be unheard of.
		unheard := 0
		for c, s := range truth {
			if _, heard := claimedAt[c]; !heard && s != InStock {
				unheard++
			}
		}
		if unheard > 4*(round+1) {
			t.Errorf("round %d: %d codes left the stock unheard", round, unheard)
		}
		if n := must(p.Recover(p.ctx)).Codes; n != open {
			t.Errorf("round %d: %d codes set aside, %d were claimed", round, n, open)
		}
		account(t, p.Ledger)
		unbroken(t, p.Ledger)
		try(p.Close())
	}
	if len(claimedAt) < 100 {
		t.Errorf("only %d codes in ten rounds: this shows nothing", len(claimedAt))
	}
	t.Logf("seed %d: %d codes claimed", seed, len(claimedAt))
}

// later tells whether a code that was told to be in one state can be in the other by now: by a
// call whose answer was not heard, or by a recovery.
func later(told, now State) bool {
	switch told {
	case Claimed:
		return now == Printed || now == Verified || now == Doubtful
	case Printed:
		return now == Verified
	}
	return false
}

type word struct {
	state State
	code  code.Code
}

// runAndKill lets a child work until it has said a random number of lines, kills it and returns
// all that it has said.
func runAndKill(t *testing.T, dir string, random *rand.Rand) []word {
	t.Helper()
	cmd := exec.Command(must(os.Executable()))
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	var trouble strings.Builder
	cmd.Stderr = &trouble
	out := must(cmd.StdoutPipe())
	try(cmd.Start())
	read := bufio.NewReader(out)
	var words []word
	killAt := random.IntN(300)
	for n := 0; ; n++ {
		if n == killAt {
			try(cmd.Process.Kill())
		}
		line, err := read.ReadString('\n')
		if err == io.EOF { // a line without its end was not said
			break
		}
		try(err)
		var w word
		var id int64
		var text string
		must(fmt.Sscanf(line, "%d %d %q\n", &w.state, &id, &text))
		w.code = code.Code(text)
		words = append(words, w)
	}
	if err := cmd.Wait(); err == nil || trouble.Len() > 0 {
		t.Fatalf("the child ended by itself: %v %s", err, trouble.String())
	}
	return words
}

// A ledger that was left without a word gives on with what it had acknowledged, on a copy of its
// files as they lay on the disk between two calls.
func TestP1_CopyOfTheFilesGivesNothingTwice(t *testing.T) {
	m := newModel(t.TempDir())
	defer func() { unbroken(t, m.Ledger); try(m.Close()) }()
	m.stock(m.unit, 40)
	given := map[code.Code]bool{}
	for range 10 {
		for _, c := range m.claim(m.unit, 3) {
			if given[c.Code] {
				t.Errorf("%s was given twice", code.Visible(c.Code))
			}
			given[c.Code] = true
		}
		if _, err := os.Stat(file(m.dir, "-wal")); err != nil {
			t.Fatalf("nothing in the log that a crash could lose: %v", err)
		}
		m.crash(t.TempDir())
		if n := must(m.Recover(m.ctx)).Codes; n != 3 {
			t.Errorf("%d codes set aside, want 3", n)
		}
		account(t, m.Ledger)
	}
	if n := m.Stock(m.unit.id); n != 10 || len(given) != 30 {
		t.Errorf("%d codes left, %d given", n, len(given))
	}
}
