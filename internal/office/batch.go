package office

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

// rulesOf returns the rules of the product that a line marks.
func rulesOf(cfg *config.Config, line string) (code.Rules, bool) {
	for _, l := range cfg.Lines {
		if l.Name != line {
			continue
		}
		for _, s := range l.Stations {
			if p, ok := cfg.Product(s.Product); ok {
				r, _ := cfg.Table.Rules(p.GroupOr(cfg))
				return r, true
			}
		}
		return code.Rules{}, true
	}
	return code.Rules{}, false
}

// Pause says why a line may not mark while its last batch is b (the zero Batch: it never had one);
// empty if it may.
func Pause(cfg *config.Config, line string, b ledger.Batch) string {
	r, _ := rulesOf(cfg, line)
	switch {
	case b.Running():
		return ""
	case !b.StartedAt.IsZero():
		return fmt.Sprintf("the next batch to be started: %q has ended", b.Name)
	case r.Utilisation.ProductionDate || r.Utilisation.ExpirationDate || r.Utilisation.SeriesNumber:
		return "a batch to be started: reports of " + r.Group + " say of which one a product is"
	case byNumber(cfg):
		return "a batch to be started whose name is the number of a SmartOne batch: reports go by it, since no department is configured"
	}
	return ""
}

// byNumber says whether reports go by the number of a batch of SmartOne.
func byNumber(cfg *config.Config) bool { return cfg.OnSmartOne() && cfg.SmartOne.ByBatch() }

// BatchNeeds is what a line's next batch must say.
type BatchNeeds struct {
	ProductionDate, ExpirationDate, Series bool
	Number                                 bool // its name is the number of a SmartOne batch
}

// NeedsOf returns what the reports of a line's products need to know of their batch.
func NeedsOf(cfg *config.Config, line string) BatchNeeds {
	r, _ := rulesOf(cfg, line)
	return BatchNeeds{r.Utilisation.ProductionDate, r.Utilisation.ExpirationDate, r.Utilisation.SeriesNumber, byNumber(cfg)}
}

// maxSeries is the most characters of a series number (document, 4.4.1).
const maxSeries = 20

// StartBatch begins a batch of a line. What the reports of its product group must say of it is
// asked for now. A fault of what was given is an *InputError.
func (o Office) StartBatch(ctx context.Context, b ledger.Batch) error {
	r, ok := rulesOf(o.Config, b.Line)
	if !ok {
		return o.noLine(b.Line)
	}
	if b.Name == "" {
		return &InputError{"a batch needs a name", "give the number of the production order with --name"}
	}
	if byNumber(o.Config) && strings.Trim(b.Name, "0123456789") != "" {
		return &InputError{fmt.Sprintf("%q is no number of a SmartOne batch, and reports go by it", b.Name), "give the number that the system shows, or configure [smartone] department"}
	}
	for _, f := range []struct {
		name, value string
		needed      bool
	}{
		{"production date", b.ProductionDate, r.Utilisation.ProductionDate},
		{"expiration date", b.ExpirationDate, r.Utilisation.ExpirationDate},
		{"series", b.Series, r.Utilisation.SeriesNumber},
	} {
		if f.value == "" && f.needed {
			return &InputError{f.name + " is missing: utilisation reports of " + r.Group + " need it", "give it with --" + strings.ReplaceAll(f.name, " ", "-")}
		}
	}
	for _, d := range []struct{ name, value string }{{"production date", b.ProductionDate}, {"expiration date", b.ExpirationDate}} {
		if _, err := time.Parse(time.RFC3339, d.value); d.value != "" && err != nil {
			return &InputError{fmt.Sprintf("%s %q is no date with time and zone", d.name, d.value), "write it as 2026-01-31T00:00:00+05:00"}
		}
	}
	made, _ := time.Parse(time.RFC3339, b.ProductionDate) // both were read above, or are empty
	if expires, _ := time.Parse(time.RFC3339, b.ExpirationDate); !made.IsZero() && !expires.IsZero() && !expires.After(made) {
		return &InputError{"the expiration date is not after the production date", "look whether they were taken for each other"}
	}
	if n := utf8.RuneCountInString(b.Series); n > maxSeries {
		return &InputError{fmt.Sprintf("the series has %d characters", n), fmt.Sprintf("the national system takes 1 to %d", maxSeries)}
	}
	for _, t := range []struct{ name, value, hint string }{
		{"name", b.Name, "give the number of the production order"},
		{"series", b.Series, "give it as it stands on the product"},
	} {
		if !prints(t.value) {
			return &InputError{fmt.Sprintf("the %s %q begins or ends with a blank, or holds what does not print", t.name, t.value), t.hint}
		}
	}
	if err := o.Ledger.StartBatch(ctx, b); err != nil {
		return asInput(err, "linemark batch end --line "+b.Line+" ends the one that runs")
	}
	return o.changed(ctx, b.Line)
}

