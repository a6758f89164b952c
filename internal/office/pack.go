package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

// Repack is what a person wants of a container.
type Repack struct {
	Do string // close, undo, empty, out, replace, dissolve, label
	// Line and Station: whose open container, for close, undo and empty.
	Line, Station string
	// Container is the open one that whoever asks has seen, for close, undo and empty; 0: whichever is open now.
	Container  ledger.ContainerID
	Code       code.Code // out, replace: of what comes out; undo: the last one in that was seen, or empty; dissolve, label: the container's own
	For        code.Code // replace: of what goes in
	By, Reason string    // who says so, and why
}

// Because is what the journal says of it.
func (r Repack) Because() string { return "by " + r.By + ": " + r.Reason }

// Repacked is a container as it is then, and what was done.
type Repacked struct {
	Said      string
	Container ledger.Container
}

// place is where it happens, as the journal says it.
const place = ledger.PlaceOffice

// Container finds a container by its own code or by one that is in it.
func (o Office) Container(ctx context.Context, text code.Code) (ledger.Container, error) {
	c, _, err := o.Ledger.FindContainer(ctx, text)
	if errors.Is(err, ledger.ErrNotFound) {
		return c, inNone(text)
	}
	return c, err
}

func inNone(text code.Code) error {
	return &InputError{code.Visible(text) + " is in no container and on none", "linemark trace tells what is known of it"}
}

// OpenContainer returns the container that is being filled at a station.
func (o Office) OpenContainer(ctx context.Context, line, station string) (ledger.Container, error) {
	if _, err := o.packStation(line, station); err != nil {
		return ledger.Container{}, err
	}
	c, err := o.Ledger.OpenContainerAt(ctx, line, station)
	if errors.Is(err, ledger.ErrNotFound) {
		err = &InputError{fmt.Sprintf("no container is open at station %s of line %s", station, line), "the next unit opens one"}
	}
	return c, err
}

