package agent

import (
	"context"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/line"
)

// scanner owns a scanner's sessions and posts what it reads.
type scanner struct {
	device
	driver drivers.Scanner
	// A scanner that no station uses tells nobody.
	onState func(line.ScannerState)
	onRead  func(line.Scan)
}

func (s *scanner) run(ctx context.Context) {
	seq := int64(0)
	s.keep(ctx, func(ctx context.Context, _ int) error {
		session, err := s.driver.Open(ctx)
		if err != nil {
			s.onState(line.ScannerState{Why: err.Error()})
			return err
		}
		defer session.Close()
		s.up()
		s.onState(line.ScannerState{Up: true})
		for {
			scan, err := session.Next(ctx)
			if err != nil {
				s.onState(line.ScannerState{Why: err.Error()})
				return err
			}
			seq++
			grade, known := drivers.ParseGrade(scan.Grade)
			s.onRead(line.Scan{Seq: seq, Code: code.Code(scan.Code), NoRead: scan.NoRead, Bad: scan.Bad, AIM: scan.AIM, Grade: line.Grade{Text: scan.Grade, Value: grade, Known: known}, More: scan.More, At: time.Now()})
		}
	})
}
