// Package agent puts the configured parts together, starts them, watches over them and stops
// them.
//
// The order of a start: the ledger is opened and what the last run left open is set aside;
// the lines are put together; supply and reports begin; the devices are connected. A stop
// goes the other way and finishes the commit under way. Being killed is as safe as being
// stopped: nothing is kept in memory that the ledger does not have.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/ledger/home"
	"linemark/internal/line"
	"linemark/internal/record"
	"linemark/internal/report"
	"linemark/internal/shipping"
	"linemark/internal/supply"
	"linemark/internal/trend"
	"linemark/internal/web"
)

// Options of New.
type Options struct {
	Log *slog.Logger // nil: slog.Default()
	// Dial and DialContext replace the network of the devices and of the national system; nil: the system's.
	Dial        link.Dialer
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the wall clock of what is recorded and reported; nil: time.Now. No duration is measured by it.
	Now func() time.Time
	// Program names this program in the ledger; empty: what stands there stays.
	Program string
	// Progress is told what takes long at the start; nil: nobody is.
	Progress func(what string)
	// Home says where the ledger's file lives; nil: the system is asked.
	Home func(path string) (home.Home, error)
	// Look is how often supply and reports look at the ledger; 0: every second.
	Look time.Duration

	// Printers, Scanners and PLCs return what is to stand before a device, to watch it; nil: nothing.
	Printers func(name string, p drivers.Printer) drivers.Printer
	Scanners func(name string, s drivers.Scanner) drivers.Scanner
	PLCs     func(name string, p drivers.PLC) drivers.PLC

	// NoPage says that Run opens no port: somebody else lets Handler answer.
	NoPage bool
	// Config tells of the configuration's file; nil: there is none.
	Config func() *ConfigStatus

	// Held are lines that people have stopped under the configuration before.
	Held map[string]Held
	// Page makes what people see at the agent's own port; nil: there is the API alone.
	Page func(*Agent) http.Handler
	// Metrics makes what answers /metrics on the agent's own page; nil: nothing does.
	Metrics func(*Agent) http.Handler

	rec  *record.Recorder // of the agent that New makes
	took func(time.Duration)
}

// Agent is one agent: the lines of one PC.
type Agent struct {
	cfg      *config.Config
	log      *slog.Logger
	ledger   *ledger.Ledger
	system   system
	national *national
	keepers  []*supply.Keeper
	desk     *report.Desk
	lines    []*line.Line
	printers map[string]*printer
	scanners map[string]*scanner
	plcs     map[string]*plc
	kept     map[string]*record.Last // the last bytes of each device, by kind and name
	products map[string]line.Product
	started  time.Time
	rec      *record.Recorder // nil: nothing is recorded
	alarms   alarms
	reads    reads
	speeds   speeds
	backups  *backups
	disk     *disk
	boxes    containerCount
	open     openReports
	delays   delays
	held     held
	trends   map[string]*trend.Trend // by line
	broker   *broker                 // nil: no MQTT broker is told
	clerk    *shipping.Clerk         // nil: the shipments cannot be read
	labeller *labeller               // nil: no printer is for shipments
	handler  http.Handler
	noPage   bool
	file     func() *ConfigStatus // nil: no file
}

// New opens the ledger, sets aside what the last run left open, and puts everything together.
// It connects to nothing. Close releases the ledger.
func New(ctx context.Context, cfg *config.Config, o Options) (*Agent, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &Agent{cfg: cfg, log: o.Log, started: time.Now(), printers: map[string]*printer{}, scanners: map[string]*scanner{}, plcs: map[string]*plc{}, kept: map[string]*record.Last{},
		products: map[string]line.Product{}, trends: map[string]*trend.Trend{}}
	a.alarms.log, a.noPage, a.file = o.Log, o.NoPage, o.Config
	a.handler = web.Handler(page{a}, a.log)
	if o.Metrics != nil {
		a.handler = web.WithMetrics(a.handler, o.Metrics(a))
	}
	if o.Page != nil {
		a.handler = web.WithPage(a.handler, o.Page(a))
	}
	o.took = a.delays.of(DelayCommit, "", "", shortSteps)
	var err error
	if a.ledger, err = ledger.Open(ctx, cfg.Agent.DataDir, ledgerOptions(cfg, o)); err != nil {
		return nil, err
	}
	a.backups = newBackups(cfg, o, a.alarms.add)
	a.disk = &disk{dir: cfg.Agent.DataDir, warn: cfg.Disk.WarnBytes(), stop: cfg.Disk.StopBytes(), room: room, alarm: func(text string) { a.alarms.add("agent", text) }}
	a.rec = recorder(cfg, o) // behind the ledger's lock: one agent alone writes there
	o.rec, a.alarms.rec = a.rec, a.rec
	if a.broker, err = newBroker(cfg, o.Log, a.Status); err != nil {
		return nil, errors.Join(err, a.rec.Close(), a.ledger.Close())
	}
	if a.broker != nil {
		a.alarms.heard = a.broker.heard
	}
	if err := a.assemble(ctx, o); err != nil {
		return nil, errors.Join(err, a.rec.Close(), a.ledger.Close())
	}
	return a, nil
}

