package commission

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
	"linemark/internal/config"
)

// PLCOptions say how a PLC is tested.
type PLCOptions struct {
	For    time.Duration // how long it is watched
	Write  []Assignment  // outputs to write; they are put back at the end
	Pulse  string        // output to pulse once; empty: none
	Beat   bool          // keep the output named beat changing, as the agent does
	Expect []Assignment  // numbers that stand in the PLC
	Raw    bool          // show every byte
	Tell   Tell
}

// PLCResult is what a test of a PLC found.
type PLCResult struct {
	Reads  int
	Rate   float64 // reads a second that were reached
	Every  Spread  // from read to read
	Round  Spread  // one read, from the request to the answer
	Advice []Advice
	Notes  []Advice
}

// Passed says whether the PLC may be used as it is set.
func (r PLCResult) Passed() bool { return r.Reads > 0 && len(r.Advice) == 0 }

func refusal(err error) bool {
	var no *drivers.Refusal
	return errors.As(err, &no)
}

// beatHalf is how long the beat stands in each of its states.
const beatHalf = 250 * time.Millisecond

// plcTest is one test under way.
type plcTest struct {
	cfg     *config.Config
	device  config.Device
	o       PLCOptions
	wire    *wire
	driver  drivers.PLC
	session drivers.PLCSession
	points  map[string]drivers.Point
	began   time.Time
	first   drivers.Values
	last    drivers.Values
	changes map[string]int
	fallen  map[string]bool
	restore map[string]uint64 // outputs to put back, and to what
	result  PLCResult
}

// TestPLC reads a configured PLC again and again, shows what is read and what changes, and what is set
// wrong. Outputs are written only as told, and put back at the end, also when ctx ends it.
func TestPLC(ctx context.Context, cfg *config.Config, d config.Device, o PLCOptions) (r PLCResult, err error) {
	if err := free(cfg); err != nil {
		return r, err
	}
	t := &plcTest{cfg: cfg, device: d, o: o, wire: &wire{}, began: time.Now(), changes: map[string]int{}, fallen: map[string]bool{}, restore: map[string]uint64{}}
	settings := cfg.DeviceSettings(d)
	settings.Dial = t.wire.dialer(link.Dial)
	if t.driver, err = drivers.NewPLC(d.Driver, settings); err != nil {
		return r, err
	}
	t.points = t.driver.Points()
	if err := t.check(); err != nil {
		return r, &InputError{err}
	}
	o.Tell("%s, driver %s, %s; for %s", d.Name, d.Driver, d.Address, o.For)
	session, err := t.driver.Open(ctx)
	if err != nil {
		return r, fmt.Errorf("PLC %s: %w", d.Name, err)
	}
	t.session = session
	defer func() {
		t.close()
		r = t.result
	}()
	values, err := t.session.Read(context.WithoutCancel(ctx))
	t.show(true)
	if refusal(err) {
		return t.result, t.refused(ctx, err)
	}
	if err != nil {
		return t.result, fmt.Errorf("PLC %s: %w", d.Name, err)
	}
	t.first, t.last = values, values
	t.table(values)
	if err := t.expected(ctx); err != nil {
		return t.result, err
	}
	err = t.watch(ctx)
	return t.result, errors.Join(err, t.putBack(context.WithoutCancel(ctx)))
}

// close ends the session, if there is one. One that has failed is closed already.
func (t *plcTest) close() {
	if t.session != nil {
		_ = t.session.Close() // what it has said is all that counts
		t.session = nil
	}
}

// check refuses what the PLC does not have, before anything is sent.
func (t *plcTest) check() error {
	for _, a := range t.o.Write {
		p, err := pointOf(t.points, a.Name, true)
		if err == nil {
			_, err = value(p, a.Value)
		}
		if err != nil {
			return fmt.Errorf("--write %s: %w", a, err)
		}
	}
	if t.o.Pulse != "" {
		if p, err := pointOf(t.points, t.o.Pulse, true); err != nil {
			return fmt.Errorf("--pulse: %w", err)
		} else if p.Bits != 1 {
			return fmt.Errorf("--pulse: %s is no bit, but %s", t.o.Pulse, kind(p))
		}
	}
	if t.o.Beat {
		if _, err := pointOf(t.points, "beat", true); err != nil {
			return fmt.Errorf("--beat: %w", err)
		}
	}
	for _, a := range t.o.Expect {
		if _, err := pointOf(t.points, a.Name, false); err != nil {
			return fmt.Errorf("--expect %s: %w", a, err)
		}
	}
	return nil
}

