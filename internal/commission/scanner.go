package commission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/config"
)

// ScannerOptions say how a scanner is tested.
type ScannerOptions struct {
	For     time.Duration // how long it is listened to
	Codes   int           // an end after so many readings; 0: none
	Trigger bool          // make it read, again and again
	Tell    Tell
}

// triggerAgain is how long a reading may take after a trigger, and the pause between two.
const (
	triggerAgain = 2 * time.Second
	triggerPause = 700 * time.Millisecond // longer than what counts as one product read twice
)

// TestScanner listens to a configured scanner and shows every byte, what is understood of it, and
// what is set wrong. It ends with the time, the number of readings, or ctx, whose end is no error.
func TestScanner(ctx context.Context, cfg *config.Config, d config.Device, o ScannerOptions) (ScannerResult, error) {
	if err := free(cfg); err != nil {
		return ScannerResult{}, err
	}
	l, err := newListener(cfg, d)
	if err != nil {
		return ScannerResult{}, err
	}
	w := &wire{}
	settings := cfg.DeviceSettings(d)
	settings.Dial = w.dialer(link.NewDialer())
	driver, err := drivers.NewScanner(d.Driver, settings)
	if err != nil {
		return ScannerResult{}, err
	}
	ctx, end := context.WithTimeout(ctx, o.For)
	defer end()
	t := &scannerTest{listener: l, wire: w, o: o, began: time.Now()}
	o.Tell("%s, driver %s, %s; for %s", d.Name, d.Driver, d.Address, o.For)
	for opened := false; ctx.Err() == nil && !t.enough(); {
		session, err := driver.Open(ctx)
		if err != nil && ctx.Err() == nil && !opened {
			t.show(true)
			return l.result, fmt.Errorf("scanner %s: %w", d.Name, err)
		}
		if err != nil {
			t.sleep(ctx)
			continue
		}
		opened = true
		o.Tell("-- connected")
		if err := t.listen(ctx, session); err != nil {
			_ = session.Close() // the first error is the one to tell
			t.show(true)
			if errors.Is(err, ErrNoTrigger) {
				return l.result, err
			}
			o.Tell("-- the connection has ended: %v", err)
			t.sleep(ctx)
			continue
		}
		if err := session.Close(); err != nil {
			return l.result, fmt.Errorf("scanner %s: %w", d.Name, err)
		}
	}
	t.show(true)
	t.advise(l.end(o.Trigger))
	return l.result, nil
}

// ErrNoTrigger says that a scanner cannot be made to read.
var ErrNoTrigger = errors.New("the scanner reads by itself, it takes no trigger as it is set")

func newListener(cfg *config.Config, d config.Device) (*listener, error) {
	r, err := newReader(cfg)
	if err != nil {
		return nil, err
	}
	r.takes = func(key, value string) error {
		s := cfg.DeviceSettings(d)
		if s.Options == nil {
			s.Options = map[string]any{}
		}
		s.Options[key] = value
		_, err := drivers.NewScanner(d.Driver, s)
		return err
	}
	return &listener{reader: r, device: d, options: d.Options, told: map[string]bool{}, judged: true}, nil
}

// scannerTest is one test under way.
type scannerTest struct {
	*listener
	wire      *wire
	o         ScannerOptions
	began     time.Time
	triggered time.Time // when it was last made to read; zero: its reading has come
	next      time.Time // when it is to be made to read again
}

func (t *scannerTest) enough() bool { return t.o.Codes > 0 && t.result.Frames >= t.o.Codes }

type read struct {
	scan drivers.Scan
	at   time.Time
	err  error
}

// listen takes the readings of one session. Its end in good order is nil.
func (t *scannerTest) listen(ctx context.Context, session drivers.ScanSession) error {
	trigger, ok := session.(drivers.Triggerer)
	if t.o.Trigger && !ok {
		return ErrNoTrigger
	}
	inner, stop := context.WithCancel(ctx)
	reads, over := make(chan read), make(chan struct{})
	go func() {
		defer close(over)
		for {
			s, err := session.Next(inner)
			select {
			case reads <- read{s, time.Now(), err}:
			case <-inner.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() { stop(); <-over }()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !t.enough() {
		select {
		case <-ctx.Done():
			return nil
		case r := <-reads:
			if r.err != nil && ctx.Err() != nil {
				return nil
			}
			if r.err != nil {
				return r.err
			}
			t.show(true)
			t.understood(r)
		case now := <-ticker.C:
			t.show(false)
			t.advise(t.quiet(now))
			if t.o.Trigger {
				if err := t.pull(ctx, trigger, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// pull makes the scanner read when it is time.
func (t *scannerTest) pull(ctx context.Context, trigger drivers.Triggerer, now time.Time) error {
	if !t.triggered.IsZero() && now.Sub(t.triggered) > triggerAgain {
		t.o.Tell("-- nothing came for %s after the trigger", triggerAgain)
		t.advise(t.listener.advise(Advice{Key: "trigger", What: "the reader was triggered and said nothing", Do: "set it to send a text when it finds no code, and name it in no_read"}))
		t.triggered, t.next = time.Time{}, now
	}
	if !t.triggered.IsZero() || now.Before(t.next) {
		return nil
	}
	t.triggered = time.Now()
	return trigger.Trigger(ctx)
}

func (t *scannerTest) understood(r read) {
	if !t.triggered.IsZero() {
		t.o.Tell("-- %.1f ms after the trigger", milliseconds(r.at.Sub(t.triggered)))
		t.triggered, t.next = time.Time{}, r.at.Add(triggerPause)
	}
	lines, advice := t.scan(r.at, r.scan)
	for _, line := range lines {
		t.o.Tell("   %s", line)
	}
	t.advise(advice)
}

// advise tells what is new; the listener has kept it.
func (t *scannerTest) advise(fresh []Advice) {
	for _, a := range fresh {
		word := "advice"
		if a.Note {
			word = "note"
		}
		t.o.Tell("%s: %s", word, a)
	}
}

// show tells the bytes that went and came.
func (t *scannerTest) show(all bool) {
	for _, p := range t.wire.take(all) {
		if !p.out {
			t.heard(p.last, p.b)
		}
		for _, line := range p.lines(t.began) {
			t.o.Tell("%s", line)
		}
	}
}

func (t *scannerTest) sleep(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(settled):
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
