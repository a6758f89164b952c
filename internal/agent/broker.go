package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"linemark/internal/config"
	"linemark/internal/line"
	"linemark/internal/mqtt"
)

// broker tells an MQTT broker how the agent does. It is a nil pointer where none is configured: all methods may be
// called on it.
type broker struct {
	*mqtt.Publisher
	prefix string
	every  time.Duration
	log    *slog.Logger
	status func(context.Context) (Status, error)
	last   map[string][]byte // what was told by topic, without its moment
}

// newBroker makes what tells the broker of the configuration. It connects to nothing.
func newBroker(cfg *config.Config, log *slog.Logger, status func(context.Context) (Status, error)) (*broker, error) {
	c := cfg.MQTT
	if !c.Configured() {
		return nil, nil
	}
	prefix := c.PrefixOr(cfg)
	o := mqtt.Options{Broker: c.Broker, ClientID: c.ClientIDOr(cfg), Username: c.Username, Password: c.Password.Reveal(), Presence: prefix + "/online", Buffer: c.Buffer, Log: log}
	for _, f := range []struct {
		path string
		into *[]byte
	}{{c.CAFile, &o.CA}, {c.ClientCert, &o.Cert}} {
		if f.path == "" {
			continue
		}
		text, err := os.ReadFile(cfg.PathOf(f.path))
		if err != nil {
			return nil, fmt.Errorf("[mqtt]: %w", err)
		}
		*f.into = text
	}
	var err error
	if o.Key, err = cfg.BrokerKeyPEM(); err != nil {
		return nil, err
	}
	p, err := mqtt.New(o)
	if err != nil {
		return nil, fmt.Errorf("[mqtt]: %w", err)
	}
	return &broker{Publisher: p, prefix: prefix, every: c.Every, log: log, status: status, last: map[string][]byte{}}, nil
}

// Status returns nil where no broker is told.
func (b *broker) Status() *mqtt.Status {
	if b == nil {
		return nil
	}
	s := b.Publisher.Status()
	return &s
}

// run works until ctx ends.
func (b *broker) run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ended := make(chan error, 1)
	wg.Go(func() { ended <- b.Run(ctx) })
	ticker := time.NewTicker(b.every)
	defer ticker.Stop()
	for {
		if s, err := b.status(ctx); err == nil || ctx.Err() == nil {
			b.tell(s, time.Now()) // with an error of the ledger in it, what else is known
		}
		select {
		case err := <-ended:
			return err
		case <-ticker.C:
		}
	}
}

// heard tells of an alarm at once. Of an alarm that comes twice the number is the same.
func (b *broker) heard(number int, a Alarm) {
	b.Tell(b.prefix+"/alarm", b.encode(toldAlarm{Number: number, Alarm: a}), false)
}

// toldAlarm is an alarm as a broker is told it.
type toldAlarm struct {
	Number int `json:"number"` // counts from 1 since the agent's start
	Alarm
}

// toldState is the agent as a broker is told it.
type toldState struct {
	At       time.Time      `json:"at"`
	Agent    string         `json:"agent"`
	Started  time.Time      `json:"started"`
	Ledger   string         `json:"ledger"`
	National Access         `json:"national_system"`
	Products []toldStock    `json:"products"`
	Devices  []DeviceStatus `json:"devices"`
	Reports  ReportStatus   `json:"reports"`
	Disk     DiskStatus     `json:"disk"`
	Backup   *BackupStatus  `json:"backup"`
	Alarms   int            `json:"alarms_total"`
}

// toldStock is a product's stock.
type toldStock struct {
	Name      string         `json:"name"`
	GTIN      string         `json:"gtin"`
	States    map[string]int `json:"states"`
	HoursLeft *float64       `json:"hours_left"`
	Trouble   string         `json:"trouble,omitempty"`
}

// toldLine is one line's state.
type toldLine struct {
	At       time.Time     `json:"at"`
	Line     string        `json:"line"`
	Batch    BatchStatus   `json:"batch"`
	Stations []toldStation `json:"stations"`
}

type toldStation struct {
	Name  string    `json:"name"`
	Kind  string    `json:"kind"`
	State string    `json:"state"`
	Why   string    `json:"why,omitempty"`
	Since time.Time `json:"since"`
}

// toldCounts is what one line has counted: later ones say all that earlier ones of the same start have said.
type toldCounts struct {
	At         time.Time                 `json:"at"`
	Line       string                    `json:"line"`
	Started    time.Time                 `json:"started"` // the stations count from here
	Stations   map[string]map[string]int `json:"stations"`
	Containers []Containers              `json:"containers,omitempty"`
	Hour       *line.Sums                `json:"hour"`  // null: the line does not run
	Batch      *line.Sums                `json:"batch"` // null: there was none since the start
}

// tell tells how everything stands. The agent's own state goes each time, and shows that it lives; the others go
// when they have changed.
func (b *broker) tell(s Status, now time.Time) {
	state := toldState{Agent: s.Agent, Started: s.Started, Ledger: s.Ledger, National: s.National, Devices: s.Devices, Reports: s.Reports, Disk: s.Disk, Backup: s.Backup, Alarms: s.Raised, At: now}
	for _, p := range s.Products {
		state.Products = append(state.Products, toldStock{p.Name, p.GTIN, p.States, p.HoursLeft, p.Trouble})
	}
	b.Keep(b.prefix+"/state", b.encode(state))
	for _, l := range s.Lines {
		at := b.prefix + "/line/" + mqtt.Level(l.Name)
		told := toldLine{Line: l.Name, Batch: l.Batch}
		counts := toldCounts{Line: l.Name, Started: s.Started, Stations: map[string]map[string]int{}, Containers: l.Containers}
		for _, st := range l.Stations {
			told.Stations = append(told.Stations, toldStation{st.Name, st.Kind, st.State, st.Why, st.Since})
			counts.Stations[st.Name] = st.Count
		}
		if l.Counts != nil {
			counts.Hour, counts.Batch = &l.Counts.Hour, l.Counts.Batch
		}
		if b.changed(at+"/state", b.encode(told)) {
			told.At = now
			b.Keep(at+"/state", b.encode(told))
		}
		if b.changed(at+"/counts", b.encode(counts)) {
			counts.At = now
			b.Tell(at+"/counts", b.encode(counts), true)
		}
	}
}

// changed says whether something else was told before.
func (b *broker) changed(topic string, now []byte) bool {
	same := bytes.Equal(b.last[topic], now)
	b.last[topic] = now
	return !same
}

// encode writes JSON: codes in alarms hold & < and >.
func (b *broker) encode(v any) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		b.log.Error("what the MQTT broker is to be told cannot be written", "error", err)
	}
	return bytes.TrimSpace(text.Bytes())
}
