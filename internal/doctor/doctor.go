// Package doctor looks over a line PC: what keeps linemark from working here, or will, and what to do about
// it. It changes nothing, and works beside a running agent or without one.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
)

// Level says how a finding is to be taken.
type Level string

// The levels.
const (
	Good Level = "good"
	Warn Level = "warning" // it works, and may not for long
	Bad  Level = "bad"     // it does not work
)

// Finding is what one look has shown.
type Finding struct {
	Subject string `json:"subject"`
	Level   Level  `json:"level"`
	Says    string `json:"says"`
	Do      string `json:"do,omitempty"` // what a person can do
}

// Patient is what is looked over.
type Patient struct {
	Config string // path of the configuration
	// Status asks the running agent; an error says that none answers.
	Status func(context.Context, *config.Config) (agent.Status, error)
	// Reach tries a device's address; see config.Reachable.
	Reach func(ctx context.Context, address string) error
	// Service tells of the service that starts the agent; nil: not asked.
	Service func() []Finding
	Now     func() time.Time // nil: time.Now
}

// Look makes all looks and returns what they show, in the order in which things depend on each other.
func Look(ctx context.Context, p Patient) []Finding {
	if p.Now == nil {
		p.Now = time.Now
	}
	e := &examination{Patient: p}
	cfg := e.configuration()
	if p.Service != nil {
		e.found = append(e.found, p.Service()...)
	}
	if cfg == nil {
		return e.found
	}
	status, err := p.Status(ctx, cfg)
	running := err == nil
	e.program(status, err)
	e.disk(cfg)
	e.clock()
	e.ledger(ctx, cfg, status, running)
	if running && len(status.Degraded) == 0 {
		e.asTheAgentSays(status)
		return e.found
	}
	e.page(cfg, running)
	e.nationalSystem(ctx, cfg)
	e.devices(ctx, cfg)
	return e.found
}

// Worst is the worst level of all.
func Worst(all []Finding) Level {
	worst := Good
	for _, f := range all {
		if f.Level == Bad || f.Level == Warn && worst == Good {
			worst = f.Level
		}
	}
	return worst
}

type examination struct {
	Patient
	found []Finding
}

func (e *examination) good(subject, format string, args ...any) {
	e.found = append(e.found, Finding{Subject: subject, Level: Good, Says: fmt.Sprintf(format, args...)})
}

func (e *examination) find(level Level, subject, says, do string) {
	e.found = append(e.found, Finding{Subject: subject, Level: level, Says: says, Do: do})
}

// configuration returns nil when too little of the file can be read to look further.
func (e *examination) configuration() *config.Config {
	cfg, err := config.Load(e.Config)
	problems, _ := errors.AsType[config.Problems](err)
	for _, p := range problems {
		level := Bad
		if p.Printer != "" {
			level = Warn // its station stands, the rest runs
		}
		e.find(level, "configuration", fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Key, p.What), p.Hint)
	}
	if err == nil {
		e.good("configuration", "%s is good. Lines: %d, products: %d, devices: %d", e.Config, len(cfg.Lines), len(cfg.Products), len(cfg.Printers)+len(cfg.Scanners)+len(cfg.PLCs))
	}
	if cfg.Agent.DataDir == "" {
		return nil
	}
	return cfg
}

// program tells of the agent that runs, or that none does.
func (e *examination) program(s agent.Status, err error) {
	switch {
	case err != nil:
		e.find(Warn, "agent", "none answers: "+err.Error(), "start it with linemark service start, or linemark run; what follows was tried without it")
	case len(s.Degraded) > 0:
		for _, why := range s.Degraded {
			e.find(Bad, "agent", "it is up, and nothing runs: "+why, "")
		}
	default:
		e.good("agent", "%s is up since %s", s.Agent, s.Started.Local().Format("2006-01-02 15:04:05"))
	}
	if err != nil || s.Config == nil || s.Config.Changed == nil {
		return
	}
	if len(s.Config.Problems) > 0 {
		e.find(Warn, "configuration", s.Config.File+" was changed and cannot be taken over", "correct what is said of it above, then linemark reload")
		return
	}
	e.find(Warn, "configuration", s.Config.File+" was changed and is not in force", "linemark reload takes it over: the lines start anew")
}

// asTheAgentSays repeats what the agent sees of the world around it.
func (e *examination) asTheAgentSays(s agent.Status) {
	n := s.National
	switch {
	case !n.OK:
		e.find(Warn, "national system", "no answer since "+n.Since.Local().Format("2006-01-02 15:04:05")+": "+n.Error, "the lines go on from the stock; see the network and the access in the cabinet")
	default:
		e.good("national system", "answers since %s", n.Since.Local().Format("2006-01-02 15:04:05"))
	}
	if n.Skew != nil {
		e.skew(time.Duration(*n.Skew) * time.Second)
	}
	if n.Certificate != nil && n.Certificate.Before(e.Now().AddDate(0, 1, 0)) {
		e.find(Warn, "national system", "this PC's certificate ends on "+n.Certificate.Local().Format(time.DateOnly), "ask for the next one, and set [izkm] client_cert and client_key")
	}
	for _, d := range s.Devices {
		subject := d.Kind + " " + d.Name
		if d.Up {
			e.good(subject, "%s is connected", d.Address)
			continue
		}
		e.find(Bad, subject, d.Address+": "+d.Error, "see that it is on and its cable in, and compare the address with the device's own settings; linemark test "+d.Kind+" "+d.Name+" shows every byte while the agent is stopped")
	}
	for _, p := range s.Products {
		if p.HoursLeft != nil && *p.HoursLeft < 8 {
			e.find(Warn, "stock of "+p.Name, fmt.Sprintf("lasts %.1f hours, and waits for %s", *p.HoursLeft, p.Doing), cmp.Or(p.Trouble, "to have more at this speed, raise low_water and order_quantity of the product, or set its cover"))
		}
	}
	if s.Reports.Trouble != "" {
		e.find(Warn, "reports", s.Reports.Trouble, "linemark reports list")
	}
}
