package commission

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"linemark/drivers"
	"linemark/internal/config"
)

// watch carries out what was asked for, then reads the PLC at its configured rate until the time is over.
func (t *plcTest) watch(ctx context.Context) error {
	for _, a := range t.o.Write {
		v, err := value(t.points[a.Name], a.Value)
		if err == nil {
			err = t.write(ctx, a.Name, v)
		}
		if err != nil {
			return err
		}
	}
	if err := t.over(t.pulse(ctx)); err != nil {
		return err
	}
	inner, end := context.WithTimeout(ctx, t.o.For)
	defer end()
	poll, began := t.driver.Watch().Poll, time.Now()
	err := t.over(t.loop(inner, poll))
	if err == nil {
		t.summary(poll, time.Since(began))
	}
	return err
}

// loop reads until ctx ends. What has begun is finished: an interrupted request would end the session,
// and outputs are to be put back in it.
func (t *plcTest) loop(ctx context.Context, poll time.Duration) error {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var before, beaten time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		work := context.WithoutCancel(ctx)
		if t.o.Beat && time.Since(beaten) >= beatHalf {
			beaten = time.Now()
			if err := t.set(work, "beat", 1-t.last["beat"]&1); err != nil {
				return err
			}
		}
		at, err := t.read(work)
		if err != nil {
			return err
		}
		if !before.IsZero() {
			t.result.Every = append(t.result.Every, at.Sub(before))
		}
		before = at
	}
}

// over turns the PLC's own clear no into advice.
func (t *plcTest) over(err error) error {
	if refusal(err) {
		t.advise(Advice{Key: err.Error(), What: err.Error(), Do: "see the PLC's own list of addresses, and that this one may be read or written as it is asked for"})
		return nil
	}
	if err != nil {
		return fmt.Errorf("PLC %s: %w", t.device.Name, err)
	}
	return nil
}

// read reads once and tells what has changed.
func (t *plcTest) read(ctx context.Context) (time.Time, error) {
	began := time.Now()
	values, err := t.session.Read(ctx)
	at := time.Now()
	t.show(err != nil || !maps.Equal(values, t.last))
	if err != nil {
		return at, err
	}
	t.result.Reads++
	t.result.Round = append(t.result.Round, at.Sub(began))
	for _, name := range sorted(t.points) {
		was, now := t.last[name], values[name]
		if was == now {
			continue
		}
		t.changes[name]++
		if now < was {
			t.fallen[name] = true
		}
		p := t.points[name]
		t.o.Tell("%8.3f %s %s -> %s  (%s)", at.Sub(t.began).Seconds(), name, understood(p, was), understood(p, now), raw(p, now))
	}
	t.last = values
	return at, nil
}

// write writes an output on the engineer's word, and says what it reads then.
func (t *plcTest) write(ctx context.Context, output string, v uint64) error {
	p := t.points[output]
	began := time.Now()
	if err := t.set(ctx, output, v); err != nil {
		return t.over(err)
	}
	took := time.Since(began)
	values, err := t.session.Read(ctx)
	t.show(true)
	if err != nil {
		return t.over(err)
	}
	t.o.Tell("written: %s = %s at %s, taken after %s ms; it reads %s after %s ms", output, understood(p, v), p.Where, ms(took), understood(p, values[output]), ms(time.Since(began)))
	if values[output] != v {
		t.advise(Advice{Key: "write " + output, What: fmt.Sprintf("%s was written as %s and reads %s", output, understood(p, v), understood(p, values[output])),
			Do: "the PLC's program writes it too, or takes it back at once"})
	}
	t.last = values
	return nil
}

// set writes an output that is put back at the end.
func (t *plcTest) set(ctx context.Context, output string, v uint64) error {
	if _, ok := t.restore[output]; !ok {
		t.restore[output] = t.first[output]
	}
	t.show(false)
	err := t.session.Write(ctx, output, v)
	t.show(output != "beat" || t.o.Pulse == "beat" || err != nil)
	return err
}

// putBack writes the outputs back to what they were, and says so.
func (t *plcTest) putBack(ctx context.Context) error {
	ctx, end := context.WithTimeout(ctx, 5*time.Second)
	defer end()
	var errs []error
	for _, name := range sorted(t.points) {
		was, written := t.restore[name]
		if !written {
			continue
		}
		err := t.session.Write(ctx, name, was)
		if err != nil && !refusal(err) { // the session may have failed: another one can still do it
			t.close()
			var again drivers.PLCSession
			if again, err = t.driver.Open(ctx); err == nil {
				t.session = again
				err = again.Write(ctx, name, was)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("putting %s back to %s: %w", name, understood(t.points[name], was), err))
			if t.session == nil {
				break
			}
			continue
		}
		t.o.Tell("put back: %s = %s", name, understood(t.points[name], was))
	}
	t.show(true)
	return errors.Join(errs...)
}

