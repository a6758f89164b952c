package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/label"
	"linemark/internal/line"
	"linemark/internal/trend"
)

func newPLC(d device, driver drivers.PLC) *plc {
	p := &plc{device: d, driver: driver, news: newNews(), watch: driver.Watch(), pulsed: map[string]bool{}, orders: map[string]uint64{}, bits: map[string]int{},
		onState: func(bool, string) {}, onRead: func(drivers.Values) {}, onSet: func(string, uint64) {}, onCount: func(string, int) {}, onJump: func(string) {}}
	if beat, ok := driver.Points()["beat"]; ok && beat.Output {
		p.beat = "beat"
	}
	return p
}

// productsInput is the PLC's counter of products that pass, if it has one of that name.
const productsInput = "products"

// countProducts tells a verify station of every product that its PLC counts.
func (a *Agent) countProducts(post line.Post, name string) {
	p := a.plcs[name]
	if counter, ok := p.driver.Points()[productsInput]; !ok || counter.Output {
		return
	}
	p.bits[productsInput] = p.driver.Points()[productsInput].Bits
	onCount := p.onCount
	p.onCount = func(input string, delta int) {
		onCount(input, delta)
		if input == productsInput {
			post(line.CountedProducts{N: delta})
		}
	}
}

// hearRequests tells a verify station of every product that its PLC announces. The first look of a
// session says where the PLC stands.
func (a *Agent) hearRequests(post line.Post, p *plc, input string) {
	onState, onRead := p.onState, p.onRead
	var last uint64
	known := false
	p.onState = func(up bool, why string) {
		known = known && up
		onState(up, why)
	}
	p.onRead = func(v drivers.Values) {
		onRead(v)
		if seq := v[input]; !known || seq != last {
			known, last = true, seq
			post(line.Requested{Seq: seq, At: time.Now()})
		}
	}
}

// signals joins one station to one PLC: the names of its outputs are without the PLC's name.
type signals struct{ plc *plc }

func (s signals) Pulse(ctx context.Context, output string, length time.Duration) error {
	return s.plc.write(ctx, write{output: output, value: 1, pulse: length})
}

func (s signals) Set(ctx context.Context, output string, on bool) error {
	value := uint64(0)
	if on {
		value = s.plc.stopValue(output)
	}
	return s.plc.write(ctx, write{output: output, value: value})
}

func (s signals) Write(ctx context.Context, output string, value uint64) error {
	return s.plc.write(ctx, write{output: output, value: value})
}

// line puts one configured line together and joins its devices to its stations.
func (a *Agent) line(ctx context.Context, l config.Line) error {
	a.trends[l.Name] = trend.New(a.national.wall)
	c := line.Config{Name: l.Name, Groups: a.cfg.Table, Ledger: a.ledger, Log: a.log, Alarm: a.alarms.add, Hold: a.disk.hold, Timing: a.timing(l)}
	if a.rec != nil {
		c.Tape = a.tape
	}
	for _, s := range l.Stations {
		station := line.StationConfig{Name: s.Name, Kind: line.Kind(s.Kind), Ahead: s.Ahead, StopAfter: s.StopAfter, SilentAfter: s.SilentAfter, Pulse: s.Pulse, Window: s.Window,
			Of: s.Of, Capacity: s.Capacity, SSCCPrefix: s.SSCCPrefix, Check: s.Check != "", CheckWithin: s.Within, Product: a.products[s.Product], Unit: a.products[s.Unit]}
		if p := a.printers[s.Printer]; p != nil {
			traits := p.driver.Traits()
			station.Printer = p
			station.Alone = traits.Confirms == drivers.ConfirmsIdentity || traits.Confirms == drivers.ConfirmsCount && s.Ahead == 1
			station.Silent = traits.Confirms == drivers.ConfirmsNothing
			if traits.CheckLabel != nil {
				station.CheckLabel = func(l line.Label) error { return traits.CheckLabel(labels([]line.Label{l})[0]) }
			}
			if traits.MaxAhead > 0 {
				station.Ahead = min(station.Ahead, traits.MaxAhead)
			}
			if err := carries(a.cfg.Table, traits, station); err != nil {
				p.driver = a.unusable(s.Printer, err)
			}
		}
		if name, output, ok := config.SplitPoint(s.Reject); ok {
			station.Signals, station.Reject = signals{a.plcs[name]}, output
			a.plcs[name].pulsed[output] = true
		}
		if name, output, ok := config.SplitPoint(s.Stop); ok {
			station.Signals, station.Stop = signals{a.plcs[name]}, output
		}
		switch s.Kind {
		case "verify":
			verifying(&station, s)
		case "pack":
			a.packing(&station, s)
		case "drop", "rework":
			a.handheld(&station, s)
		}
		if s.Confirm != "" {
			station.Within = s.Within
		}
		c.Stations = append(c.Stations, station)
	}
	counter := a.counterOf(l)
	c.CountsProducts, c.CountLimit = counter != nil, l.LimitOfCounts(counter != nil)
	built, err := line.New(ctx, c)
	if err != nil {
		return err
	}
	a.lines = append(a.lines, built)
	if err := a.batch(ctx, l); err != nil {
		return err
	}
	for _, s := range l.Stations {
		a.join(built, l, s)
	}
	a.counted(built, l, counter)
	return nil
}

