package dataman

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/dialogue"
	"linemark/drivers/scanner/frame"
)

// settle is how long a reader may take to answer the command that sets how it answers. Some
// firmware does not answer that one, and goes on at once.
const settle = 500 * time.Millisecond

const (
	cmdTrigger = "TRIGGER ON"
	cmdMode    = "COM.DMCC-RESPONSE"
	cmdAsk     = "GET " + cmdMode // changes nothing
)

// How far a session is.
type phase int

const (
	fresh   phase = iota // nothing was sent
	setting              // how the reader answers was sent
	set                  // and acknowledged
	asking               // and asked back
	ready
)

// pending is a command that was not answered yet.
type pending struct {
	id      int
	command string
	until   time.Time
}

// device is the state of one session; dialogue.Session owns it.
type device struct {
	rules
	stream frame.Stream
	fold   fold

	phase   phase
	id      int // of the last command
	waiting []pending
	settled time.Time // when a silent reader is ready
	stray   []byte    // what came before the reader was ready and is no frame, its beginning
}

func newDevice(r rules) *device {
	cut := frame.Cutter{End: footer, Max: r.maxLength} // and no other line end, where frames have headers
	if r.silent {
		cut = frame.NewCutter(r.terminator, "", r.maxLength)
	}
	return &device{rules: r, stream: frame.Stream{Cutter: cut, Timeout: r.timeout}}
}

func (d *device) Ready() bool { return d.phase == ready }

// send returns the bytes of a command and waits for its answer from now on.
func (d *device) send(now time.Time, text string, patience time.Duration) []byte {
	if d.silent {
		return command(0, d.xor, text)
	}
	d.id++
	d.waiting = append(d.waiting, pending{id: d.id, command: text, until: now.Add(patience)})
	return command(d.id, d.xor, text)
}

// Trigger makes the reader read.
func (d *device) Trigger(now time.Time) ([]byte, func()) {
	command := d.send(now, cmdTrigger, d.silence)
	id := d.id
	return command, func() { d.waiting = slices.DeleteFunc(d.waiting, func(p pending) bool { return p.id == id }) }
}

// Tick begins the session, goes on where the reader need not answer, finds what was not
// answered in time, and asks a quiet reader whether it is there.
func (d *device) Tick(now time.Time) (due dialogue.Due, err error) {
	d.stream.Start(now)
	due.Scans = d.expire(now)
	late := slices.IndexFunc(d.waiting, func(p pending) bool { return !now.Before(p.until) })
	switch {
	case d.phase == fresh:
		due.Send = d.send(now, "SET "+cmdMode+" "+d.response, settle)
		d.phase, d.settled = setting, now.Add(settle)
	case d.phase == setting && d.silent && !now.Before(d.settled):
		if text := append(d.stray, d.stream.Rest()...); isLogin(text) {
			return due, loginError(text)
		}
		d.phase = ready
	case d.phase == set || d.phase == setting && late >= 0:
		d.phase, d.waiting = asking, nil
		due.Send = d.send(now, cmdAsk, d.silence)
	case late >= 0 && d.phase == asking:
		return due, d.noDataMan()
	case late >= 0:
		return due, fmt.Errorf("the reader did not answer %s in %s", d.waiting[late].command, d.silence)
	case d.quiet() && !now.Before(d.stream.Heard().Add(d.idle)):
		due.Send = d.send(now, cmdAsk, d.silence)
	}
	due.Wake = d.wake()
	return due, nil
}

// expire gives up what does not go on: a frame, or a reading in lines, of which it is a part.
func (d *device) expire(now time.Time) (scans []drivers.Scan) {
	if d.phase == ready {
		scans = d.stream.Expire(now)
	}
	if whole := d.fold.expire(now, d.rules); whole != nil {
		return whole
	}
	return scans
}

// wake is the next moment at which something comes due.
func (d *device) wake() time.Time {
	at := d.fold.until
	for _, p := range d.waiting {
		at = dialogue.Earliest(at, p.until)
	}
	switch {
	case d.silent && d.phase == setting:
		at = dialogue.Earliest(at, d.settled)
	case d.phase == ready:
		at = dialogue.Earliest(at, d.stream.Due())
	}
	if d.quiet() {
		at = dialogue.Earliest(at, d.stream.Heard().Add(d.idle))
	}
	return at
}

// quiet reports whether the reader is to be asked when it has been quiet long enough.
func (d *device) quiet() bool { return d.phase == ready && d.idle > 0 && len(d.waiting) == 0 }

