package shift

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linemark/drivers/link"
	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/upstream/izkm/izkmtest"
)

// offlineConfig has the limits and the rate of a real site. Its one station has no printer: the test speaks
// to the ledger as stations do.
const offlineConfig = `
version = 1
[agent]
name = "offline"
data_dir = "DATA"
[izkm]
url = "http://izkm:80"
oms_id = "cdf12109-10d3-11e6-8b6f-0050569977a1"
client_token = "token"
group = "water"
participant_id = "301234567"
rate = 10
[[product]]
name = "unit"
gtin = "04780012345677"
template_id = 3
low_water = LOW1
order_quantity = ORDER1
block_quantity = 10000
[[product]]
name = "pack"
gtin = "14780012345674"
template_id = 3
cis_type = "GROUP"
low_water = LOW2
order_quantity = ORDER2
block_quantity = 10000
[[printer]]
name = "tij"
driver = "zpl"
address = "tcp://tij:9100"
label = "labels/unit.zpl"
[[line]]
name = "1"
batch = "B0"
  [[line.station]]
  name = "mark"
  kind = "print"
  product = "unit"
  printer = "tij"
  ahead = 1
[report.utilisation]
usage_type = "PRINTED"
`

const (
	perBox = 6
	every  = 30 * time.Second // the ledger hears of what was made
)

// TestOffline: the national system is away for three days of production, compressed: the reports come as
// often as they would, and have fewer codes. Then all of them go, in order, within the limits and the rate, none
// lost and none doubled. LINEMARK_OFFLINE=72h for the whole time; a few hours otherwise.
func TestOffline(t *testing.T) {
	away, units := time.Hour/short, 3600/int(short)
	if d, err := time.ParseDuration(os.Getenv("LINEMARK_OFFLINE")); err == nil {
		away, units = d, int(d.Seconds())*7/6 // 302,400 in 72 hours
	}
	synctest.Test(t, func(t *testing.T) { offline(t, away, units) })
}

func offline(t *testing.T, away time.Duration, units int) {
	began := time.Now()
	ctx := t.Context()
	dir := scratch(t)
	units -= units % int(away/every) // the same each time
	each := units / int(away/every)
	text := strings.NewReplacer("LOW1", strconv.Itoa(units+20_000), "ORDER1", strconv.Itoa(min(150_000, units+20_000)), "LOW2", strconv.Itoa(units/perBox+10_000), "ORDER2", strconv.Itoa(min(150_000, units/perBox+10_000))).Replace(offlineConfig)
	cfg, err := load(dir, text)
	if err != nil {
		t.Fatal(err)
	}
	w := newWires()
	server := izkmtest.New(izkmtest.Options{Seed: 1, OrderDelay: 10 * time.Second, ReportDelay: 5 * time.Second})
	var mu sync.Mutex
	var asked []time.Time
	server.SetFault(func(string, string, int) izkmtest.Fault {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, time.Now())
		return izkmtest.Fault{}
	})
	door, _ := w.listen("izkm:80")
	page := &http.Server{Handler: server}
	go page.Serve(door) //nolint:errcheck // ends with Close
	defer page.Close()
	a, err := agent.New(ctx, cfg, agent.Options{Log: slog.New(slog.DiscardHandler), Look: max(5*time.Second, away/4000), // each look counts all boxes that wait

		Dial:        func(_ context.Context, address string) (link.Conn, error) { return w.dial(0, address) },
		DialContext: func(_ context.Context, _, address string) (net.Conn, error) { return w.dial(0, address) }})
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(run) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()

	l := a.Ledger()
	product := func(name string) ledger.ProductID {
		for _, p := range cfg.Products {
			if p.Name == name {
				return must(l.Product(ctx, ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: p.GroupOr(cfg), Type: code.Type(p.CISType)}))
			}
		}
		return 0
	}
	unit, pack := product("unit"), product("pack")
	for l.Stock(unit) < units || l.Stock(pack) < units/perBox {
		if time.Sleep(10 * time.Second); time.Since(began) > 2*time.Hour {
			t.Fatalf("the stock is %d and %d", l.Stock(unit), l.Stock(pack))
		}
	}
	w.goAway("izkm:80")
	m := &maker{t: t, made: map[string]int{}, l: l, unit: must(l.Lot(ctx, "1", unit, "B0")), pack: must(l.Lot(ctx, "1", pack, "B0")), profile: must(code.Table{}.Profile("water", code.Unit))}
	left := time.Now()
	for range units / each {
		m.make(each)
		time.Sleep(every)
	}
	time.Sleep(time.Until(left.Add(away)))
	waiting := len(must(l.OpenReports(ctx)))
	mu.Lock()
	asked = nil
	mu.Unlock()
	back := time.Now()
	w.comeBack("izkm:80")
	a.Flush(true)
	for !a.Settled(ctx) {
		if time.Sleep(time.Second); time.Since(back) > 6*time.Hour {
			t.Fatalf("the reports come to no end: %+v", must(l.ReportCounts(ctx)))
		}
	}
	drained := time.Since(back)
	h := server.History()
	for _, b := range h.Breaches {
		t.Errorf("the national system was asked against its document: %s", b)
	}
	most := judgeReports(t, h, units+m.boxes, m.boxes)
	m.inOrder(h)
	mu.Lock()
	defer mu.Unlock()
	busiest := 0
	for i := range asked {
		n, _ := slices.BinarySearchFunc(asked, asked[i].Add(time.Second), time.Time.Compare)
		busiest = max(busiest, n-i)
	}
	if busiest > cfg.IZKM.Rate {
		t.Errorf("%d requests came in one second, the rate is %d", busiest, cfg.IZKM.Rate)
	}
	if waiting < int(away/cfg.Report.Utilisation.Every) {
		t.Errorf("%d reports were waiting after %s: too few for this to mean much", waiting, away)
	}
	t.Logf("away %s: %d units and %d boxes; %d reports waited, %d went, at most %d codes in one; drained in %s with %d requests, at most %d in a second",
		away, units, m.boxes, waiting, len(h.Reports), most, drained.Round(time.Second), len(asked), busiest)
}

