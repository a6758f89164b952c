package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/web"
)

const patience = 30 * time.Second

// watcher notes what a service manager is told.
type watcher struct {
	mu   sync.Mutex
	told []string
}

func (w *watcher) tell(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.told) == 0 || w.told[len(w.told)-1] != s {
		w.told = append(w.told, s)
	}
}

func (w *watcher) Starting(s string, most time.Duration) {
	w.tell(fmt.Sprint("starting ", most, " ", s))
}
func (w *watcher) Ready(s string)    { w.tell("ready " + s) }
func (w *watcher) Degraded(s string) { w.tell("degraded " + s) }
func (w *watcher) Status(s string)   { w.tell("status " + s) }
func (w *watcher) Reloading()        { w.tell("reloading") }
func (w *watcher) Stopping()         { w.tell("stopping") }
func (w *watcher) Alive()            { w.tell("alive") }

func (w *watcher) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.told)
}

// pc is a host that runs on a configuration whose devices and national system answer nowhere.
type pc struct {
	t       *testing.T
	dir     string
	address string
	life    *watcher
	hup     chan struct{}
	stop    context.CancelFunc
	done    chan error
}

// free is a port that nobody has, and that the system gives to no outgoing connection.
func free(t *testing.T) string {
	t.Helper()
	for n := 9000; n < 10_000; n++ {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 9000+(n+os.Getpid())%1000)); err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func newPC(t *testing.T) *pc {
	p := &pc{t: t, dir: t.TempDir(), address: free(t), life: &watcher{}, hup: make(chan struct{}), done: make(chan error, 1)}
	label, err := fs.ReadFile(config.Labels(), "unit.zpl")
	labels := filepath.Join(p.dir, "labels")
	if err := errors.Join(err, os.Mkdir(labels, 0o700), os.WriteFile(filepath.Join(labels, "unit.zpl"), label, 0o600)); err != nil {
		t.Fatal(err)
	}
	p.write(p.text())
	return p
}

func (p *pc) file() string { return filepath.Join(p.dir, "linemark.toml") }
func (p *pc) text() string {
	sample, err := os.ReadFile(filepath.Join("testdata", "linemark.toml"))
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.NewReplacer("DATA", filepath.ToSlash(filepath.Join(p.dir, "data")), "LISTEN", p.address).Replace(string(sample))
}

// write puts another configuration in the file's place, as an editor does.
func (p *pc) write(text string) {
	p.t.Helper()
	next := p.file() + ".new"
	if err := errors.Join(os.WriteFile(next, []byte(text), 0o600), os.Rename(next, p.file())); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pc) start() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() {
		p.done <- Run(ctx, Options{Config: p.file(), Log: slog.New(slog.DiscardHandler), Life: p.life, Reload: p.hup, Stay: true, Every: 50 * time.Millisecond})
	}()
	p.t.Cleanup(func() {
		stop()
		select {
		case <-p.done:
		case <-time.After(patience):
			p.t.Error("the host does not end")
		}
	})
}

func (p *pc) end() {
	p.t.Helper()
	p.stop()
	err := <-p.done
	p.done <- nil // for the clean-up
	if err != nil {
		p.t.Errorf("the host ended with %v", err)
	}
}

func (p *pc) get(path string) (string, int) {
	resp, err := http.Get("http://" + p.address + path)
	if err != nil {
		return err.Error(), 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error(), 0
	}
	return string(body), resp.StatusCode
}

func (p *pc) until(what string, ok func(agent.Status) bool) agent.Status {
	p.t.Helper()
	var body string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var s agent.Status
		var code int
		if body, code = p.get("/api/v1/status"); code == http.StatusOK && json.Unmarshal([]byte(body), &s) == nil && ok(s) {
			return s
		}
	}
	p.t.Fatalf("%s: never; the last status was %s", what, body)
	return agent.Status{}
}

func runs(s agent.Status) bool { return len(s.Degraded) == 0 && s.Ledger == "ok" && len(s.Lines) > 0 }

// word is what commands on this PC are let in by; empty: there is none yet.
func (p *pc) word() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "data", tokenName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func (p *pc) reload() (string, int) {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+p.address+web.ReloadPath, bytes.NewReader([]byte("{}")))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set(web.Header, "1")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.word())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(body), resp.StatusCode
}

// told waits until the service manager was told something.
func (p *pc) told(what string) {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if slices.ContainsFunc(p.life.all(), func(told string) bool { return strings.HasPrefix(told, what) }) {
			return
		}
	}
	p.t.Fatalf("the service manager was told %q, not %s", p.life.all(), what)
}
