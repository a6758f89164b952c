package zipher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/drivers/printer/talk"
)

// session is one connection to a printer. Its first fault ends it.
type session struct {
	printer *Printer
	conn    link.Conn
	in      lines
	err     error // the fault that ended the session
	// synced: the printer has answered once. Before that, what an earlier connection left
	// behind may still come in.
	synced  bool
	strange string // what came instead of the first answer

	job   string
	first int64 // index of the session's first label
	next  int64 // index of its next one
	last  int64 // what the printer says to have printed last
}

// fail ends the session.
func (s *session) fail(err error) error {
	if s.err == nil {
		s.err = err
	}
	return s.err
}

// prepare brings the printer to a known state. It asks for indexes before it empties the
// buffer and after: what is being printed meanwhile belongs to an earlier session.
func (s *session) prepare(ctx context.Context) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	var used [2]int64
	for i, query := range []string{"SLR", "SNI"} {
		n, err := s.number(ctx, query)
		if err != nil {
			return err
		}
		used[i] = n
	}
	if err := s.order(ctx, "SCB", "emptying the printer's buffer"); err != nil {
		return err
	}
	if err := s.emptied(ctx); err != nil {
		return err
	}
	var err error
	if s.last, err = s.number(ctx, "SLR"); err != nil {
		return err
	}
	if err := s.order(ctx, fmt.Sprintf("SMR|%d|", s.printer.records), "setting how many records the printer's buffer holds (setting records)"); err != nil {
		return err
	}
	if err := s.order(ctx, header(s.printer.layout), "naming the job's fields (setting fields)"); err != nil {
		return err
	}
	// No index may mean two labels. Whatever earlier sessions handed over and the printer has not
	// told of lies within one buffer of these.
	s.first = max(used[0], used[1], s.last, s.printer.used(0)) + int64(s.printer.records) + 1
	s.next = s.first
	if s.first > maxIndex/2 {
		return s.fail(fmt.Errorf("the printer's index has come to %d: reset it on the printer", s.first))
	}
	return nil
}

// ready looks whether the printer would print.
func (s *session) ready(ctx context.Context) error {
	st, err := s.state(ctx, "\rGST") // CR flushes half a command of an earlier connection
	if err != nil {
		return err
	}
	if st.overall == offline && s.printer.start {
		if err := s.order(ctx, "SST|"+running+"|", "starting the printer"); err != nil {
			return err
		}
		for until := time.Now().Add(s.printer.silence); st.overall == offline && time.Now().Before(until); {
			if err := talk.Pause(ctx, s.printer.poll); err != nil {
				return err
			}
			if st, err = s.state(ctx, "GST"); err != nil {
				return err
			}
		}
	}
	switch {
	case st.overall == offline:
		return s.fail(errors.New("the printer is offline: start it on its panel"))
	case st.job == "" || st.job == "-":
		return s.fail(errors.New("no job is selected on the printer"))
	case s.printer.job != "" && st.job != s.printer.job:
		return s.fail(fmt.Errorf("the printer's job is %q, the configuration names %q", st.job, s.printer.job))
	}
	s.job = st.job
	return nil
}

// emptied waits until the printer holds no record: the one under the head may still come out.
func (s *session) emptied(ctx context.Context) error {
	for until := time.Now().Add(s.printer.silence); ; {
		held, err := s.number(ctx, "SRC")
		switch {
		case err != nil:
			return err
		case held == 0:
			return nil
		case time.Now().After(until):
			return s.fail(fmt.Errorf("the printer still holds %d records after its buffer was emptied", held))
		}
		if err := talk.Pause(ctx, s.printer.poll); err != nil {
			return err
		}
	}
}

// Send makes all records before it hands the first one over, so a label that cannot be
// printed leaves the session as it was. Each record is acknowledged before the next goes
// out; nothing is ever handed over again.
func (s *session) Send(ctx context.Context, labels []drivers.Label) error {
	if s.err != nil {
		return s.err
	}
	if held := s.next - max(s.first, s.last+1); held+int64(len(labels)) > int64(s.printer.records) {
		return fmt.Errorf("%d labels are unprinted and %d more were to be sent, the printer's buffer holds %d", held, len(labels), s.printer.records)
	}
	if s.next > maxIndex-int64(len(labels)) {
		return s.fail(fmt.Errorf("the printer's index has come to %d: reset it on the printer", s.next))
	}
	records := make([]string, len(labels))
	for i, l := range labels {
		values, err := record(s.printer.layout, l)
		if err != nil {
			return fmt.Errorf("label %d of %d: %w", i+1, len(labels), err)
		}
		records[i] = values
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, values := range records {
		index := s.next
		s.next++
		s.printer.used(index)
		if err := s.order(ctx, fmt.Sprintf("SID|%d|%s", index, values), fmt.Sprintf("sending label %d of %d", i+1, len(labels))); err != nil {
			return err
		}
	}
	return nil
}

// Printed asks for the index that was printed last, and then for the printer's state: a
// label that was under the head when a fault came may be counted and yet be half, so the
// index is believed only if there is no fault after it. An offline printer loses nothing
// and is waited for.
func (s *session) Printed(ctx context.Context) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.number(ctx, "SLR")
	if err != nil {
		return 0, err
	}
	switch {
	case n < s.last:
		return 0, s.fail(fmt.Errorf("the printer's last index went back from %d to %d", s.last, n))
	case n >= s.next && n != s.last:
		return 0, s.fail(fmt.Errorf("the printer says that it printed the index %d, the last one sent is %d", n, s.next-1))
	}
	if _, err := s.state(ctx, "GST"); err != nil {
		return 0, err
	}
	s.last = n
	return int(max(0, n-s.first+1)), nil
}

