package commission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/config"
)

const (
	probeWithin = 15 * time.Second // a device must answer in this time
	probeReads  = 20
	probePulls  = 5
)

// probe tries each device of a line alone. What it measures and what fails goes into the sheet.
func (s *Sheet) probe(ctx context.Context, cfg *config.Config, p *private, tell Tell) {
	for _, d := range p.cfg.Printers {
		real, _ := cfg.Printer(d.Name)
		s.try(ctx, tell, "printer", real, func(ctx context.Context) error { return s.probePrinter(ctx, cfg, real) })
	}
	for _, d := range p.cfg.Scanners {
		real, _ := cfg.Scanner(d.Name)
		s.try(ctx, tell, "scanner", real, func(ctx context.Context) error { return s.probeScanner(ctx, cfg, real) })
	}
	for _, d := range p.cfg.PLCs {
		real, _ := cfg.PLC(d.Name)
		s.try(ctx, tell, "PLC", real, func(ctx context.Context) error { return s.probePLC(ctx, cfg, real, p.line) })
	}
}

func (s *Sheet) try(ctx context.Context, tell Tell, kind string, d config.Device, probe func(context.Context) error) {
	ctx, end := context.WithTimeout(ctx, probeWithin)
	defer end()
	word := "ok"
	if err := probe(ctx); err != nil {
		word = err.Error()
		s.fail("%s %s: %v", kind, d.Name, err)
	}
	s.Devices = append(s.Devices, fmt.Sprintf("%s %s, driver %s, %s: %s", kind, d.Name, d.Driver, d.Address, word))
	tell("-- %s %s: %s", kind, d.Name, word)
}

func (s *Sheet) probePrinter(ctx context.Context, cfg *config.Config, d config.Device) error {
	driver, err := drivers.NewPrinter(d.Driver, cfg.DeviceSettings(d))
	if err != nil {
		return err
	}
	began := time.Now()
	session, err := driver.Open(ctx)
	if err != nil {
		return err
	}
	s.measure(d.Name+": from nothing to ready", Spread{time.Since(began)})
	return session.Close()
}

func (s *Sheet) probeScanner(ctx context.Context, cfg *config.Config, d config.Device) error {
	settings := cfg.DeviceSettings(d)
	settings.Dial = link.Dial
	driver, err := drivers.NewScanner(d.Driver, settings)
	if err != nil {
		return err
	}
	session, err := driver.Open(ctx)
	if err != nil {
		return err
	}
	trigger, ok := session.(drivers.Triggerer)
	if !ok {
		return session.Close()
	}
	var took Spread
	for range probePulls {
		began := time.Now()
		if err := trigger.Trigger(ctx); err != nil {
			return errors.Join(err, session.Close())
		}
		within, end := context.WithTimeout(ctx, triggerAgain)
		_, err := session.Next(within)
		end()
		if err != nil && within.Err() == nil {
			return errors.Join(err, session.Close())
		}
		if err == nil {
			took = append(took, time.Since(began))
		}
	}
	s.measure(d.Name+": from trigger to reading", took)
	return session.Close()
}

func (s *Sheet) probePLC(ctx context.Context, cfg *config.Config, d config.Device, l config.Line) error {
	driver, err := drivers.NewPLC(d.Driver, cfg.DeviceSettings(d))
	if err != nil {
		return err
	}
	session, err := driver.Open(ctx)
	if err != nil {
		return err
	}
	var reads Spread
	for range probeReads {
		began := time.Now()
		if _, err := session.Read(ctx); err != nil {
			return errors.Join(err, session.Close())
		}
		reads = append(reads, time.Since(began))
	}
	s.measure(d.Name+": one read of all points", reads)
	for _, st := range l.Stations {
		if name, output, ok := config.SplitPoint(st.Reject); ok && name == d.Name && st.Request == "" {
			if err := s.probeReject(ctx, session, d.Name, output, st.Pulse); err != nil {
				return errors.Join(err, session.Close())
			}
		}
	}
	return session.Close()
}

// probeReject pulses the rejector once, and looks whether the output follows.
func (s *Sheet) probeReject(ctx context.Context, session drivers.PLCSession, name, output string, pulse time.Duration) error {
	began := time.Now()
	if err := session.Write(ctx, output, 1); err != nil {
		return err
	}
	took := time.Since(began)
	values, err := session.Read(ctx)
	back := time.Since(began)
	sleep(ctx, pulse-back)
	err = errors.Join(err, session.Write(context.WithoutCancel(ctx), output, 0))
	if err != nil {
		return err
	}
	s.measure(name+": output "+output+" written and taken", Spread{took})
	if values[output] == 1 {
		s.measure(name+": output "+output+" written and read back", Spread{back})
	} else {
		s.Notes = append(s.Notes, fmt.Sprintf("PLC %s takes %s back at once: what it does with it cannot be read back", name, output))
	}
	return nil
}
