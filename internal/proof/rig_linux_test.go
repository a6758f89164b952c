package proof

import (
	"bytes"
	"context"
	"encoding/json"
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
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "linemark/drivers/all" // the drivers that the configuration names
	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/proof/disk"
	"linemark/internal/sim"
)

// deadline bounds every wait for a process.
const deadline = 60 * time.Second

// rig is one line PC whose data lie on a disk that fails on purpose, and the plant around it. The
// plant's logs lie on this machine's own disk.
type rig struct {
	t       testing.TB
	program string
	random  *rand.Rand
	dir     string
	file    string // the configuration
	page    string // address of the agent's page
	logs    string
	disk    *disk.Disk
	plugged *disk.Plugged // nil: the disk is out
	options string        // of the mount
	plant   *sim.Plant
	halt    context.CancelFunc // of the belt; nil: it stands
	halted  chan struct{}
	agent   *process
	died    bool // an agent was killed: products have passed that nobody saw
}

// newRig lays everything out on a fresh disk. Nothing runs yet but the emulators.
func newRig(t testing.TB, program string, seed uint64, size int64, o sim.Options) *rig {
	t.Helper()
	r := &rig{t: t, program: program, random: rand.New(rand.NewPCG(seed, 1)), dir: t.TempDir()}
	r.logs, r.file = filepath.Join(r.dir, "plant"), filepath.Join(r.dir, "linemark.toml")
	image, err := disk.Format(r.dir, size)
	if err != nil {
		t.Fatal(err)
	}
	r.disk = disk.New(image)
	r.layOut()
	cfg, err := config.Load(r.file)
	if err != nil {
		t.Fatal(err)
	}
	o.Dir, o.Seed = r.logs, seed
	if r.plant, err = sim.New(cfg, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.clear)
	return r
}

// clear leaves nothing behind, however the test ends.
func (r *rig) clear() {
	r.hold()
	if r.agent != nil && r.disk != nil {
		r.disk.Cut()
		r.agent.signal(syscall.SIGKILL)
		r.disk.LetGo()
		<-r.agent.done
	}
	if r.t.Failed() && r.agent != nil {
		r.t.Logf("the agent said:\n%s", &r.agent.out)
	}
	if err := r.plant.Close(); err != nil {
		r.t.Errorf("the plant's end: %v", err)
	}
	if r.plugged != nil {
		_ = r.plugged.Unplug() // dark or not, it goes
	}
}

var place = regexp.MustCompile(`\{\{[A-Z0-9]+\}\}`)

// layOut writes the configuration of the plant that the program's own tests have, with free ports, and
// the labels.
func (r *rig) layOut() {
	text, err := os.ReadFile(filepath.Join("..", "..", "cmd", "linemark", "testdata", "plant.toml"))
	if err != nil {
		r.t.Fatal(err)
	}
	at := map[string]string{"{{DATA}}": r.data()}
	text = place.ReplaceAllFunc(text, func(name []byte) []byte {
		if at[string(name)] == "" {
			at[string(name)] = freePort(r.t)
		}
		return []byte(at[string(name)])
	})
	r.page = at["{{HTTP}}"]
	err = os.Mkdir(filepath.Join(r.dir, "labels"), 0o700)
	for _, name := range []string{"unit.zpl", "box.zpl"} {
		label, readErr := fs.ReadFile(config.Labels(), name)
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(r.dir, "labels", name), label, 0o600))
	}
	if err := errors.Join(err, os.WriteFile(r.file, text, 0o600)); err != nil {
		r.t.Fatal(err)
	}
}

// data is the agent's data folder, on the disk.
func (r *rig) data() string { return filepath.Join(r.dir, "mounted", "data") }

// ports are those that this process has given out: rigs run at the same time.
var ports struct {
	mu    sync.Mutex
	given map[int]bool
}

// freePort looks apart from where the tests of other packages do, which run beside these.
func freePort(t testing.TB) string {
	ports.mu.Lock()
	defer ports.mu.Unlock()
	for range 1000 {
		n := 30_000 + rand.IntN(2_700)
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

// plug mounts the disk.
func (r *rig) plug() {
	r.t.Helper()
	var err error
	if r.plugged, err = disk.Plug(r.disk, r.dir, r.options); err != nil {
		r.t.Fatalf("plugging the disk in: %v", err)
	}
}

// unplug takes the disk out. A file system that has seen errors may complain.
func (r *rig) unplug() error {
	p := r.plugged
	r.plugged = nil
	return p.Unplug()
}

// run lets products pass.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	r.halt, r.halted = cancel, make(chan struct{})
	go func() {
		r.plant.Run(ctx)
		close(r.halted)
	}()
}

// hold stops the belt.
func (r *rig) hold() {
	if r.halt != nil {
		r.halt()
		<-r.halted
		r.halt = nil
	}
}

// start runs the agent.
func (r *rig) start() {
	r.t.Helper()
	p := &process{cmd: exec.Command(r.program, "run", "--config", r.file), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() { p.err = p.cmd.Wait(); close(p.done) }()
	r.agent = p
}

// stop asks the agent to end and wants it to end well.
func (r *rig) stop() {
	r.t.Helper()
	r.agent.signal(syscall.SIGTERM)
	select {
	case <-r.agent.done:
	case <-time.After(deadline):
		r.t.Fatal("the agent does not end")
	}
	if err := r.agent.err; err != nil {
		r.t.Fatalf("the agent ended with %v:\n%s", err, &r.agent.out)
	}
	r.agent = nil
}

// powerCut ends disk and agent as one. Nothing that the agent does after the disk's last word can be
// seen: it is killed before its calls return. The power is back when powerCut returns; the disk is out.
func (r *rig) powerCut() (lost int) {
	r.t.Helper()
	r.disk.Cut()
	r.agent.signal(syscall.SIGKILL)
	r.disk.LetGo()
	<-r.agent.done
	r.agent, r.died = nil, true
	_ = r.unplug() // it complains of the dead disk
	return r.disk.Restore(r.random)
}

// status asks the running agent how it stands.
func (r *rig) status() (agent.Status, error) {
	var s agent.Status
	body, _, err := r.get("/api/v1/status")
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	return s, err
}

func (r *rig) get(path string) ([]byte, int, error) {
	client := http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + r.page + path)
	if err != nil {
		return nil, 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return bytes.TrimSpace(body), resp.StatusCode, err
}

// until asks again and again until ok says yes or the agent has ended.
func (r *rig) until(what string, ok func() error) {
	r.t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(10 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-r.agent.done:
			r.t.Fatalf("%s: the agent has ended: %v\n%s", what, r.agent.err, &r.agent.out)
		default:
		}
		if time.Now().After(end) {
			r.t.Fatalf("%s: %v\n%s", what, err, &r.agent.out)
		}
	}
}

// counted waits until the agent's stations have counted n of what since its start.
func (r *rig) counted(what string, n int) {
	r.t.Helper()
	r.until("counting "+what, func() error {
		s, err := r.status()
		if err != nil {
			return err
		}
		if got := count(s, what); got < n {
			return fmt.Errorf("%d %s, want %d; ledger %s", got, what, n, s.Ledger)
		}
		return nil
	})
}

func count(s agent.Status, what string) int {
	n := 0
	for _, l := range s.Lines {
		for _, st := range l.Stations {
			n += st.Count[what]
		}
	}
	return n
}

// process is a linemark that runs beside the test.
type process struct {
	cmd  *exec.Cmd
	out  output
	done chan struct{}
	err  error // once done
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) } // it may have ended already

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
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text[max(0, len(o.text)-4000):])
}
