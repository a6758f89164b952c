// Package web is the agent's API on the line PC, and the guard before it and the page.
package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"linemark/internal/code"
	"linemark/internal/escape"
	"linemark/internal/ledger"
	"linemark/internal/office"
	"linemark/internal/trend"
)

// Plant is what the API tells of. Status is anything that encodes as JSON.
type Plant interface {
	Status(ctx context.Context) (any, error)
	Recount(ctx context.Context) ([]ledger.Balance, error)
	Trace(ctx context.Context, c code.Code) (ledger.Life, error)
	// Trend is what a line did in the time back from now; false: there is no such line.
	Trend(line string, back time.Duration) (trend.Shift, bool)
	// Ready returns why no product can be marked now, or nil.
	Ready() error
	// Office is what a person decides.
	Office() office.Office
	// Devices are the agent's.
	Devices() Devices
}

//go:embed openapi.json.gz
var description []byte // packed

// Serve answers the API on the listener until ctx ends.
func Serve(ctx context.Context, l net.Listener, p Plant, log *slog.Logger) error {
	return ServeHandler(ctx, l, nil, Handler(p, log))
}

// answerMost is how long an answer may take in all. One that goes on and on sets deadlines of its own.
const answerMost = 5 * time.Minute

// ServeHandler lets h answer on the listener until ctx ends, by HTTPS where t is not nil.
func ServeHandler(ctx context.Context, l net.Listener, t *tls.Config, h http.Handler) error {
	l = limit(l, mostConns, mostEach)
	if t != nil {
		l = tls.NewListener(l, t)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: answerMost, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), closing{}, ctx.Done())
		}}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serving the page: %w", err)
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		err := s.Shutdown(stop)
		if err != nil {
			err = s.Close()
		}
		<-done // it closes the port itself when it begins only now
		return err
	}
}

type closing struct{}

// Closing is closed when the port that a request has come in by closes: an answer that goes on and on ends then.
func Closing(ctx context.Context) <-chan struct{} {
	done, _ := ctx.Value(closing{}).(<-chan struct{})
	return done
}

// Handler answers the API:
//
//	GET /api/v1/status       how everything stands
//	GET /api/v1/balance      the balance, recounted from the codes
//	GET /api/v1/trace?code=  one code's life; the code is percent-encoded
//	GET /api/v1/lines/{name}/trend?hours=  what a line did minute by minute, in the last 8 hours or so many
//	GET /api/v1/openapi.json the description of all this
//	GET /healthz, /readyz    200, or 503 with the reason
//
// and what Office and the devices answer.
func Handler(p Plant, log *slog.Logger) http.Handler {
	h := &handler{plant: p, log: log}
	mux := http.NewServeMux()
	h.routes(mux)
	c := clerk{office: p.Office, log: log}
	c.routes(mux)
	h.devices(mux, c)
	return mux
}

// router takes routes: a mux, or what lists them.
type router interface {
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
}

type listed []string

func (l *listed) HandleFunc(pattern string, _ func(http.ResponseWriter, *http.Request)) {
	*l = append(*l, pattern)
}

// Routes returns all patterns that Handler and Reload answer.
func Routes() []string {
	all := listed{"POST " + ReloadPath}
	(&handler{}).routes(&all)
	clerk{}.routes(&all)
	(&handler{}).devices(&all, clerk{})
	return all
}

func (h *handler) routes(mux router) {
	mux.HandleFunc("GET /api/v1/status", h.status)
	mux.HandleFunc("GET /api/v1/balance", h.balance)
	mux.HandleFunc("GET /api/v1/trace", h.trace)
	mux.HandleFunc("GET /api/v1/lines/{name}/trend", h.trend)
	mux.HandleFunc("GET /api/v1/openapi.json", describe)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", h.ready)
}

type handler struct {
	plant Plant
	log   *slog.Logger
}

func describe(w http.ResponseWriter, _ *http.Request) {
	text, err := gzip.NewReader(bytes.NewReader(description))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.Copy(w, text) // the reader has gone: nobody is left to tell
}

func (h *handler) status(w http.ResponseWriter, r *http.Request) {
	s, err := h.plant.Status(r.Context())
	h.answer(w, s, err)
}

