package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"linemark/internal/proof/site"
)

// most is how many kills one history has at most before the next begins with an empty ledger: each
// judgement reads all that has happened in it.
const most = 250

func TestMain(m *testing.M) {
	code := m.Run()
	site.Clear()
	os.Exit(code)
}

// The agent is killed beside the plant, the plant now and then, and both, and started again: half of the
// time at a named place around a commit or a word to the outside, each as often as any other, else at any
// moment. The dead agent's ledger is held against the plant's logs; then the agent itself goes on from it. At
// the end of a history everything runs out and is judged whole.
//
// LINEMARK_TORTURE sets how many kills; LINEMARK_TORTURE_SEED repeats the choices of one history.
func TestTorture(t *testing.T) {
	kills := number(t, "LINEMARK_TORTURE", 30)
	sum := newTally()
	for sum.kills() < kills && !t.Failed() {
		seed := uint64(number(t, "LINEMARK_TORTURE_SEED", int(rand.Uint64()>>16)))
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			h := newHistory(t, program(t), seed, sum)
			for n := 0; n < most && sum.kills() < kills; n++ {
				h.kill(n)
			}
			h.runOut()
		})
	}
	t.Log(sum)
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
