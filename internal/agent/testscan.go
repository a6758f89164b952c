package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/reading"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/line"
	"linemark/internal/record"
	"linemark/internal/web"
)

// testReading is how long a test waits for a reading.
const testReading = 20 * time.Second

// TestScan has a scanner read, where its driver can and no line that it belongs to is marking, else it waits for
// the next reading: a trigger between products would look like one of them. Nothing is hidden from the stations:
// they get this reading as any other, and a check station rejects what it cannot account for (P6). An error is a
// *web.DeviceError.
func (a *Agent) TestScan(ctx context.Context, name string) (web.Reading, error) {
	s := a.scanners[name]
	if s == nil {
		return web.Reading{}, a.noDevice("scanner", name)
	}
	if !s.trying.TryLock() {
		return web.Reading{}, trouble(web.NotNow, "somebody else waits for a reading of "+name, "wait for it")
	}
	defer s.trying.Unlock()
	session, next := s.listen()
	if session == nil {
		return web.Reading{}, trouble(web.NotNow, fmt.Sprintf("scanner %s is down: %s", name, s.Status().Error), "see that it is on, and that the address is its own")
	}
	within, cancel := context.WithTimeout(ctx, testReading)
	defer cancel()
	r := web.Reading{Told: []string{}, Elements: []web.Element{}}
	waits := true
	for _, of := range stationsOf(a.cfg, func(s config.Station) bool { return s.Scanner == name || s.Check == name }) {
		r.Told = append(r.Told, of.String())
		for _, l := range a.lines {
			waits = waits && (l.Name() != of.line || l.Waits())
		}
	}
	trigger, can := session.(drivers.Triggerer)
	if r.Triggered = can && waits; r.Triggered {
		if err := trigger.Trigger(within); err != nil {
			return web.Reading{}, trouble(web.DeviceFailed, fmt.Sprintf("scanner %s was not triggered: %v", name, err), "see the address and the cable, and that the reader takes this trigger")
		}
	}
	select {
	case scan := <-next:
		r.At = time.Now()
		err := a.understand(ctx, &r, scan)
		return r, err
	case <-within.Done():
	}
	if ctx.Err() != nil {
		return web.Reading{}, trouble(web.DeviceFailed, fmt.Sprintf("scanner %s has read nothing yet: %v", name, ctx.Err()), "")
	}
	hint := "hold a code under it, or let a product pass"
	if r.Triggered {
		hint = "it was triggered and said nothing: set it to send a text when it finds no code, and name it in no_read"
	}
	return web.Reading{}, trouble(web.DeviceFailed, fmt.Sprintf("scanner %s has read nothing in %s", name, testReading), hint)
}

// understand tells what a reading is.
func (a *Agent) understand(ctx context.Context, r *web.Reading, s drivers.Scan) error {
	c := code.Code(s.Code)
	r.Bytes, r.NoRead, r.Bad, r.AIM, r.Grade, r.Place, r.More = record.Visible(s.Raw), s.NoRead, s.Bad, s.AIM, s.Grade, s.Place, s.More
	r.Symbol, _, _ = reading.Symbology(s.AIM)
	if s.NoRead || s.Bad != "" {
		return nil
	}
	r.Code = code.Visible(c)
	r.Test = a.ofTest(c)
	elements, fault := a.elements(c)
	for _, e := range elements {
		ai, _ := code.LookupAI(e.AI)
		r.Elements = append(r.Elements, web.Element{AI: e.AI, Title: ai.Title, Value: code.Visible(code.Code(e.Value))})
	}
	if fault != nil {
		r.Fault = fault.Error()
	}
	life, err := a.ledger.Trace(ctx, c)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return trouble(web.DeviceFailed, "the code was read, and the ledger does not say what it is: "+err.Error(), "")
	}
	shown := web.LifeOf(life)
	r.Known = &web.KnownCode{State: shown.State, Product: shown.Product, Line: shown.Line, Batch: shown.Batch, Whole: life.Code == c}
	if n := len(life.Journal); n > 0 {
		r.Known.Place, r.Known.Cause = life.Journal[n-1].Place, life.Journal[n-1].Cause
	}
	return nil
}

// elements takes a code apart: as GS1 does, else as the codes of a product are made.
func (a *Agent) elements(c code.Code) ([]code.Element, error) {
	elements, fault := code.ParseElements(c)
	if fault == nil {
		return elements, nil
	}
	for _, p := range a.products {
		if profile, ok := a.profile(p); ok {
			if parts, err := profile.Parse(c); err == nil && parts.GTIN == p.GTIN && len(parts.Warnings) == 0 {
				return parts.Elements(), nil
			}
		}
	}
	return elements, fault
}

func (a *Agent) profile(p line.Product) (code.Profile, bool) {
	profile, err := a.cfg.Table.Profile(p.Group, p.Type)
	return profile, err == nil
}

// ofTest says whether a code is that of a test label.
func (a *Agent) ofTest(c code.Code) bool {
	for _, p := range a.products {
		if profile, ok := a.profile(p); ok && c == code.Samples(profile, nobody)[0] {
			return true
		}
	}
	none, err := code.SSCC("0000000000", 0)
	return err == nil && c == none
}
