package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/ledger"
	"linemark/internal/office"
)

// Repack is what POST /api/v1/pack/... takes. Which fields count depends on what is to be done.
type Repack struct {
	Line    Text `json:"line"`
	Station Text `json:"station"`
	// Container is the number of the open one that is meant, for close, undo and empty; 0: whichever is open.
	Container int64 `json:"container"`
	Code      Text  `json:"code"`
	For       Text  `json:"for"`
	By        Text  `json:"by"`
	Reason    Text  `json:"reason"`
}

// Container is a container with what is in it.
type Container struct {
	ContainerFacts
	In []string `json:"in"` // in the order in which they were put in
}

// ContainerFacts are a container as the API gives it. Codes are shown with GS as {GS}.
type ContainerFacts struct {
	ID       int64      `json:"id"`
	Line     string     `json:"line"`
	Station  string     `json:"station"`
	Batch    string     `json:"batch"`
	State    string     `json:"state"` // open, full, closed, aside
	Code     string     `json:"code,omitempty"`
	Parent   int64      `json:"parent,omitempty"`
	Capacity int        `json:"capacity"`
	Report   int64      `json:"report,omitempty"`
	Reported string     `json:"report_state,omitempty"`
	Dropped  bool       `json:"dropped,omitempty"`
	Reason   string     `json:"reason,omitempty"` // why it was set aside
	OpenedAt time.Time  `json:"opened_at"`
	ClosedAt *time.Time `json:"closed_at,omitempty"`
}

// Repacked is the answer to what was done to a container.
type Repacked struct {
	Said      string    `json:"said"`
	Container Container `json:"container"`
}

func containerOf(c ledger.Container) Container { return Container{factsOf(c), visible(c.In)} }

func factsOf(c ledger.Container) ContainerFacts {
	out := ContainerFacts{ID: int64(c.ID), Line: c.Line, Station: c.Station, Batch: c.Batch, State: c.State.String(), Code: code.Visible(c.Code), Parent: int64(c.Parent),
		Capacity: c.Capacity, Report: c.Report, Reported: string(c.Reported), Dropped: c.Dropped, Reason: c.Reason, OpenedAt: c.OpenedAt}
	if !c.ClosedAt.IsZero() {
		out.ClosedAt = &c.ClosedAt
	}
	return out
}

// container answers a question with a code, or with a station.
func container(r *http.Request, o office.Office) (any, error) {
	if strings.HasPrefix(r.URL.RawQuery, "code=") {
		text, err := queryCode(r.URL.RawQuery)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, err.Error(), "")
		}
		c, err := o.Container(r.Context(), text)
		return containerOf(c), err
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the query cannot be read: "+err.Error(), "")
	}
	c, err := o.OpenContainer(r.Context(), q.Get("line"), q.Get("station"))
	return containerOf(c), err
}

func repack(do string) func(*http.Request, office.Office, Repack) (any, error) {
	return func(r *http.Request, o office.Office, in Repack) (any, error) {
		done, err := o.Repack(r.Context(), office.Repack{Do: do, Line: string(in.Line), Station: string(in.Station),
			Container: ledger.ContainerID(in.Container), Code: asCode(in.Code), For: asCode(in.For), By: string(in.By), Reason: string(in.Reason)})
		return Repacked{Said: done.Said, Container: containerOf(done.Container)}, err
	}
}
