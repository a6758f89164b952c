package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linemark/internal/code"
	"linemark/internal/escape"
	"linemark/internal/office"
)

// question is the query of a request. The first thing that is wrong with it stays in err.
type question struct {
	url.Values
	code code.Code // read by itself, as queryCode does
	err  error
}

func questionOf(r *http.Request) *question {
	q := &question{}
	rest := slices.DeleteFunc(strings.Split(r.URL.RawQuery, "&"), func(part string) bool {
		text, is := strings.CutPrefix(part, "code=")
		if is && q.err == nil {
			if q.code, q.err = escape.ParseURL(text); q.err != nil {
				q.err = refuse(http.StatusBadRequest, "the code is not percent-encoded as it should be: "+q.err.Error(), "")
			} else if q.code == "" {
				q.err = refuse(http.StatusBadRequest, "the code is empty", "")
			}
		}
		return is
	})
	var err error
	if q.Values, err = url.ParseQuery(strings.Join(rest, "&")); err != nil && q.err == nil {
		q.err = refuse(http.StatusBadRequest, "the query cannot be read: "+err.Error(), "")
	}
	return q
}

func (q *question) fault(what, hint string) {
	if q.err == nil {
		q.err = &office.InputError{What: what, Hint: hint}
	}
}

func (q *question) number(name string) int64 {
	text := q.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		q.fault(fmt.Sprintf("%s=%s is no number", name, text), "give a number, or leave it out")
	}
	return n
}

func (q *question) limit() int { return int(min(q.number("limit"), 1000)) }

func (q *question) moment(name string) (at time.Time) {
	if text := q.Get(name); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			q.fault(fmt.Sprintf("%s=%s is no date with time and zone", name, text), "write it as 2026-01-31T00:00:00Z, and the plus of a zone as %2B")
		}
	}
	return at
}

func (q *question) yes(name string) bool {
	text := q.Get(name)
	is, err := strconv.ParseBool(text)
	if text != "" && err != nil {
		q.fault(fmt.Sprintf("%s=%s is neither 0 nor 1", name, text), "give 1, or leave it out")
	}
	return is
}

// exactly is what was given, be it empty; nil: nothing was.
func (q *question) exactly(name string) *string {
	if !q.Has(name) {
		return nil
	}
	text := q.Get(name)
	return &text
}