// Take works through what has come.
func (d *device) Take(now time.Time, b []byte) (scans []drivers.Scan, err error) {
	if !d.fold.until.IsZero() {
		d.fold.until = now.Add(d.timeout)
	}
	d.stream.Take(now, b, func(line []byte, how frame.Ending) {
		if err != nil {
			return
		}
		var some []drivers.Scan
		some, err = d.line(now, line, how)
		scans = append(scans, some...)
	})
	return scans, err
}

// line reads one frame.
func (d *device) line(now time.Time, line []byte, how frame.Ending) ([]drivers.Scan, error) {
	if how != frame.Whole {
		return d.stream.Bad(line, how), nil
	}
	if d.silent {
		return d.silentLine(line), nil
	}
	scans, taken := d.fold.more(line, now, d.rules)
	if taken {
		return scans, nil
	}
	r, ok := parse(line)
	switch {
	case !ok && d.phase != ready:
		return scans, d.early(line)
	case !ok:
		return append(scans, frame.Bad(line, "the line has no DMCC header")...), nil
	case r.damaged:
		return append(scans, frame.Bad(line, "the checksum is wrong")...), nil
	case r.status == statusReading:
		if r.id >= 0 { // the reader answers a trigger with the reading itself
			d.answered(r.id)
		}
		return append(scans, d.fold.first(line, r, now, d.rules)...), nil
	}
	some, err := d.answer(line, r)
	return append(scans, some...), err
}

// early keeps the beginning of what a reader says that is not ready. It may be a reading from
// before, a greeting, or another device.
func (d *device) early(line []byte) error {
	if isLogin(line) {
		return loginError(line)
	}
	if len(d.stray) < 80 {
		d.stray = append(append(d.stray, line...), ' ')
	}
	return nil
}

// answered takes the command with this id, or the oldest for an answer without one, off the
// commands that wait. It is false if none does: the answer is late.
func (d *device) answered(id int) (pending, bool) {
	i := slices.IndexFunc(d.waiting, func(p pending) bool { return p.id == id })
	if id < 0 && len(d.waiting) > 0 {
		i = 0
	}
	if i < 0 {
		return pending{}, false
	}
	p := d.waiting[i]
	d.waiting = slices.Delete(d.waiting, i, i+1)
	return p, true
}

// answer reads an answer to a command.
func (d *device) answer(line []byte, r reply) ([]drivers.Scan, error) {
	switch {
	case r.status > statusReading && r.status < statusError:
		return frame.Bad(line, "the reader sent "+meaning(r.status)), nil
	case d.phase == asking && r.id < 0 && r.status == statusOK && len(r.data) == 0:
		return nil, nil // to the setting before it, late
	}
	p, found := d.answered(r.id)
	refused := r.status != statusOK
	switch {
	case !found:
	case d.phase != ready && refused:
		return nil, fmt.Errorf("the reader refused %s: %s", p.command, meaning(r.status))
	case d.phase == setting:
		d.phase = set
	case d.phase == asking && string(r.data) != d.response:
		return nil, fmt.Errorf("%s of the reader is %q and stays so, not %s: set it in the reader, or see responses in the driver's manual",
			cmdMode, r.data, d.response)
	case d.phase == asking:
		d.phase, d.stray = ready, nil
	case p.command == cmdTrigger && refused:
		return frame.Bad(line, "the reader refused the trigger: "+meaning(r.status)), nil
	case p.command == cmdTrigger && len(r.data) > 0:
		return frame.Bad(line, "the reader answered the trigger itself with a text: it is not known to be a reading"), nil
	}
	return nil, nil
}

// noDataMan says what is wrong with a reader that did not answer at all.
func (d *device) noDataMan() error {
	said := append(slices.Clone(d.stray), d.stream.Rest()...)
	switch {
	case isLogin(said):
		return loginError(said)
	case string(bytes.TrimSpace(said)) == responses["silent"]:
		return fmt.Errorf("the reader stays silent: it does not know %s %s; see responses in the driver's manual", cmdMode, d.response)
	case len(said) > 0:
		return fmt.Errorf("this is no DataMan reader that speaks DMCC: it said %q; check the address, the port and the speed", said[:min(len(said), 80)])
	}
	return errors.New("the reader did not answer " + cmdAsk + ": check that this is its DMCC port; see responses in the driver's manual")
}
