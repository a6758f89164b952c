package ledger

import (
	"database/sql"
	"errors"
	"fmt"

	"linemark/internal/code"
)

// changeable is a container that people may change.
type changeable struct {
	id, parent   ContainerID
	state        ContainerState
	ofContainers bool
	code, report int64
}

// changeable says why a container may not be changed any more, if so, as a *StateError. What a denied
// report holds the national system does not have: it may be changed, and another report takes it.
func (t *tx) changeable(id ContainerID) (changeable, error) {
	c := changeable{id: id}
	var dropped bool
	var reported ReportStatus
	// What is dropped is dropped with all that is in it: up is the container and what it is in.
	err := t.row(`WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT p.parent FROM container p JOIN up ON p.id = up.id WHERE p.parent IS NOT NULL)
		SELECT c.state, c.holds = 'container', COALESCE(c.parent, 0), COALESCE(c.code, 0), c.aggregation, COALESCE(r.state, ''), EXISTS (SELECT 1 FROM dropped d JOIN up ON d.container = up.id)
		FROM container c LEFT JOIN report r ON r.id = c.aggregation WHERE c.id = ?1`, int64(id)).
		Scan(&c.state, &c.ofContainers, &c.parent, &c.code, &c.report, &reported, &dropped)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return c, &StateError{fmt.Sprintf("there is no container %d", id)}
	case err != nil:
		return c, err
	case dropped:
		return c, &StateError{fmt.Sprintf("container %d was dropped, by itself or with what it is in", id)}
	case c.report != 0 && reported != Denied:
		return c, &ReportedError{Container: id, Report: c.report, State: reported}
	case c.state == ContainerFull:
		return c, &StateError{fmt.Sprintf("the label of container %d is under way", id)}
	case c.state == ContainerAside:
		return c, &StateError{fmt.Sprintf("container %d was set aside: nothing is in it any more", id)}
	}
	return c, nil
}

// ReportedError says that a container is in an aggregation report: its contents can be changed no more.
type ReportedError struct {
	Container ContainerID
	Report    int64
	State     ReportStatus
}

func (e *ReportedError) Error() string {
	return fmt.Sprintf("container %d is in aggregation report %d (%s): no report takes anything out of it again", e.Container, e.Report, e.State)
}

// changed takes a container, and what it is in, out of a denied report, and lets no report be made of
// contents that were read before.
func (t *tx) changed(c changeable) error {
	if _, err := t.exec("UPDATE container SET edits = edits + 1 WHERE id = ?", int64(c.id)); err != nil {
		return err
	}
	for id := c.id; c.report != 0 && id != 0; {
		if _, err := t.exec("UPDATE container SET aggregation = 0, edits = edits + 1 WHERE id = ? AND aggregation = ?", int64(id), c.report); err != nil {
			return err
		}
		if err := t.row("SELECT COALESCE(parent, 0) FROM container WHERE id = ?", int64(id)).Scan(&id); err != nil {
			return err
		}
	}
	return nil
}

// open is changeable for what only an open container allows.
func (t *tx) open(id ContainerID) (changeable, error) {
	c, err := t.changeable(id)
	if err == nil && c.state != ContainerOpen {
		err = &StateError{fmt.Sprintf("container %d is closed: its label says what is in it", id)}
	}
	return c, err
}

// content is a unit or a container in a container.
type content struct {
	id     int64 // of the code, or of the container
	own    code.Code
	placed int
}

// contents returns what is in a container, in the order in which it was put in.
func (t *tx) contents(c changeable) ([]content, error) {
	query := "SELECT id, substr(raw, 1, idlen), placed FROM code WHERE container = ? ORDER BY placed, id"
	if c.ofContainers {
		query = "SELECT id, COALESCE((SELECT substr(raw, 1, idlen) FROM code WHERE id = k.code), CAST(k.sscc AS BLOB)), placed FROM container k WHERE parent = ? ORDER BY placed, id"
	}
	rows, err := t.query(query, int64(c.id))
	return collect(rows, err, func(s scanner) (it content, err error) {
		var own []byte
		err = s.Scan(&it.id, &own, &it.placed)
		it.own = code.Code(own)
		return it, err
	})
}

// within finds what a code names in a container: a full code or an identification code.
func (t *tx) within(c changeable, what code.Code) (content, error) {
	in, err := t.contents(c)
	if err != nil {
		return content{}, err
	}
	for _, it := range in {
		if it.own == what {
			return it, nil
		}
	}
	h, err := t.findAny(what)
	if err != nil && !errors.Is(err, errNoCode) {
		return content{}, err
	}
	for _, it := range in {
		if err == nil && it.own == h.ident() {
			return it, nil
		}
	}
	return content{}, &StateError{fmt.Sprintf("%s is not in container %d", code.Visible(what), c.id)}
}

func (t *tx) takeOut(place string, c changeable, it content, cause string) error {
	cause = fmt.Sprintf("taken out of container %d: %s", c.id, cause)
	if c.ofContainers {
		r, err := t.exec("UPDATE container SET parent = NULL, placed = 0 WHERE id = ? AND parent = ?", it.id, int64(c.id))
		if err := oneRow(r, err, fmt.Sprintf("container %d is not in container %d", it.id, c.id)); err != nil {
			return err
		}
		_, err = t.event(place, fmt.Sprintf("container %d %s", it.id, cause))
		return err
	}
	h, err := t.held(it.id)
	if err != nil {
		return err
	}
	if err := t.note(h, place, cause); err != nil {
		return err
	}
	r, err := t.exec("UPDATE code SET container = NULL, placed = 0 WHERE id = ? AND container = ?", it.id, int64(c.id))
	return oneRow(r, err, fmt.Sprintf("code %d is not in container %d", it.id, c.id))
}

func (t *tx) empty(place string, c changeable, cause string) (int, error) {
	in, err := t.contents(c)
	if err != nil {
		return 0, err
	}
	for _, it := range in {
		if err := t.takeOut(place, c, it, cause); err != nil {
			return 0, err
		}
	}
	_, err = t.event(place, fmt.Sprintf("container %d emptied: %s", c.id, cause))
	return len(in), err
}

// note writes into a code's life what does not change its state.
func (t *tx) note(h held, place, cause string) error {
	seq, err := t.journal(place, h, h.state, h.state, cause)
	if err != nil {
		return err
	}
	_, err = t.exec("UPDATE code SET last = ? WHERE id = ?", seq, h.id)
	return err
}
