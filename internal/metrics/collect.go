package metrics

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"linemark/internal/agent"
)

// The words that labels have besides the names of the configuration. Those of a state are all told, so that one who
// asks for a state gets an answer also while it is not that.
var (
	stationStates = []string{"running", "waiting", "stopped"}
	diskLevels    = []string{agent.DiskEnough, agent.DiskLow, agent.DiskFull}
	reportKinds   = []string{"utilisation", "aggregation", "dropout"}
	// events are what a kind of station counts: they are told from the start, so that the first of each is a rise.
	events = map[string][]string{
		"print":  {"sent", "printed", "doubtful"},
		"verify": {"read", "no_read", "verified", "rejected", "rejects_counted", "overtaken", "stops"},
		"pack":   {"read", "packed", "refused", "closed", "aside", "verified_here"},
		"drop":   {"read", "refused", "dropped", "codes"},
		"rework": {"read", "refused", "verified", "ready"},
	}
)

// sink takes the metrics of one collection.
type sink chan<- prometheus.Metric

func (s sink) put(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels []string) {
	m, err := prometheus.NewConstMetric(d, kind, v, labels...)
	if err != nil {
		m = prometheus.NewInvalidMetric(d, err)
	}
	s <- m
}

func (s sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.put(d, prometheus.GaugeValue, v, labels)
}

func (s sink) counter(d *prometheus.Desc, v float64, labels ...string) {
	s.put(d, prometheus.CounterValue, v, labels)
}

func (s sink) is(d *prometheus.Desc, yes bool, labels ...string) {
	v := 0.0
	if yes {
		v = 1
	}
	s.gauge(d, v, labels...)
}

// oneOf tells a state as one gauge for each word.
func (s sink) oneOf(d *prometheus.Desc, state string, words []string, labels ...string) {
	for _, w := range words {
		s.is(d, w == state, append(slices.Clone(labels), w)...)
	}
}

