package text

import (
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/scanner/dialogue"
	"linemark/drivers/scanner/frame"
)

// device is the state of one session; dialogue.Session owns it.
type device struct {
	rules
	stream frame.Stream
	stop   time.Time // when the command to stop reading is due; zero: it is not
}

func newDevice(r rules) *device {
	return &device{rules: r, stream: frame.Stream{Cutter: r.cut, Timeout: r.timeout}}
}

// Ready is always so: nothing is said at the beginning.
func (d *device) Ready() bool { return true }

// Trigger makes the scanner read.
func (d *device) Trigger(now time.Time) ([]byte, func()) {
	was := d.stop
	if d.triggerOff != "" {
		d.stop = now.Add(d.triggerFor)
	}
	return []byte(d.trigger), func() { d.stop = was }
}

// Take works through what has come. A reading ends the trigger.
func (d *device) Take(now time.Time, b []byte) (scans []drivers.Scan, _ error) {
	d.stream.Take(now, b, func(text []byte, how frame.Ending) {
		if how == frame.Whole {
			scans = append(scans, d.scans(text)...)
		} else {
			scans = append(scans, d.stream.Bad(text, how)...)
		}
	})
	d.read(now, scans)
	return scans, nil
}

func (d *device) read(now time.Time, scans []drivers.Scan) {
	if len(scans) > 0 && !d.stop.IsZero() {
		d.stop = now
	}
}

// Tick gives up a frame in which the scanner fell silent, ends a trigger that read nothing, and
// misses a scanner that should send heartbeats and does not.
func (d *device) Tick(now time.Time) (due dialogue.Due, err error) {
	d.stream.Start(now)
	due.Scans = d.stream.Expire(now)
	d.read(now, due.Scans)
	if !d.stop.IsZero() && !now.Before(d.stop) {
		d.stop = time.Time{}
		due.Send = []byte(d.triggerOff)
	}
	var silent time.Time
	if d.within > 0 {
		if silent = d.stream.Heard().Add(d.within); !now.Before(silent) {
			err = fmt.Errorf("the scanner was silent for %s, though it should send a heartbeat", d.within)
		}
	}
	due.Wake = dialogue.Earliest(d.stream.Due(), d.stop, silent)
	return due, err
}
