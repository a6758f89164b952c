package sbpl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"linemark/drivers"
	"linemark/drivers/printer/talk"
)

// session is one connection to an idle printer. Its first fault ends it.
type session struct {
	printer *Printer
	jobs    *wire
	status  *wire // the same as jobs, unless the status is told on another port
	err     error // the fault that ended the session

	heard time.Time // when the last status came
	progress
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// prepare drops what the printer holds and waits until it has nothing to print.
func (s *session) prepare(ctx context.Context) error {
	// CAN also ends a job of which an earlier connection sent a part: an ENQ inside it would
	// become part of a label.
	if err := s.jobs.write(ctx, []byte{can}, s.printer.silence); err != nil {
		return s.broken("preparing the printer", err)
	}
	start := time.Now()
	var since time.Time // the printer has been idle with this id
	for at, idle := 0, false; ; {
		var st status
		if err := s.hear(ctx, func(now status) error { st = now; return nil }); err != nil {
			return err
		}
		if err := st.fault(); err != nil {
			return err
		}
		if st.offline() {
			return errors.New("the printer is offline: press its online key")
		}
		now := time.Now()
		switch quiet := st.idle() && st.remaining == 0; {
		case quiet && idle && st.id == at && now.Sub(since) >= s.printer.settle:
			s.begin(st.id)
			return nil
		case !quiet || !idle || st.id != at:
			at, idle, since = st.id, quiet, now
		}
		if now.Sub(start) > s.printer.settle+s.printer.silence {
			return fmt.Errorf("the printer was told to drop its jobs and is not idle: %v", st)
		}
		if err := talk.Pause(ctx, s.printer.poll); err != nil {
			return err
		}
	}
}

// begin decides with which id the labels of this session begin: not with one that the printer
// may still name for an older job.
func (s *session) begin(id int) {
	if id == noJob {
		id = int(s.printer.number.Load())
	}
	s.progress = progress{id: id, told: s.heard, silence: s.printer.silence, assured: s.printer.protocol.acks}
}

// hear waits for the next status, asked for where the printer does not tell it by itself, and
// hands every status that comes to take, in their order.
func (s *session) hear(ctx context.Context, take func(status) error) error {
	const doing = "asking the printer's status"
	each := s.each(take)
	if s.printer.protocol.asks {
		// An answer that came twice would be taken for the next one, and again and again.
		if err := s.drain(ctx, s.status, drainTime, each); err != nil {
			return s.broken(doing, err)
		}
		if err := s.status.write(ctx, []byte{enq}, s.printer.silence); err != nil {
			return s.broken(doing, err)
		}
	}
	if err := s.status.read(ctx, s.printer.protocol.short, s.printer.silence, each); err != nil {
		return s.broken(doing, err)
	}
	s.told = s.heard // one that came unasked may be as old as the answer before
	return nil
}

// each hands the statuses among the answers to take.
func (s *session) each(take func(status) error) func(answer) (bool, error) {
	return func(a answer) (bool, error) {
		if a.kind != told {
			return false, nil
		}
		s.heard = time.Now()
		return true, take(a.status)
	}
}

// drainTime is how long is looked for answers that have come already.
const drainTime = time.Millisecond

// drain takes what comes on a connection within a time; that nothing comes is no error.
func (s *session) drain(ctx context.Context, from *wire, wait time.Duration, each func(answer) (bool, error)) error {
	err := from.read(ctx, s.printer.protocol.short, wait, func(a answer) (bool, error) {
		_, err := each(a)
		return false, err
	})
	if talk.Silent(err) {
		return nil
	}
	return err
}

// Send renders all labels before it writes the first byte, so a label that cannot be printed
// leaves the session as it was. What was written is never written again.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	if n, most := s.sent-s.printed+len(labels), s.printer.protocol.ahead; n > most {
		return fmt.Errorf("%d labels would be in the printer, its status tells only %d apart", n, most)
	}
	jobs := make([][]byte, len(labels))
	for i, l := range labels {
		var err error
		if jobs[i], err = s.printer.label.render(s.idOf(s.sent+i+1), l); err != nil {
			return fmt.Errorf("label %d of %d: %w", i+1, len(labels), err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, job := range jobs {
		s.add()
		s.printer.number.Store(uint32(s.idOf(s.sent)))
		if err := s.send(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// send hands one job over, whole: nothing else may be written in its midst.
func (s *session) send(ctx context.Context, job []byte) error {
	const doing = "sending a label"
	note := func(st status) error { return s.take(st, time.Now()) }
	if s.printer.protocol.acks {
		// An acknowledgement that came twice would be taken for that of this job.
		if err := s.drain(ctx, s.jobs, drainTime, s.each(note)); err != nil {
			return s.broken(doing, err)
		}
	}
	if err := s.jobs.write(ctx, job, s.printer.silence); err != nil {
		return s.broken(doing, err)
	}
	if !s.printer.protocol.acks {
		return nil
	}
	err := s.jobs.read(ctx, true, s.printer.silence, func(a answer) (bool, error) {
		switch a.kind {
		case refused:
			return false, errors.New("the printer refused it (NAK)")
		case told:
			return false, note(a.status)
		}
		return true, nil
	})
	if err != nil {
		return s.broken(doing, err)
	}
	return nil
}

// Printed hears the printer's status and returns how many labels it proves to be printed.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.status != s.jobs { // which nobody else looks at while there is nothing to send
		if err := s.drain(ctx, s.jobs, drainTime, func(answer) (bool, error) { return false, nil }); err != nil {
			return 0, s.broken("looking at the connection for labels", err)
		}
	}
	note := func(st status) error { return s.take(st, time.Now()) }
	if s.printer.protocol.asks {
		if err := s.hear(ctx, note); err != nil {
			return 0, err
		}
		return s.printed, nil
	}
	// What the printer has told meanwhile is taken, and nothing is waited for.
	const doing = "listening to the printer's status"
	err := s.drain(ctx, s.status, s.printer.poll, s.each(note))
	if err == nil && time.Since(s.heard) > s.printer.silence {
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		return 0, s.broken(doing, err)
	}
	return s.printed, nil
}

// Close ends the connections; what the printer holds it may still print.
func (s *session) Close() error {
	err := s.jobs.conn.Close()
	if s.status != s.jobs {
		err = errors.Join(err, s.status.conn.Close())
	}
	return err
}

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if talk.Silent(err) {
		err = fmt.Errorf("the printer keeps silent: look whether it is on, and which protocol for the status is set on it: %w", err)
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}
