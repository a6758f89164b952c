package line

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
)

// Config describes a line to New. The stations stand in the order in which products pass them.
type Config struct {
	Name     string // productionLineId in reports
	Batch    string
	Groups   code.Table // the standard one, or what the site has changed it to
	Ledger   *ledger.Ledger
	Log      *slog.Logger
	Alarm    func(place, text string)
	Tape     func(place string, o Origin, s Station) Tape // what each station does is taken down; nil: it is not
	Hold     func() error                                 // why no code may be taken for printing now; nil: nothing ever holds
	Timing   func(station string, kind Kind) Timing       // takes down how long things take; nil: nobody does
	Stations []StationConfig

	CountLimit     int  // see AccountConfig.Limit
	CountsProducts bool // the PLC counts the products, and CountProducts is told of each
}

// StationConfig describes one station. Which fields count depends on Kind.
type StationConfig struct {
	Name    string
	Kind    Kind
	Product Product // print, or the first station of a line that prints nothing; the stations behind inherit it

	Printer PrintPort // print; pack: nil when no label is printed
	Ahead   int
	Alone   bool // see PrintConfig
	Silent  bool // see PrintConfig
	// CheckLabel returns why a label could not be made; nil: not known before it is sent.
	CheckLabel func(Label) error

	Signals     SignalPort
	Reject      string
	Stop        string
	Pulse       time.Duration
	StopAfter   int
	SilentAfter int
	Within      time.Duration
	Window      int
	HealAfter   int
	StopShare   int
	StopOf      int
	Grade       float64
	PlainSymbol bool // a code in a symbol that is no GS1 symbol passes
	Match       time.Duration
	Answer      AnswerPoints

	Of          string
	Capacity    int
	Unit        Product // pack: the GROUP product, or none with an SSCCPrefix
	SSCCPrefix  string
	Check       bool
	CheckWithin time.Duration
	PackSettings
	HandheldSettings
}

// AnswerPoints are the PLC's outputs that take the verdict on a product, see handshake.
type AnswerPoints struct {
	Verdict, Acknowledge   string
	GoodValue, RejectValue uint64
}

// Kind is what a station does.
type Kind string

// The kinds of stations.
const (
	KindPrint  Kind = "print"
	KindVerify Kind = "verify"
	KindPack   Kind = "pack"
	KindDrop   Kind = "drop"
	KindRework Kind = "rework"
)

// Product is a product as the ledger knows it.
type Product struct {
	ID ledger.ProductID
	ledger.Product
}

// Line is a running or ready production line.
type Line struct {
	cfg     Config
	places  []*place
	byName  map[string]*place
	mu      sync.Mutex
	permit  *Permit // as last told to the print stations
	permits map[string]Permit
	handed  *handed // nil: nothing is printed
	counting
}

// New puts a line together. It touches the ledger (its lots must exist) and nothing else.
func New(ctx context.Context, c Config) (*Line, error) {
	l := &Line{cfg: c, byName: map[string]*place{}, permits: map[string]Permit{}}
	var unit Product
	var check *place
	if slices.ContainsFunc(c.Stations, func(s StationConfig) bool { return s.Kind == KindPrint }) {
		l.handed = newHanded()
	}
	for _, s := range c.Stations {
		if s.Product.ID != 0 {
			unit = s.Product
		}
		p, err := l.place(ctx, s, unit)
		if err != nil {
			return nil, fmt.Errorf("station %s/%s: %w", c.Name, s.Name, err)
		}
		if s.Kind == KindVerify {
			check = p
		} else if !s.Kind.handheld() {
			p.check = check
		}
		l.places = append(l.places, p)
		l.byName[s.Name] = p
	}
	for _, s := range c.Stations {
		p := l.byName[s.Name]
		p.tellSeen = func(claim int64) {
			for i, to := range l.places {
				if c.Stations[i].Kind == KindPrint {
					to.post(context.WithoutCancel(ctx), Seen{Claim: claim})
				}
			}
		}
		p.tellGiven = func(claims []int64) {
			for i, to := range l.places {
				if c.Stations[i].Kind == KindVerify {
					to.post(context.WithoutCancel(ctx), Given{Claims: claims})
				}
			}
		}
		p.announce = func(ledger.ContainerID) {}
		for _, behind := range c.Stations {
			if behind.Of == s.Name && behind.Mode != ModeHand { // a person brings them there
				to := l.byName[behind.Name]
				p.announce = func(id ledger.ContainerID) { to.post(context.WithoutCancel(ctx), Packed{Container: id}) }
			}
		}
	}
	return l, nil
}

