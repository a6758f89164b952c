package commission

import (
	"context"
	"errors"
	"maps"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
)

// tap stands before one device of a run: it passes everything on, and keeps what and when.
type tap struct {
	record *record
	device string                    // its name
	bears  func(code.Code) code.Code // what a label bears in place of a claimed code; nil: as it is
}

type tapPrinter struct {
	drivers.Printer
	tap      *tap
	sessions int
}

func (p *tapPrinter) Open(ctx context.Context) (drivers.PrintSession, error) {
	s, err := p.Printer.Open(ctx)
	p.tap.record.opened(p.tap.device, err)
	if err != nil {
		return nil, err
	}
	p.sessions++
	return &tapPrint{PrintSession: s, tap: p.tap, session: p.sessions}, nil
}

type tapPrint struct {
	drivers.PrintSession
	tap              *tap
	session, n, last int
}

func (s *tapPrint) Send(ctx context.Context, labels []drivers.Label) error {
	given := make([]sent, len(labels))
	changed := make([]drivers.Label, len(labels))
	for i, l := range labels {
		s.n++
		given[i] = sent{printer: s.tap.device, session: s.session, n: s.n, claimed: code.Code(l.Code), shown: code.Code(l.Code)}
		if s.tap.bears != nil && l.Code != nil {
			given[i].shown = s.tap.bears(given[i].claimed)
			l.Code = []byte(given[i].shown)
		}
		changed[i] = l
	}
	began := time.Now()
	err := s.PrintSession.Send(ctx, changed)
	finish := time.Now()
	s.tap.record.note(func() {
		for _, g := range given {
			g.began, g.finish = began, finish
			s.tap.record.sent = append(s.tap.record.sent, g)
		}
	})
	s.ended(ctx, err)
	return err
}

func (s *tapPrint) Printed(ctx context.Context) (int, error) {
	n, err := s.PrintSession.Printed(ctx)
	if err == nil && n > s.last {
		s.last = n
		s.tap.record.note(func() {
			s.tap.record.printed = append(s.tap.record.printed, printed{s.tap.device, s.session, n, time.Now()})
		})
	}
	s.ended(ctx, err)
	return n, err
}

func (s *tapPrint) ended(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.tap.record.failed(s.tap.device, err)
	}
}

type tapScanner struct {
	drivers.Scanner
	tap *tap
}

func (s *tapScanner) Open(ctx context.Context) (drivers.ScanSession, error) {
	inner, err := s.Scanner.Open(ctx)
	s.tap.record.opened(s.tap.device, err)
	if err != nil {
		return nil, err
	}
	outer := &tapScan{inner, s.tap}
	if t, ok := inner.(drivers.Triggerer); ok {
		return struct {
			*tapScan
			drivers.Triggerer
		}{outer, t}, nil
	}
	return outer, nil
}

type tapScan struct {
	drivers.ScanSession
	tap *tap
}

func (s *tapScan) Next(ctx context.Context) (drivers.Scan, error) {
	scan, err := s.ScanSession.Next(ctx)
	switch {
	case err == nil:
		s.tap.record.note(func() {
			s.tap.record.scanned = append(s.tap.record.scanned, scanned{s.tap.device, scan, time.Now()})
		})
	case ctx.Err() == nil:
		s.tap.record.failed(s.tap.device, err)
	}
	return scan, err
}

type tapPLC struct {
	drivers.PLC
	tap *tap
}

func (p *tapPLC) Open(ctx context.Context) (drivers.PLCSession, error) {
	s, err := p.PLC.Open(ctx)
	p.tap.record.opened(p.tap.device, err)
	if err != nil {
		return nil, err
	}
	return &tapBus{PLCSession: s, tap: p.tap}, nil
}

type tapBus struct {
	drivers.PLCSession
	tap  *tap
	last drivers.Values
}

func (s *tapBus) Read(ctx context.Context) (drivers.Values, error) {
	values, err := s.PLCSession.Read(ctx)
	if err != nil {
		s.ended(ctx, err)
		return values, err
	}
	now := time.Now()
	for name, v := range values {
		if was, ok := s.last[name]; ok && was != v {
			s.tap.record.note(func() {
				s.tap.record.changed = append(s.tap.record.changed, changed{s.tap.device, name, was, v, now})
			})
		}
	}
	s.last = maps.Clone(values)
	return values, nil
}

func (s *tapBus) Write(ctx context.Context, output string, value uint64) error {
	began := time.Now()
	err := s.PLCSession.Write(ctx, output, value)
	if err == nil {
		s.tap.record.note(func() {
			s.tap.record.wrote = append(s.tap.record.wrote, wrote{s.tap.device, output, value, began, time.Now()})
		})
	}
	s.ended(ctx, err)
	return err
}

func (s *tapBus) ended(ctx context.Context, err error) {
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		s.tap.record.failed(s.tap.device, err)
	}
}
