package agent

import (
	"context"
	"sync"
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

	trying    sync.Mutex // one test at a time
	mu        sync.Mutex
	session   drivers.ScanSession // nil: down
	listening chan<- drivers.Scan // has room for one; nil: nobody waits for a reading
}

// open notes the session that goes on now; nil: none does.
func (s *scanner) open(session drivers.ScanSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = session
}

// hear tells whoever waits for a reading.
func (s *scanner) hear(scan drivers.Scan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listening != nil {
		s.listening <- scan
		s.listening = nil
	}
}

// listen returns the session that goes on, and where its next reading comes out.
func (s *scanner) listen() (drivers.ScanSession, <-chan drivers.Scan) {
	next := make(chan drivers.Scan, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listening = next
	return s.session, next
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
		s.open(session)
		defer s.open(nil)
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
			s.hear(scan)
		}
	})
}
