package host

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/web"
)

// A broken configuration brings up the page with every reason; when the file is mended everything starts by itself.
func TestDegradedByConfiguration(t *testing.T) {
	p := newPC(t)
	good := p.text()
	p.write(strings.Replace(strings.Replace(good, `group = "water"`, `group = "wator"`, 1), "driver = ", "drivr = ", 1))
	p.start()
	s := p.until("the reasons", func(s agent.Status) bool { return len(s.Degraded) >= 2 })
	all := strings.Join(s.Degraded, "\n")
	for _, want := range []string{"izkm.group", "printer.driver", p.file() + ":"} {
		if !strings.Contains(all, want) {
			t.Errorf("the reasons do not name %s: %s", want, all)
		}
	}
	if page, code := p.get("/"); code != http.StatusServiceUnavailable || !strings.Contains(page, "izkm.group") || !strings.Contains(page, "Ничего не работает") {
		t.Errorf("the page: %d %s", code, page)
	}
	if body, code := p.get("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "izkm.group") {
		t.Errorf("ready: %d %s", code, body)
	}
	if body, code := p.get("/api/v1/balance"); code != http.StatusServiceUnavailable || !strings.Contains(body, "nothing runs") {
		t.Errorf("the balance: %d %s", code, body)
	}
	if body, code := p.reload(); code != http.StatusUnprocessableEntity || !strings.Contains(body, "izkm.group") {
		t.Errorf("a reload of what is still wrong: %d %s", code, body)
	}
	p.write(good)
	p.until("the lines", runs)
	if told := p.life.all(); !strings.HasPrefix(told[0], "degraded ") {
		t.Errorf("the service manager was told %q", told)
	}
	p.end()
	if told := p.life.all(); told[len(told)-1] != "stopping" {
		t.Errorf("the service manager was told %q", told)
	}
}

// The metrics are those of the agent that runs; while none does, that is what they say.
func TestMetrics(t *testing.T) {
	p := newPC(t)
	good := p.text()
	p.write(strings.Replace(good, `group = "water"`, `group = "wator"`, 1))
	p.start()
	p.until("the reasons", func(s agent.Status) bool { return len(s.Degraded) > 0 })
	if body, code := p.get("/metrics"); code != http.StatusOK || !strings.Contains(body, "\nlinemark_up 0\n") || !strings.Contains(body, "\nlinemark_degraded_reasons 1\n") || strings.Contains(body, "linemark_ledger_ok") {
		t.Errorf("with nothing running: %d %s", code, body)
	}
	others := free(t)
	p.write(good + "\n[metrics]\nlisten = \"" + others + "\"\n")
	p.until("the lines", runs)
	reader := &pc{address: others}
	for path, want := range map[string]int{"/metrics": http.StatusOK, "/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/": http.StatusNotFound, "/api/v1/status": http.StatusNotFound, "/api/v1/reports/1/retry": http.StatusNotFound} {
		if body, code := reader.get(path); code != want {
			t.Errorf("who only reads is told at %s: %d %s", path, code, body)
		}
	}
	for _, want := range []string{"\nlinemark_up 1\n", "\nlinemark_ledger_ok 1\n", "\nlinemark_device_up{", "\nlinemark_station_state{", "\nlinemark_commit_seconds_bucket{", "\ngo_goroutines "} {
		var body string
		for end := time.Now().Add(patience); !strings.Contains(body, want) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			body, _ = p.get("/metrics") // it may be a second old
		}
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
}

// A file that could not be read at all brings up the page where it is by default, or was; mended, the page goes
// to the address that it names.
func TestDegradedPageMoves(t *testing.T) {
	p := newPC(t)
	good, old := p.text(), p.address
	p.write(strings.Replace(good, `group = "water"`, `group = "wator"`, 1))
	p.start()
	p.until("the reasons", func(s agent.Status) bool { return len(s.Degraded) > 0 })
	p.address = free(t)
	p.write(strings.Replace(good, old, p.address, 1))
	p.until("the lines at the page's new address", runs)
}

// The token comes after everything else, and the configuration is not touched for it.
func TestDegradedByToken(t *testing.T) {
	p := newPC(t)
	p.write(regexp.MustCompile(`(?m)^client_token.*$`).ReplaceAllString(p.text(), `client_token = "file:izkm.token"`))
	p.start()
	p.until("the reason", func(s agent.Status) bool { return strings.Contains(strings.Join(s.Degraded, "\n"), "izkm.token") })
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.file()), "izkm.token"), []byte("1cecc8fb-fb47-4c8a-af3d-d34c1ead8c4f\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.until("the lines", runs)
}

