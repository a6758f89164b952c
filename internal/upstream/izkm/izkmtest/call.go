package izkmtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxBody is the largest request body in bytes; the largest legal report has about 4 MB.
const maxBody = 64 << 20

// call is one request on its way: first parsed without the lock, then decided with it.
type call struct {
	s     *Server
	r     *http.Request
	query url.Values
	body  []byte
	group group
	oms   string
	now   time.Time // set with the lock, so that the log is in the order of time
	event event
	bad   *reply // the first refusal
}

// again is the same request once more, as a proxy repeats it.
func (c *call) again() *call {
	r := c.r.WithContext(c.r.Context())
	if c.body != nil {
		r.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return &call{s: c.s, r: r, event: event{Method: c.event.Method, Path: c.event.Path, Fault: c.event.Fault, Again: true}}
}

// breach notes a violation of the document. What a proxy repeats is none of the caller's.
func (c *call) breach(format string, args ...any) {
	if c.event.Again {
		return
	}
	text := c.event.Method + " " + c.event.Path + ": " + fmt.Sprintf(format, args...)
	c.event.Breaches = append(c.event.Breaches, strings.ToValidUTF8(text, "\ufffd"))
}

// refuse notes a violation and answers with it.
func (c *call) refuse(status, code int, format string, args ...any) reply {
	c.breach(format, args...)
	answer := errorReply(status, code, fmt.Sprintf(format, args...))
	if c.bad == nil {
		c.bad = &answer
	}
	return answer
}

// missing refuses with the document's own text.
func (c *call) missing(name string) {
	if name == "orderId" {
		name = "Идентификатор заказа"
	}
	c.refuse(http.StatusBadRequest, codeMissing, "Не указано значение параметра \"%s\"", name)
}

func (c *call) wrong(format string, args ...any) {
	c.refuse(http.StatusBadRequest, codeWrong, format, args...)
}

// parse checks the request as far as that needs no state. The function it returns decides
// the rest; it is not to be called if the request has been refused.
func (c *call) parse() (decide func() reply) {
	handler, name := c.route()
	if handler == nil {
		return nil
	}
	c.access(name)
	if c.bad != nil {
		return nil
	}
	if c.r.Method == http.MethodPost {
		c.readBody()
		if c.bad != nil {
			return nil
		}
	}
	return handler(c)
}

// route finds the method of the document, or refuses.
func (c *call) route() (handler func(*call) func() reply, name string) {
	rest, ok := strings.CutPrefix(c.r.URL.Path, "/api/v2/")
	alias, name, _ := strings.Cut(rest, "/")
	methods := map[string]func(*call) func() reply{
		"GET ping":          (*call).ping,
		"POST orders":       (*call).placeOrder,
		"GET orders":        (*call).listOrders,
		"GET codes":         (*call).takeCodes,
		"GET codes/blocks":  (*call).listBlocks,
		"GET codes/retry":   (*call).retryCodes,
		"POST buffer/close": (*call).closeBuffer,
		"POST utilisation":  (*call).utilisation,
		"POST aggregation":  (*call).aggregation,
		"POST dropout":      (*call).dropout,
		"GET report/info":   (*call).reportInfo,
	}
	handler = methods[c.r.Method+" "+name]
	switch {
	case ok && handler != nil:
	case ok && (methods["GET "+name] != nil || methods["POST "+name] != nil):
		c.refuse(http.StatusMethodNotAllowed, codeNoMethod, "method not allowed")
		return nil, ""
	default:
		c.refuse(http.StatusNotFound, codeNoMethod, "no such method")
		return nil, ""
	}
	if c.group, ok = groupOf(alias); !ok {
		c.wrong("unknown product group %q", alias)
		return nil, ""
	}
	return handler, name
}

// access checks what is common to all methods (document 2.2 and the header tables).
func (c *call) access(name string) {
	var err error
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		c.wrong("the query is not percent-encoded: %v", err)
		return
	}
	for key, values := range c.query {
		if len(values) > 1 {
			c.wrong("parameter %s is given %d times", key, len(values))
		}
	}
	// A handler called without a connection sees the header's name as the caller wrote it.
	tokens := slices.Concat(c.r.Header.Values("clientToken"), c.r.Header["clientToken"])
	if t := c.s.opt.Token; t != "" && !slices.Equal(tokens, []string{t}) {
		c.refuse(http.StatusUnauthorized, codeUnauthorized, "wrong or missing clientToken")
	}
	media, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		c.wrong("Content-Type is %q, not application/json", c.r.Header.Get("Content-Type"))
	}
	c.oms = c.query.Get("omsId")
	if c.oms == "" { // the misspelt names of the tables of 4.8, 4.10 and 4.11
		switch c.r.Method + " " + name {
		case "GET orders":
			c.oms = c.query.Get("omslid")
		case "GET codes/blocks", "GET codes/retry":
			c.oms = c.query.Get("omslId")
		}
	}
	switch {
	case c.oms == "":
		c.missing("omsId")
	case !isUUID(c.oms):
		c.wrong("omsId %q is not a UUID", c.oms)
	case c.s.opt.OMSID != "" && !strings.EqualFold(c.oms, c.s.opt.OMSID):
		c.foreign("omsId " + c.oms)
	}
}

// foreign refuses what belongs to somebody else: 403, or 401 where the document has no 403.
func (c *call) foreign(what string) reply {
	if c.r.Method == http.MethodGet {
		return c.refuse(http.StatusForbidden, codeForbidden, "no access to %s", what)
	}
	return c.refuse(http.StatusUnauthorized, codeUnauthorized, "no access to %s", what)
}

func (c *call) readBody() {
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(nil, c.r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		c.refuse(http.StatusBadRequest, codeLimit, "the body has more than %d bytes", maxBody)
	} else if err != nil { // the caller has gone: no violation, and nobody to answer
		answer := errorReply(http.StatusBadRequest, codeWrong, "the body was cut")
		c.bad = &answer
	}
}

// need is a required query parameter.
func (c *call) need(name string) string {
	v := c.query.Get(name)
	if v == "" {
		c.missing(name)
	}
	return v
}

// needUUID is a required query parameter that is a UUID, in lower case.
func (c *call) needUUID(name string) string {
	v := c.need(name)
	if v != "" && !isUUID(v) {
		c.wrong("%s %q is not a UUID", name, v)
	}
	return strings.ToLower(v)
}

// number is a query parameter ≥ 1, or otherwise if absent; otherwise 0 means required.
func (c *call) number(name string, otherwise int) int {
	v := c.query.Get(name)
	if v == "" {
		if otherwise == 0 {
			c.missing(name)
		}
		return otherwise
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < 1 {
		c.wrong("%s %q is not a number of at least 1", name, v)
	}
	return int(n)
}

func (c *call) ping() func() reply {
	return func() reply {
		return done(struct {
			OMSID   string `json:"omsId"`
			Success bool   `json:"success"`
		}{c.oms, true})
	}
}

// isUUID accepts the one form that the document shows, in either case.
func isUUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }
