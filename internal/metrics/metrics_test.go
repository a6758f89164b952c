package metrics

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"linemark/internal/agent"
	"linemark/internal/delay"
	"linemark/internal/mqtt"
	"linemark/internal/peers"
	"linemark/internal/record"
	"linemark/internal/shipping"
)

var update = flag.Bool("update", false, "write testdata/families.txt anew: a name that changes breaks dashboards and alerts")

// plant is an agent of which everything is known.
type plant struct {
	status agent.Status
	delays []agent.Delay
	err    error
	asked  int
}

func (p *plant) Status(context.Context) (agent.Status, error) { p.asked++; return p.status, p.err }
func (p *plant) Delays() []agent.Delay                        { return p.delays }

// hidden must stand in no metric: it is what codes, batches and texts hold.
const hidden = "s3cret-code"

// whole is an agent that has all there is to measure.
func whole() *plant {
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	hours, age, skew, ends := 2.5, 30.0, -7, at.Add(240*time.Hour)
	h := delay.New([]time.Duration{time.Millisecond, 30 * time.Millisecond})
	h.Add(2 * time.Millisecond)
	h.Add(time.Second)
	return &plant{
		status: agent.Status{
			Agent: "line-3", Started: at, Ledger: "ok", Raised: 3,
			National: agent.Access{OK: true, Since: at, Skew: &skew, Certificate: &ends, Error: hidden},
			Products: []agent.ProductStatus{{Name: "water-05", GTIN: "04780012345677", Received: 1000, Archived: 100, States: map[string]int{"in_stock": 700, "verified": 200}, HoursLeft: &hours, Doing: hidden, Trouble: hidden}},
			Lines: []agent.LineStatus{{Name: "3", Batch: agent.BatchStatus{Name: hidden, Started: &at, Waits: hidden},
				Stations: []agent.StationStatus{{Name: "mark", Kind: "print", State: "running", Since: at, Count: map[string]int{"sent": 210, "printed": 205}},
					{Name: "check", Kind: "verify", State: "stopped", Why: hidden, Since: at, Count: map[string]int{"read": 204, "verified": 200, "rejected": 4, "something_new": 1}, LastRead: hidden},
					{Name: "box", Kind: "pack", State: "waiting", Since: at}},
				Containers: []agent.Containers{{Station: "box", Open: 1, Full: 2, Closed: 3, Aside: 4}}}},
			Devices:  []agent.DeviceStatus{{Name: "tij-1", Kind: "printer", Driver: "zpl", Address: "tcp://127.0.0.1:9100", Up: true, Since: at}, {Name: "cam-1", Kind: "scanner", Since: at, Error: hidden}},
			Reports:  agent.ReportStatus{Utilisation: map[string]int{"sent": 5, "frozen": 1}, Aggregation: map[string]int{"rejected": 1}, Oldest: map[string]time.Time{"utilisation": time.Now().Add(-time.Hour)}, Trouble: hidden},
			Alarms:   []agent.Alarm{{At: at, Place: "3/check", Text: hidden}},
			Record:   &record.Status{Dropped: 2},
			Backup:   &agent.BackupStatus{To: "/media/stick", AgeH: &age, Trouble: hidden},
			Config:   &agent.ConfigStatus{File: "linemark.toml", Changed: &at, Problems: []string{hidden}},
			Disk:     agent.DiskStatus{Free: 5 << 30, Total: 50 << 30, Warn: 1 << 30, Stop: 200 << 20, Level: agent.DiskEnough},
			Shipping: &shipping.Status{Shipments: 4, Open: 1, Waiting: 2, Failed: 3, ToPrint: 5, Attention: 6, Name: hidden},
			MQTT:     &mqtt.Status{Broker: "tls://broker:8883", Up: true, Waiting: 7, Told: 8, Dropped: 9, Refused: 10, Error: hidden},
		},
		delays: []agent.Delay{{What: agent.DelayCommit, Counts: h.Counts()}, {What: agent.DelayVerdict, Line: "3", Station: "check", Counts: h.Counts()}, {What: agent.DelayPrintToScan, Line: "3", Station: "check", Counts: h.Counts()}},
	}
}