// MayBecome says why another configuration cannot take the place of this agent's while it works, or nil: what
// would be found only when its lines have been stopped.
func (a *Agent) MayBecome(ctx context.Context, next *config.Config) error {
	switch {
	case next.Agent.DataDir != a.cfg.Agent.DataDir:
		return fmt.Errorf("agent.data_dir is another one (%s): a ledger is not changed while lines run: stop the agent, move its folder, linemark restore --moved, and start it", next.Agent.DataDir)
	case next.Agent.Name != a.cfg.Agent.Name:
		return fmt.Errorf("agent.name is another one: stop the agent, linemark restore --rename %s, and start it", a.cfg.Agent.Name)
	}
	for _, p := range next.Products {
		if err := a.ledger.MayBecome(ctx, product(p, next)); err != nil {
			return err
		}
	}
	return nil
}

// product is a configured product as the ledger knows it.
func product(p config.Product, cfg *config.Config) ledger.Product {
	return ledger.Product{Name: p.Name, GTIN: p.GTIN, Group: p.GroupOr(cfg), Type: code.Type(p.CISType), Preprinted: p.Preprinted == config.Yes}
}

// Ledger returns the agent's ledger, for questions.
func (a *Agent) Ledger() *ledger.Ledger { return a.ledger }

// Handler answers the page and the API.
func (a *Agent) Handler() http.Handler { return a.handler }

// Config returns the configuration that is in force.
func (a *Agent) Config() *config.Config { return a.cfg }

// Close closes the ledger and ends the recording. Run must have returned.
func (a *Agent) Close() error { return errors.Join(a.rec.Close(), a.ledger.Close()) }

func (a *Agent) assemble(ctx context.Context, o Options) error {
	recovered, err := a.ledger.Recover(ctx, benches(a.cfg)...)
	if err != nil {
		return fmt.Errorf("setting aside what the last run left open: %w", err)
	}
	if recovered != (ledger.Recovered{}) {
		a.alarms.add("agent", fmt.Sprintf("when the last run ended, %d codes were with printers, %d containers were open and %d reports on their way: they are set aside", recovered.Codes, recovered.Containers, recovered.Reports))
	}
	if c := a.ledger.Copy(); c != nil {
		a.alarms.add("agent", c.Error())
	}
	if a.system, err = newSystem(a.cfg, a.ledger, o); err != nil {
		return err
	}
	a.national = a.system.watched()
	a.national.alarm = a.alarms.add
	if a.national.newest, err = a.ledger.LastEntry(ctx); err != nil {
		return err
	}
	if err := a.supply(ctx, o); err != nil {
		return err
	}
	a.desk = &report.Desk{Ledger: a.ledger, System: a.system, Log: a.log, Clock: a.national.wallClock, Config: report.Config{
		UsageType:        a.cfg.Report.Utilisation.UsageType,
		UtilisationEvery: a.cfg.Report.Utilisation.Every, UtilisationMax: a.cfg.Report.Utilisation.MaxCodes,
		AggregationEvery: a.cfg.Report.Aggregation.Every, AggregationMax: a.cfg.Report.Aggregation.MaxCodes,
		Ask:  a.cfg.Report.AskWhenInDoubt(),
		Look: o.Look,
	}}
	if s, ok := a.system.(*smartOne); ok {
		a.desk.Waits = s.Waits
	}
	if err := a.devices(o); err != nil {
		return err
	}
	for _, l := range a.cfg.Lines {
		if err := a.line(ctx, l); err != nil {
			return err
		}
	}
	a.resume(o.Held)
	return a.shipping(o)
}

func (a *Agent) supply(ctx context.Context, o Options) error {
	for _, p := range a.cfg.Products {
		product := product(p, a.cfg)
		id, err := a.ledger.Product(ctx, product)
		if err != nil {
			return err
		}
		a.products[p.Name] = line.Product{ID: id, Product: product}
		if product.Preprinted {
			continue // who prints the labels orders their codes
		}
		if a.cfg.OnSmartOne() && len(p.Batches) == 0 {
			continue // its codes come by files
		}
		a.keepers = append(a.keepers, &supply.Keeper{
			Product: supply.Product{ID: id, Product: product, TemplateID: p.TemplateID, ReleaseMethod: p.ReleaseMethod, LowWater: p.LowWater, OrderQuantity: p.OrderQuantity, BlockQuantity: p.BlockQuantity, Cover: p.Cover},
			Groups:  a.cfg.Table,
			Ledger:  a.ledger, Orders: a.system, Blocks: a.system, Log: a.log, Every: o.Look, Now: o.Now,
			Speed: func() float64 { return a.speeds.perHour(id) }, Alarm: a.alarms.add,
		})
	}
	return nil
}