// A ledger that does not open brings up the page too, and is tried again: the disk may come late.
func TestDegradedByLedger(t *testing.T) {
	p := newPC(t)
	data := filepath.Join(p.dir, "data")
	if err := os.WriteFile(data, []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	s := p.until("the reason", func(s agent.Status) bool { return len(s.Degraded) > 0 && !strings.Contains(s.Degraded[0], "starting") })
	if !strings.Contains(s.Degraded[0], "data folder") || !strings.Contains(s.Degraded[0], "agent.data_dir") {
		t.Errorf("the reason is %q", s.Degraded)
	}
	if err := os.Remove(data); err != nil {
		t.Fatal(err)
	}
	p.until("the lines", runs)
}

// A ledger of an earlier version is copied and brought to this one: whoever watches over the process hears that
// it takes its time, before anything else.
func TestEarlierLedger(t *testing.T) {
	p := newPC(t)
	packed, err := os.Open(filepath.Join("..", "ledger", "testdata", "schema4.ledger.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	old, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(p.dir, "data")
	if err := errors.Join(os.MkdirAll(data, 0o700), os.WriteFile(filepath.Join(data, ledger.FileName), old, 0o600)); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.until("the lines", runs)
	if told := p.life.all(); !strings.HasPrefix(told[0], "starting 15m0s copying the ledger before it is brought from schema 4 to ") {
		t.Errorf("the service manager was told %q", told)
	}
}

// A ledger that is a copy waits for a person. Until then the page is up and says so, and nothing is started again.
func TestCopiedLedger(t *testing.T) {
	p := newPC(t)
	p.start()
	p.until("the lines", runs)
	p.end()
	backup := filepath.Join(p.dir, "stick")
	cfg, err := config.Load(p.file())
	if problems, ok := errors.AsType[config.Problems](err); err != nil && (!ok || len(problems.Blocking()) > 0) {
		t.Fatal(err)
	}
	if err := os.Mkdir(backup, 0o700); err != nil {
		t.Fatal(err)
	}
	k, err := agent.Backup(t.Context(), cfg, backup, time.Now, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Restore(t.Context(), k.Path, filepath.Join(p.dir, "data"), ledger.RestoreOptions{Replace: true, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	p = &pc{t: t, dir: p.dir, address: p.address, life: &watcher{}, hup: make(chan struct{}), done: make(chan error, 1)}
	p.start()
	s := p.until("the word", func(s agent.Status) bool { return strings.Contains(s.Ledger, "this ledger is a copy") })
	if len(s.Lines) == 0 {
		t.Errorf("the lines are not shown: %+v", s)
	}
	p.until("progress", func(agent.Status) bool { return slices.Contains(p.life.all(), "alive") })
	if told := p.life.all(); !strings.HasPrefix(told[0], "degraded this ledger is a copy") || len(told) != 2 {
		t.Errorf("the service manager was told %q", told)
	}
}

// Who watches the event log hears once when the ledger takes no writes, and once when it does again.
func TestLedgerEvents(t *testing.T) {
	var log strings.Builder
	h := &Host{o: Options{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	full := errors.New("the disk is full")
	for _, err := range []error{nil, full, full, nil, nil} {
		h.noteFault(err)
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `event=ledger error="the disk is full"`) || !strings.Contains(lines[1], `event="ledger well"`) {
		t.Errorf("%q", lines)
	}
}

// short ends a host that should have ended by itself.
func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Another linemark on the same ledger is no case for waiting: the second one ends.
func TestLedgerInUse(t *testing.T) {
	p := newPC(t)
	l, err := ledger.Open(t.Context(), filepath.Join(p.dir, "data"), ledger.Options{Agent: "line-3"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := Run(short(t), Options{Config: p.file(), Log: slog.New(slog.DiscardHandler)}); !errors.Is(err, ledger.ErrInUse) {
		t.Errorf("the host ended with %v", err)
	}
}

// To a person who has started it, it says at once what is wrong, and ends.
func TestEndsForAPerson(t *testing.T) {
	p := newPC(t)
	good := p.text()
	p.write(strings.Replace(good, `group = "water"`, `group = "wator"`, 1))
	var problems config.Problems
	if err := Run(short(t), Options{Config: p.file(), Log: slog.New(slog.DiscardHandler)}); !errors.As(err, &problems) {
		t.Errorf("a broken file: %v", err)
	}
	p.write(good)
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if err := Run(ctx, Options{Config: p.file(), Log: slog.New(slog.DiscardHandler)}); err != nil || ctx.Err() == nil {
		t.Errorf("a good file: %v", err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(p.dir, "data")), os.WriteFile(filepath.Join(p.dir, "data"), []byte("no folder"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Run(short(t), Options{Config: p.file(), Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a broken ledger is waited for")
	}
}

// A taken port is said at once.
func TestPortTaken(t *testing.T) {
	p := newPC(t)
	l, err := net.Listen("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := Run(short(t), Options{Config: p.file(), Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "opening the page's port") {
		t.Errorf("the host ended with %v", err)
	}
}

// A new configuration is taken over only if it is good; a bad one changes nothing and says why.
func TestReload(t *testing.T) {
	p := newPC(t)
	good := p.text()
	p.start()
	was := p.until("the lines", runs)
	p.told("ready line 3 ")
	if was.Config == nil || was.Config.Changed != nil || was.Config.File != p.file() {
		t.Errorf("the configuration in force: %+v", was.Config)
	}

	p.write(strings.Replace(good, `name = "3"`, `nam = "3"`, 1))
	s := p.until("the change is seen", func(s agent.Status) bool { return s.Config.Changed != nil })
	if !strings.Contains(strings.Join(s.Config.Problems, "\n"), "line.nam") {
		t.Errorf("the problems are %q", s.Config.Problems)
	}
	if body, code := p.reload(); code != http.StatusUnprocessableEntity || !strings.Contains(body, "line.nam") {
		t.Errorf("a bad file: %d %s", code, body)
	}
	p.hup <- struct{}{}
	if s := p.until("the old lines", runs); !s.Started.Equal(was.Started) || s.Lines[0].Name != "3" {
		t.Errorf("a bad file has changed something: %+v", s)
	}

	p.write(strings.Replace(good, `name = "3"`, `name = "4"`, 1))
	if body, code := p.reload(); code != http.StatusOK {
		t.Fatalf("a good file: %d %s", code, body)
	}
	s = p.until("the new line", func(s agent.Status) bool { return runs(s) && s.Lines[0].Name == "4" })
	p.told("ready line 4 ")
	if s.Config.Changed != nil {
		t.Errorf("what is in force still waits: %+v", s.Config)
	}

	// What only the ledger knows to be wrong is found while the lines run.
	for _, change := range []struct{ was, is, why string }{
		{`name = "line-3"`, `name = "line-9"`, "linemark restore --rename line-3"},
		{`/data"`, `/elsewhere"`, "linemark restore --moved"},
	} {
		p.write(strings.Replace(strings.Replace(good, `name = "3"`, `name = "4"`, 1), change.was, change.is, 1))
		if body, code := p.reload(); code != http.StatusUnprocessableEntity || !strings.Contains(body, change.why) {
			t.Errorf("%s: %d %s", change.is, code, body)
		}
		if now := p.until("the line before", runs); !now.Started.Equal(s.Started) {
			t.Errorf("%s: the lines were stopped for it", change.is)
		}
	}

	// It loads, and no agent can be made of it: back to what worked.
	if err := os.WriteFile(filepath.Join(p.dir, "ca.pem"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.write(strings.Replace(strings.Replace(good, `name = "3"`, `name = "4"`, 1), "[izkm]\n", "[izkm]\nca_file = \"ca.pem\"\n", 1))
	if body, code := p.reload(); code != http.StatusUnprocessableEntity || !strings.Contains(body, "[izkm]") || !strings.Contains(body, "the lines have started anew with the old one") {
		t.Errorf("no certificate: %d %s", code, body)
	}
	p.until("the line before", func(s agent.Status) bool { return runs(s) && s.Lines[0].Name == "4" })

	// The page moves with its address.
	old := p.address
	p.address = free(t)
	p.write(strings.Replace(good, old, p.address, 1))
	p.hup <- struct{}{}
	p.until("the page at its new address", func(s agent.Status) bool { return runs(s) && s.Lines[0].Name == "3" })
	if _, err := net.Dial("tcp", old); err == nil {
		t.Error("the page is still at its old address")
	}
	p.end()
	told := fmt.Sprint(p.life.all())
	if strings.Count(told, "reloading") < 2 || !strings.Contains(told, "ready line 3 ") || !strings.Contains(told, "ready line 4 ") {
		t.Errorf("the service manager was told %s", told)
	}
}

// A reload needs what every change needs.
func TestReloadNeedsTheHeader(t *testing.T) {
	p := newPC(t)
	p.start()
	p.until("the lines", runs)
	req, err := http.NewRequest(http.MethodPost, "http://"+p.address+web.ReloadPath, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+p.word())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("answered %s", resp.Status)
	}
}

// Whoever has the address changed by the page itself gets his answer at the old one.
func TestReloadOfTheAddressIsAnswered(t *testing.T) {
	p := newPC(t)
	p.start()
	p.until("the lines", runs)
	old, next := p.address, free(t)
	p.write(strings.Replace(p.text(), old, next, 1))
	if body, status := p.reload(); status != http.StatusOK {
		t.Errorf("answered %d %s", status, body)
	}
	p.address = next
	p.until("the page at its new address", runs)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", old)
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(end) {
			t.Fatal("the page is still at its old address")
		}
	}
}