// Close ends the connection; what the printer holds it may still print.
func (s *session) Close() error { return s.conn.Close() }

// order sends a command that is answered by ACK.
func (s *session) order(ctx context.Context, command, doing string) error {
	_, err := s.ask(ctx, command, doing, "")
	return err
}

// number sends a query whose answer is a number under the same tag.
func (s *session) number(ctx context.Context, query string) (int64, error) {
	doing := "asking the printer for " + map[string]string{
		"SLR": "the index that it printed last", "SNI": "its next index", "SRC": "how many records it holds",
	}[query] + " (" + query + ")"
	a, err := s.ask(ctx, query, doing, query)
	if err != nil {
		return 0, err
	}
	n, err := a.number()
	if err != nil {
		return 0, s.fail(fmt.Errorf("%s: %w", doing, err))
	}
	return n, nil
}

// state asks for the printer's state; one in which labels may be spoilt ends the session.
func (s *session) state(ctx context.Context, query string) (state, error) {
	const doing = "asking the printer's state"
	a, err := s.ask(ctx, query, doing, "STS")
	if err != nil {
		return state{}, err
	}
	st, err := a.state()
	if err != nil {
		return state{}, s.fail(fmt.Errorf("%s: %w", doing, err))
	}
	if st.faulty {
		return state{}, s.faults(ctx)
	}
	if err := st.down(); err != nil {
		return state{}, s.fail(err)
	}
	if s.job != "" && st.job != s.job {
		return state{}, s.fail(fmt.Errorf("the printer's job was changed from %q to %q", s.job, st.job))
	}
	return st, nil
}

// faults ends the session with the names of the printer's faults.
func (s *session) faults(ctx context.Context) error {
	named, err := "", error(nil)
	a, err := s.ask(ctx, "GFT", "asking the printer's faults", "FLT")
	if err == nil {
		named, err = a.faults()
	}
	if err != nil {
		return s.fail(fmt.Errorf("the printer reports a fault: %w", err))
	}
	return s.fail(fmt.Errorf("the printer reports: %s", named))
}

// ask sends one command and reads lines until its answer: the tag, or ACK where tag is empty.
func (s *session) ask(ctx context.Context, command, doing, tag string) (answer, error) {
	b := []byte(command + "\r")
	release := link.Until(ctx, s.conn, time.Now().Add(talk.Patience(s.printer.silence, len(b))))
	got, err := s.exchange(b, tag)
	if err := errors.Join(err, release()); err != nil {
		return answer{}, s.broken(doing, err)
	}
	return got, nil
}

func (s *session) exchange(command []byte, tag string) (got answer, err error) {
	for {
		line, ok, err := s.in.next()
		if err != nil {
			return answer{}, err
		}
		if !ok {
			break
		}
		if _, err := s.match(classify(line), noAnswer); err != nil {
			return answer{}, err
		}
	}
	if _, err := s.conn.Write(command); err != nil {
		return answer{}, err
	}
	err = talk.Read(s.conn, s.in.add, s.in.next, func(line string) (bool, error) {
		got = classify(line)
		return s.match(got, tag)
	})
	return got, err
}

// noAnswer is the tag to match a line with when nothing was asked.
const noAnswer = "nothing"

// asked are the tags that only come as answers of this driver's questions.
var asked = []string{"SLR", "SNI", "SRC", "FLT"}

// match says whether the line answers what was asked. Notices are passed over, except for a
// state that spoils labels; an answer that nobody asked for means that answers and
// commands have lost each other.
func (s *session) match(a answer, tag string) (done bool, err error) {
	if !s.synced {
		if a.kind == tagged && a.tag == tag {
			s.synced = true
			return true, nil
		}
		s.strange = a.line
		return false, nil
	}
	switch {
	case a.kind == stranger:
		return false, fmt.Errorf("the printer sent %q, which is no line of the Zipher protocol", talk.Clip(a.line))
	case a.kind == tagged && a.tag == tag || a.kind == ack && tag == "":
		return true, nil
	case a.kind == refusal && tag != noAnswer:
		return false, errors.New("the printer refuses it (ERR)")
	case a.kind == tagged && a.tag == "STS":
		st, err := a.state()
		if err == nil && st.faulty {
			err = errors.New("the printer reports a fault")
		}
		return false, errors.Join(err, st.down())
	case a.kind == tagged && !slices.Contains(asked, a.tag):
		return false, nil
	}
	return false, fmt.Errorf("the printer sent the answer %q that nobody asked for", talk.Clip(a.line))
}

// broken ends the session with an error that tells a person where to look.
func (s *session) broken(doing string, err error) error {
	if talk.Silent(err) {
		switch strange := s.strange + string(s.in.buf); {
		case s.synced:
			err = fmt.Errorf("the printer keeps silent: %w", err)
		case strange == "":
			err = fmt.Errorf("the printer keeps silent: look whether the text protocol is on, and at its port number: %w", err)
		default:
			err = fmt.Errorf("the printer sent %q in place of its state: look at the port number, and at the speed of a serial port: %w", talk.Clip(strange), err)
		}
	}
	return s.fail(fmt.Errorf("%s: %w", doing, err))
}
