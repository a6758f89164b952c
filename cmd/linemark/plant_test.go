package main

import (
	"bytes"
	crand "crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
)

// deadline bounds every wait for a process. With the race detector, beside ten like it on two cores, reports take half a
// minute through a storm, and one that fails several times in a row waits as long again for its next try.
const deadline = 3 * time.Minute

// ports hands out ports that nobody listens on, each only once in this process. They lie below
// those from which the system takes the near ends of connections, and apart from those that the
// tests of other packages take, which run beside this one.
type ports struct {
	mu    sync.Mutex
	given map[int]bool
}

func (p *ports) next() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range 1000 {
		n := 12_000 + rand.IntN(9_000)
		if p.given[n] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", n)
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		p.given[n] = true
		return address, l.Close()
	}
	return "", fmt.Errorf("no free port found")
}

// free is shared by all tests of the package, which run at the same time.
var free = &ports{given: map[int]bool{}}

// site is a configuration file on free ports, and its labels.
type site struct {
	dir, file string
	at        map[string]string // HTTP, IZKM, TIJ, BOX, CAM1, CAM2, PLC
}

// layOut writes testdata/plant.toml with free ports, and the labels, into dir.
func layOut(dir string) (site, error) {
	s := site{dir: dir, file: filepath.Join(dir, "linemark.toml"), at: map[string]string{"DATA": filepath.ToSlash(filepath.Join(dir, "data"))}}
	template, err := os.ReadFile(filepath.Join("testdata", "plant.toml"))
	if err != nil {
		return s, err
	}
	for _, name := range []string{"HTTP", "IZKM", "TIJ", "BOX", "CAM1", "CAM2", "PLC"} {
		if s.at[name], err = free.next(); err != nil {
			return s, err
		}
	}
	text := string(template)
	for name, value := range s.at {
		text = strings.ReplaceAll(text, "{{"+name+"}}", value)
	}
	if err := os.MkdirAll(filepath.Join(dir, "labels"), 0o755); err != nil {
		return s, err
	}
	for _, name := range []string{"unit.zpl", "box.zpl"} {
		label, err := fs.ReadFile(config.Labels(), name)
		if err != nil {
			return s, err
		}
		if err := os.WriteFile(filepath.Join(dir, "labels", name), label, 0o644); err != nil {
			return s, err
		}
	}
	return s, os.WriteFile(s.file, []byte(text), 0o644)
}

// onSmartOne gives the site SmartOne as its national system, in the place of IZKM.
func (s site) onSmartOne(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	from, to := bytes.Index(text, []byte("[izkm]")), bytes.Index(text, []byte("[[product]]"))
	access := fmt.Sprintf("[smartone]\nurl = %q\nlogin = \"plant\"\npassword = \"${LINEMARK_IZKM_TOKEN}\"\nsigning_key = \"signing-key.pem\"\ngroup = \"water\"\ndepartment = \"D1\"\ntimeout = \"10s\"\n\n",
		"http://"+s.at["IZKM"])
	text = bytes.Join([][]byte{text[:from], []byte(access), text[to:]}, nil)
	for _, unit := range []string{"BOTTLE", "PACK"} {
		text = bytes.Replace(text, []byte("template_id    = 3\n"), []byte("batches = [101, 102]\nassort = \"WATER\"\nunit = \""+unit+"\"\n"), 1)
	}
	key, err := rsa.GenerateKey(crand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pair := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	if err := errors.Join(os.WriteFile(filepath.Join(s.dir, "signing-key.pem"), pair, 0o600), os.WriteFile(s.file, text, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// get asks the agent's page and returns the body of a good answer.
func get(address, path string) ([]byte, error) {
	client := http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + address + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(body))
	}
	return body, err
}

// status asks the running agent how it stands.
func status(address string) (agent.Status, error) {
	var s agent.Status
	body, err := get(address, "/api/v1/status")
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	return s, err
}

// until asks again and again until ok says yes. Its last no is the error.
func until(ok func() error) error {
	for end := time.Now().Add(deadline); ; time.Sleep(20 * time.Millisecond) {
		err := ok()
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// ready waits until an agent says that every device is there.
func ready(address string) error {
	return until(func() error { _, err := get(address, "/readyz"); return err })
}

// counted waits until the stations of the agent have counted n of what together.
func counted(address, what string, n int) error {
	return until(func() error {
		s, err := status(address)
		if err != nil {
			return err
		}
		got := 0
		for _, l := range s.Lines {
			for _, st := range l.Stations {
				got += st.Count[what]
			}
		}
		if got < n {
			return fmt.Errorf("%d %s, want %d", got, what, n)
		}
		return nil
	})
}

// process is a linemark that runs beside the test.
type process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	out  output
	done chan error
}

// output is what a process has said so far.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	return len(b), nil
}

// String returns the end of what was said, which tells why a test fails.
func (o *output) String() string {
	const most = 4000
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text[max(0, len(o.text)-most):])
}

// start runs linemark in the background; the test's end kills it.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	return startIn(t, nil, args...)
}

// startIn is start with more in the environment.
func startIn(t testing.TB, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: "linemark " + args[0], cmd: exec.Command("linemark", args...), done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, &p.out)
		}
	})
	return p
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
}

// stop asks the process to end with a signal and wants it to end well.
func (p *process) stop(s os.Signal) {
	p.t.Helper()
	if err := until(func() error { // before its first word it may not know the signal yet
		if p.out.String() == "" {
			return errors.New("not a word")
		}
		return nil
	}); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Fatalf("%s ended with %v:\n%s", p.name, err, &p.out)
		}
	case <-time.After(deadline):
		p.t.Fatalf("%s does not end", p.name)
	}
}
