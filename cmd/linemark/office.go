package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/host"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// answerWithin bounds one answer. The sheet of a large batch is counted from its codes.
const answerWithin = 2 * time.Minute

// look asks what the office of the running agent knows, or the ledger itself while none runs.
func (q *question) look(ctx context.Context, path string, v any) error {
	cfg, err := q.load()
	if err != nil {
		return err
	}
	err = fmt.Errorf("%w on %s", errNoAgent, cfg.Agent.DataDir)
	if ledger.Locked(cfg.Agent.DataDir) {
		err = remote(cfg).call(ctx, http.MethodGet, path, nil, v)
	}
	if !errors.Is(err, errNoAgent) {
		return err
	}
	l, err := reader(ctx, cfg, err)
	if err != nil {
		return err
	}
	defer l.Close()
	return local(cfg, l).call(ctx, http.MethodGet, path, nil, v)
}

// batchStartPath is the one decision that may come before the first run of an agent.
const batchStartPath = "/api/v1/batch/start"

// tell has the running agent do what a person decides, or does it on the ledger itself while none
// runs.
func (q *question) tell(ctx context.Context, path string, in, v any) error {
	cfg, err := loadForCodes(q.config)
	if err != nil {
		return err
	}
	if ledger.Locked(cfg.Agent.DataDir) {
		err := remote(cfg).call(ctx, http.MethodPost, path, in, v)
		if errors.Is(err, errNoAgent) {
			return failed(err, "another linemark works on "+cfg.Agent.DataDir+": see [http] listen in "+q.config+", or wait until an import has ended")
		}
		return err
	}
	if _, err := os.Stat(filepath.Join(cfg.Agent.DataDir, ledger.FileName)); err != nil && path != batchStartPath {
		return failed(fmt.Errorf("opening the ledger: %w", err), "start the agent with linemark run, or give the right --config")
	}
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name})
	if err != nil {
		return err
	}
	return errors.Join(local(cfg, l).call(ctx, http.MethodPost, path, in, v), l.Close())
}

// desk is where an office answers.
type desk struct {
	address   string // for people
	url       string
	client    *http.Client
	authorize func(*http.Request)
}

// remote is the running agent's.
func remote(cfg *config.Config) *desk {
	way := host.To(cfg)
	return &desk{address: way.Host(), url: way.URL, client: way.Client, authorize: way.Authorize}
}

// local answers in this process, by the same rules and in the same words.
func local(cfg *config.Config, l *ledger.Ledger) *desk {
	return &desk{address: "ledger", url: "http://ledger", authorize: func(*http.Request) {}, client: &http.Client{Transport: inProcess{web.Office(agent.Office(cfg, l), slog.New(slog.DiscardHandler))}}}
}

type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	a := &answer{header: http.Header{}, status: http.StatusOK}
	p.handler.ServeHTTP(a, r)
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(&a.body), Request: r}, nil
}

// answer is an http.ResponseWriter that keeps what is written.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// call asks and reads the answer into v. What was given and cannot be taken ends as a wrong
// command line does.
func (d *desk) call(ctx context.Context, method, path string, in, v any) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return wrong(fmt.Errorf("what was given cannot be passed on: %w", err), "codes and texts are UTF-8")
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, d.url+path, &body)
	if err != nil {
		return err
	}
	d.authorize(req)
	if method != http.MethodGet {
		req.Header.Set(web.Header, "1")
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := d.client.Do(req)
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return fmt.Errorf("%w at %s: %w", errNoAgent, d.address, err)
	case err != nil:
		return unknown(method, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return unknown(method, err)
	}
	if resp.StatusCode != http.StatusOK {
		return refused(resp.StatusCode, text)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s is not a linemark agent: %w", d.address, err)
	}
	return nil
}

// unknown is an answer that was lost on its way.
func unknown(method string, err error) error {
	err = fmt.Errorf("the agent's answer was lost: %w", err)
	if method == http.MethodGet {
		return failed(err, "ask again")
	}
	return failed(err, "whether it was done is not known: look before you say it again (batch show, reports list, trace)")
}

func refused(status int, text []byte) error {
	var f web.Fault
	if err := json.Unmarshal(text, &f); err != nil || f.Error == "" {
		return fmt.Errorf("the agent says: %s", strings.TrimSpace(string(text)))
	}
	if status == http.StatusBadRequest {
		return wrong(errors.New(f.Error), f.Hint)
	}
	return failed(errors.New(f.Error), f.Hint)
}
