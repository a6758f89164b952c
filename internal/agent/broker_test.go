package agent

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/config"
)

var quietLog = slog.New(slog.DiscardHandler)

// told is what a broker would be told, without one.
func told(t *testing.T, s Status, name string) *broker {
	t.Helper()
	cfg := &config.Config{Agent: config.Agent{Name: name}, MQTT: config.MQTT{Broker: "mqtt://127.0.0.1:1", Every: time.Second, Buffer: 10}}
	b, err := newBroker(cfg, quietLog, func(context.Context) (Status, error) { return s, nil })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Nothing is told where no broker is configured, and nothing of it is in the way.
func TestNoBroker(t *testing.T) {
	b, err := newBroker(&config.Config{}, quietLog, nil)
	if b != nil || err != nil || b.Status() != nil {
		t.Errorf("%+v, %v", b, err)
	}
}

// Values are told again when they have changed; the agent's own state, with its moment, each time. Counts and alarms
// wait for the broker.
func TestWhatIsTold(t *testing.T) {
	s := Status{Agent: "line-3", Ledger: "ok", Products: []ProductStatus{{Name: "water", States: map[string]int{"in_stock": 7}}},
		Lines: []LineStatus{{Name: "3/a", Batch: BatchStatus{Name: "B1"}, Stations: []StationStatus{{Name: "check", Kind: "verify", State: "running", Count: map[string]int{"read": 5}, LastRead: "01<code>"}}}}}
	b := told(t, s, "line 3")
	waiting := func(want int) {
		t.Helper()
		if n := b.Status().Waiting; n != want {
			t.Errorf("%d messages wait, want %d", n, want)
		}
	}
	b.tell(s, time.Now())
	waiting(1) // its counts
	b.tell(s, time.Now())
	waiting(1)
	s.Lines[0].Stations[0].Count = map[string]int{"read": 6}
	b.tell(s, time.Now())
	waiting(2)
	b.heard(7, Alarm{Place: "3/check", Text: "product rejected: 01<code>&"})
	waiting(3)
	state := b.last["linemark/line 3/line/3_a/state"]
	if !strings.Contains(string(state), `"running"`) || strings.Contains(string(state), "01<code>") {
		t.Errorf("the line's state is %s", state)
	}
	var counts toldCounts
	if err := json.Unmarshal(b.last["linemark/line 3/line/3_a/counts"], &counts); err != nil || counts.Stations["check"]["read"] != 6 || counts.Line != "3/a" {
		t.Errorf("the line's counts are %+v, %v", counts, err)
	}
	if text := string(b.encode(toldAlarm{Number: 7, Alarm: Alarm{Text: "01<code>&"}})); !strings.Contains(text, `"number":7`) || !strings.Contains(text, "01<code>&") || strings.Contains(text, "\n") {
		t.Errorf("the alarm is %s", text)
	}
}

// A broker that takes connections and never answers, or one that is away, costs the line nothing: it marks and
// verifies, there is no alarm about it, and the status says what is the matter.
func TestBrokerNeverAnswers(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dir := t.TempDir()
	cfg := configIn(t, dir, strings.Replace(siteConfig, "[report.utilisation]", "[mqtt]\nbroker = \"mqtt://"+silent.Addr().String()+"\"\nevery = \"1s\"\n[report.utilisation]", 1))
	a, err := New(t.Context(), cfg, Options{Log: quietLog})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		s, err := a.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s.MQTT == nil || s.MQTT.Up {
			t.Fatalf("the status is %+v", s.MQTT)
		}
		if s.MQTT.Waiting > 0 { // the counts of the first look, and the alarms of a start without devices
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nothing waits for the broker: %+v", s.MQTT)
		}
	}
	began := time.Now()
	for range 10_000 {
		a.alarms.heard(1, Alarm{Text: "x"})
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ten thousand alarms took %v", took)
	}
	s, err := a.Status(ctx)
	if err != nil || s.MQTT.Waiting != 1000 || s.MQTT.Dropped < 9000 {
		t.Errorf("%+v, %v", s.MQTT, err)
	}
	for _, alarm := range s.Alarms {
		if strings.Contains(alarm.Text, "MQTT") {
			t.Errorf("an alarm about the broker: %s", alarm.Text)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// What cannot be read is told at the start.
func TestBrokerFiles(t *testing.T) {
	cfg := &config.Config{Dir: t.TempDir(), MQTT: config.MQTT{Broker: "tls://broker", CAFile: "none.pem"}}
	if _, err := newBroker(cfg, quietLog, nil); err == nil || !strings.Contains(err.Error(), filepath.Join(cfg.Dir, "none.pem")) {
		t.Errorf("%v", err)
	}
}
