package host

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/rights"
	"linemark/internal/web"
)

// own is an address of this machine by which others reach it.
func own(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no address but its own")
	return ""
}

// notes are what the journal has of the page.
func notes(t *testing.T, dir string) (all []string) {
	t.Helper()
	l, err := ledger.OpenReader(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = l.EachStep(t.Context(), func(s ledger.Step) error {
		if s.Place == ledger.PlacePage {
			all = append(all, s.Cause)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Others than this PC reach the page by HTTPS alone, and only when somebody has a password; they see nothing without
// one, and what they change is in the journal.
func TestBeyondThisPC(t *testing.T) {
	p := newPC(t)
	here := own(t)
	_, port, _ := net.SplitHostPort(p.address)
	local := p.text()
	p.write(strings.Replace(local, p.address, "0.0.0.0:"+port, 1))
	p.start()
	s := p.until("the refusal", func(s agent.Status) bool { return len(s.Degraded) > 0 })
	if !strings.Contains(s.Degraded[0], "http.listen: is beyond this PC, and nobody has a password yet") {
		t.Errorf("the page says %q", s.Degraded)
	}
	if c, err := net.DialTimeout("tcp", net.JoinHostPort(here, port), time.Second); err == nil {
		c.Close()
		t.Error("others reach it all the same")
	}
	book := rights.Beside(p.dir)
	if err := book.Set("A. Karimov", rights.Operator, "longer than eight", time.Now()); err != nil {
		t.Fatal(err)
	}
	// Now it goes up by itself; commands on this PC find it, compare its certificate and are let in.
	var cfg *config.Config
	var err error
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if cfg, err = config.Load(p.file()); err == nil {
			w := To(cfg)
			if r, err := w.Client.Get(w.URL + "/api/v1/status"); err == nil {
				var s agent.Status
				err := json.NewDecoder(r.Body).Decode(&s)
				r.Body.Close()
				if err == nil && runs(s) && strings.HasPrefix(w.URL, "https://127.0.0.1:") && w.token != "" {
					break
				}
			}
		}
		if time.Now().After(end) {
			t.Fatalf("it does not come up: %v", err)
		}
	}
	// A reload is answered on the connection that asked for it.
	w := To(cfg)
	req, err := http.NewRequest(http.MethodPost, w.URL+web.ReloadPath, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(web.Header, "1")
	req.Header.Set("Content-Type", "application/json")
	w.Authorize(req)
	if r, err := w.Client.Do(req); err != nil {
		t.Errorf("the answer to a reload: %v", err)
	} else if r.Body.Close(); r.StatusCode != http.StatusOK {
		t.Errorf("a reload: %s", r.Status)
	}
	jar := map[string]*http.Cookie{}
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer browser.CloseIdleConnections()
	ask := func(method, path string, form url.Values, header ...string) *http.Response {
		t.Helper()
		req, err := http.NewRequest(method, "https://"+net.JoinHostPort(here, port)+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		for _, c := range jar {
			req.AddCookie(c)
		}
		resp, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for _, c := range resp.Cookies() {
			jar[c.Name] = c
		}
		return resp
	}
	if r := ask("GET", "/", nil); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/login" {
		t.Errorf("somebody else sees the page: %s", r.Status)
	}
	if r := ask("GET", "/api/v1/status", nil); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("somebody else sees the status: %s", r.Status)
	}
	if r := ask("POST", "/login", url.Values{"name": {"A. Karimov"}, "password": {"wrong"}}); r.StatusCode != http.StatusForbidden {
		t.Errorf("a wrong password: %s", r.Status)
	}
	if r := ask("POST", "/login", url.Values{"name": {"A. Karimov"}, "password": {"longer than eight"}}); r.StatusCode != http.StatusSeeOther || !jar[rights.Cookie].Secure {
		t.Errorf("the right one: %s", r.Status)
	}
	if r := ask("GET", "/api/v1/status", nil); r.StatusCode != http.StatusOK {
		t.Errorf("the status: %s", r.Status)
	}
	if r := ask("POST", "/api/v1/batch/end", nil, web.Header, "1", "Content-Type", "application/json"); r.StatusCode != http.StatusForbidden {
		t.Errorf("without the session's word: %s", r.Status)
	}
	p.end()
	want := []string{"this PC (engineer) at 127.0.0.1 asks for /api/v1/reload: {}", "a wrong password for A. Karimov, from " + here, "A. Karimov (operator) has logged in, from " + here}
	if got := notes(t, filepath.Join(p.dir, "data")); !slices.Equal(got, want) {
		t.Errorf("the journal has %q", got)
	}
}

// The page's own certificate stays, and its key is nobody else's to read.
func TestOwnCertificate(t *testing.T) {
	cfg := &config.Config{Agent: config.Agent{DataDir: t.TempDir()}, HTTP: config.HTTP{Listen: "0.0.0.0:1", Names: []string{"line3.plant"}}}
	first, err := certificate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	second, err := certificate(cfg)
	if err != nil || Fingerprint(first) != Fingerprint(second) || len(Fingerprint(first)) != 95 {
		t.Errorf("%s, then %s, %v", Fingerprint(first), Fingerprint(second), err)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "line3.plant"} {
		if err := second.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	cert, key, _ := certificateFiles(cfg)
	if info, err := os.Stat(key); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the key is %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(cert, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := certificate(cfg); err == nil || !strings.Contains(err.Error(), "to have another made") {
		t.Errorf("a damaged one: %v", err)
	}
	if err := onlyThat(cert)(tls.ConnectionState{}); err == nil {
		t.Error("no certificate is taken for ours")
	}
}
