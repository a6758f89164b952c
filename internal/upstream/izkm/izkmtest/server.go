package izkmtest

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options of an emulator; the zero value is usable.
type Options struct {
	// OMSID and Token must match in every request; empty: anything is accepted.
	OMSID, Token string
	// Seed decides every code and id. Two emulators of one seed issue the same codes.
	Seed uint64
	// OrderDelay is the time from a POST to READY, ReportDelay from a report to its verdict,
	// a third of it each in DRAFT, READY_TO_SEND and PENDING.
	OrderDelay, ReportDelay time.Duration
	// Course decides what becomes of each suborder of a new order, nil: the usual. It must
	// not call the Server; the order it sees stands at its very beginning.
	Course func(Order, Suborder) Course
	// RejectCodes has every report that names such a code REJECTED as a whole, through no
	// fault of the caller's: that is no breach. It is asked with the full code of an issued
	// code, also where a report has to name it without the check part, else with what the
	// report says. Nil: none. It must not call the Server.
	RejectCodes func(code string) bool
	// NameBad has the error reason of such a report name the first twenty of these codes.
	NameBad bool
	// DuplicateAtOnce refuses a repeated report with 400 in place of a REJECTED verdict.
	DuplicateAtOnce bool
	// DropAppliedOnly rejects the dropout of a code without a SENT utilisation.
	DropAppliedOnly bool
	// Log gets one JSON line for each request, in a single Write before the answer. Nil: none.
	Log io.Writer
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Skew is added to the clock in the Date header of every answer, and nowhere else.
	Skew time.Duration
}

// Server is the emulator, an [http.Handler] safe for concurrent use. Make it with [New].
type Server struct {
	opt Options

	mu         sync.Mutex
	dead       error // the log failed: nothing can be promised any more
	fault      func(method, path string, n int) Fault
	orders     []*order
	orderByID  map[string]*order
	blocks     []*block
	byKI       map[string]*issued // nil value: reserved by an order with its own serial numbers
	reports    []*report
	reportByID map[string]*report
	byKey      map[string][]*report // repeats of one report
	times      map[string]int       // arrivals by the same key, those refused at once included
	packs      []*pack              // units of accepted reports
	bySerial   map[string]*pack
	breaches   []string
	requests   map[string]int
}

// New makes an emulator that knows nothing yet.
func New(opt Options) *Server {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Server{
		opt:        opt,
		orderByID:  make(map[string]*order),
		byKI:       make(map[string]*issued),
		reportByID: make(map[string]*report),
		byKey:      make(map[string][]*report),
		times:      make(map[string]int),
		bySerial:   make(map[string]*pack),
		requests:   make(map[string]int),
	}
}

// SetFault sets what decides the fault of each request, nil for none. It is called with the
// method, the address path and the number, from 1, of this request among those with the
// same method and path; calls may be concurrent.
func (s *Server) SetFault(f func(method, path string, n int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// now is the time in UTC without the monotonic part, so that it comes back equal from the log.
func (s *Server) now() time.Time { return s.opt.Now().Round(0).UTC() }

// ServeHTTP carries out one request, or the fault set for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.ToValidUTF8(r.URL.Path, "\ufffd") // as the log can hold it
	fault := s.arrive(r.Method, path)
	w.Header().Set("Date", s.now().Add(s.opt.Skew).Format(http.TimeFormat))
	c := &call{s: s, r: r, event: event{Method: r.Method, Path: path, Fault: fault.String()}}
	decide := func() reply { return reply{} }
	if fault.worksFirst() {
		decide = c.parse()
	}
	answer := s.carryOut(c, decide)
	if fault.Kind == Twice {
		c = c.again()
		answer = s.carryOut(c, c.parse())
	}
	if !wait(r.Context(), fault.Delay) {
		return
	}
	fault.strike(w, r, answer)
}

// arrive counts the request and asks for its fault.
func (s *Server) arrive(method, path string) Fault {
	s.mu.Lock()
	key := method + " " + path
	s.requests[key]++
	n, f := s.requests[key], s.fault
	s.mu.Unlock()
	if f == nil {
		return Fault{}
	}
	return f(method, path, n)
}

// carryOut decides on a parsed request and records what came of it, as one step.
func (s *Server) carryOut(c *call, decide func() reply) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.now()
	answer := reply{}
	if c.bad != nil {
		answer = *c.bad
	} else {
		answer = decide()
	}
	c.event.At, c.event.Status = c.now, answer.status
	if err := s.record(&c.event); err != nil {
		return errorReply(http.StatusInternalServerError, codeInternal, err.Error())
	}
	return answer
}
