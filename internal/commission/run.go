package commission

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"linemark/drivers"
	"linemark/internal/agent"
	"linemark/internal/config"
)

// LineOptions say how a line is tried out.
type LineOptions struct {
	Products int           // labels that are printed, one for each product that is to pass
	Seed     uint64        // decides the codes, and which are bad
	For      time.Duration // it ends then at the latest
	Idle     time.Duration // and when all is printed and nothing was read for so long; 0: a while
	Speed    float64       // products a second that the line is to run at; 0: not said
	Tell     Tell
}

// usualIdle is how long the last products may take from the printer to the camera.
const usualIdle = 15 * time.Second

// TestLine tries the devices of a line, then lets products with codes of nobody's pass its stations,
// and returns the acceptance sheet. An end of ctx ends the run early; the sheet says so. What goes
// wrong at the line stands in the sheet; an error says that the run could not be made.
func TestLine(ctx context.Context, cfg *config.Config, l config.Line, o LineOptions) (sheet *Sheet, err error) {
	if err := free(cfg); err != nil {
		return nil, err
	}
	if o.Idle == 0 {
		o.Idle = usualIdle
	}
	dir, err := os.MkdirTemp("", "linemark-commissioning-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	p, err := newPrivate(cfg, l, dir, o)
	if err != nil {
		return nil, err
	}
	sheet = newSheet(cfg, p, o)
	if sheet.probe(ctx, cfg, p, o.Tell); len(sheet.Failures) > 0 {
		return sheet, nil // products would pass unseen
	}
	if err := p.stockUp(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	alarms, err := p.run(ctx, o)
	if err != nil {
		return nil, err
	}
	sheet.judge(p, alarms)
	if err := p.empty(context.WithoutCancel(ctx), cfg); err != nil {
		sheet.fail("%v: empty it by hand", err)
	}
	return sheet, nil
}

// run lets the line work until its products have passed.
func (p *private) run(ctx context.Context, o LineOptions) (alarms []agent.Alarm, err error) {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	a, err := agent.New(work, p.cfg, p.options())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ended := make(chan error, 1)
	go func() { ended <- a.Run(work) }()
	o.Tell("-- let products pass until this ends: the first %d are judged, those behind them get labels of nobody's too; Ctrl-C ends it early", p.total())
	shift, end := context.WithTimeout(ctx, o.For)
	defer end()
	p.wait(shift, a, o)
	p.settle(work)
	s, err := a.Status(work)
	p.record.note(func() { p.record.over = true })
	stop()
	return s.Alarms, errors.Join(err, <-ended)
}

// empty leaves no label of nobody's in a printer: a session begins with an empty one.
func (p *private) empty(ctx context.Context, cfg *config.Config) error {
	var errs []error
	for _, d := range p.cfg.Printers {
		d, _ := cfg.Printer(d.Name)
		driver, err := drivers.NewPrinter(d.Driver, cfg.DeviceSettings(d))
		if err != nil {
			return err
		}
		ctx, end := context.WithTimeout(ctx, probeWithin)
		session, err := driver.Open(ctx)
		if err == nil {
			err = session.Close()
		}
		end()
		if err != nil {
			errs = append(errs, fmt.Errorf("printer %s may hold labels of nobody's: %w", d.Name, err))
		}
	}
	return errors.Join(errs...)
}

// total is how many labels are judged.
func (p *private) total() int { return len(p.counts) }

// wait returns when all products have passed, or nothing more comes.
func (p *private) wait(ctx context.Context, a *agent.Agent, o LineOptions) {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	said, moved, told := "", time.Now(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		r := p.record.copy()
		line := p.progress(r)
		if line != said {
			moved, said = time.Now(), line
		}
		switch {
		case p.passed(r):
			o.Tell("   %s", line)
			return
		case p.given(r) == p.total() && time.Since(moved) > o.Idle:
			o.Tell("   %s; nothing more comes", line)
			return
		case time.Since(told) > 2*time.Second:
			told = time.Now()
			if time.Since(moved) > 2*time.Second {
				line += waits(ctx, a)
			}
			o.Tell("   %s", line)
		}
	}
}

func (p *private) progress(r *record) string {
	line := fmt.Sprintf("%d of %d labels given to the printer", p.given(r), p.total())
	for _, s := range p.line.Stations {
		if s.Kind == "verify" {
			line += fmt.Sprintf(", %d readings at %s", len(r.of(s.Scanner)), s.Name)
		}
	}
	return line
}

// waits says what the stations wait for.
func waits(ctx context.Context, a *agent.Agent) (text string) {
	s, err := a.Status(ctx)
	if err != nil {
		return ""
	}
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			if st.State != "running" && st.Kind != "pack" {
				text += fmt.Sprintf("; %s is %s: %s", st.Name, st.State, st.Why)
			}
		}
	}
	return text
}

// given is how many of the labels that are judged the printers have.
func (p *private) given(r *record) (n int) {
	for _, s := range r.sent {
		if p.counts[s.claimed] {
			n++
		}
	}
	return n
}

// passed says whether every label was read at the last station that reads each product.
func (p *private) passed(r *record) bool {
	last := ""
	for _, s := range p.line.Stations {
		if s.Kind == "verify" {
			last = s.Scanner
		}
	}
	if last == "" {
		n := 0
		for _, s := range r.sent {
			if p.counts[s.claimed] && !r.printedAt(s).IsZero() {
				n++
			}
		}
		return n == p.total()
	}
	left := map[string]int{}
	for _, labels := range p.labels {
		for _, l := range labels {
			if !l.tail {
				left[string(l.shown)]++
			}
		}
	}
	for _, s := range r.of(last) {
		if left[string(s.scan.Code)]--; left[string(s.scan.Code)] <= 0 {
			delete(left, string(s.scan.Code))
		}
	}
	return len(left) == 0
}

// verdictWithin is how long the last verdict may take, where no counter confirms a rejection.
const verdictWithin = 300 * time.Millisecond

// settle gives the last rejections the time that they may take.
func (p *private) settle(ctx context.Context) {
	sleep(ctx, verdictWithin)
	for began := time.Now(); p.owed(time.Since(began)); {
		sleep(ctx, 20*time.Millisecond)
	}
}

// owed says whether a rejection may still be counted after so long.
func (p *private) owed(waited time.Duration) bool {
	r := p.record.copy()
	for _, s := range p.line.Stations {
		if s.Kind != "verify" || s.Confirm == "" || waited > s.Within {
			continue
		}
		for _, v := range verdicts(r, s, p.printedOrder(r)) {
			if v.rejected && v.counted.IsZero() {
				return true
			}
		}
	}
	return false
}

// of returns the readings of one scanner.
func (r *record) of(scanner string) (all []scanned) {
	for _, s := range r.scanned {
		if s.scanner == scanner {
			all = append(all, s)
		}
	}
	return all
}

// printedAt is when the printer said that it has printed a label; zero: it has not.
func (r *record) printedAt(s sent) time.Time {
	for _, p := range r.printed {
		if p.printer == s.printer && p.session == s.session && p.count >= s.n {
			return p.at
		}
	}
	return time.Time{}
}