func (o Office) packStation(line, station string) (config.Station, error) {
	i := slices.IndexFunc(o.Config.Lines, func(l config.Line) bool { return l.Name == line })
	if i < 0 {
		return config.Station{}, o.noLine(line)
	}
	var names []string
	for _, s := range o.Config.Lines[i].Stations {
		if s.Kind != "pack" {
			continue
		}
		if s.Name == station {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return config.Station{}, &InputError{fmt.Sprintf("line %s has no pack station %q", line, station), "pack stations: " + strings.Join(names, ", ")}
}

// Repack changes what is in a container: an open one by its station, a closed one as long as no
// report holds it. What cannot be done is an *InputError, and then nothing was changed.
func (o Office) Repack(ctx context.Context, r Repack) (Repacked, error) {
	for _, t := range []struct{ name, value, hint string }{{"name", r.By, "say with --by who does it"}, {"reason", r.Reason, "say with --reason why"}} {
		if t.value == "" || !prints(t.value) {
			return Repacked{}, &InputError{fmt.Sprintf("a %s is needed that begins and ends with no blank", t.name), t.hint}
		}
	}
	c, err := o.target(ctx, r)
	if err != nil {
		return Repacked{}, err
	}
	said, err := o.repack(ctx, c, r)
	var reported *ledger.ReportedError
	if errors.As(err, &reported) {
		return Repacked{}, &InputError{reported.Error(), "the national system has nothing that takes an aggregation back: linemark drop --with-child withdraws the container with all that is in it"}
	}
	if err != nil {
		return Repacked{}, asInput(err, "linemark pack show "+code.Visible(c.Code)+" shows the container")
	}
	if c, err = o.Ledger.Container(ctx, c.ID); err != nil {
		return Repacked{}, err
	}
	return Repacked{Said: said, Container: c}, nil
}

// target is the container that is meant.
func (o Office) target(ctx context.Context, r Repack) (ledger.Container, error) {
	switch r.Do {
	case "close", "undo", "empty":
		c, err := o.OpenContainer(ctx, r.Line, r.Station)
		if err == nil && r.Container != 0 && r.Container != c.ID {
			err = &InputError{fmt.Sprintf("container %d is open here no more: look again at what is open", r.Container), fmt.Sprintf("container %d is open now", c.ID)}
		}
		return c, err
	case "out", "replace", "dissolve", "label":
	default:
		return ledger.Container{}, &InputError{fmt.Sprintf("%q is nothing that can be done to a container", r.Do), "close, undo, empty, out, replace, dissolve or label"}
	}
	c, own, err := o.Ledger.FindContainer(ctx, r.Code)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return c, inNone(r.Code)
	case err != nil:
		return c, err
	case (r.Do == "dissolve" || r.Do == "label") && !own:
		return c, &InputError{code.Visible(r.Code) + " is on no container", "give the container's own code: linemark pack show tells it"}
	case r.Do == "dissolve" || r.Do == "label" || !own:
		return c, nil
	case c.Parent == 0:
		return c, inNone(r.Code)
	}
	return o.Ledger.Container(ctx, c.Parent)
}

func (o Office) repack(ctx context.Context, c ledger.Container, r Repack) (string, error) {
	if r.Do == "label" {
		return o.labelAgain(ctx, c, r)
	}
	if c.State != ledger.ContainerOpen {
		return o.repackClosed(ctx, c, r)
	}
	if r.Do == "dissolve" {
		return "", &InputError{fmt.Sprintf("container %d is open", c.ID), "linemark pack empty takes everything out"}
	}
	if o.Ask != nil {
		return o.Ask(ctx, c.Line, c.Station, r)
	}
	s, err := o.packStation(c.Line, c.Station)
	switch {
	case err != nil:
		return "", err
	case s.PackMode != config.PackHand:
		return "", &InputError{fmt.Sprintf("container %d was open when the agent stopped", c.ID), "it is set aside when the agent starts: linemark run"}
	case r.Do == "close":
		return "", &InputError{"no agent runs, and a container is closed by its station", "start it with linemark run"}
	}
	return o.repackIdle(ctx, c, s, r)
}

// labelAgain prints a container's label once more. That a person has asked for it, and why, is in the journal before.
func (o Office) labelAgain(ctx context.Context, c ledger.Container, r Repack) (string, error) {
	switch {
	case c.State != ledger.ContainerClosed:
		return "", &InputError{fmt.Sprintf("container %d is %s: it has no label yet", c.ID, c.State), "a label is printed when it is closed"}
	case c.Dropped:
		return "", &InputError{fmt.Sprintf("container %d is withdrawn", c.ID), "its code is never used again"}
	case o.PrintAgain == nil:
		return "", ErrNoAgent
	}
	if err := o.Ledger.Note(ctx, place, fmt.Sprintf("the label of container %d (%s) is printed again %s", c.ID, code.Visible(c.Code), r.Because())); err != nil {
		return "", err
	}
	return o.PrintAgain(ctx, c)
}

// repackIdle changes a bench's open container while no agent runs.
func (o Office) repackIdle(ctx context.Context, c ledger.Container, s config.Station, r Repack) (string, error) {
	switch r.Do {
	case "undo":
		if r.Code != "" {
			out, err := o.Ledger.TakeOut(ctx, place, c.ID, r.Code, r.Because())
			return code.Visible(out) + " is out", err
		}
		out, err := o.Ledger.TakeLastOut(ctx, place, c.ID, r.Because())
		return code.Visible(out) + " is out", err
	case "empty":
		n, err := o.Ledger.EmptyContainer(ctx, place, c.ID, r.Because())
		return fmt.Sprintf("container %d is empty: %d taken out", c.ID, n), err
	case "out":
		out, err := o.Ledger.TakeOut(ctx, place, c.ID, r.Code, r.Because())
		return code.Visible(out) + " is out", err
	}
	return o.replace(ctx, c, s, r)
}

func (o Office) repackClosed(ctx context.Context, c ledger.Container, r Repack) (string, error) {
	switch r.Do {
	case "dissolve":
		n, err := o.Ledger.Dissolve(ctx, place, c.ID, r.Because())
		return fmt.Sprintf("container %d is dissolved: %d loose again, its own code is never used again", c.ID, n), err
	case "out": // always a no: the ledger says whether a report is why
		_, err := o.Ledger.TakeOut(ctx, place, c.ID, r.Code, r.Because())
		return "", asInput(err, "linemark pack replace puts another in the place of what comes out, linemark pack dissolve gives the container up")
	}
	s, err := o.packStation(c.Line, c.Station)
	if err != nil {
		return "", err
	}
	return o.replace(ctx, c, s, r)
}

func (o Office) replace(ctx context.Context, c ledger.Container, s config.Station, r Repack) (string, error) {
	profile, err := o.Config.Table.Profile(c.Group, code.Unit)
	if err != nil {
		return "", err
	}
	out, err := o.Ledger.Replace(ctx, place, c.ID, r.Code, r.For, ledger.Replacement{Profile: profile, From: s.Of}, r.Because())
	if err != nil {
		return "", err
	}
	if !out.Packed {
		why := out.Outcome.String()
		if out.Note != "" {
			why += ": " + out.Note
		}
		return "", &InputError{code.Visible(r.For) + " does not go into container " + fmt.Sprint(c.ID) + ": " + why, "nothing was changed: take another, or linemark trace tells what is known of it"}
	}
	return code.Visible(r.Code) + " is out, " + code.Visible(r.For) + " in its place", nil
}
