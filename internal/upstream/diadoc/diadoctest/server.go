package diadoctest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// The paths that are served.
const (
	PathLogin    = "/V3/Authenticate"
	PathProtocol = "/GenerateDocumentProtocol"
	PathToken    = "/connect/token"
)

// Options of an emulator. The zero value lets nobody in.
type Options struct {
	ClientID        string // ddauth_api_client_id, or client_id of OpenID Connect
	Login, Password string
	ClientSecret    string        // of OpenID Connect
	RefreshToken    string        // the first one; empty: there is no token endpoint
	Rotate          bool          // every access token comes with a new refresh token, and the old one ends
	Scope           string        // demanded of the token endpoint
	TokenLife       time.Duration // 0: 24 h
	// NotReadyStatus is 200 or 204, which the document leaves open; 0: 200.
	NotReadyStatus int
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Document is one that a protocol can be asked for.
type Document struct {
	Box, Message, ID     string
	PrintForm, Signature []byte
	// Body, if not nil, is the whole answer in place of what the two above would make.
	Body []byte
	// Making is how long the protocol is made, from the first ask; 0: it is there.
	Making time.Duration
	// RetryAfter is what each ask is told meanwhile; 0: what is left of Making, in whole seconds.
	RetryAfter time.Duration
	// Conflicts is how many asks are answered with 409 first; below 0: all.
	Conflicts    int
	ConflictText string // empty: a Russian sentence
	Denied       bool   // 403: the account has no access to the document
}

// Box is the state of a box; one without any is open and paid.
type Box struct {
	Closed bool // 403 for the whole box
	Unpaid bool // 402
}

// Server is the emulator, an [http.Handler] safe for concurrent use. Make it with [New].
type Server struct {
	opt Options

	mu        sync.Mutex
	fault     func(method, path string, n int) Fault
	documents map[[3]string]*document
	messages  map[[2]string]bool
	boxes     map[string]Box
	password  string
	refresh   string
	tokens    map[string]*issued
	latest    *issued
	requests  map[string]int
	asking    int // calls of GenerateDocumentProtocol under way
	entering  int // logins under way
	history   History
}

type document struct {
	Document
	first   time.Time // when it was first asked for
	again   time.Time // Retry-After said: not before this
	refused int       // 409 so far
}

// New makes an emulator without documents.
func New(opt Options) *Server {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.TokenLife == 0 {
		opt.TokenLife = 24 * time.Hour
	}
	if opt.NotReadyStatus == 0 {
		opt.NotReadyStatus = http.StatusOK
	}
	return &Server{
		opt: opt, password: opt.Password, refresh: opt.RefreshToken,
		documents: make(map[[3]string]*document), messages: make(map[[2]string]bool), boxes: make(map[string]Box),
		tokens: make(map[string]*issued), requests: make(map[string]int),
	}
}

// Put adds a document, or replaces the one with its ids, which then is as if never asked for.
func (s *Server) Put(d Document) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[[3]string{d.Box, d.Message, d.ID}] = &document{Document: d}
	s.messages[[2]string{d.Box, d.Message}] = true
}

// SetBox changes the state of a box.
func (s *Server) SetBox(id string, b Box) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boxes[id] = b
}

// SetPassword changes the account's password. Tokens stay good.
func (s *Server) SetPassword(password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

// Revoke ends every token given out so far.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
	s.latest = nil
}

// SetFault sets what decides the fault of each request, nil for none. It is called with the method, the path and
// the number, from 1, of this request among those with the same method and path; calls may be concurrent.
func (s *Server) SetFault(f func(method, path string, n int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// ServeHTTP carries out one request, or the fault set for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	end, fault := s.arrive(r)
	defer end()
	// Before any fault: net/http notices that a caller has gone only when the request has been read.
	body, err := readBody(r)
	a := reply{}
	switch {
	case !fault.worksFirst():
	case err != nil:
		a = text(http.StatusBadRequest, err.Error())
	default:
		a = s.carryOut(r, body)
	}
	s.note(r, a, fault)
	if !wait(r.Context(), fault) {
		return
	}
	fault.strike(w, r, a)
}

// arrive counts the request and asks for its fault.
func (s *Server) arrive(r *http.Request) (end func(), fault Fault) {
	s.mu.Lock()
	key := r.Method + " " + r.URL.Path
	s.requests[key]++
	n, f := s.requests[key], s.fault
	count, most := &s.asking, &s.history.MostAsks
	if r.URL.Path != PathProtocol {
		count, most = &s.entering, &s.history.MostLogins
	}
	*count++
	*most = max(*most, *count)
	if r.URL.Path == PathProtocol && s.asking > 4 {
		s.breach("%d calls at a time, and the vendor asks for four at most", s.asking)
	}
	s.mu.Unlock()
	if f != nil {
		fault = f(r.Method, r.URL.Path, n)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*count--
	}, fault
}

func (s *Server) carryOut(r *http.Request, body []byte) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.URL.Path {
	case PathProtocol:
		return s.protocol(r, body)
	case PathLogin:
		return s.login(r, body)
	case PathToken:
		if s.opt.RefreshToken != "" {
			return s.exchange(r, body)
		}
	}
	s.breach("%s %s is none of Diadoc's methods", r.Method, r.URL.Path)
	return text(http.StatusNotFound, "Метод не найден")
}

// query returns the parameters by name. Names that are not wanted, and repeats, are breaches and refused.
func (s *Server) query(r *http.Request, wanted ...string) (map[string]string, bool) {
	if strings.Contains(r.URL.RawQuery, ";") {
		s.breach("a bare ; in the query")
		return nil, false
	}
	values, good := r.URL.Query(), true
	found := make(map[string]string)
	for name, all := range values {
		if len(all) != 1 {
			s.breach("the parameter %s comes %d times", name, len(all))
			good = false
		}
		found[name] = all[0]
	}
	for _, name := range wanted {
		if found[name] == "" {
			s.breach("the parameter %s is missing", name)
			good = false
		}
	}
	if len(values) > len(wanted) {
		s.breach("there are more parameters than the document has: %s", r.URL.RawQuery)
		good = false
	}
	return found, good
}