func (s sink) moment(d *prometheus.Desc, at time.Time, labels ...string) {
	if !at.IsZero() {
		s.gauge(d, float64(at.UnixMilli())/1000, labels...)
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	s, out := c.status(), sink(to)
	works := len(s.Degraded) == 0 && s.Ledger != ""
	out.is(c.up, works)
	out.gauge(c.reasons, float64(len(s.Degraded)))
	out.gauge(c.info, 1, s.Agent, c.version)
	out.moment(c.started, s.Started)
	if s.Config != nil {
		out.is(c.configChanged, s.Config.Changed != nil)
		out.gauge(c.configProblems, float64(len(s.Config.Problems)))
	}
	if !works {
		return
	}
	out.counter(c.alarms, float64(s.Raised))
	out.is(c.ledger, s.Ledger == "ok")
	for _, p := range s.Products {
		c.product(out, p)
	}
	for _, l := range s.Lines {
		c.line(out, l)
	}
	for _, d := range s.Devices {
		out.is(c.device, d.Up, d.Name, d.Kind)
		out.moment(c.deviceSince, d.Since, d.Name, d.Kind)
	}
	c.nationalSystem(out, s.National)
	c.outbox(out, s.Reports)
	c.machine(out, s)
	c.shipping(out, s)
	c.broker(out, s)
	c.delays(out)
}

func (c *collector) product(out sink, p agent.ProductStatus) {
	for _, state := range slices.Sorted(maps.Keys(p.States)) {
		out.gauge(c.codes, float64(p.States[state]), p.Name, state)
	}
	out.counter(c.received, float64(p.Received), p.Name)
	out.counter(c.archived, float64(p.Archived), p.Name)
	if p.HoursLeft != nil {
		out.gauge(c.stockLeft, *p.HoursLeft*time.Hour.Seconds(), p.Name)
	}
	out.is(c.supplyTrouble, p.Trouble != "", p.Name)
}

func (c *collector) line(out sink, l agent.LineStatus) {
	for _, st := range l.Stations {
		out.oneOf(c.stationState, st.State, stationStates, l.Name, st.Name, st.Kind)
		out.moment(c.stationSince, st.Since, l.Name, st.Name, st.Kind)
		for _, e := range events[st.Kind] {
			out.counter(c.events, float64(st.Count[e]), l.Name, st.Name, st.Kind, e)
		}
		for _, e := range slices.Sorted(maps.Keys(st.Count)) {
			if !slices.Contains(events[st.Kind], e) {
				out.counter(c.events, float64(st.Count[e]), l.Name, st.Name, st.Kind, e)
			}
		}
	}
	for _, n := range l.Containers {
		out.gauge(c.containers, float64(n.Open), l.Name, n.Station, "open")
		out.gauge(c.containers, float64(n.Full), l.Name, n.Station, "full")
		out.gauge(c.containers, float64(n.Closed), l.Name, n.Station, "closed")
		out.gauge(c.containers, float64(n.Aside), l.Name, n.Station, "aside")
	}
	out.is(c.batch, l.Batch.Started != nil && l.Batch.Ended == nil, l.Name)
	out.is(c.lineWaits, l.Batch.Waits != "", l.Name)
}

func (c *collector) nationalSystem(out sink, a agent.Access) {
	out.is(c.national, a.OK)
	out.moment(c.nationalSince, a.Since)
	out.is(c.nationalClosed, a.Closed != nil)
	if a.Skew != nil {
		out.gauge(c.skew, float64(*a.Skew))
	}
	if a.Certificate != nil {
		out.moment(c.certificate, *a.Certificate)
	}
}

func (c *collector) outbox(out sink, r agent.ReportStatus) {
	of := map[string]map[string]int{"utilisation": r.Utilisation, "aggregation": r.Aggregation, "dropout": r.Dropout}
	for _, kind := range reportKinds {
		for _, state := range slices.Sorted(maps.Keys(of[kind])) {
			out.gauge(c.reports, float64(of[kind][state]), kind, state)
		}
		age := 0.0
		if made, ok := r.Oldest[kind]; ok {
			age = max(0, time.Since(made).Seconds())
		}
		out.gauge(c.reportAge, age, kind)
	}
	out.is(c.reportTrouble, r.Trouble != "")
}

func (c *collector) machine(out sink, s agent.Status) {
	if s.Disk.Level != "" {
		out.gauge(c.diskFree, float64(s.Disk.Free))
		out.gauge(c.diskSize, float64(s.Disk.Total))
		out.gauge(c.diskWarn, float64(s.Disk.Warn))
		out.gauge(c.diskStop, float64(s.Disk.Stop))
		out.oneOf(c.diskState, s.Disk.Level, diskLevels)
	}
	if b := s.Backup; b != nil {
		if b.AgeH != nil {
			out.gauge(c.backupAge, *b.AgeH*time.Hour.Seconds())
		}
		out.is(c.backupOK, b.Trouble == "")
	}
	if s.Record != nil {
		out.counter(c.recordDropped, float64(s.Record.Dropped))
	}
}

func (c *collector) shipping(out sink, s agent.Status) {
	n := s.Shipping
	if n == nil {
		return
	}
	out.gauge(c.shipments, float64(n.Open), "open")
	out.gauge(c.shipments, float64(n.Shipments-n.Open), "complete")
	out.gauge(c.papers, float64(n.Waiting), "waiting")
	out.gauge(c.papers, float64(n.Failed), "failed")
	out.gauge(c.labels, float64(n.ToPrint), "to_print")
	out.gauge(c.labels, float64(n.Attention), "attention")
}

func (c *collector) broker(out sink, s agent.Status) {
	b := s.MQTT
	if b == nil {
		return
	}
	out.is(c.mqtt, b.Up)
	out.gauge(c.mqttWaiting, float64(b.Waiting))
	out.counter(c.mqttTold, float64(b.Told))
	out.counter(c.mqttDropped, float64(b.Dropped))
	out.counter(c.mqttRefused, float64(b.Refused))
}

func (c *collector) delays(out sink) {
	of := map[agent.Delayed]*prometheus.Desc{agent.DelayCommit: c.commit, agent.DelayVerdict: c.verdict, agent.DelayPrintToScan: c.printToScan}
	for _, d := range c.source.Delays() {
		var labels []string
		if d.Line != "" {
			labels = []string{d.Line, d.Station}
		}
		upTo := make(map[float64]uint64, len(d.Steps))
		for i, step := range d.Steps {
			upTo[step.Seconds()] = d.UpTo[i]
		}
		m, err := prometheus.NewConstHistogram(of[d.What], d.All, d.Sum.Seconds(), upTo, labels...)
		if err != nil {
			m = prometheus.NewInvalidMetric(of[d.What], err)
		}
		out <- m
	}
}
