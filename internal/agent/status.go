package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"linemark/internal/ledger"
	"linemark/internal/line"
	"linemark/internal/mqtt"
	"linemark/internal/office"
	"linemark/internal/record"
	"linemark/internal/shipping"
)

// Status is the whole agent at a glance.
type Status struct {
	Agent    string           `json:"agent"`
	Started  time.Time        `json:"started"`
	Ledger   string           `json:"ledger"` // ok, or what is wrong with it
	National Access           `json:"national_system"`
	Products []ProductStatus  `json:"products"`
	Lines    []LineStatus     `json:"lines"`
	Devices  []DeviceStatus   `json:"devices"`
	Reports  ReportStatus     `json:"reports"`
	Alarms   []Alarm          `json:"alarms"`
	Raised   int              `json:"alarms_total"` // since the agent's start
	Record   *record.Status   `json:"record"`       // the flight recorder; null: nothing is recorded
	Backup   *BackupStatus    `json:"backup"`       // null: none is made by itself
	Config   *ConfigStatus    `json:"config"`       // null: the agent runs without a file
	Disk     DiskStatus       `json:"disk"`
	Shipping *shipping.Status `json:"shipping,omitempty"` // null: there are no shipments and nothing is configured for them
	MQTT     *mqtt.Status     `json:"mqtt,omitempty"`     // null: no broker is told
	Degraded []string         `json:"degraded,omitempty"` // why nothing runs
}

// ConfigStatus tells of the configuration's file.
type ConfigStatus struct {
	File     string     `json:"file"`
	Loaded   time.Time  `json:"loaded"`             // when what is in force was read
	Changed  *time.Time `json:"changed,omitempty"`  // the file is another one since: linemark reload takes it over
	Problems []string   `json:"problems,omitempty"` // why it would not
}

// ProductStatus is the stock of one product and what supply does for it.
type ProductStatus struct {
	Name      string         `json:"name"`
	GTIN      string         `json:"gtin"`
	Received  int            `json:"received"`
	States    map[string]int `json:"states"`
	Archived  int            `json:"archived"`   // codes that have left the ledger for archives
	HoursLeft *float64       `json:"hours_left"` // at the speed of the last minutes; null: not known
	Doing     string         `json:"doing"`      // what supply waits for
	Since     time.Time      `json:"since"`
	Trouble   string         `json:"trouble,omitempty"`
}

// LineStatus is one line's stations.
type LineStatus struct {
	Name       string          `json:"name"`
	Batch      BatchStatus     `json:"batch"`
	Stations   []StationStatus `json:"stations"`
	Containers []Containers    `json:"containers"`
	Counts     *CountStatus    `json:"counts"`         // null: the line does not run
	Held       *Held           `json:"held,omitempty"` // null: nobody has stopped it on the page
}

// BatchStatus is what the line's reports say of its products now.
type BatchStatus struct {
	Name    string     `json:"name"`
	Started *time.Time `json:"started"`             // null: the line never had a batch
	Ended   *time.Time `json:"ended"`               // null: it runs
	Waits   string     `json:"waits_for,omitempty"` // why nothing is marked
}

// StationStatus is one station.
type StationStatus struct {
	Name     string         `json:"name"`
	Kind     string         `json:"kind"`
	State    string         `json:"state"`
	Why      string         `json:"why,omitempty"`
	Since    time.Time      `json:"since"`
	Count    map[string]int `json:"count"` // since the agent's start
	LastRead string         `json:"last_read,omitempty"`
	Reads    []Read         `json:"reads"`             // the newest first, a dozen at most
	InARow   int            `json:"failures_in_a_row"` // verify: bad products up to now
}

// Containers counts a pack station's containers.
type Containers struct {
	Station string `json:"station"`
	Open    int    `json:"open"`
	Full    int    `json:"full"`
	Closed  int    `json:"closed"`
	Aside   int    `json:"aside"`
}