// Balance is one product's account as the API gives it.
type Balance struct {
	Product  string         `json:"product"`
	GTIN     string         `json:"gtin"`
	Received int            `json:"received"`
	States   map[string]int `json:"states"`
	Archived int            `json:"archived"` // have left the ledger for archives
	Equal    bool           `json:"equal"`
}

// Balances turns the ledger's account into the API's.
func Balances(from []ledger.Balance) []Balance {
	all := make([]Balance, len(from))
	for i, b := range from {
		all[i] = Balance{Product: b.Product.Name, GTIN: b.Product.GTIN, Received: b.Received, States: map[string]int{}, Archived: b.Archived, Equal: b.Equal()}
		for _, s := range ledger.States() {
			all[i].States[s.String()] = b.States[s]
		}
	}
	return all
}

func (h *handler) balance(w http.ResponseWriter, r *http.Request) {
	b, err := h.plant.Recount(r.Context())
	h.answer(w, Balances(b), err)
}

// Life is one code's life as the API gives it. Codes are shown with GS as {GS}.
type Life struct {
	Code     string   `json:"code"`
	Ident    string   `json:"identification_code"`
	Product  string   `json:"product,omitempty"`
	State    string   `json:"state"`
	Line     string   `json:"line,omitempty"`
	Batch    string   `json:"batch,omitempty"`
	Order    string   `json:"order,omitempty"`
	Block    string   `json:"block,omitempty"`
	Archive  string   `json:"archive,omitempty"` // the file that it is read from, in data_dir/archive
	Journal  []Entry  `json:"journal"`
	Reports  []Report `json:"reports"`
	Parents  []string `json:"parents"`
	Children []string `json:"children"`
}

// Entry is one entry of the journal.
type Entry struct {
	At    time.Time `json:"at"`
	Agent string    `json:"agent"`
	Place string    `json:"place"`
	Was   string    `json:"was,omitempty"`
	Now   string    `json:"now,omitempty"`
	Cause string    `json:"cause"`
}

// Report is a report that holds the code.
type Report struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	State  string `json:"state"`
	Server string `json:"server_id,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// LifeOf turns the ledger's answer into the API's.
func LifeOf(l ledger.Life) Life {
	out := Life{Code: code.Visible(l.Code), Ident: code.Visible(l.Ident), Product: l.Product.Name, State: l.State.String(), Line: l.Line, Batch: l.Batch,
		Order: l.Order, Block: l.Block, Archive: l.Archive, Journal: []Entry{}, Reports: []Report{}, Parents: visible(l.Parents), Children: visible(l.Children)}
	if l.Product.GTIN == "" {
		out.State = "container"
	}
	for _, e := range l.Journal {
		out.Journal = append(out.Journal, entryOf(e))
	}
	for _, r := range l.Reports {
		out.Reports = append(out.Reports, Report{ID: r.UUID, Kind: string(r.Kind), State: string(r.State), Server: r.ServerID, Reason: r.Reason})
	}
	return out
}

func entryOf(e ledger.Entry) Entry {
	out := Entry{At: e.At, Agent: e.Agent, Place: e.Place, Cause: e.Cause}
	if e.HasStates {
		out.Was, out.Now = e.Was.String(), e.Now.String()
	}
	return out
}

func visible(codes []code.Code) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i] = code.Visible(c)
	}
	return out
}

func (h *handler) trace(w http.ResponseWriter, r *http.Request) {
	c, err := queryCode(r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	life, err := h.plant.Trace(r.Context(), c)
	if errors.Is(err, ledger.ErrNotFound) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	h.answer(w, LifeOf(life), err)
}

// queryCode reads the code itself: url.ParseQuery would turn + into a space and refuse a bare ;.
func queryCode(query string) (code.Code, error) {
	const name = "code="
	if len(query) <= len(name) || query[:len(name)] != name {
		return "", errors.New("the query must be code= and the percent-encoded code")
	}
	c, err := escape.ParseURL(query[len(name):])
	if err != nil {
		return "", fmt.Errorf("the code is not percent-encoded as it should be: %w", err)
	}
	return c, nil
}

func (h *handler) ready(w http.ResponseWriter, _ *http.Request) {
	if err := h.plant.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (h *handler) answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		h.log.Warn("an API call failed", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, v)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false) // codes hold & < and >
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // the reader has gone: nobody is left to tell
}