// table shows all points and their values.
func (t *plcTest) table(values drivers.Values) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "\t\tplace\ttype\traw\tvalue")
	for _, name := range sorted(t.points) {
		p := t.points[name]
		v, ok := values[name]
		shown, bits := "refused", ""
		if ok {
			shown, bits = understood(p, v), raw(p, v)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", way(p), name, p.Where, kind(p), bits, shown)
	}
	_ = w.Flush() // into memory
	for line := range strings.Lines(b.String()) {
		t.o.Tell("%s", strings.TrimRight(line, " \n"))
	}
}

// refused reads what the PLC does give, and tells its own words about the rest.
func (t *plcTest) refused(ctx context.Context, why error) error {
	t.close() // some PLCs take one connection at a time
	all := map[string]any{}
	for _, table := range []string{"inputs", "outputs"} {
		points, _ := t.device.Options[table].(map[string]any)
		for name, spec := range points {
			all[name] = spec
		}
	}
	values, refused, err := readSome(ctx, t.cfg, only(t.device, all))
	if err != nil {
		return fmt.Errorf("PLC %s: %w", t.device.Name, errors.Join(why, err))
	}
	t.table(values)
	for _, words := range refused {
		t.advise(Advice{Key: words, What: words, Do: "see the PLC's own list of addresses: manuals count from one, the setting from zero; and that the area is shared with Modbus"})
	}
	return nil
}

func (t *plcTest) advise(a Advice) {
	if a.Note {
		t.result.Notes = append(t.result.Notes, a)
		t.o.Tell("note: %s", a)
		return
	}
	t.result.Advice = append(t.result.Advice, a)
	t.o.Tell("advice: %s", a)
}

// expected looks for the numbers that the engineer knows to stand there.
func (t *plcTest) expected(ctx context.Context) error {
	if len(t.o.Expect) == 0 {
		return nil
	}
	t.close() // some PLCs take one connection at a time
	for _, a := range t.o.Expect {
		from, fits, err := expect(ctx, t.cfg, t.device, a.Name, a.Value)
		if err != nil {
			return fmt.Errorf("--expect %s: %w", a, err)
		}
		t.fits(a, from, fits)
	}
	session, err := t.driver.Open(ctx)
	if err != nil {
		return fmt.Errorf("PLC %s: %w", t.device.Name, err)
	}
	t.session = session
	return nil
}

func (t *plcTest) fits(a Assignment, from place, fits []fit) {
	order, _ := t.device.Options["word_order"].(string)
	if order == "" {
		order = "ABCD"
	}
	for _, f := range fits {
		if f.place == from && (f.order == order || strings.HasSuffix(f.typ, "16")) {
			t.o.Tell("-- %s reads %s as it is configured: %s:%d:%s, word_order %s", a.Name, a.Value, from.area, from.address, from.typ, order)
			return
		}
	}
	if len(fits) == 0 {
		t.advise(Advice{Key: "expect " + a.Name, What: fmt.Sprintf("%s is not %s: in no word order and no type, nor one address before or behind", a.Name, a.Value),
			Do: "see the PLC's list of addresses, and that the number stands there now"})
		return
	}
	f := fits[0]
	do := fmt.Sprintf("%s = \"%s:%d:%s\"", a.Name, f.area, f.address, f.typ)
	if f.order != order && !strings.HasSuffix(f.typ, "16") {
		do += fmt.Sprintf(" and word_order = %q", f.order)
	}
	what := "it fits with " + do
	if f.address != from.address {
		what += fmt.Sprintf(": the address is off by one, %d counted from zero", f.address)
	}
	t.advise(Advice{Key: "expect " + a.Name, What: fmt.Sprintf("%s is not %s as it is configured", a.Name, a.Value), Do: what})
}