func registry(p *plant) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(newCollector(p, Options{Version: "1.2.3", Log: slog.New(slog.DiscardHandler)}))
	return r
}

func gather(t *testing.T, p *plant) []*dto.MetricFamily {
	t.Helper()
	all, err := registry(p).Gather()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func text(t *testing.T, p *plant) string {
	t.Helper()
	b, err := textOf(registry(p))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// kinds says what each family is: its type and its labels.
func kinds(all []*dto.MetricFamily) string {
	var b strings.Builder
	for _, f := range all {
		var labels []string
		for _, l := range f.Metric[0].Label {
			labels = append(labels, l.GetName())
		}
		fmt.Fprintf(&b, "%s %s %s\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, ","))
	}
	return b.String()
}

// TestFamilies: names, types and labels are what others have built dashboards and alerts on.
func TestFamilies(t *testing.T) {
	all := gather(t, whole())
	got, path := kinds(all), "testdata/families.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("the metrics are\n%s\nwant\n%s", got, want)
	}
	if len(all) != len(newFamilies().all) {
		t.Errorf("%d families are described, %d are told by an agent that has everything", len(newFamilies().all), len(all))
	}
}

func TestLint(t *testing.T) {
	problems, err := testutil.GatherAndLint(registry(whole()))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestValues(t *testing.T) {
	got := text(t, whole())
	for _, line := range []string{
		"linemark_up 1", "linemark_degraded_reasons 0", `linemark_info{agent="line-3",version="1.2.3"} 1`, "linemark_alarms_total 3", "linemark_config_changed 1", "linemark_config_problems 1",
		"linemark_ledger_ok 1", `linemark_codes{product="water-05",state="in_stock"} 700`, `linemark_codes_received_total{product="water-05"} 1000`, `linemark_stock_left_seconds{product="water-05"} 9000`, `linemark_supply_trouble{product="water-05"} 1`,
		`linemark_station_state{kind="verify",line="3",state="stopped",station="check"} 1`, `linemark_station_state{kind="verify",line="3",state="running",station="check"} 0`,
		`linemark_station_events_total{event="rejected",kind="verify",line="3",station="check"} 4`, `linemark_station_events_total{event="no_read",kind="verify",line="3",station="check"} 0`, `linemark_station_events_total{event="something_new",kind="verify",line="3",station="check"} 1`,
		`linemark_containers{line="3",state="aside",station="box"} 4`, `linemark_batch_running{line="3"} 1`, `linemark_line_waits_for_batch{line="3"} 1`,
		`linemark_device_up{device="cam-1",kind="scanner"} 0`, `linemark_device_up{device="tij-1",kind="printer"} 1`, "linemark_national_system_up 1", "linemark_clock_skew_seconds -7", "linemark_certificate_end_timestamp_seconds 1.7732088e+09",
		`linemark_reports{kind="aggregation",state="rejected"} 1`, `linemark_report_oldest_age_seconds{kind="dropout"} 0`, "linemark_report_trouble 1",
		"linemark_disk_free_bytes 5.36870912e+09", `linemark_disk_state{state="low"} 0`, "linemark_backup_age_seconds 108000", "linemark_backup_ok 0", "linemark_record_dropped_total 2",
		`linemark_shipments{state="complete"} 3`, `linemark_shipping_papers{state="failed"} 3`, `linemark_shipping_labels{state="attention"} 6`, "linemark_mqtt_up 1", "linemark_mqtt_queue 7", "linemark_mqtt_dropped_total 9",
		`linemark_verdict_seconds_bucket{line="3",station="check",le="0.03"} 1`, `linemark_verdict_seconds_bucket{line="3",station="check",le="+Inf"} 2`, "linemark_commit_seconds_sum 1.002", "linemark_commit_seconds_count 2",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %q", line)
		}
	}
	age := regexp.MustCompile(`linemark_report_oldest_age_seconds\{kind="utilisation"\} 3[56]\d\d`)
	if !age.MatchString(got) {
		t.Error("the report's age is not that of an hour")
	}
	if strings.Contains(got, hidden) {
		t.Error("a code, a batch or a text stands in the metrics")
	}
	if t.Failed() {
		t.Log(got)
	}
}

// Where nothing runs, that is what is told, and no value that would look as if something did.
func TestDegraded(t *testing.T) {
	got := gather(t, &plant{status: agent.Status{Agent: "line-3", Started: time.Now(), Ledger: "not open", Degraded: []string{"a", "b"}, Config: &agent.ConfigStatus{}}})
	var names []string
	for _, f := range got {
		names = append(names, f.GetName()[len("linemark_"):])
		if v := f.Metric[0].GetGauge().GetValue(); f.GetName() == "linemark_up" && v != 0 || f.GetName() == "linemark_degraded_reasons" && v != 2 {
			t.Errorf("%s is %v", f.GetName(), v)
		}
	}
	if !slices.Equal(names, []string{"config_changed", "config_problems", "degraded_reasons", "info", "start_timestamp_seconds", "up"}) {
		t.Errorf("told are %v", names)
	}
	if got := text(t, &plant{}); !strings.Contains(got, "linemark_up 0\n") || !strings.Contains(got, "linemark_degraded_reasons 0\n") {
		t.Errorf("while it starts:\n%s", got)
	}
}

// A ledger that does not answer takes its own values away, not the others.
func TestPartial(t *testing.T) {
	p := whole()
	p.err, p.status.Ledger, p.status.Products, p.status.Lines = errors.New("disk"), "ledger storage: disk", nil, nil
	got := text(t, p)
	if !strings.Contains(got, "linemark_ledger_ok 0\n") || !strings.Contains(got, "linemark_up 1\n") || !strings.Contains(got, `linemark_device_up{device="tij-1",kind="printer"} 1`) || strings.Contains(got, "linemark_codes{") {
		t.Error(got)
	}
}

// However many ask, the agent is asked once a second.
func TestAsksOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := whole()
		h := Handler(p, Options{Log: slog.New(slog.DiscardHandler)})
		for range 50 {
			get(t, h)
			time.Sleep(100 * time.Millisecond)
		}
		if p.asked < 5 || p.asked > 6 {
			t.Errorf("asked %d times in 5 s", p.asked)
		}
	})
}

