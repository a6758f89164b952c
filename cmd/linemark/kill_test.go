package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/sim/check"
)

// victims says which processes a power cut takes.
type victims struct {
	name         string
	agent, plant func(n int) bool // whether the nth cut takes it
	storm        string           // chance that a call to the national system fails; empty: none
	smartone     bool             // the national system is SmartOne
}

func always(int) bool { return true }
func never(int) bool  { return false }

// The agent, and in the second case the plant too, is killed at moments that the seed picks and
// started again. When everything has run out, what the plant's own logs say agrees with the ledger:
// no code came out of a printer twice, and every code is accounted for.
func TestP1P2Kill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process is not told to end there as it is here")
	}
	t.Parallel()
	for _, v := range []victims{
		{name: "agent", agent: always, plant: never},
		{name: "agent in a storm", agent: always, plant: never, storm: "0.1"},
		{name: "agent and plant on SmartOne in a storm", agent: func(n int) bool { return n%3 != 2 }, plant: func(n int) bool { return n%3 != 0 }, smartone: true, storm: "0.1"},
		{name: "agent and plant", agent: func(n int) bool { return n%3 != 2 }, plant: func(n int) bool { return n%3 != 0 }},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			k := &killing{t: t, kinds: 2, rng: rand.New(rand.NewPCG(seed, 1))}
			var err error
			if k.site, err = layOut(t.TempDir()); err != nil {
				t.Fatal(err)
			}
			if v.smartone {
				k.site.onSmartOne(t)
				k.kinds = 1
			} else if v.storm != "" {
				// One order for the whole test: one whose answer is lost is looked for during five minutes.
				k.orderOnce()
			}
			k.logs = filepath.Join(k.site.dir, "plant")
			k.startPlant("200")
			k.startAgent()
			if v.storm != "" {
				if err := counted(k.site.at["HTTP"], "verified", 1); err != nil {
					k.t.Fatalf("nothing is marked: %v", err)
				}
				k.storm = v.storm
				k.plant.stop(syscall.SIGTERM)
				k.startPlant("200")
			}
			for n := range 6 {
				k.cut(n, v)
			}
			k.runOut()
			k.judge()
		})
	}
}

// killing is one plant and one agent that do not live long.
type killing struct {
	storm        string
	kinds        int // of reports that there are
	t            *testing.T
	rng          *rand.Rand
	site         site
	logs         string
	agent, plant *process
}