// ReportStatus counts the outbox by kind and state.
type ReportStatus struct {
	Utilisation map[string]int `json:"utilisation"`
	Aggregation map[string]int `json:"aggregation"`
	Dropout     map[string]int `json:"dropout"`
	// Oldest is when the oldest report of a kind was made whose fate is not known yet.
	Oldest map[string]time.Time `json:"oldest_open,omitempty"`
	// Due is when the oldest of these must have arrived, see report.within; null: nothing is open, or no limit is known.
	Due     *time.Time `json:"due,omitempty"`
	Trouble string     `json:"trouble,omitempty"`
	Since   *time.Time `json:"since,omitempty"` // of the trouble
}

// Status tells how everything stands. It asks the ledger and touches no device.
func (a *Agent) Status(ctx context.Context) (Status, error) {
	s := Status{Agent: a.cfg.Agent.Name, Started: a.started, Ledger: "ok", National: a.national.Access(), Alarms: a.alarms.list(), Record: a.rec.Status(), Backup: a.backups.Status(), Disk: a.disk.status()}
	s.Raised, s.MQTT = a.alarms.raised(), a.broker.Status()
	if err := a.ledger.Fault(); err != nil {
		s.Ledger = err.Error()
	}
	if a.file != nil {
		s.Config = a.file()
	}
	s.Shipping = a.shippingStatus()
	balances, err := a.ledger.Balance(ctx)
	if err != nil {
		return s, err
	}
	for _, c := range a.cfg.Products {
		s.Products = append(s.Products, a.productStatus(a.products[c.Name], balances))
	}
	if err := a.lineStatus(ctx, &s); err != nil {
		return s, err
	}
	s.Devices = a.deviceStatus()
	return s, a.reportStatus(ctx, &s)
}

func (a *Agent) productStatus(of line.Product, balances []ledger.Balance) ProductStatus {
	p := ProductStatus{Name: of.Name, GTIN: of.GTIN, States: map[string]int{}, Doing: "nothing: its labels come printed", Since: a.started}
	if !of.Preprinted {
		p.Doing = "codes import: no batches are named"
	}
	for _, b := range balances {
		if b.ID == of.ID {
			p.Received, p.Archived = b.Received, b.Archived
			for _, state := range ledger.States() {
				p.States[state.String()] = b.States[state]
			}
		}
	}
	for _, k := range a.keepers {
		if k.Product.ID == of.ID && a.ledger.Copy() != nil {
			p.Doing = "the takeover of the ledger, which is a copy"
		} else if k.Product.ID == of.ID {
			st := k.Status()
			p.Doing, p.Since, p.Trouble = st.Doing, st.Since, st.Trouble
			p.HoursLeft = a.speeds.hoursLeft(of.ID, st.Stock)
		}
	}
	return p
}

func (a *Agent) lineStatus(ctx context.Context, s *Status) error {
	containers, err := a.boxes.look(ctx, a.ledger)
	if err != nil {
		return err
	}
	for _, l := range a.lines {
		status := LineStatus{Name: l.Name(), Counts: a.countStatus(l), Held: a.held.get(l.Name())}
		if status.Batch, err = a.batchStatus(ctx, l.Name()); err != nil {
			return err
		}
		for _, st := range l.Status() {
			status.Stations = append(status.Stations, StationStatus{Name: st.Name, Kind: string(st.Kind), State: st.State, Why: st.Why, Since: later(st.Since, a.started), Count: st.Count, LastRead: a.reads.of(l.Name() + "/" + st.Name),
				Reads: readsOf(l, st.Name), InARow: st.InARow})
			if st.Kind != line.KindPack {
				continue
			}
			c := Containers{Station: st.Name}
			for _, n := range containers {
				if n.Line != l.Name() || n.Station != st.Name {
					continue
				}
				switch n.State {
				case ledger.ContainerOpen:
					c.Open = n.N
				case ledger.ContainerFull:
					c.Full = n.N
				case ledger.ContainerClosed:
					c.Closed = n.N
				case ledger.ContainerAside:
					c.Aside = n.N
				}
			}
			status.Containers = append(status.Containers, c)
		}
		s.Lines = append(s.Lines, status)
	}
	return nil
}