func (a *Agent) devices(o Options) error {
	for _, d := range a.cfg.Printers {
		driver, err := driverOf(a, "printer", drivers.NewPrinter, d, o)
		if err != nil {
			driver = a.unusable(d.Name, err)
		} else if o.Printers != nil {
			driver = o.Printers(d.Name, driver)
		}
		if d.Name == a.cfg.Shipping.Printer {
			a.labeller = a.newLabeller(d, driver)
			continue
		}
		a.printers[d.Name] = newPrinter(a.device("printer", d), driver)
	}
	for _, d := range a.cfg.Scanners {
		driver, err := driverOf(a, "scanner", drivers.NewScanner, d, o)
		if err != nil {
			return fmt.Errorf("scanner %s: %w", d.Name, err)
		}
		if o.Scanners != nil {
			driver = o.Scanners(d.Name, driver)
		}
		a.scanners[d.Name] = &scanner{device: a.device("scanner", d), driver: driver,
			onState: func(line.ScannerState) {}, onRead: func(line.Scan) {}}
	}
	for _, d := range a.cfg.PLCs {
		driver, err := driverOf(a, "plc", drivers.NewPLC, d, o)
		if err != nil {
			return fmt.Errorf("plc %s: %w", d.Name, err)
		}
		if o.PLCs != nil {
			driver = o.PLCs(d.Name, driver)
		}
		p := newPLC(a.device("plc", d), driver)
		p.alarm = func(text string) { a.alarms.add(d.Name, text) }
		p.alive = func() bool { return a.alive(p.lines) }
		a.plcs[d.Name] = p
	}
	return nil
}

// Alive says whether there is progress: the ledger takes writes and all stations work.
func (a *Agent) Alive() bool { return a.alive(nil) }

// alive is what a PLC's beat stands for: the ledger takes writes and all stations of its lines work. The beat of
// a PLC that no line names stands for all of them.
func (a *Agent) alive(lines []*line.Line) bool {
	if a.ledger.Fault() != nil {
		return false
	}
	if len(lines) == 0 {
		lines = a.lines
	}
	now := time.Now()
	for _, l := range lines {
		if !l.Alive(now) {
			return false
		}
	}
	return true
}

// Run works until ctx ends, then lets every part finish what it has begun. It fails at once
// when the page's port is taken.
func (a *Agent) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	if address := a.cfg.HTTP.Listen; address != "" && !a.noPage {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("opening the page's port: %w", err)
		}
		a.log.Info("the page is up", "url", "http://"+l.Addr().String()+"/")
		wg.Go(func() {
			a.part(ctx, "the page", func(ctx context.Context) error { return web.ServeHandler(ctx, l, nil, a.handler) })
		})
	}
	for _, l := range a.lines {
		wg.Go(func() { l.Run(ctx) })
	}
	if a.ledger.Copy() == nil { // else the old PC may be ordering, taking and sending the same
		for _, k := range a.keepers {
			wg.Go(func() { a.part(ctx, "supply of "+k.Product.Name, k.Run) })
		}
		wg.Go(func() { a.part(ctx, "reports", a.desk.Run) })
		wg.Go(func() { a.part(ctx, "backups", a.backups.run) })
		if a.cfg.Archive.AfterDays > 0 {
			wg.Go(func() { a.part(ctx, "the archive", a.archive) })
		}
	}
	a.runShipping(ctx, &wg)
	wg.Go(func() { a.measure(ctx) })
	wg.Go(func() { a.part(ctx, "the lines' trends", a.watchTrends) })
	wg.Go(func() { a.disk.run(ctx) })
	wg.Go(func() { a.checkFile(ctx) })
	if a.broker != nil {
		wg.Go(func() { a.part(ctx, "telling the MQTT broker", a.broker.run) })
	}
	wg.Go(func() { a.part(ctx, "the watch over the national system", a.national.watch) })
	for _, p := range a.printers {
		wg.Go(func() {
			defer a.lastWords(p.name)
			p.run(ctx)
		})
	}
	for _, s := range a.scanners {
		wg.Go(func() {
			defer a.lastWords(s.name)
			s.run(ctx)
		})
	}
	for _, p := range a.plcs {
		wg.Go(func() {
			defer a.lastWords(p.name)
			p.run(ctx)
		})
	}
	wg.Wait()
	return nil
}

// checkFile looks once for damage in the ledger's file. What it finds stops the printers.
func (a *Agent) checkFile(ctx context.Context) {
	if err := a.ledger.CheckFile(ctx); err != nil && ctx.Err() == nil {
		a.alarms.add("agent", err.Error())
	}
}

// part runs what ends only with ctx; another end is a fault that people must see.
func (a *Agent) part(ctx context.Context, name string, run func(context.Context) error) {
	defer a.lastWords(name)
	if err := run(ctx); err != nil && ctx.Err() == nil {
		a.alarms.add("agent", name+" has ended: "+err.Error())
		a.rec.Mark(record.MarkDeath, name, "has ended: "+err.Error())
	}
}

// Flush lets all due reports go at once, whatever their interval.
func (a *Agent) Flush(on bool) { a.desk.Flush(on) }

// Settled says whether no report is due or open: the national system knows all there is.
func (a *Agent) Settled(ctx context.Context) bool {
	settled, err := a.desk.Settled(ctx)
	return err == nil && settled
}
