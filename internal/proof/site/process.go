//go:build linux

package site

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience bounds every wait for a process. The race detector on a busy machine needs most of it.
const Patience = 60 * time.Second

// Process is a linemark that runs beside the test. It goes with the test's process, however that ends.
type Process struct {
	Cmd  *exec.Cmd
	Out  Output
	Done chan struct{}
	Err  error // how it ended, once Done is closed
}

// Launch starts a program in the background, with more in its environment.
func Launch(t testing.TB, env []string, program string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(program, args...), Done: make(chan struct{})}
	p.Cmd.Env = append(os.Environ(), env...)
	p.Cmd.Stdout, p.Cmd.Stderr = &p.Out, &p.Out
	p.Cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.Err = p.Cmd.Wait(); close(p.Done) }()
	return p
}

// Signal sends s; the process may have ended already.
func (p *Process) Signal(s os.Signal) { _ = p.Cmd.Process.Signal(s) }

// Kill ends the process as the loss of its power does, and waits for that.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.Done
}

// Stop asks the process to end and wants it to end well.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Done:
	case <-time.After(Patience):
		t.Fatalf("%s does not end:\n%s", p.Cmd, &p.Out)
	}
	if p.Err != nil {
		t.Fatalf("%s ended with %v:\n%s", p.Cmd, p.Err, &p.Out)
	}
}

// Output is what a process has said so far.
type Output struct {
	mu   sync.Mutex
	text []byte
}

func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, b...)
	return len(b), nil
}

// All returns everything that was said.
func (o *Output) All() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// String returns the end of what was said, which tells why a test fails.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text[max(0, len(o.text)-4000):])
}