// orderOnce makes the orders so large that the stock lasts.
func (k *killing) orderOnce() {
	text, err := os.ReadFile(k.site.file)
	if err != nil {
		k.t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("order_quantity = "), []byte("order_quantity = 10"))
	if err := os.WriteFile(k.site.file, text, 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k *killing) startAgent() { k.agent = start(k.t, "run", "--config", k.site.file) }

func (k *killing) startPlant(rate string) {
	k.plant = start(k.t, "sim", "--config", k.site.file, "--log", k.logs, "--rate", rate, "--seed", fmt.Sprint(k.rng.Uint64()), "--storm", cmp.Or(k.storm, "0"))
}

// cut kills at a moment of the seed's choice: now and then while the agent still starts, else
// after it has marked something.
func (k *killing) cut(n int, v victims) {
	if n > 0 && k.rng.IntN(4) == 0 {
		time.Sleep(time.Duration(k.rng.IntN(300)) * time.Millisecond)
	} else {
		if err := counted(k.site.at["HTTP"], "verified", 1+k.rng.IntN(20)); err != nil {
			k.t.Fatalf("cut %d: nothing is marked: %v", n, err)
		}
		time.Sleep(time.Duration(k.rng.IntN(1200)) * time.Millisecond)
	}
	if v.agent(n) {
		k.agent.kill()
	}
	if v.plant(n) {
		k.plant.kill()
		k.startPlant("200")
	}
	if v.agent(n) {
		k.startAgent()
	}
}

// runOut lets the last products pass and all reports go, and stops everything.
func (k *killing) runOut() {
	if err := counted(k.site.at["HTTP"], "verified", 1); err != nil {
		k.t.Fatalf("nothing is marked: %v", err)
	}
	if err := until(func() error { // on a busy machine the cuts may have come before the first box
		s, err := status(k.site.at["HTTP"])
		if err == nil && len(s.Reports.Aggregation) == 0 {
			err = errors.New("no box was reported yet")
		}
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	k.plant.stop(syscall.SIGTERM)
	k.startPlant("0.001") // everything is there but products
	quiet, began, asked := 0, time.Now(), 0
	if err := until(func() error {
		s, err := status(k.site.at["HTTP"])
		if err != nil {
			return err
		}
		asked++
		for _, of := range []map[string]int{s.Reports.Utilisation, s.Reports.Aggregation} {
			for state, n := range of {
				if n > 0 && state != string(ledger.Sent) {
					quiet = 0
					return fmt.Errorf("%d reports are %s: %s", n, state, s.Reports.Trouble)
				}
			}
		}
		if quiet++; quiet < 75 { // a second and a half: longer than a report waits
			return errors.New("a report may still come")
		}
		return nil
	}); err != nil {
		k.t.Fatalf("after %d looks: %v", asked, err)
	}
	k.t.Logf("all reports had arrived after %s", time.Since(began).Round(100*time.Millisecond))
	k.agent.stop(syscall.SIGTERM)
	k.plant.stop(syscall.SIGTERM)
}

func (k *killing) judge() {
	t, ctx := k.t, context.Background()
	l, err := ledger.OpenReader(ctx, filepath.Join(k.site.dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	v, err := check.Judge(ctx, k.logs, l)
	if err != nil {
		t.Fatal(err)
	}
	// What passed while no agent lived was seen by nobody: the PLC's watchdog bounds that, not the agent.
	v.Findings = slices.DeleteFunc(v.Findings, func(f string) bool { return strings.Contains(f, "passed the rejector although") })
	if len(v.Findings) > 0 || !v.Balanced || v.PrintedTwice != 0 || v.ReportedWithoutEvidence != 0 || v.UnknownToServer != 0 {
		t.Errorf("%+v", v)
		for _, f := range v.Findings {
			t.Log(f)
		}
	}
	balances, err := l.Recount(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sum := map[ledger.State]int{}
	for _, b := range balances {
		if !b.Equal() {
			t.Errorf("%s: received %d, states %v", b.Product.Name, b.Received, b.States)
		}
		for s, n := range b.States {
			sum[s] += n
		}
	}
	reports, err := l.ReportCounts(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v, reports %v", sum, reports)
	// What a killed agent's printers had is in doubt; only the last one, which was stopped, may leave claims.
	const ahead, label = 16, 1 // of testdata/plant.toml
	if sum[ledger.Claimed] > ahead+label {
		t.Errorf("%d codes are still claimed, the last agent had %d at most", sum[ledger.Claimed], ahead+label)
	}
	if sum[ledger.Verified] < 100 || sum[ledger.Doubtful] < 10 || len(reports) < k.kinds {
		t.Error("too little has happened for the check to mean much")
	}
}

// A demonstration that is killed goes on when it is started again in the same folder: what it printed
// before counts in the check. So does one that was killed before it had begun.
func TestP2DemoKill(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	dir := filepath.Join(t.TempDir(), "demo")
	demo := func(args ...string) []string {
		return append([]string{"demo", "--data", dir, "--rate", "20", "--seed", fmt.Sprint(rng.Uint64()), "--json"}, args...)
	}
	early := start(t, demo("--for", "1h")...)
	time.Sleep(time.Duration(rng.IntN(150)) * time.Millisecond)
	early.kill()

	busy := start(t, demo("--for", "1h")...)
	packed := filepath.Join(dir, "plant", "scanner-cam-2.jsonl")
	if err := until(func() error { return lines(packed, 60+rng.IntN(40)) }); err != nil {
		t.Fatalf("%v\n%s", err, &busy.out)
	}
	busy.kill()
	if _, err := os.Stat(filepath.Join(dir, "running")); err != nil {
		t.Fatalf("the mark of a killed demonstration: %v", err)
	}

	out, err := exec.Command("linemark", demo("--for", "4s")...).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var r struct {
		Received                int      `json:"received"`
		Verified                int      `json:"verified"`
		Doubtful                int      `json:"doubtful"`
		PrintedTwice            int      `json:"printed_twice"`
		ReportedWithoutEvidence int      `json:"reported_without_evidence"`
		UnknownToServer         int      `json:"unknown_to_server"`
		Balanced                bool     `json:"balanced"`
		Findings                []string `json:"findings"`
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if r.PrintedTwice+r.ReportedWithoutEvidence+r.UnknownToServer+len(r.Findings) != 0 || !r.Balanced {
		t.Errorf("found %s", out)
	}
	if r.Received == 0 || r.Verified < 10 || r.Doubtful == 0 {
		t.Errorf("too little has happened, or what was printed before is forgotten: %s", out)
	}
	if _, err := os.Stat(filepath.Join(dir, "running")); err == nil {
		t.Error("the mark is left after a good end")
	}
}

func lines(file string, n int) error {
	text, err := os.ReadFile(file)
	if got := bytes.Count(text, []byte("\n")); err == nil && got < n {
		err = fmt.Errorf("%s has %d lines, want %d", file, got, n)
	}
	return err
}
