package page

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// packingView is a pack station.
type packingView struct {
	Open       *ledger.Container // nil: none is open
	Containers []ledger.ListedContainer
	Whole      []string // what is done to the open container as a whole
}

var doneToWhole = []string{"undo", "close", "empty"}

// Last is what was put in last; empty: nothing is in.
func (p packingView) Last() code.Code {
	if p.Open == nil || len(p.Open.In) == 0 {
		return ""
	}
	return p.Open.In[len(p.Open.In)-1]
}

const mostContainers = 30

func livepacking(ctx context.Context, v *visit) (any, error) {
	line, station := v.Query("line"), v.Query("station")
	if station == "" {
		return packingView{}, nil
	}
	p := packingView{Whole: doneToWhole}
	open, err := v.agent.Ledger().OpenContainerAt(ctx, line, station)
	if err == nil {
		p.Open = &open
	} else if !errors.Is(err, ledger.ErrNotFound) {
		return nil, err
	}
	last, err := v.agent.Ledger().ContainersOf(ctx, ledger.ContainerQuery{Line: line, Station: station, Limit: mostContainers})
	p.Containers = last.Containers
	return p, err
}

// packingForms are the stations, and what can be done at the one that is looked at.
type packingForms struct {
	Line, Station string
	Stations      []packStation
	Whole         []string // what is done to the open container as a whole
}

type packStation struct{ Line, Station string }

func packingRest(_ context.Context, v *visit) (any, error) {
	f := packingForms{Line: v.Query("line"), Station: v.Query("station"), Whole: doneToWhole}
	known := f.Station == ""
	for _, l := range v.cfg.Lines {
		for _, s := range l.Stations {
			if s.Kind == "pack" {
				f.Stations = append(f.Stations, packStation{l.Name, s.Name})
				known = known || l.Name == f.Line && s.Name == f.Station
			}
		}
	}
	if !known {
		return nil, &office.InputError{What: "line " + f.Line + " has no pack station \"" + f.Station + "\"", Hint: "take one of those above"}
	}
	return f, nil
}

func repack(ctx context.Context, v *visit, form url.Values) (done, error) {
	r := office.Repack{Do: v.r.PathValue("do"), Line: form.Get("line"), Station: form.Get("station"), By: v.who.Name, Reason: strings.TrimSpace(form.Get("reason"))}
	if text := form.Get("container"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return done{}, &office.InputError{What: "\"" + text + "\" is no number of a container", Hint: "load the page again"}
		}
		r.Container = ledger.ContainerID(n)
	}
	if text := form.Get("code"); text != "" {
		r.Code = asked(text)
	}
	if text := form.Get("for"); text != "" {
		r.For = asked(text)
	}
	d, err := v.agent.Office().Repack(ctx, r)
	return done{Text: d.Said}, err
}
