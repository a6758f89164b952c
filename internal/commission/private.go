package commission

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

// batchName is the batch of a run; it stands on its labels.
const batchName = "COMMISSIONING"

// private is a line as it is configured, with nothing of the plant's own but its devices: codes of
// nobody's, a ledger of its own, no page and no national system.
type private struct {
	cfg      *config.Config
	line     config.Line
	record   *record
	labels   map[string][]planned // by product that a station of the line prints
	bears    map[code.Code]code.Code
	counts   map[code.Code]bool // by claimed code: the labels that are judged
	products map[string]ledger.Product
	stock    map[string][]code.Code
}

// errNational is what everything gets that would call the national system.
var errNational = errors.New("a commissioning run calls no national system")

func noNational(context.Context, string, string) (net.Conn, error) { return nil, errNational }

// newPrivate makes the private line with its ledger's folder.
func newPrivate(cfg *config.Config, l config.Line, dir string, o LineOptions) (*private, error) {
	c := *cfg
	c.Agent.DataDir, c.HTTP.Listen = dir, ""
	if c.OnSmartOne() { // which one it is does not matter: nobody is called
		c.IZKM = config.IZKM{OMSID: "00000000-0000-0000-0000-000000000000", ClientToken: c.SmartOne.Password, Group: c.SmartOne.Group, Timeout: c.SmartOne.Timeout, Rate: 1}
		c.SmartOne = config.SmartOne{}
	}
	c.IZKM.URL, c.IZKM.CAFile, c.IZKM.ClientCert, c.IZKM.ClientKey = "https://127.0.0.1:9", "", "", ""
	const never = 1000 * time.Hour
	c.Report.Utilisation.Every, c.Report.Aggregation.Every = never, never
	now := time.Now()
	l.Batch, l.Series = batchName, "TEST"
	l.ProductionDate, l.ExpirationDate = now.Format(time.RFC3339), now.AddDate(1, 0, 0).Format(time.RFC3339)
	l.Stations = slices.Clone(l.Stations)
	p := &private{cfg: &c, record: &record{up: map[string]bool{}}, labels: map[string][]planned{}, bears: map[code.Code]code.Code{}, counts: map[code.Code]bool{},
		products: map[string]ledger.Product{}, stock: map[string][]code.Code{}}
	for i := range l.Stations {
		if l.Stations[i].SSCCPrefix != "" {
			l.Stations[i].SSCCPrefix = "0000000000"
		}
	}
	p.line, c.Lines = l, []config.Line{l}
	if err := p.codes(cfg, o); err != nil {
		return nil, err
	}
	p.devices(cfg)
	p.record.points = p.points()
	return p, nil
}

// codes gives every product of the line a GTIN of nobody's, and decides the codes of the run.
func (p *private) codes(cfg *config.Config, o LineOptions) error {
	p.cfg.Products = nil
	for i, product := range cfg.Products {
		gtin, err := nobodys(i)
		if err != nil {
			return err
		}
		product.GTIN, product.LowWater, product.Cover = gtin, 0, 0 // it orders nothing
		p.cfg.Products = append(p.cfg.Products, product)
		kept := ledger.Product{Name: product.Name, GTIN: gtin, Group: product.GroupOr(cfg), Type: code.Type(product.CISType), Preprinted: product.Preprinted == config.Yes}
		p.products[product.Name] = kept
		profile, err := cfg.Table.Profile(kept.Group, kept.Type)
		if err != nil {
			return fmt.Errorf("product %s: %w", product.Name, err)
		}
		rng := rand.New(rand.NewPCG(o.Seed, uint64(i)+1))
		for _, s := range p.line.Stations {
			switch {
			case s.Kind == "print" && s.Product == product.Name && len(p.labels[product.Name]) == 0:
				labels := plan(profile, gtin, o.Products, p.slot(), rng)
				p.labels[product.Name] = labels
				for _, l := range labels {
					p.bears[l.claimed] = l.shown
					if !l.tail {
						p.counts[l.claimed] = true
					}
					p.stock[product.Name] = append(p.stock[product.Name], l.claimed)
				}
			case s.Kind == "pack" && s.Unit == product.Name:
				for range (o.Products+tail)/max(1, s.Capacity) + 2 {
					p.stock[product.Name] = append(p.stock[product.Name], seeded(profile, gtin, rng))
				}
			}
		}
	}
	if len(p.labels) == 0 {
		return &InputError{fmt.Errorf("line %s prints nothing: there is nothing to mark its products with", p.line.Name)}
	}
	return nil
}

// usualSlot is how many labels hold one bad one.
const usualSlot = 10

// slot keeps the bad labels below what stops the line.
func (p *private) slot() int {
	slot := usualSlot
	for _, s := range p.line.Stations {
		if s.StopShare > 1 {
			slot = max(slot, s.StopOf/(s.StopShare-1)+1)
		}
	}
	return slot
}

// devices leaves the devices of the line alone.
func (p *private) devices(cfg *config.Config) {
	used := map[string]bool{}
	for _, s := range p.line.Stations {
		used["printer "+s.Printer], used["scanner "+s.Scanner], used["scanner "+s.Check] = true, true, true
		for _, ref := range []string{s.Reject, s.Confirm, s.Stop, s.Request, s.Verdict, s.Acknowledge, s.Refused, s.Accepted} {
			if name, _, ok := config.SplitPoint(ref); ok {
				used["plc "+name] = true
			}
		}
	}
	behind := func(kind string, all []config.Device) (kept []config.Device) {
		for _, d := range all {
			if !used[kind+" "+d.Name] {
				continue
			}
			kept = append(kept, d)
		}
		return kept
	}
	p.cfg.Printers, p.cfg.Scanners, p.cfg.PLCs = behind("printer", cfg.Printers), behind("scanner", cfg.Scanners), behind("plc", cfg.PLCs)
}

// options are those of the run's agent: every device has a tap before it, and there is no national system.
func (p *private) options() agent.Options {
	shown := func(c code.Code) code.Code {
		if other, ok := p.bears[c]; ok {
			return other
		}
		return c
	}
	return agent.Options{
		Log: slog.New(slog.DiscardHandler), DialContext: noNational,
		Printers: func(name string, d drivers.Printer) drivers.Printer {
			return &tapPrinter{d, &tap{p.record, name, shown}, 0}
		},
		Scanners: func(name string, d drivers.Scanner) drivers.Scanner {
			return &tapScanner{d, &tap{p.record, name, nil}}
		},
		PLCs: func(name string, d drivers.PLC) drivers.PLC { return &tapPLC{d, &tap{p.record, name, nil}} },
	}
}

// stockUp puts the codes into the private ledger.
func (p *private) stockUp(ctx context.Context) (err error) {
	l, err := ledger.Open(ctx, p.cfg.Agent.DataDir, ledger.Options{Agent: p.cfg.Agent.Name})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	for name, codes := range p.stock {
		product := p.products[name]
		id, err := l.Product(ctx, product)
		if err != nil {
			return err
		}
		profile, err := p.cfg.Table.Profile(product.Group, product.Type)
		if err != nil {
			return err
		}
		_, err = l.Import(ctx, id, profile, "codes of nobody's", func(add func(code.Code) error) error {
			for _, c := range codes {
				if err := add(c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("stocking codes of nobody's: %w", err)
		}
	}
	return nil
}
