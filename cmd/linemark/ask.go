package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"linemark/internal/agent"
	"linemark/internal/code"
	"linemark/internal/config"
	"linemark/internal/escape"
	"linemark/internal/host"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// question is what status, balance and trace have in common: which agent, and how to answer.
type question struct {
	config string
	json   bool
}

func (q *question) flags(fs *flag.FlagSet) {
	configFlag(fs, &q.config)
	fs.BoolVar(&q.json, "json", false, "answer in JSON")
}

// errNoAgent means that no agent answers at the configured address.
var errNoAgent = errors.New("no agent answers")

// ask gets one answer of the running agent's API into v.
func (q *question) ask(ctx context.Context, cfg *config.Config, path string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	way := host.To(cfg)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, way.URL+path, nil)
	if err != nil {
		return err
	}
	way.Authorize(req)
	resp, err := way.Client.Do(req)
	if err != nil {
		return fmt.Errorf("%w at %s: %w", errNoAgent, way.Host(), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("reading the agent's answer: %w", err)
	case resp.StatusCode == http.StatusNotFound:
		return ledger.ErrNotFound
	case resp.StatusCode != http.StatusOK:
		var fault web.Fault
		if json.Unmarshal(body, &fault) == nil && fault.Error != "" {
			return failed(errors.New(fault.Error), fault.Hint)
		}
		return fmt.Errorf("the agent says: %s", strings.TrimSpace(string(body)))
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s is not a linemark agent: %w", way.Host(), err)
	}
	return nil
}

// load reads the configuration. Problems of devices do not matter for a question.
func (q *question) load() (*config.Config, error) {
	cfg, err := config.Load(q.config)
	var problems config.Problems
	if errors.As(err, &problems) && cfg != nil && cfg.Agent.DataDir != "" {
		return cfg, nil
	}
	return cfg, err
}

// reader opens the ledger beside an agent that does not answer.
func reader(ctx context.Context, cfg *config.Config, noAgent error) (*ledger.Ledger, error) {
	l, err := ledger.OpenReader(ctx, cfg.Agent.DataDir)
	if err != nil {
		return nil, failed(fmt.Errorf("%w; %w", noAgent, err), "start the agent with linemark run, or give the right --config")
	}
	return l, nil
}

func (q *question) print(c *console, v any, text func()) error {
	if !q.json {
		text()
		return nil
	}
	return printJSON(c.out, v)
}

// printJSON writes v for programs. Codes hold & < and >: they stay as they are.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func runStatus(ctx context.Context, c *console, args []string) error {
	var q question
	if err := noArguments(c, "status", args, q.flags); err != nil {
		return err
	}
	cfg, err := q.load()
	if err != nil {
		return err
	}
	var s agent.Status
	if err := q.ask(ctx, cfg, "/api/v1/status", &s); err != nil {
		return failed(err, "start the agent with linemark run --config "+q.config)
	}
	return q.print(c, s, func() { printStatus(c.out, s) })
}

func runBalance(ctx context.Context, c *console, args []string) error {
	var q question
	if err := noArguments(c, "balance", args, q.flags); err != nil {
		return err
	}
	cfg, err := q.load()
	if err != nil {
		return err
	}
	var all []web.Balance
	err = q.ask(ctx, cfg, "/api/v1/balance", &all)
	if errors.Is(err, errNoAgent) {
		l, err := reader(ctx, cfg, err)
		if err != nil {
			return err
		}
		defer l.Close()
		counted, err := l.Recount(ctx)
		if err != nil {
			return err
		}
		all = web.Balances(counted)
	} else if err != nil {
		return err
	}
	equal := !slices.ContainsFunc(all, func(b web.Balance) bool { return !b.Equal })
	if err := q.print(c, all, func() { printBalance(c.out, all) }); err != nil {
		return err
	}
	if !equal {
		return failed(errors.New("the two sides of the balance differ"), "keep a copy of the data folder and have it looked at before the next batch")
	}
	return nil
}

func runTrace(ctx context.Context, c *console, args []string) error {
	var q question
	rest, err := flags(c, "trace", args, q.flags)
	if err != nil {
		return err
	}
	text, err := codeArgument(c, rest)
	if err != nil {
		return err
	}
	cfg, err := q.load()
	if err != nil {
		return err
	}
	var life web.Life
	err = q.ask(ctx, cfg, "/api/v1/trace?code="+escape.URLCode(text), &life)
	if errors.Is(err, errNoAgent) {
		l, openErr := reader(ctx, cfg, err)
		if openErr != nil {
			return openErr
		}
		defer l.Close()
		var found ledger.Life
		found, err = l.Trace(ctx, text)
		life = web.LifeOf(found)
	}
	if errors.Is(err, ledger.ErrNotFound) {
		return failed(fmt.Errorf("%w: %s", err, code.Visible(text)), "codes are case-sensitive and hold every character; linemark code parse shows what a code is made of")
	}
	if err != nil {
		return err
	}
	return q.print(c, life, func() { printLife(c.out, life) })
}

// codeArgument takes the one code of a command line: as it is, or from standard input for "-".
// There one line end is taken off, nothing else. In an argument {GS} stands for GS, since no
// shell types that byte with ease and no code holds a brace.
func codeArgument(c *console, args []string) (code.Code, error) {
	if len(args) != 1 {
		return "", wrong(fmt.Errorf("one code is needed, not %d", len(args)), "put the code in single quotes, or give - and the code on standard input")
	}
	if args[0] != "-" {
		return code.Code(strings.ReplaceAll(args[0], "{GS}", string(code.GS))), nil
	}
	const most = 4096
	text, err := io.ReadAll(io.LimitReader(c.in, most+1))
	if err != nil {
		return "", fmt.Errorf("reading the code: %w", err)
	}
	if len(text) > most {
		return "", wrong(fmt.Errorf("more than %d bytes are no single code", most), "linemark code check - reads one a line, linemark codes import a file")
	}
	return code.Code(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")), nil
}
