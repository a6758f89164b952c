//go:build linux

// Package site is one line PC for tests of the real program: a configuration on free ports, the running
// agent, its page, and the folder in which the plant around it logs.
package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
)

// Site is one line PC.
type Site struct {
	T       testing.TB
	Program string            // see Program
	Dir     string            // holds everything that is this site's
	File    string            // the configuration
	Data    string            // the agent's data folder
	Logs    string            // of the plant
	At      map[string]string // the addresses of the configuration, HTTP among them
	Env     []string          // more for the agent's environment
	Agent   *Process          // nil: none runs
	kept    bool
}

// token is what the simulated national system takes.
const token = "1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f"

var place = regexp.MustCompile(`\{\{[A-Z0-9]+\}\}`)

// New writes the configuration of the plant that the program's own tests have, with free ports, and its
// labels. The agent's data are to be in folder data of the site's; nothing runs yet. A failed test keeps
// what there is, see Keep.
func New(t testing.TB, program, data string) *Site {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "cmd", "linemark", "testdata", "plant.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return From(t, program, data, text)
}

// From is New with another configuration. Each {{NAME}} in it becomes an address of its own; {{DATA}} is
// the data folder.
func From(t testing.TB, program, data string, text []byte) *Site {
	t.Helper()
	if err := os.Setenv("LINEMARK_IZKM_TOKEN", token); err != nil { // for this process and its children
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &Site{T: t, Program: program, Dir: dir, File: filepath.Join(dir, "linemark.toml"), Data: filepath.Join(dir, data), Logs: filepath.Join(dir, "plant"), At: map[string]string{}}
	text = place.ReplaceAllFunc(text, func(name []byte) []byte {
		key := string(bytes.Trim(name, "{}"))
		if key == "DATA" {
			return []byte(s.Data)
		}
		if s.At[key] == "" {
			s.At[key] = FreePort(t)
		}
		return []byte(s.At[key])
	})
	err := os.Mkdir(filepath.Join(dir, "labels"), 0o700)
	for _, name := range []string{"unit.zpl", "box.zpl"} {
		label, readErr := fs.ReadFile(config.Labels(), name)
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(dir, "labels", name), label, 0o600))
	}
	if err := errors.Join(err, os.WriteFile(s.File, text, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.end)
	return s
}

// end kills the agent, and keeps what tells why a test has failed.
func (s *Site) end() {
	if s.Agent != nil {
		s.Agent.Kill()
	}
	if s.T.Failed() {
		if s.Agent != nil {
			s.T.Logf("the agent said:\n%s", &s.Agent.Out)
		}
		s.Keep()
	}
}

// ports are those that this process has given out: sites stand beside each other.
var ports struct {
	mu    sync.Mutex
	given map[int]bool
	first int          // of its own part; 0: none is taken yet
	guard net.Listener // on the first one, as long as the process lives: no other test program looks in this part
}

// parts of the ports, apart from those of the tests that do not use FreePort.
const (
	partsFrom = 30_000
	parts     = 5
	part      = 540
)

// takePart gives the process a part of its own, or any where others have them all.
func takePart() {
	for i := range parts {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", partsFrom+i*part))
		if err == nil {
			ports.first, ports.guard = partsFrom+i*part, l
			return
		}
	}
	ports.first = partsFrom + part*rand.IntN(parts)
}

// FreePort returns an address of this machine that nobody listens on. It looks apart from where the tests
// of other packages do, which run beside these: one that is free now is bound only later.
func FreePort(t testing.TB) string {
	ports.mu.Lock()
	defer ports.mu.Unlock()
	if ports.first == 0 {
		takePart()
	}
	for range 10 * part {
		n := ports.first + 1 + rand.IntN(part-1)
		address := fmt.Sprintf("127.0.0.1:%d", n)
		l, err := net.Listen("tcp", address)
		if err != nil || ports.given[n] {
			if err == nil {
				l.Close()
			}
			continue
		}
		l.Close()
		if ports.given == nil {
			ports.given = map[int]bool{}
		}
		ports.given[n] = true
		return address
	}
	t.Fatal("no port is free")
	return ""
}

// Start runs the agent.
func (s *Site) Start() {
	s.T.Helper()
	s.Agent = Launch(s.T, s.Env, s.Program, "run", "--config", s.File)
}

// Stop asks the agent to end and wants it to end well.
func (s *Site) Stop() {
	s.T.Helper()
	s.Agent.Stop(s.T)
	s.Agent = nil
}

// Status asks the running agent how it stands.
func (s *Site) Status() (agent.Status, error) {
	var st agent.Status
	body, _, err := s.Get("/api/v1/status")
	if err == nil {
		err = json.Unmarshal(body, &st)
	}
	return st, err
}

// Get asks the agent's page.
func (s *Site) Get(path string) (body []byte, code int, err error) {
	client := http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + s.At["HTTP"] + path)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return bytes.TrimSpace(body), resp.StatusCode, err
}

// Until asks again and again until ok says yes. It fails the test when that takes longer than Patience or
// when the agent has ended.
func (s *Site) Until(what string, ok func() error) {
	s.T.Helper()
	for end := time.Now().Add(Patience); ; time.Sleep(10 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-s.Agent.Done:
			s.T.Fatalf("%s: the agent has ended: %v\n%s", what, s.Agent.Err, &s.Agent.Out)
		default:
		}
		if time.Now().After(end) {
			s.T.Fatalf("%s: %v\n%s", what, err, &s.Agent.Out)
		}
	}
}

// Counted waits until the agent's stations have counted n of what since its start.
func (s *Site) Counted(what string, n int) {
	s.T.Helper()
	s.Until("counting "+what, func() error {
		st, err := s.Status()
		if err != nil {
			return err
		}
		if got := Count(st, what); got < n {
			return fmt.Errorf("%d %s, want %d; ledger %s", got, what, n, st.Ledger)
		}
		return nil
	})
}

// Count is what all stations together have counted of what.
func Count(s agent.Status, what string) int {
	n := 0
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			n += st.Count[what]
		}
	}
	return n
}