// judgeReports wants each code in one accepted report, each box in one, boxes behind what is in them, and
// all within the limits.
func judgeReports(t *testing.T, h izkmtest.History, codes, boxes int) (most int) {
	applied, packed := map[string]int{}, map[string]int{}
	for i, r := range h.Reports {
		if r.Status != "SENT" || r.Times != 1 {
			t.Errorf("report %d is %s (%s) and came %d times", i, r.Status, r.ErrorReason, r.Times)
		}
		n := len(r.Codes)
		for _, c := range r.Codes {
			applied[c]++
		}
		for _, u := range r.Units {
			packed[u.SerialNumber]++
			n += 1 + len(u.Codes)
		}
		limit := map[string]int{izkmtest.Utilisation: 30_000, izkmtest.Aggregation: 11_000}[r.Kind]
		if most = max(most, n); n > limit {
			t.Errorf("report %d of %s has %d codes, the limit is %d", i, r.Kind, n, limit)
		}
	}
	for c, n := range applied {
		if n != 1 {
			t.Errorf("%q is reported %d times", c, n)
		}
	}
	for c, n := range packed {
		if n != 1 {
			t.Errorf("box %q is reported %d times", c, n)
		}
	}
	if len(applied) != codes || len(packed) != boxes {
		t.Errorf("%d codes and %d boxes are reported, want %d and %d", len(applied), len(packed), codes, boxes)
	}
	return most
}

// maker is a line that the test plays.
type maker struct {
	t          *testing.T
	l          *ledger.Ledger
	unit, pack ledger.LotID
	profile    code.Profile
	loose      []code.Code
	made       map[string]int // units in their order
	boxes      int
}

// make applies n codes and fills the boxes.
func (m *maker) make(n int) {
	ctx := m.t.Context()
	claims := must(m.l.Claim(ctx, "1/mark", m.unit, n))
	if len(claims) != n {
		m.t.Fatalf("%d codes of %d are in stock", len(claims), n)
	}
	codes := make([]code.Code, n)
	for i, c := range claims {
		codes[i] = c.Code
	}
	must(m.l.Verify(ctx, "1/check", m.unit, m.profile, codes))
	for _, c := range codes {
		m.made[string(c)] = len(m.made)
	}
	m.loose = append(m.loose, codes...)
	for len(m.loose) >= perBox {
		box := must(m.l.OpenContainer(ctx, ledger.NewContainer{Line: "1", Station: "box", Group: "water", Batch: "B0", Capacity: perBox}))
		must(m.l.Put(ctx, "1/box", box, m.unit, m.profile, m.loose[:perBox]))
		m.loose = m.loose[perBox:]
		label := must(m.l.Claim(ctx, "1/box", m.pack, 1))
		if err := m.l.Fill(ctx, box); err != nil {
			m.t.Fatal(err)
		}
		if err := m.l.CloseWithCode(ctx, "1/box", box, label[0].ID, ledger.ByIdentity); err != nil {
			m.t.Fatal(err)
		}
		m.boxes++
	}
}

// inOrder wants the units reported in the order in which they were made, report by report.
func (m *maker) inOrder(h izkmtest.History) {
	last := -1
	for i, r := range h.Reports {
		low, high := len(m.made), -1
		for _, c := range r.Codes {
			if at, ok := m.made[c]; ok {
				low, high = min(low, at), max(high, at)
			}
		}
		if high >= 0 && low <= last {
			m.t.Errorf("report %d has a unit of place %d, the one before it one of place %d", i, low, last)
		}
		last = max(last, high)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
