package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linemark/drivers"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/label"
	"linemark/internal/line"
	"linemark/internal/web"
)

// nobody is a GTIN that no product has; its check digit is right.
const nobody = "00000000000000"

// TestLabel is a label with a code of the kind that the printer's station prints, of no product: no system issues
// it, and no ledger has it. What else stands on it says TEST.
func TestLabel(cfg *config.Config, printer string, traits drivers.PrinterTraits) (drivers.Label, error) {
	group, typ, sscc := cfg.Group(), code.Unit, ""
	for _, s := range stationsOf(cfg, func(s config.Station) bool { return s.Printer == printer }) {
		name := s.Product
		if s.Kind == "pack" {
			name = s.Unit
		}
		if name == config.SSCC {
			made, err := code.SSCC("0000000000", 0)
			if err != nil {
				return drivers.Label{}, err
			}
			sscc = string(made)
		}
		if p, ok := cfg.Product(name); ok {
			group, typ = p.GroupOr(cfg), code.Type(p.CISType)
		}
	}
	now := time.Now().Format(time.RFC3339)
	batch := label.Batch{Name: "TEST", ProductionDate: now, ExpirationDate: now}
	if sscc != "" {
		return drivers.Label{Fields: batch.OfSSCC(code.Code(sscc), 1).Fields()}, nil
	}
	profile, err := cfg.Table.Profile(group, typ)
	if err != nil {
		return drivers.Label{}, err
	}
	sample := code.Samples(profile, nobody)[0]
	if traits.CheckCode != nil {
		if err := traits.CheckCode([]byte(sample)); err != nil {
			return drivers.Label{}, fmt.Errorf("a code of this product: %w", err)
		}
	}
	return drivers.Label{Code: []byte(sample), Fields: batch.OfCode(sample, nobody, profile, 1).Fields()}, nil
}

// station is a configured station with its line.
type station struct {
	config.Station
	line string
}

func (s station) String() string { return s.line + "/" + s.Name }

// stationsOf returns the stations with a device.
func stationsOf(cfg *config.Config, has func(config.Station) bool) (all []station) {
	for _, l := range cfg.Lines {
		for _, s := range l.Stations {
			if has(s) {
				all = append(all, station{s, l.Name})
			}
		}
	}
	return all
}

// testLabel is a label on its way to a printer. It is the error that the session before ends with.
type testLabel struct {
	label drivers.Label
	ctx   context.Context    // of whoever asked for it
	done  chan<- printedTest // has room for the one answer
}

type printedTest struct {
	printed bool // the printer has confirmed it
	err     error
}

func (*testLabel) Error() string { return "a test label is printed" }

// How long a printer may take for a test label: until it confirms it, and where it confirms nothing until it has
// met a product. The next session takes back what is not out by then.
const (
	testConfirmed = 30 * time.Second
	testSilent    = 10 * time.Second
)

// errUnconfirmed says that a printer has not said that it has printed.
var errUnconfirmed = errors.New("it has not said that the label is printed")

// print prints a test label in a session of its own, and answers. It returns why the printer must be tried again
// later, or nil.
func (p *printer) print(ctx context.Context, t *testLabel) error {
	p.set(false, t.Error())
	within, cancel := context.WithTimeout(ctx, testConfirmed)
	defer cancel()
	defer context.AfterFunc(t.ctx, cancel)()
	printed, err := p.printed(within, t.label)
	if err != nil && within.Err() != nil { // the printer has no part in that
		err = errUnconfirmed
	}
	t.done <- printedTest{printed, err}
	var refused *drivers.Refusal
	if errors.Is(err, errUnconfirmed) || errors.As(err, &refused) {
		return nil
	}
	return err
}

