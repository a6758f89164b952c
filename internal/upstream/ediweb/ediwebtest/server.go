// Package ediwebtest is an emulator of Ediweb's method getStackQrCode, in the manner of
// net/http/httptest: an [http.Handler] that packs the QR codes of the waybills it was given and
// keeps its own account of what it was asked and did.
//
// It is strict to the document, and whatever a caller does against it is refused and noted in
// [Call.Breaches]. Its answers carry the document's surprises: the archive is called text/plain
// and is packed by gzip once more, and ids are not the numbers in the names. The document does
// not say how an inventory is built, so that is an option with a choice of the emulator's own.
package ediwebtest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Path is the method's, below the base address.
const Path = "/edi/api/v1.1/getStackQrCode"

// Options of an emulator; the zero value knows no waybill and answers everybody.
type Options struct {
	// Waybills are the documents that it knows; one that is asked for and not known is left out
	// of the answer, which the document neither demands nor forbids.
	Waybills []Waybill
	// AuthHeader and AuthValue must be in every request; both empty: anything is accepted.
	AuthHeader, AuthValue string
	// Extra are the names of parameters that are demanded besides the three.
	Extra []string
	// Inventory writes the inventory; nil: [ByElements].
	Inventory func([]Packed) []byte
	// Inside puts an inventory of one document into each inner archive, in place of the one outside.
	Inside bool
	// Plain leaves gzip off.
	Plain bool
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Waybill is one document.
type Waybill struct {
	ID, Number string
	Picture    []byte // nil: a PNG that holds the id
	File       string // name of the picture; empty: "qr.png"
	Time       time.Time
}

// Call is one request as it came and what was made of it.
type Call struct {
	RawQuery      string
	IDType, OrgID string
	DocIDs        []string
	Header        http.Header
	Fault         Fault
	Breaches      []string // against the document
	Status        int      // 0: the connection was dropped
	RequestUUID   string   // as answered
	Packed        []string // ids of the documents in the answer
}

// Server is the emulator, an [http.Handler] safe for concurrent use. Make it with [New].
type Server struct {
	opt Options

	mu    sync.Mutex
	fault func(n int) Fault
	calls []Call
}

// New returns an emulator; give it to httptest.NewServer.
func New(opt Options) *Server {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Inventory == nil {
		opt.Inventory = ByElements
	}
	return &Server{opt: opt}
}

// SetFault decides what befalls the n-th request from now on, counted from 0 over all; nil: nothing.
func (s *Server) SetFault(f func(n int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Calls returns what came so far.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Breaches returns all that callers did against the document.
func (s *Server) Breaches() []string {
	var all []string
	for _, c := range s.Calls() {
		all = append(all, c.Breaches...)
	}
	return all
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := Call{RawQuery: r.URL.RawQuery, Header: r.Header.Clone()}
	s.mu.Lock()
	n := len(s.calls)
	c.RequestUUID = fmt.Sprintf("0f3b8954-0d9a-443a-8793-%012d", n+1)
	if s.fault != nil {
		c.Fault = s.fault(n)
	}
	status, words := s.check(r, &c)
	var body []byte
	if status == http.StatusOK {
		body = s.pack(&c)
	}
	c.Status = status
	switch c.Fault.Kind {
	case Reset, Silent:
		c.Status = 0
	case Status:
		c.Status = c.Fault.Status
	}
	s.calls = append(s.calls, c) // before the answer goes out: who has the answer sees the call
	s.mu.Unlock()

	w.Header()["request_uuid"] = []string{c.RequestUUID}
	if c.Fault.NoHeaders {
		delete(w.Header(), "request_uuid")
	}
	if status != http.StatusOK {
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.WriteHeader(status)
		fmt.Fprint(w, words)
		return
	}
	s.answer(w, r, c, body)
}

// check holds a request against the document.
func (s *Server) check(r *http.Request, c *Call) (status int, words string) {
	refuse := func(code int, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		c.Breaches = append(c.Breaches, text)
		if status == 0 {
			status, words = code, text
		}
	}
	if r.URL.Path != Path {
		refuse(http.StatusNotFound, "no such method: %s", r.URL.Path)
		return status, words
	}
	if r.Method != http.MethodGet {
		refuse(http.StatusMethodNotAllowed, "method %s, not GET", r.Method)
	}
	if h := s.opt.AuthHeader; h != "" && r.Header.Get(h) != s.opt.AuthValue {
		refuse(http.StatusUnauthorized, "no access")
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refuse(http.StatusBadRequest, "the query is not percent-encoded: %v", err)
	}
	known := map[string]bool{}
	for _, name := range append([]string{"id_type", "org_id", "doc_ids"}, s.opt.Extra...) {
		known[name] = true
		if query.Get(name) == "" {
			refuse(http.StatusBadRequest, "Не указан обязательный параметр %s", name)
		}
	}
	for name, values := range query {
		if !known[name] {
			refuse(http.StatusBadRequest, "unknown parameter %q", name)
		}
		if len(values) > 1 {
			refuse(http.StatusBadRequest, "parameter %q is given %d times", name, len(values))
		}
	}
	c.IDType, c.OrgID = query.Get("id_type"), query.Get("org_id")
	if c.IDType != "gln" && c.IDType != "fns" {
		refuse(http.StatusBadRequest, "id_type %q is neither gln nor fns", c.IDType)
	}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if list, ok := strings.CutPrefix(pair, "doc_ids="); ok && strings.Contains(list, ",") {
			refuse(http.StatusBadRequest, "a bare comma in doc_ids, not %%2C")
		}
	}
	c.DocIDs = strings.Split(query.Get("doc_ids"), ",")
	if len(c.DocIDs) > 100 {
		refuse(http.StatusBadRequest, "Превышено ограничение: %d значений в doc_ids, не более 100", len(c.DocIDs))
	}
	seen := map[string]bool{}
	for _, id := range c.DocIDs {
		if id == "" || seen[id] {
			refuse(http.StatusBadRequest, "doc_ids names %q twice, or nothing", id)
		}
		seen[id] = true
	}
	if status == 0 {
		status = http.StatusOK
	}
	return status, words
}

// answer sends the archive with the headers of the document's sample.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c Call, body []byte) {
	name := "StackQrCodes_RESPONSE_" + s.opt.Now().UTC().Format("02012006150405") + ".zip"
	h := w.Header()
	if !c.Fault.NoHeaders {
		h["file_name"] = []string{base64.StdEncoding.EncodeToString([]byte(name))}
		h.Set("Content-Disposition", "attachment; filename="+name)
	}
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	if c.Fault.Body != nil {
		body = c.Fault.Body
	}
	times := 1
	if s.opt.Plain {
		times = 0
	}
	switch c.Fault.Kind {
	case NoGzip, LyingGzip:
		times = 0
	case DoubleGzip:
		times = 2
	case TripleGzip:
		times = 3
	}
	for range times {
		body = zipped(body)
	}
	if times > 0 || c.Fault.Kind == LyingGzip {
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	s.spoil(w, r, c.Fault, body)
}