func (l *Line) place(ctx context.Context, s StationConfig, unit Product) (*place, error) {
	p := &place{name: l.cfg.Name + "/" + s.Name, ledger: l.cfg.Ledger, log: l.cfg.Log, alarm: l.cfg.Alarm, inbox: make(chan letter, 256), gone: make(chan struct{}), born: time.Now(), moved: make(chan struct{}, 1),
		printer: s.Printer, signals: s.Signals, reject: s.Reject, stop: s.Stop, pulse: s.Pulse, checkLabel: s.CheckLabel, hold: l.cfg.Hold, answer: s.Answer, sscc: s.SSCCPrefix}
	var err error
	if s.Kind != KindDrop { // what is withdrawn may be of any product
		if p.profile, err = l.cfg.Groups.Profile(unit.Group, unit.Type); err != nil {
			return nil, err
		}
		p.unit = unit.ID
	}
	switch s.Kind {
	case KindPrint:
		p.origin = Origin{GTIN: unit.GTIN, Profile: p.profile}
		p.station = NewPrint(PrintConfig{Ahead: s.Ahead, Alone: s.Alone, Silent: s.Silent, TellGiven: l.ordered()})
	case KindVerify:
		c := VerifyConfig{TellSeen: l.silent(), StopAfter: s.StopAfter, SilentAfter: s.SilentAfter, Within: s.Within, Window: s.Window, StopShare: s.StopShare, StopOf: s.StopOf,
			Match: s.Match, Quality: Quality{Grade: s.Grade, GS1: p.profile.AIs && !s.PlainSymbol}}
		if l.ordered() {
			c.HealAfter = s.HealAfter
		}
		v := NewVerify(c)
		p.station = v
		l.permits[s.Name] = v.Permit()
		p.after = func() {
			p.owes.Store(v.OwesStop())
			p.row.Store(int64(v.InARow()))
			l.setPermit(s.Name, v.Permit())
		}
	case KindPack:
		if err := l.pack(p, s, unit); err != nil {
			return nil, err
		}
	case KindDrop, KindRework:
		l.handheld(p, s)
	default:
		return nil, fmt.Errorf("no station kind %q", s.Kind)
	}
	if err := p.setBatch(ctx, l.cfg.Name, ledger.Batch{Name: l.cfg.Batch}); err != nil {
		return nil, err
	}
	p.origin.Revive(p.station, p.servingBatch)
	if l.cfg.Timing != nil {
		p.timing = l.cfg.Timing(s.Name, s.Kind)
	}
	if s.Kind == KindPrint || s.Kind == KindVerify {
		p.handed = l.handed
	}
	if told, ok := p.station.(interface{ listen(func(Scan, string)) }); ok {
		told.listen(p.reads.note)
	}
	if l.cfg.Tape != nil {
		p.tape = l.cfg.Tape(p.name, p.origin, p.station)
	}
	p.beat.Store(int64(-time.Hour)) // not alive before its first event
	p.view = p.station.View()
	return p, nil
}

// ordered says whether the products come in the order of one printer's codes.
func (l *Line) ordered() bool {
	printers := 0
	for _, s := range l.cfg.Stations {
		if s.Kind == KindPrint {
			printers++
		}
	}
	return printers == 1
}

// silent says whether a printer of the line tells nothing of what it has printed.
func (l *Line) silent() bool {
	return slices.ContainsFunc(l.cfg.Stations, func(s StationConfig) bool { return s.Kind == KindPrint && s.Silent })
}

