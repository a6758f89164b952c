package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
)

// deadline bounds every wait for a process.
const deadline = 60 * time.Second

// plantConfig is the configuration of a whole line on free ports of this machine, and its page.
func plantConfig(t *testing.T, dataDir string) (text, page string) {
	t.Helper()
	template, err := os.ReadFile(filepath.Join("cmd", "linemark", "testdata", "plant.toml"))
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(string(template), "{{DATA}}", strings.ReplaceAll(dataDir, `\`, `\\`))
	for _, name := range []string{"HTTP", "IZKM", "TIJ", "BOX", "CAM1", "CAM2", "PLC"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		text = strings.ReplaceAll(text, "{{"+name+"}}", l.Addr().String())
		if name == "HTTP" {
			page = "http://" + l.Addr().String()
		}
	}
	return text, page
}

// layPlant writes a plant's configuration for this machine's simulation.
func layPlant(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "linemark.toml")
	if err := os.CopyFS(filepath.Join(dir, "labels"), config.Labels()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// begin runs a program beside the test until its end, or until the returned function ends it.
func begin(t *testing.T, name string, args ...string) (end func()) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		_ = c.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(deadline, func() { _ = c.Process.Kill() })
		_ = c.Wait()
		kill.Stop()
		out.Close()
	}
	t.Cleanup(func() {
		end()
		if text, err := os.ReadFile(out.Name()); t.Failed() && err == nil {
			t.Logf("%s said %s", args[0], text[max(0, len(text)-3000):])
		}
	})
	return end
}

// until asks again and again until ok says yes. Its last no is the error.
func until(t *testing.T, ok func() error) {
	t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(50 * time.Millisecond) {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// status asks an agent how it stands.
func status(page string) (s agent.Status, err error) {
	c := http.Client{Timeout: 10 * time.Second}
	defer c.CloseIdleConnections()
	answer, err := c.Get(page + "/api/v1/status")
	if err != nil {
		return s, err
	}
	defer answer.Body.Close()
	return s, json.NewDecoder(answer.Body).Decode(&s)
}

// marked waits until an agent has seen so many good products since its start.
func marked(t *testing.T, page string, n int) {
	t.Helper()
	until(t, func() error {
		s, err := status(page)
		got := 0
		for _, l := range s.Lines {
			for _, st := range l.Stations {
				got += st.Count["verified"]
			}
		}
		if err == nil && got < n {
			err = fmt.Errorf("%d products are verified, want %d: %+v; %q", got, n, s.Lines, s.Degraded)
		}
		return err
	})
}

// A line in the middle of its batch goes on through an upgrade, unless a person has said otherwise.
func TestDebInBatch(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	debs, _ := linuxPackages(t)
	m.dpkg(nil, "--install", debs[0])
	text, page := plantConfig(t, m.path("var/lib/linemark"))
	m.write("etc/linemark/linemark.toml", text)
	program := m.path("usr/bin/linemark")
	begin(t, program, "sim", "--config", layPlant(t, text), "--rate", "20", "--faultless")
	end := begin(t, program, "run", "--config", m.path("etc/linemark/linemark.toml"))
	marked(t, page, 20)

	m.active("active")
	upgrade := func(when string, env []string, says string, want ...string) {
		t.Helper()
		said, calls := m.dpkg(env, "--install", debs[1])
		m.asked(when, calls, append([]string{"daemon-reload", "show --property=ActiveState linemark"}, want...)...)
		m.says(when, said, says)
		if withheld := strings.Contains(said, "when the lines stand: systemctl restart linemark"); withheld != (len(want) == 0) {
			t.Errorf("%s: it says %s", when, said)
		}
	}
	upgrade("in a batch", nil, "line 3 is in the middle of batch B1")
	upgrade("forced by the environment", []string{"LINEMARK_FORCE_RESTART=1"}, "started again (forced)", "restart linemark")
	m.write("etc/linemark/restart-on-upgrade", "")
	upgrade("forced by a file", nil, "started again (forced)", "restart linemark")
	if err := os.Remove(m.path("etc/linemark/restart-on-upgrade")); err != nil {
		t.Fatal(err)
	}

	if out, err := exec.Command(program, "batch", "end", "--config", m.path("etc/linemark/linemark.toml"), "--line", "3").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	upgrade("after its end", nil, "started again (no line is at work)", "restart linemark")
	end()
	upgrade("without an agent", nil, "started again (the agent does not run)", "restart linemark")
}

// startOf is when the agent was started.
func startOf(t *testing.T, page string) time.Time {
	t.Helper()
	s, err := status(page)
	if err != nil {
		t.Fatal(err)
	}
	return s.Started
}
