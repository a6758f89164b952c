package commission

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"linemark/drivers"
	_ "linemark/drivers/all"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/sim"
	"linemark/internal/upstream/izkm/izkmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// given are the ports that were given out: two devices of one site must not have the same.
var given sync.Map

// address is a free port below those that the system gives to outgoing connections, and apart from those of other
// packages' tests.
func address(t *testing.T) string {
	t.Helper()
	for range 100 {
		n := 4_000 + rand.IntN(4_000)
		if _, had := given.LoadOrStore(n, true); had {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", n))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("there is no free port")
	return ""
}

const head = `version = 1
[agent]
name     = "line-3"
data_dir = "DATA"
[izkm]
url            = "http://IZKM"
oms_id         = "cdf12109-10d3-11e6-8b6f-0050569977a1"
client_token   = "${NOT_SET_ANYWHERE}"
group          = "water"
participant_id = "301234567"
[[product]]
name        = "water-05"
gtin        = "04780012345677"
template_id = 3
[[product]]
name        = "water-05x6"
gtin        = "14780012345674"
template_id = 3
cis_type    = "GROUP"
`

const devices = `
[[printer]]
name    = "tij-1"
driver  = "zpl"
address = "tcp://TIJ"
label   = "unit.zpl"
poll    = "2ms"
[[scanner]]
name    = "cam-1"
driver  = "text"
address = "tcp://CAM"
no_read = "NOREAD"
[[plc]]
name    = "plc-1"
driver  = "modbus"
address = "tcp://PLC"
poll    = "10ms"
  [plc.inputs]
  products = "holding:100:uint32"
  rejects  = "holding:102:uint32"
  [plc.outputs]
  reject = "coil:0"
  stop   = "coil:1"
  beat   = "coil:2"
[[line]]
name = "3"
  [[line.station]]
  name    = "mark"
  kind    = "print"
  product = "water-05"
  printer = "tij-1"
  ahead   = 8
  [[line.station]]
  name    = "check"
  kind    = "verify"
  scanner = "cam-1"
  reject  = "plc-1.reject"
  confirm = "plc-1.rejects"
  stop    = "plc-1.stop"
  pulse   = "3ms"
  within  = "700ms"
`

// configured writes a configuration with free ports and loads it.
func configured(t *testing.T, text string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"IZKM", "TIJ", "CAM", "PLC"} {
		text = strings.ReplaceAll(text, "//"+name+`"`, "//"+address(t)+`"`)
	}
	text = strings.ReplaceAll(text, "DATA", filepath.ToSlash(filepath.Join(dir, "data")))
	if err := os.CopyFS(dir, config.Labels()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "linemark.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// rate leaves a busy machine under the race detector time for a verdict before the next product is read.
const rate = 12

// tryLine runs the line on a simulated plant.
func tryLine(t *testing.T, faults sim.Faults, o LineOptions, wired func(*config.Config, *sim.Plant)) *Sheet {
	t.Helper()
	cfg := configured(t, head+devices)
	plant, err := sim.New(cfg, sim.Options{Seed: 1, Rate: rate, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	defer plant.Close()
	if wired != nil {
		wired(cfg, plant)
	}
	var called atomic.Int32
	plant.IZKM.SetFault(func(string, string, int) izkmtest.Fault {
		called.Add(1)
		return izkmtest.Fault{}
	})
	shift, end := context.WithCancel(t.Context())
	belt := make(chan struct{})
	go func() {
		defer close(belt)
		plant.Run(shift)
	}()
	defer func() { end(); <-belt }()
	o.Tell, o.For, o.Idle = t.Logf, time.Minute, 2*time.Second
	sheet, err := TestLine(t.Context(), cfg, cfg.Lines[0], o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(sheet.Text())
	if n := called.Load(); n != 0 {
		t.Errorf("the national system was called %d times", n)
	}
	if _, err := os.Stat(filepath.Join(cfg.Agent.DataDir, ledger.FileName)); err == nil {
		t.Error("the agent's ledger was touched")
	}
	if n := plant.Printers["tij-1"].Waiting(); n != 0 {
		t.Errorf("%d labels of nobody's are left in the printer", n)
	}
	for _, l := range plant.Printers["tij-1"].Printed() {
		if !strings.HasPrefix(string(l.Symbols[0].Data), "01"+nobody) {
			t.Errorf("%q was printed", l.Symbols[0].Data)
		}
	}
	return sheet
}

func TestLinePasses(t *testing.T) {
	s := tryLine(t, sim.Faults{}, LineOptions{Products: 30, Seed: 5, Speed: 0.5}, nil)
	if !s.Passed() {
		t.Fatalf("it failed: %q", s.Failures)
	}
	bad := map[string]int{}
	for _, r := range s.Rows {
		want := "check: passed"
		if kind, is := strings.CutPrefix(r.Expected, "reject: "); is {
			bad[kind]++
			want = "check: rejected and counted"
		}
		if r.Seen != want || !r.OK {
			t.Errorf("product %d: %+v", r.N, r)
		}
	}
	if len(s.Rows) != 30 || bad[otherCode] == 0 || bad[otherCheck] == 0 || bad[copied] == 0 {
		t.Errorf("%d rows, bad ones %v", len(s.Rows), bad)
	}
	if s.Allowed() < 0.5 || s.Allowed() > 400 || s.Ran < rate/2 || s.Ran > 2*rate {
		t.Errorf("allowed %v, ran %v", s.Allowed(), s.Ran)
	}
	measured := map[string]int{}
	for _, m := range s.Measures {
		_, what, _ := strings.Cut(m.Name, ": ")
		measured[what] = len(m.Of)
	}
	for what, least := range map[string]int{"labels handed over": 10, "from a print to the next label on its way": 10, "from product to product": 29,
		"from print (or label handed over) to reading": 30, "from reading to verdict taken by the PLC": len(bad), "from rejection to its count": len(bad),
		"one read of all points": probeReads, "output reject written and read back": 1} {
		if measured[what] < least {
			t.Errorf("%s: measured %d times", what, measured[what])
		}
	}
	text := s.Text()
	for _, want := range []string{"line 3: PASS\n", "Signatures", "seed 5", "\n  1   ok  pass "} {
		if !strings.Contains(text, want) {
			t.Errorf("the sheet has no %q:\n%s", want, text)
		}
	}
}

func TestLineFails(t *testing.T) {
	broken := func(_ *config.Config, plant *sim.Plant) { plant.BreakRejector("3", true) }
	for name, c := range map[string]struct {
		faults sim.Faults
		speed  float64
		wired  func(*config.Config, *sim.Plant) // what is wrong at the line
		want   string
	}{
		"the rejector is jammed":     {sim.Faults{}, 0, broken, "(another code) was rejected, and plc-1.rejects has not counted it within 700ms"},
		"the camera misses products": {sim.Faults{Taken: 0.5}, 0, nil, " was not read"},
		"the camera reads wrong":     {sim.Faults{Wrong: 0.3}, 0, nil, " was not read"},
		"too slow for the line":      {sim.Faults{}, 1000, nil, "the line is to run at 1000.0 products a second"},
		"another output is wired": {sim.Faults{}, 0, func(cfg *config.Config, _ *sim.Plant) {
			cfg.PLCs[0].Options["outputs"].(map[string]any)["reject"] = "coil:9"
		}, "was rejected, and plc-1.rejects has not counted it"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tryLine(t, c.faults, LineOptions{Products: 12, Speed: c.speed}, c.wired)
			if s.Passed() || !strings.Contains(s.Text(), "line 3: FAIL") || !strings.Contains(strings.Join(s.Failures, "\n"), c.want) {
				t.Errorf("the failures are %q", s.Failures)
			}
		})
	}
}

// Devices that do not answer are told before any product passes.
func TestLineWithoutDevices(t *testing.T) {
	cfg := configured(t, head+devices)
	s, err := TestLine(t.Context(), cfg, cfg.Lines[0], LineOptions{Products: 5, For: time.Minute, Tell: t.Logf})
	if err != nil || s.Passed() || len(s.Rows) != 0 || len(s.Failures) != 3 || !strings.Contains(s.Text(), "printer tij-1: connecting to") {
		t.Errorf("%v\n%s", err, s.Text())
	}
}

// What a station did with each product is told by what it read and what it wrote.
func TestStationIsJudged(t *testing.T) {
	st := config.Station{Name: "check", Kind: "verify", Scanner: "cam", Reject: "plc.reject", Confirm: "plc.rejects", Within: time.Second}
	labels := []planned{{claimed: "A", shown: "A"}, {claimed: "B", shown: "X", bad: otherCode}, {claimed: "C", shown: "C"}, {claimed: "D", shown: "A", bad: copied}}
	began := time.Now()
	at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Millisecond) }
	see := func(n int, c string) scanned { return scanned{"cam", drivers.Scan{Code: []byte(c)}, at(n)} }
	off := func(n int) wrote { return wrote{"plc", "reject", 1, at(n), at(n + 1)} }
	one := func(n int) changed { return changed{"plc", "rejects", uint64(n), uint64(n + 1), at(n)} }
	good := []scanned{see(100, "A"), see(200, "X"), see(300, "C"), see(400, "A")}
	for name, c := range map[string]struct {
		record *record
		want   []string
	}{
		"all as it should be":    {&record{scanned: good, wrote: []wrote{off(210), {"plc", "reject", 0, at(230), at(231)}, off(410)}, changed: []changed{one(250), one(450)}}, nil},
		"a bad one passes":       {&record{scanned: good, wrote: []wrote{off(410)}, changed: []changed{one(450)}}, []string{"product 2 bears another code and passed"}},
		"a copy passes":          {&record{scanned: good, wrote: []wrote{off(210)}, changed: []changed{one(250)}}, []string{"product 4 bears a copied code and passed"}},
		"the verdict comes late": {&record{scanned: good, wrote: []wrote{off(310), off(410)}, changed: []changed{one(350), one(450)}}, []string{"product 2 bears another code and passed", "product 3 is good and was rejected"}},
		"not counted":            {&record{scanned: good, wrote: []wrote{off(210), off(410)}, changed: []changed{one(250)}}, []string{"product 4 (a copied code) was rejected, and plc.rejects has not counted it within 1s: it may have passed"}},
		"counted too late":       {&record{scanned: good, wrote: []wrote{off(210), off(410)}, changed: []changed{one(250), one(1500)}}, []string{"product 4 (a copied code) was rejected, and plc.rejects has not counted it within 1s: it may have passed"}},
		"one is not read":        {&record{scanned: good[:3], wrote: []wrote{off(210)}, changed: []changed{one(250)}}, []string{"product 4 was not read"}},
		"a no-read passes": {&record{scanned: append(slices.Clone(good), scanned{"cam", drivers.Scan{NoRead: true}, at(500)}), wrote: []wrote{off(210), off(410)}, changed: []changed{one(250), one(450)}},
			[]string{"a reading that is none of the labels (no-read) was not rejected"}},
		"another scanner's readings": {&record{scanned: append([]scanned{{"cam-2", drivers.Scan{NoRead: true}, at(50)}}, good...), wrote: []wrote{off(210), {"plc-2", "reject", 1, at(310), at(311)}, off(410)}, changed: []changed{one(250), one(450)}}, nil},
	} {
		s := &Sheet{Rows: make([]Row, len(labels))}
		for i := range s.Rows {
			s.Rows[i] = Row{N: i + 1, OK: true}
		}
		s.station(st, labels, verdicts(c.record, st, labels))
		for i := range c.want {
			c.want[i] = "station check: " + c.want[i]
		}
		if !slices.Equal(s.Failures, c.want) {
			t.Errorf("%s: %q, want %q", name, s.Failures, c.want)
		}
	}
}

// A handshake's verdict is what was written before its number.
func TestHandshakeIsJudged(t *testing.T) {
	st := config.Station{Name: "check", Kind: "verify", Scanner: "cam", Reject: "plc.reject", Request: "plc.item", Verdict: "plc.verdict", Acknowledge: "plc.done", VerdictGood: 1, VerdictReject: 2}
	labels := []planned{{claimed: "A", shown: "A"}, {claimed: "B", shown: "X", bad: otherCode}}
	began := time.Now()
	at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Millisecond) }
	r := &record{scanned: []scanned{{"cam", drivers.Scan{Code: []byte("A")}, at(0)}, {"cam", drivers.Scan{Code: []byte("X")}, at(100)}},
		wrote: []wrote{{"plc", "verdict", 1, at(5), at(6)}, {"plc", "done", 1, at(6), at(7)}, {"plc", "verdict", 2, at(105), at(106)}, {"plc", "done", 2, at(106), at(109)}}}
	all := verdicts(r, st, labels)
	if all[0].rejected || !all[1].rejected || all[1].told != at(109) {
		t.Errorf("%+v", all)
	}
}

func TestLineRefuses(t *testing.T) {
	cfg := configured(t, head+devices)
	l, err := ledger.Open(t.Context(), cfg.Agent.DataDir, ledger.Options{Agent: "line-3"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TestLine(t.Context(), cfg, cfg.Lines[0], LineOptions{Products: 1, Tell: t.Logf}); err != ErrRunning {
		t.Errorf("while the agent runs: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	unmarked := cfg.Lines[0]
	unmarked.Stations = unmarked.Stations[1:]
	if _, err := TestLine(t.Context(), cfg, unmarked, LineOptions{Products: 1, Tell: t.Logf}); err == nil || !strings.Contains(err.Error(), "prints nothing") {
		t.Errorf("a line without a printer: %v", err)
	}
}

// What the seed decides is the same every time; the codes are whole, differ, and are nobody's.
func TestPlan(t *testing.T) {
	for _, p := range (code.Table{}).Profiles() {
		for _, n := range []int{1, 5, 50, 400} {
			labels := plan(p, nobody, n, usualSlot, rand.New(rand.NewPCG(7, 1)))
			again := plan(p, nobody, n, usualSlot, rand.New(rand.NewPCG(7, 1)))
			claimed, bad, row := map[code.Code]bool{}, 0, apart
			for i, l := range labels {
				if l != again[i] {
					t.Fatalf("%s: label %d differs the second time", p.Group, i)
				}
				parts, err := p.Parse(l.claimed)
				if err != nil || len(parts.Warnings) > 0 || parts.GTIN != nobody || claimed[l.claimed] {
					t.Fatalf("%s: %q: %v %v", p.Group, l.claimed, err, parts.Warnings)
				}
				claimed[l.claimed] = true
				if row++; l.bad != "" {
					if row <= apart {
						t.Errorf("%s: bad labels %d apart", p.Group, row)
					}
					bad, row = bad+1, 0
				}
				if (l.bad == "") != (l.shown == l.claimed) || l.tail != (i >= n) || l.tail && l.bad != "" {
					t.Errorf("%s: label %d is %+v", p.Group, i, l)
				}
			}
			if least := n / (2 * usualSlot); bad < least || n >= apart+1 && bad == 0 {
				t.Errorf("%s: %d of %d are bad", p.Group, bad, n)
			}
		}
	}
}