// usualPulse is how long an output is set that no station pulses.
const usualPulse = 20 * time.Millisecond

// pulse sets and clears one output, and waits for the counter that confirms it, where a station names one.
func (t *plcTest) pulse(ctx context.Context) error {
	if t.o.Pulse == "" {
		return nil
	}
	length, counter, within := usualPulse, "", 2*time.Second
	for _, l := range t.cfg.Lines {
		for _, s := range l.Stations {
			plc, output, _ := config.SplitPoint(s.Reject)
			if plc != t.device.Name || output != t.o.Pulse {
				continue
			}
			length = s.Pulse
			if name, input, ok := config.SplitPoint(s.Confirm); ok && name == plc {
				counter, within = input, s.Within
			}
		}
	}
	was, began := t.last[counter], time.Now()
	if err := t.set(ctx, t.o.Pulse, 1); err != nil {
		return err
	}
	took := time.Since(began)
	sleep(ctx, length)
	if err := t.set(context.WithoutCancel(ctx), t.o.Pulse, 0); err != nil { // never left standing
		return err
	}
	t.o.Tell("pulsed: %s for %s ms (asked for %s), taken after %s ms", t.o.Pulse, ms(time.Since(began)), length, ms(took))
	if counter == "" {
		return nil
	}
	for time.Since(began) < within {
		if _, err := t.read(ctx); err != nil {
			return err
		}
		if t.last[counter] != was {
			t.o.Tell("counted: %s is %s, %s ms after the pulse", counter, understood(t.points[counter], t.last[counter]), ms(time.Since(began)))
			return nil
		}
		sleep(ctx, t.driver.Watch().Poll/4)
	}
	t.advise(Advice{Key: "confirm", What: fmt.Sprintf("%s has not risen within %s of the pulse", counter, within),
		Do: "see that the rejector has thrown something out past the sensor that counts it (put a product there), and the counter's address"})
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// fewest is how many reads tell whether the PLC keeps up.
const fewest = 20

// summary tells how fast it was read, what counts and what stands still.
func (t *plcTest) summary(poll, took time.Duration) {
	if t.result.Reads == 0 {
		return
	}
	t.result.Rate = float64(t.result.Reads) / took.Seconds()
	t.o.Tell("read %d times, %.1f a second (asked for %.1f); from read to read: %s", t.result.Reads, t.result.Rate, 1/poll.Seconds(), t.result.Every)
	t.o.Tell("one read takes: %s", t.result.Round)
	if median := t.result.Every.Median(); len(t.result.Every) >= fewest && median > poll*3/2 {
		t.advise(Advice{Key: "poll", What: fmt.Sprintf("the PLC is read every %s ms, not every %s ms", ms(median), ms(poll)), Do: fmt.Sprintf("set poll = \"%dms\", or let its inputs lie closer together", median.Milliseconds()+1)})
	}
	for _, name := range sorted(t.points) {
		t.point(name, t.points[name], took)
	}
}

func (t *plcTest) point(name string, p drivers.Point, took time.Duration) {
	n := t.changes[name]
	switch {
	case p.Output:
		return
	case n == 0:
		t.advise(Advice{Key: "still " + name, Note: true, What: "input " + name + " has not changed", Do: "let a product pass; if it stays so, compare the address " + p.Where})
	case p.Bits > 1 && !t.fallen[name] && !p.Float:
		rise := t.last[name] - t.first[name]
		t.o.Tell("input %s counts: %d in %s, %.2f a second", name, rise, took.Round(time.Millisecond), float64(rise)/took.Seconds())
	default:
		t.o.Tell("input %s changed %d times, %.2f a second", name, n, float64(n)/took.Seconds())
	}
}

// show tells the bytes that went and came: all, where they are asked for, else those that matter.
func (t *plcTest) show(matters bool) {
	for _, p := range t.wire.take(true) {
		if !matters && !t.o.Raw {
			continue
		}
		for _, line := range p.lines(t.began) {
			t.o.Tell("%s", line)
		}
	}
}