func get(t *testing.T, h http.Handler) string {
	t.Helper()
	r := httptest.NewRecorder()
	h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(r.Result().Body)
	if err != nil || r.Code != http.StatusOK || !strings.HasPrefix(r.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d, %v, %v\n%s", r.Code, r.Header(), err, body)
	}
	return string(body)
}

// The runtime's and the process' own metrics are there beside the agent's.
func TestHandler(t *testing.T) {
	got := get(t, Handler(whole(), Options{}))
	for _, name := range []string{"linemark_up 1", "go_goroutines ", "process_resident_memory_bytes ", "process_open_fds "} {
		if !strings.Contains(got, "\n"+name) {
			t.Errorf("no %s", name)
		}
	}
	p := whole()
	p.status.Devices = append(p.status.Devices, p.status.Devices[0]) // twice the same: no metric may be believed
	r := httptest.NewRecorder()
	Handler(p, Options{Log: slog.New(slog.DiscardHandler)}).ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if r.Code != http.StatusInternalServerError {
		t.Errorf("two devices of one name: %d", r.Code)
	}
}

// Prometheus' own tool finds nothing to say against the metrics.
func TestPromtoolMetrics(t *testing.T) {
	tool := exec.Command(peers.Need(t, "promtool"), "check", "metrics")
	tool.Stdin = strings.NewReader(text(t, whole()))
	if out, err := tool.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