// SetBatch makes what is claimed and packed from now on part of a batch. Labels that the printers
// hold already stay in theirs: a scan finds a code by itself, whatever its batch. why, if not empty,
// says why nothing is marked until the next SetBatch. What a bench has open of another batch is set aside.
func (l *Line) SetBatch(ctx context.Context, b ledger.Batch, why string) error {
	for _, p := range l.places {
		if err := p.setBatch(ctx, l.cfg.Name, b); err != nil {
			return fmt.Errorf("batch %s of line %s: %w", b.Name, l.cfg.Name, err)
		}
	}
	l.countBatch(b)
	l.setPermit(batchPermit, Permit{OK: why == "", Why: why})
	return nil
}

// Hold keeps codes from the line's marking printers while why is not empty.
func (l *Line) Hold(why string) { l.setPermit(holdPermit, Permit{OK: why == "", Why: why}) }

// These stand among the stations' permits; no station is called so.
const (
	batchPermit = ""
	holdPermit  = " "
)

// Run works until ctx ends. An event that is being handled is finished first.
func (l *Line) Run(ctx context.Context) {
	var wg sync.WaitGroup
	l.mu.Lock()
	alone := len(l.permits) == 0
	l.mu.Unlock()
	if alone {
		l.tellPermit(ctx, Permit{OK: true})
	}
	for _, p := range l.places {
		wg.Go(func() { p.run(ctx) })
	}
	wg.Go(func() { l.count(ctx) })
	wg.Wait()
}

// Post hands an event to a station.
func (l *Line) Post(ctx context.Context, station string, ev Event) {
	if p := l.byName[station]; p != nil {
		p.post(ctx, ev)
	}
}

// setPermit gathers what the verify stations say. Print stations are told when it changes: they
// mark only while every product would be seen and could be taken off (P6).
func (l *Line) setPermit(station string, permit Permit) {
	l.mu.Lock()
	defer l.mu.Unlock() // until it is told: two stations must not tell theirs in another order
	l.permits[station] = permit
	all := Permit{OK: true}
	for _, s := range l.cfg.Stations {
		if one, ok := l.permits[s.Name]; ok && !one.OK {
			all = one
		}
	}
	for _, person := range []string{batchPermit, holdPermit} { // a person must act, the others come right by themselves
		if one, ok := l.permits[person]; ok && !one.OK {
			all = one
		}
	}
	changed := l.permit == nil || *l.permit != all
	l.permit = &all
	if changed {
		l.tellPermit(context.Background(), all)
	}
}

func (l *Line) tellPermit(ctx context.Context, permit Permit) {
	for i, p := range l.places {
		if l.cfg.Stations[i].Kind == KindPrint {
			p.post(ctx, permit)
		}
	}
}

// StationStatus is how a station stands.
type StationStatus struct {
	Name   string
	Kind   Kind
	InARow int // verify: products in a row that were bad, up to now
	View
}

// Status returns how all stations stand, in their order.
func (l *Line) Status() []StationStatus {
	all := make([]StationStatus, len(l.places))
	for i, p := range l.places {
		p.mu.Lock()
		all[i] = StationStatus{Name: l.cfg.Stations[i].Name, Kind: l.cfg.Stations[i].Kind, InARow: int(p.row.Load()), View: p.view}
		p.mu.Unlock()
	}
	return all
}

// Name returns the line's name.
func (l *Line) Name() string { return l.cfg.Name }

// alive is how long a station may be busy with one event before the line counts as hung.
const alive = time.Second

// Alive says whether every station has taken an event lately and no stop is owed to the PLC: its
// beat depends on it, so that the watchdog holds a line that could not be stopped otherwise.
func (l *Line) Alive(now time.Time) bool {
	for _, p := range l.places {
		if now.Sub(p.born)-time.Duration(p.beat.Load()) > alive || p.owes.Load() {
			return false
		}
	}
	return true
}
