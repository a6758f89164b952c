package agent

import (
	"context"
	"errors"
	"fmt"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/line"
	"linemark/internal/office"
)

// benches are the pack stations where a person packs: their open containers go on after a restart.
func benches(cfg *config.Config) []ledger.Bench {
	var all []ledger.Bench
	for _, l := range cfg.Lines {
		for _, s := range l.Stations {
			if s.Kind == string(line.KindPack) && s.PackMode == config.PackHand {
				all = append(all, ledger.Bench{Line: l.Name, Station: s.Name})
			}
		}
	}
	return all
}

// packing tells a pack station how it packs, and by which outputs the operator hears of it.
func (a *Agent) packing(to *line.StationConfig, s config.Station) {
	to.PackSettings = line.PackSettings{Mode: line.Mode(s.PackMode), Strict: s.Strict(), Partial: s.Partial == config.Yes, SignalFor: s.SignalFor, Cards: map[code.Code]line.Do{}}
	for text, do := range map[string]line.Do{s.UndoCode: line.Undo, s.CloseCode: line.CloseNow, s.EmptyCode: line.EmptyNow} {
		if text != "" {
			to.Cards[code.Code(text)] = do
		}
	}
	for _, output := range []struct {
		ref string
		to  *string
	}{{s.Refused, &to.Refused}, {s.Accepted, &to.Accepted}} {
		if name, point, ok := config.SplitPoint(output.ref); ok {
			to.Signals, *output.to = signals{a.plcs[name]}, point
			a.plcs[name].pulsed[point] = true
		}
	}
}

// ask has a station change its open container, on a person's word.
func (a *Agent) ask(ctx context.Context, name, station string, r office.Repack) (string, error) {
	for _, l := range a.lines {
		if l.Name() != name {
			continue
		}
		said, err := l.Ask(ctx, station, line.Ask{Do: line.Do(r.Do), Container: r.Container, Code: r.Code, For: r.For, Because: r.Because()})
		return said, refusal(err, name, station)
	}
	return "", line.ErrNoStation
}

// refusal turns a station's no into what a person can act on.
func refusal(err error, name, station string) error {
	var refused *line.RefusedError
	if errors.As(err, &refused) {
		return &office.InputError{What: refused.Why, Hint: fmt.Sprintf("linemark pack show --line %s --station %s shows what is open", name, station)}
	}
	return err
}

// printAgain has a station print a closed container's label once more.
func (a *Agent) printAgain(ctx context.Context, c ledger.Container) (string, error) {
	for _, l := range a.lines {
		if l.Name() != c.Line {
			continue
		}
		stands, err := a.ledger.Packed(ctx, c.Code)
		if err != nil {
			return "", err
		}
		b, err := a.ledger.BatchOf(ctx, c.Line, c.Batch)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return "", err
		}
		said, err := l.Again(ctx, c, stands.Whole, b)
		return said, refusal(err, c.Line, c.Station)
	}
	return "", line.ErrNoStation
}
