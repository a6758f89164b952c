package keyence

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/dialogue"
	"linemark/drivers/scanner/frame"
)

// flush empties the reader's receive buffer before the first command: something may be left in
// it that the last session or the line put there.
const flush = "\x1b"

// How far a session is.
type phase int

const (
	fresh  phase = iota // nothing was sent
	asking              // the check was sent
	ready
)

// pending is a command that was not answered yet.
type pending struct {
	command string
	until   time.Time
}

// device is the state of one session; dialogue.Session owns it.
type device struct {
	rules
	stream frame.Stream

	phase   phase
	waiting []pending
	stop    time.Time // when LOFF is due; zero: it is not
	stray   []byte    // the first frame that came before the reader was ready
}

func newDevice(r rules) *device {
	return &device{rules: r, stream: frame.Stream{Cutter: frame.NewCutter(frame.LineEnds, "", r.maxLength), Timeout: r.timeout}}
}

func (d *device) Ready() bool { return d.phase == ready }

// send returns the bytes of a command, and waits from now on for its answer if there will be one.
func (d *device) send(now time.Time, text string) []byte {
	if d.answers || text == d.check {
		d.waiting = append(d.waiting, pending{command: text, until: now.Add(d.silence)})
	}
	return d.command(text)
}

// Trigger makes the reader read.
func (d *device) Trigger(now time.Time) ([]byte, func()) {
	stop := d.stop
	if d.hold > 0 {
		d.stop = now.Add(d.hold)
	}
	return d.send(now, cmdTrigger), func() {
		d.stop = stop
		d.answered(cmdTrigger)
	}
}

// Tick begins the session, ends a trigger that read nothing, finds what was not answered in time,
// and asks a quiet reader whether it is there.
func (d *device) Tick(now time.Time) (due dialogue.Due, err error) {
	d.stream.Start(now)
	if d.phase == ready {
		due.Scans = d.stream.Expire(now)
	}
	late := slices.IndexFunc(d.waiting, func(p pending) bool { return !now.Before(p.until) })
	switch {
	case d.phase == fresh && d.check == "":
		d.phase = ready
		due.Send = []byte(flush)
	case d.phase == fresh:
		d.phase = asking
		due.Send = append([]byte(flush), d.send(now, d.check)...)
	case late >= 0 && d.phase == asking:
		return due, d.noKeyence()
	case late >= 0:
		return due, fmt.Errorf("the reader did not answer %s in %s", d.waiting[late].command, d.silence)
	case !d.stop.IsZero() && !now.Before(d.stop):
		d.stop = time.Time{}
		due.Send = d.send(now, cmdStop)
	case d.quiet() && !now.Before(d.stream.Heard().Add(d.idle)):
		due.Send = d.send(now, d.check)
	}
	due.Wake = d.wake()
	return due, nil
}

// quiet reports whether the reader is to be asked when it has been quiet long enough.
func (d *device) quiet() bool { return d.phase == ready && d.idle > 0 && len(d.waiting) == 0 }

// wake is the next moment at which something comes due.
func (d *device) wake() time.Time {
	at := d.stop
	for _, p := range d.waiting {
		at = dialogue.Earliest(at, p.until)
	}
	if d.quiet() {
		at = dialogue.Earliest(at, d.stream.Heard().Add(d.idle))
	}
	if d.phase == ready {
		at = dialogue.Earliest(at, d.stream.Due())
	}
	return at
}

// Take works through what has come.
func (d *device) Take(now time.Time, b []byte) (scans []drivers.Scan, _ error) {
	d.stream.Take(now, b, func(line []byte, how frame.Ending) {
		scans = append(scans, d.line(line, how)...)
	})
	return scans, nil
}

// line reads one frame.
func (d *device) line(line []byte, how frame.Ending) []drivers.Scan {
	if how != frame.Whole {
		return d.strange(line, d.stream.Bad(line, how))
	}
	content, why := d.content(line)
	if why != "" {
		return d.strange(line, frame.Bad(line, why))
	}
	if r, ok := parse(content); ok {
		return d.answer(line, r)
	}
	if text := meaningN(string(content)); text != "" {
		d.stop = time.Time{}
		return frame.Bad(line, "the reader reports: "+text)
	}
	d.stop = time.Time{} // the trigger has read
	return d.strange(line, d.codes.Scans(line, content))
}

// strange keeps the first frame of a reader that is not ready, in case it turns out to be none.
func (d *device) strange(line []byte, scans []drivers.Scan) []drivers.Scan {
	if d.phase != ready && d.stray == nil {
		d.stray = line
	}
	return scans
}

// answer reads an answer to a command. One to a check proves that the reader is there, even if it
// does not know the command; one to LOFF means nothing: after a reading it is refused.
func (d *device) answer(line []byte, r reply) []drivers.Scan {
	d.answered(r.command)
	switch {
	case d.phase == asking && r.command == d.check:
		d.phase, d.stray = ready, nil
	case r.command == cmdTrigger && r.refused:
		return frame.Bad(line, "the reader refused the trigger: "+r.meaning())
	}
	return nil
}

// answered takes the oldest command of these words off those that wait.
func (d *device) answered(command string) {
	if i := slices.IndexFunc(d.waiting, func(p pending) bool { return p.command == command }); i >= 0 {
		d.waiting = slices.Delete(d.waiting, i, i+1)
	}
}

// noKeyence says what is wrong with a reader that did not answer the check.
func (d *device) noKeyence() error {
	said := bytes.Clone(d.stray)
	if said == nil {
		said = d.stream.Rest()
	}
	if len(said) > 0 {
		return fmt.Errorf("this is no Keyence reader that answers commands: it said %q; check the address, the port, the speed and framing",
			said[:min(len(said), 80)])
	}
	return fmt.Errorf("the reader did not answer %s: check that this is its command port, and framing; see check in the driver's manual", d.check)
}