// verifying takes over what only a verify station has.
func verifying(to *line.StationConfig, s config.Station) {
	to.HealAfter, to.StopShare, to.StopOf, to.PlainSymbol = s.HealAfter, s.StopShare, s.StopOf, s.PlainSymbol == config.Yes
	to.Grade, _ = drivers.ParseGrade(s.Grade)
	if s.Request != "" {
		_, to.Answer.Verdict, _ = config.SplitPoint(s.Verdict)
		_, to.Answer.Acknowledge, _ = config.SplitPoint(s.Acknowledge)
		to.Answer.GoodValue, to.Answer.RejectValue, to.Match = uint64(s.VerdictGood), uint64(s.VerdictReject), s.Match
	}
}

// carries asks the driver now, not at the first such code, whether it can carry what the
// product's codes may hold: every character that a serial may have, and GS.
func carries(groups code.Table, traits drivers.PrinterTraits, s line.StationConfig) error {
	product := s.Product
	if s.Kind == line.KindPack {
		product = s.Unit
	}
	if product.GTIN == "" || traits.CheckCode == nil {
		return nil
	}
	profile, err := groups.Profile(product.Group, product.Type)
	if err != nil {
		return err
	}
	if err := label.Carries(profile, product.GTIN, traits.CheckCode); err != nil {
		return fmt.Errorf("product %s: %w", product.Name, err)
	}
	return nil
}

// join carries what the devices of a station say into it.
func (a *Agent) join(built *line.Line, l config.Line, s config.Station) {
	post := func(ev line.Event) { built.Post(context.Background(), s.Name, ev) }
	if p := a.printers[s.Printer]; p != nil {
		p.post = post
	}
	if sc := a.scanners[s.Scanner]; sc != nil {
		sc.onState = func(state line.ScannerState) { post(state) }
		graded := func(line.Grade) {}
		if grades(l, s) {
			graded = func(g line.Grade) {
				if g.Known {
					a.trends[l.Name].Grade(g.Value)
				}
			}
		}
		sc.onRead = func(scan line.Scan) {
			a.reads.add(l.Name+"/"+s.Name, scan)
			graded(scan.Grade)
			post(line.Scans{Scans: []line.Scan{scan}})
		}
	}
	if sc := a.scanners[s.Check]; sc != nil {
		sc.onState = func(line.ScannerState) {}
		sc.onRead = func(scan line.Scan) { post(line.CheckScan{Scan: scan}) }
	}
	a.joinPLC(func(ev line.Event) {
		a.restarted(built, s.Stop, ev)
		post(ev)
	}, s)
	for _, point := range []string{s.Reject, s.Confirm, s.Stop, s.Request, s.Verdict, s.Acknowledge, s.Refused, s.Accepted} {
		if name, _, ok := config.SplitPoint(point); ok && !slices.Contains(a.plcs[name].lines, built) {
			a.plcs[name].lines = append(a.plcs[name].lines, built)
		}
	}
}

func (a *Agent) joinPLC(post line.Post, s config.Station) {
	name, output, ok := config.SplitPoint(s.Stop)
	if !ok {
		return
	}
	p := a.plcs[name]
	post = p.news.to(post)
	if p.beat == "" {
		a.alarms.add(name, "no output is named beat: when this agent or PC fails, nothing but a person stops the line")
	}
	p.watchStop(post, output)
	a.countProducts(post, name)
	if _, input, ok := config.SplitPoint(s.Request); ok {
		a.hearRequests(post, p, input)
	}
	if counterPLC, counter, ok := config.SplitPoint(s.Confirm); ok && counterPLC == name {
		p.bits[counter] = p.driver.Points()[counter].Bits
		onCount := p.onCount
		p.onCount = func(input string, delta int) {
			onCount(input, delta)
			if input == counter {
				post(line.CountedRejects{N: delta})
			}
		}
	}
}