// prints says whether a text is one that reports can carry and people can type again.
func prints(s string) bool {
	return utf8.ValidString(s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func (o Office) noLine(line string) error {
	var names []string
	for _, l := range o.Config.Lines {
		names = append(names, l.Name)
	}
	return &InputError{fmt.Sprintf("there is no line %q", line), "lines: " + strings.Join(names, ", ")}
}

// asInput turns what the ledger's state does not allow into what a person can act on.
func asInput(err error, hint string) error {
	var state *ledger.StateError
	if errors.As(err, &state) {
		return &InputError{state.What, hint}
	}
	return err
}

// Sheet is the balance sheet of a batch.
type Sheet struct {
	Batch    ledger.Batch
	Products []ledger.BatchAccount
}

// Equal says whether every product's account is.
func (s Sheet) Equal() bool {
	for _, a := range s.Products {
		if !a.Equal() {
			return false
		}
	}
	return true
}

// EndBatch ends the batch that a line runs: nothing more is marked until the next one is started.
// Labels that a printer holds already come out with the next products and stay in this batch.
func (o Office) EndBatch(ctx context.Context, line string) (Sheet, error) {
	if _, ok := rulesOf(o.Config, line); !ok {
		return Sheet{}, o.noLine(line)
	}
	b, err := o.Ledger.EndBatch(ctx, line)
	if err != nil {
		return Sheet{}, asInput(err, "linemark batch start --line "+line+" begins one")
	}
	if err := o.changed(ctx, line); err != nil {
		return Sheet{}, err
	}
	return o.sheet(ctx, b)
}

// EndThisBatch ends the batch that a line runs if it is the one of this name; an empty name is any. Whoever has an old
// page before him means the batch that it shows, not one that was started since.
func (o Office) EndThisBatch(ctx context.Context, line, name string) (Sheet, error) {
	if name != "" {
		last, err := o.Ledger.LastBatch(ctx, line)
		if err == nil && (!last.Running() || last.Name != name) {
			return Sheet{}, &InputError{fmt.Sprintf("line %s runs no batch %q", line, name), "look again at what the line runs"}
		}
	}
	return o.EndBatch(ctx, line)
}

// Sheet returns the balance sheet of a line's batch; without a name that of its last one.
func (o Office) Sheet(ctx context.Context, line, name string) (Sheet, error) {
	if _, ok := rulesOf(o.Config, line); !ok {
		return Sheet{}, o.noLine(line)
	}
	find, what := o.Ledger.LastBatch, "line "+line+" had no batch yet"
	if name != "" {
		find = func(ctx context.Context, line string) (ledger.Batch, error) { return o.Ledger.BatchOf(ctx, line, name) }
		what = fmt.Sprintf("line %s had no batch %q", line, name)
	}
	b, err := find(ctx, line)
	if errors.Is(err, ledger.ErrNotFound) {
		return Sheet{}, &InputError{what, "linemark batch start --line " + line + " begins one"}
	}
	if err != nil {
		return Sheet{}, err
	}
	return o.sheet(ctx, b)
}

func (o Office) sheet(ctx context.Context, b ledger.Batch) (Sheet, error) {
	all, err := o.Ledger.BatchBalance(ctx, b.Line, b.Name)
	return Sheet{Batch: b, Products: all}, err
}