func (p *printer) printed(ctx context.Context, l drivers.Label) (bool, error) {
	session, err := p.driver.Open(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = session.Close() }() // the printer has said all that counts
	if err := session.Send(ctx, []drivers.Label{l}); err != nil {
		return false, err
	}
	traits, sent := p.driver.Traits(), time.Now()
	for {
		if n, err := session.Printed(ctx); err != nil || n > 0 {
			return n > 0 && err == nil, err
		}
		if traits.Confirms == drivers.ConfirmsNothing && time.Since(sent) >= testSilent {
			return false, nil
		}
		if err := wait(ctx, max(traits.Poll, 10*time.Millisecond)); err != nil {
			return false, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// TestPrint prints one label with a code of nobody's on a printer, and says what the printer confirmed. It never
// meets a code of the stock (P1): it is refused while a line may feed the printer or has labels outstanding in it,
// no label is fed while it goes on, and it has a session of its own. An error is a *web.DeviceError.
func (a *Agent) TestPrint(ctx context.Context, name string) (said string, err error) {
	if a.labeller != nil && a.labeller.name == name {
		return "", trouble(web.WrongDevice, name+" prints the labels of shipments", "linemark shipping print prints one")
	}
	p := a.printers[name]
	if p == nil {
		return "", a.noDevice("printer", name)
	}
	if !p.trying.TryLock() {
		return "", trouble(web.NotNow, "a test label is being printed on "+name, "wait for it")
	}
	defer p.trying.Unlock()
	made, err := TestLabel(a.cfg, name, p.driver.Traits())
	if err != nil {
		return "", trouble(web.WrongDevice, err.Error(), "another setting of the driver may carry it: linemark drivers "+p.device.driver)
	}
	if check := p.driver.Traits().CheckLabel; check != nil {
		if err := check(made); err != nil {
			return "", trouble(web.WrongDevice, fmt.Sprintf("no test label can be made for %s: %v", name, err), "see its label")
		}
	}
	session := p.open.Load()
	if session == nil {
		return "", trouble(web.NotNow, fmt.Sprintf("printer %s is down: %s", name, p.Status().Error), "see that it is on, ready, and that the address is its own")
	}
	giveBack, err := a.borrow(ctx, name, session.number)
	defer giveBack()
	if err != nil {
		return "", err
	}
	printed, err := p.test(ctx, session, made)
	var not *web.DeviceError
	if errors.As(err, &not) {
		return "", not
	}
	what := "the label"
	if len(made.Code) > 0 {
		what = "the label with code " + code.Visible(code.Code(made.Code))
	}
	switch {
	case err != nil && errors.Is(err, errUnconfirmed):
		return "", trouble(web.DeviceFailed, fmt.Sprintf("printer %s: %v", name, err), "it may wait for a product: let one pass while the test goes on; what it still held is taken back")
	case err != nil:
		return "", trouble(web.DeviceFailed, fmt.Sprintf("printer %s: %v", name, err), "whether the test label came out is not known: look at the printer")
	case printed:
		return fmt.Sprintf("printed: %s says so; scan %s, it must read as it stands here", name, what), nil
	}
	return fmt.Sprintf("sent: %s does not say what it prints; look for %s, what was not out in %s is taken back", name, what, testSilent), nil
}

// test hands a label to a session that ends with it.
func (p *printer) test(ctx context.Context, session *printerSession, made drivers.Label) (bool, error) {
	done := make(chan printedTest, 1)
	select {
	case session.tests <- &testLabel{made, ctx, done}:
	case <-session.gone:
		return false, trouble(web.NotNow, fmt.Sprintf("printer %s has just gone away, and nothing was sent", p.name), "try again when it is up")
	case <-ctx.Done():
		return false, trouble(web.NotNow, "nothing was sent: "+ctx.Err().Error(), "try again")
	}
	// Whatever becomes of ctx: the printer must not be given back before the session of its codes has ended.
	select {
	case r := <-done:
		return r.printed, r.err
	case <-p.ended:
		return false, errors.New("the agent stops")
	}
}

// borrow has every station that uses a printer give it away. What is given away is to be given back, whatever the error.
func (a *Agent) borrow(ctx context.Context, printer string, session int) (giveBack func(), err error) {
	var back []func()
	giveBack = func() {
		for _, f := range back {
			f()
		}
	}
	for _, s := range stationsOf(a.cfg, func(s config.Station) bool { return s.Printer == printer }) {
		for _, l := range a.lines {
			if l.Name() != s.line {
				continue
			}
			f, err := l.Lend(ctx, s.Name, session)
			back = append(back, f)
			var refused *line.RefusedError
			if errors.As(err, &refused) {
				return giveBack, trouble(web.NotNow, fmt.Sprintf("printer %s is in use at %s: %s", printer, s, refused.Why),
					"end the line's batch, let the products pass for which the printer holds labels, and try again: a test label must not come between codes")
			}
			if err != nil {
				return giveBack, trouble(web.NotNow, fmt.Sprintf("station %s does not answer: %v", s, err), "try again")
			}
		}
	}
	return giveBack, nil
}