func (a *Agent) batchStatus(ctx context.Context, line string) (BatchStatus, error) {
	b, err := a.ledger.LastBatch(ctx, line)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return BatchStatus{}, err
	}
	s := BatchStatus{Name: b.Name, Waits: office.Pause(a.cfg, line, b)}
	if !b.StartedAt.IsZero() {
		s.Started = &b.StartedAt
	}
	if !b.EndedAt.IsZero() {
		s.Ended = &b.EndedAt
	}
	return s, nil
}

func (a *Agent) reportStatus(ctx context.Context, s *Status) error {
	counts, err := a.ledger.ReportCounts(ctx)
	if err != nil {
		return fmt.Errorf("counting reports: %w", err)
	}
	s.Reports = ReportStatus{Utilisation: map[string]int{}, Aggregation: map[string]int{}, Dropout: map[string]int{}}
	of := map[ledger.ReportKind]map[string]int{ledger.Utilisation: s.Reports.Utilisation, ledger.Aggregation: s.Reports.Aggregation, ledger.Dropout: s.Reports.Dropout}
	for _, c := range counts {
		of[c.Kind][string(c.State)] = c.N
	}
	if s.Reports.Oldest, err = a.open.look(ctx, a.ledger); err != nil {
		return err
	}
	for _, made := range s.Reports.Oldest {
		if due := made.Add(a.cfg.Report.Within); a.cfg.Report.Within > 0 && (s.Reports.Due == nil || due.Before(*s.Reports.Due)) {
			s.Reports.Due = &due
		}
	}
	if desk := a.desk.Status(); desk.Trouble != "" {
		s.Reports.Trouble, s.Reports.Since = desk.Trouble, &desk.Since
	}
	return nil
}

// later returns the later of two moments: a station that has not changed stands so since the start.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Summary is one line for the service manager: each line's printing station, and the devices that are away.
func (a *Agent) Summary() string {
	var parts []string
	for _, l := range a.lines {
		for _, st := range l.Status() {
			if st.Kind == line.KindPrint {
				parts = append(parts, "line "+l.Name()+" "+st.State)
				break
			}
		}
	}
	if away := a.away(); away > 0 {
		parts = append(parts, fmt.Sprintf("%d devices away", away))
	}
	return strings.Join(parts, ", ")
}

func (a *Agent) away() (n int) {
	for _, d := range a.deviceStatus() {
		if !d.Up {
			n++
		}
	}
	return n
}

func (a *Agent) deviceStatus() []DeviceStatus {
	all := []DeviceStatus{}
	for _, p := range a.cfg.Printers {
		if p.Name == a.cfg.Shipping.Printer {
			all = append(all, a.labeller.Status())
			continue
		}
		all = append(all, a.printers[p.Name].Status())
	}
	for _, d := range a.cfg.Scanners {
		all = append(all, a.scanners[d.Name].Status())
	}
	for _, d := range a.cfg.PLCs {
		all = append(all, a.plcs[d.Name].Status())
	}
	return all
}

// containerCount keeps the newest count of the containers: it goes through all of them, so whoever looks at the
// page each second must not have it made anew each time.
type containerCount struct {
	mu   sync.Mutex
	at   time.Time
	took time.Duration
	all  []ledger.ContainerCount
}

// restAfter is how many times as long as a count took no other is made.
const restAfter = 50

func (c *containerCount) look(ctx context.Context, l *ledger.Ledger) ([]ledger.ContainerCount, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	began := time.Now()
	if began.Sub(c.at) < restAfter*c.took {
		return c.all, nil
	}
	all, err := l.Containers(ctx)
	if err != nil {
		return nil, err
	}
	c.at, c.took, c.all = time.Now(), time.Since(began), all
	return all, nil
}
