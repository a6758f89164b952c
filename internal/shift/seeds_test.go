package shift

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// seedFile keeps the seeds that once failed: a seed, the shift's length, and what was wrong, each in a line.
const seedFile = "testdata/seeds"

type keptSeed struct {
	seed   uint64
	length time.Duration
	why    string
}

func (k keptSeed) String() string { return fmt.Sprintf("%d of %s", k.seed, k.length) }

// kept reads the file of seeds.
func kept(t *testing.T) (all []keptSeed) {
	t.Helper()
	text, err := os.ReadFile(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line, why, _ := strings.Cut(strings.TrimSpace(line), "#")
		if line == "" {
			continue
		}
		var k keptSeed
		var length string
		if _, err := fmt.Sscan(line, &k.seed, &length); err != nil {
			t.Fatalf("%s: %q: %v", seedFile, line, err)
		}
		if k.length, err = time.ParseDuration(length); err != nil {
			t.Fatalf("%s: %q: %v", seedFile, line, err)
		}
		k.why = strings.TrimSpace(why)
		all = append(all, k)
	}
	return all
}

// The plan follows from the seed and nothing else.
func TestPlanFollowsFromTheSeed(t *testing.T) {
	for seed := range 200 / uint64(short) {
		p := NewPlan(seed, time.Hour)
		if !reflect.DeepEqual(p, NewPlan(seed, time.Hour)) {
			t.Fatalf("seed %d gives two plans", seed)
		}
		if _, err := load(t.TempDir(), p.Config); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// number is a number of the environment.
func number(name string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return otherwise
}

// length is how long the shifts of TestSeed and TestSimulate are.
func length() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("LINEMARK_LENGTH")); err == nil {
		return d
	}
	return 10 * time.Minute
}

// TestSeed lives through the one shift that LINEMARK_SEED names, and tells what came of it as JSON.
func TestSeed(t *testing.T) {
	seed := number("LINEMARK_SEED", 0)
	if seed == 0 {
		t.Skip("no LINEMARK_SEED")
	}
	r := live(t, NewPlan(seed, length()))
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("result %s\n", text)
}

// TestSimulate lives through LINEMARK_SEEDS shifts from seed LINEMARK_FROM on, each in a process of its own.
// In a binary of make simulate each of them goes exactly the same way in any other run.
func TestSimulate(t *testing.T) {
	n := number("LINEMARK_SEEDS", 0)
	if n == 0 {
		t.Skip("no LINEMARK_SEEDS: run by make simulate")
	}
	began := time.Now()
	from := number("LINEMARK_FROM", 1)
	seeds := make(chan uint64)
	var mu sync.Mutex
	var sum Result
	var failed []string
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for seed := range seeds {
				r, out, err := child(t.Context(), seed)
				mu.Lock()
				sum.add(r)
				if err != nil || len(r.Findings) > 0 {
					why := fmt.Sprintf("%d %s # %s", seed, length(), cmp.Or(strings.Join(r.Findings[:min(1, len(r.Findings))], ""), last(out)))
					failed = append(failed, why)
					fmt.Println("FAILED seed", why)
				}
				mu.Unlock()
			}
		})
	}
	for seed := from; seed < from+n; seed++ {
		seeds <- seed
	}
	close(seeds)
	wg.Wait()
	fmt.Printf("%d seeds from %d, shifts of %s: %d failed; in %s\n", n, from, length(), len(failed), time.Since(began).Round(time.Second))
	fmt.Printf("virtual time %s, lines %d, products %d, verified %d, rejected %d, doubtful %d, boxes %d, pallets %d, reports accepted %d, sent again %d, orders %d, starts %d, of these after a stop %d and a kill %d\n",
		sum.Length.Round(time.Minute), sum.Lines, sum.Made, sum.Verified, sum.Rejected, sum.Doubtful, sum.Boxes, sum.Pallets, sum.Reports, sum.Repeats, sum.Orders, sum.Starts, sum.Stops, sum.Kills)
	if len(failed) > 0 {
		keep(t, failed)
		t.Errorf("%d seeds failed", len(failed))
	}
}

// TestSameHistory runs one seed twice: in a binary of make simulate all logs are the same to the byte.
func TestSameHistory(t *testing.T) {
	if os.Getenv("LINEMARK_FIXED") == "" {
		t.Skip("the runtime is not fixed: run by make simulate")
	}
	for seed := range uint64(3) {
		one, _, err := child(t.Context(), seed+101)
		if err != nil {
			t.Fatal(err)
		}
		two, _, err := child(t.Context(), seed+101)
		if err != nil || one.History != two.History || one.History == "" {
			t.Errorf("seed %d: histories %q and %q, %v", seed+101, one.History, two.History, err)
		}
	}
}

// child lives through one shift in another process.
func child(ctx context.Context, seed uint64) (r Result, out string, err error) {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", "^TestSeed$", "-test.timeout", "30m")
	cmd.Env = append(os.Environ(), fmt.Sprintf("LINEMARK_SEED=%d", seed), "LINEMARK_SEEDS=", "GOMAXPROCS=1")
	if length() <= time.Hour {
		cmd.Env = append(cmd.Env, "GOGC=off") // the collector would take its turns by the real clock
	}
	text, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(text)) {
		if found, ok := strings.CutPrefix(line, "result "); ok {
			if e := json.Unmarshal([]byte(found), &r); e != nil {
				return r, string(text), e
			}
		}
	}
	return r, string(text), err
}

func (r *Result) add(o Result) {
	to, from := reflect.ValueOf(r).Elem(), reflect.ValueOf(o)
	for i := range to.NumField() {
		if f := to.Field(i); f.CanInt() {
			f.SetInt(f.Int() + from.Field(i).Int())
		}
	}
}

// last is the line that tells most of a child that ended badly.
func last(out string) string {
	scanner := bufio.NewScanner(strings.NewReader(out))
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); strings.Contains(line, "seed ") || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			return line
		}
	}
	return "no result"
}

// keep writes failed seeds down, so that every test run tries them from now on.
func keep(t *testing.T, failed []string) {
	have, err := os.ReadFile(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(failed)
	for _, f := range failed {
		if line := strings.ReplaceAll(f, "\n", " "); !strings.Contains(string(have), strings.SplitN(line, "#", 2)[0]) {
			have = append(have, line+"\n"...)
		}
	}
	if err := os.WriteFile(filepath.FromSlash(seedFile), have, 0o640); err != nil {
		t.Fatal(err)
	}
}
