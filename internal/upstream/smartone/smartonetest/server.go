package smartonetest

import (
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Options of an emulator. Login, Password and PublicKey must be set.
type Options struct {
	Login, Password string
	PublicKey       *rsa.PublicKey

	PSS         bool // signatures padded with PSS in place of PKCS#1 v1.5
	Hex         bool // signatures in hex in place of base64
	SignGzipped bool // signatures over the bytes as they came in place of the unpacked ones

	// Names of login_api, which is not described. Empty: login, password, token.
	LoginField, PasswordField, TokenField string
	TokenLife                             time.Duration // 0: for ever

	Spacing time.Duration // between two heavy requests; 0: 2 s; negative: any
	Work    time.Duration // how long a request is in progress; 0: it is done at once
	// ErrorStatus is the HTTP status of answers with status "error"; 0: 200.
	ErrorStatus int
	// Deny401 answers a token that is not known with a bare HTTP 401 in place of code 113.
	Deny401 bool
	// OwnID has the answer to a repeat by parameters name the request id that came, not the first
	// one's. Bare leaves request_id, doc_id and doc_ext_id out of answers, as the vendor's examples do.
	OwnID, Bare bool
	// Unknown, if not nil, says which codes the system does not know. It must not call the Server.
	Unknown func(code string) bool
	// MustGzip refuses a plain make_aggregation.
	MustGzip bool

	// Of get_batch_codes: the most codes of one answer, 0: as many as are asked for; what cnt counts; and whether
	// the offset is not heeded.
	Page     int
	Count    Count
	NoOffset bool

	Now func() time.Time // nil: time.Now
	// Log takes a line of JSON for each batch, each request that was let in and each breach; see Restore.
	Log io.Writer
}

// Server is the emulator, an [http.Handler] safe for concurrent use. Make it with [New].
type Server struct {
	opt Options

	mu         sync.Mutex
	fault      func(path string, n int) Fault
	requests   map[string]int
	logins     int
	tokens     map[string]time.Time // when it was given
	lastHeavy  time.Time
	batches    map[int64]*Batch
	byID       map[string]*request
	byParams   map[string]*request // the initial request of those parameters
	parent     map[string]string   // of codes in documents
	lastDate   map[string]string   // of each department
	documents  []Document
	deliveries []Delivery
	breaches   []string
}

// New makes an emulator that knows nothing yet.
func New(opt Options) *Server {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Spacing == 0 {
		opt.Spacing = 2 * time.Second
	}
	if opt.ErrorStatus == 0 {
		opt.ErrorStatus = http.StatusOK
	}
	for name, usual := range map[*string]string{&opt.LoginField: "login", &opt.PasswordField: "password", &opt.TokenField: "token"} {
		if *name == "" {
			*name = usual
		}
	}
	return &Server{
		opt: opt, requests: make(map[string]int), tokens: make(map[string]time.Time),
		batches: make(map[int64]*Batch), byID: make(map[string]*request), byParams: make(map[string]*request),
		parent: make(map[string]string), lastDate: make(map[string]string),
	}
}

// SetFault sets what decides the fault of each request, nil for none. It is called with the path
// and the number, from 1, of this request among those with the same path.
func (s *Server) SetFault(f func(path string, n int) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Expire ends all tokens.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// ServeHTTP carries out one request, or the fault set for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests[r.URL.Path]++
	n, f := s.requests[r.URL.Path], s.fault
	s.mu.Unlock()
	var fault Fault
	if f != nil {
		fault = f(r.URL.Path, n)
	}
	c := s.read(r)
	answer := object{}
	status := http.StatusOK
	if fault.worksFirst() {
		answer, status = s.carryOut(c)
	}
	if !wait(r.Context(), fault.Delay) {
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		panic("smartonetest: an answer that is not JSON: " + err.Error())
	}
	fault.strike(w, status, body)
}

// object is a JSON object.
type object map[string]any

// carryOut decides on a request, as one step.
func (s *Server) carryOut(c *call) (object, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.opt.Now()
	d := Delivery{At: c.now, Path: c.path, Raw: c.raw, Body: c.body, Signature: c.header.Get("X-Signature"), Type: c.header.Get("Content-Type")}
	answer := s.decide(c)
	d.Code, _ = answer["code"].(int)
	s.deliveries = append(s.deliveries, d)
	switch {
	case s.opt.Deny401 && d.Code == 113:
		return object{}, http.StatusUnauthorized
	case answer["status"] == "error":
		return answer, s.opt.ErrorStatus
	}
	return answer, http.StatusOK
}

func (s *Server) decide(c *call) object {
	if c.method != http.MethodPost {
		return s.breach(c, refuse(0, "the method is "+c.method))
	}
	if c.bad != "" {
		return s.breach(c, refuse(0, c.bad))
	}
	if no := s.checkHeaders(c); no != nil {
		return no
	}
	switch c.path {
	case "/login_api/":
		return s.login(c)
	case "/make_aggregation/":
		if no := s.enter(c); no != nil {
			return no
		}
		return s.aggregate(c)
	case "/get_batch_codes/":
		if no := s.enter(c); no != nil {
			return no
		}
		return s.batchCodes(c)
	}
	return s.breach(c, refuse(0, "there is no such method"))
}

// refuse is an answer with status error. Code 0 stands for one of the emulator's own, 999.
func refuse(code int, message string) object {
	if code == 0 {
		code = 999
	}
	return object{"status": "error", "code": code, "message": message}
}

// breach notes what the caller did against the document.
func (s *Server) breach(c *call, answer object) object {
	code, _ := answer["code"].(int)
	message, _ := answer["message"].(string)
	s.breaches = append(s.breaches, c.path+": "+strconv.Itoa(code)+" "+message)
	s.note(event{Event: "breach", Breach: s.breaches[len(s.breaches)-1]})
	return answer
}
