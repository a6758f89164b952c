package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"linemark/internal/peers"
)

// systemctl stands in for systemd's: it keeps what it is asked for, and whether the service is active.
const systemctl = `#!/bin/sh
echo "$*" >>"$PLANT/calls"
case "$*" in
show*) echo "ActiveState=$(cat "$PLANT/active")" ;;
start* | restart*) echo active >"$PLANT/active" ;;
"disable --now"*) echo inactive >"$PLANT/active" ;;
esac
`

// machine is the root of a Linux that packages are installed into, with a stand-in for its systemd. The
// packages' scripts run outside of it and are told where it is.
type machine struct {
	t     *testing.T
	root  string
	plant string
	env   []string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can install a package, with what its scripts do to owners")
	}
	m := machine{t: t, root: t.TempDir(), plant: t.TempDir()}
	for _, dir := range []string{"run/systemd/system", "etc/systemd/system", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/rpm"} {
		if err := os.MkdirAll(m.path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write("var/lib/dpkg/status", "")
	m.write("etc/group", "root:x:0:\ndialout:x:20:\n")
	m.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	if err := os.WriteFile(filepath.Join(m.plant, "systemctl"), []byte(systemctl), 0o755); err != nil {
		t.Fatal(err)
	}
	m.active("inactive")
	m.env = append(os.Environ(), "PLANT="+m.plant, "PATH="+m.plant+":"+os.Getenv("PATH")+":/usr/sbin:/sbin", "DEBIAN_FRONTEND=noninteractive")
	return m
}

func (m machine) path(name string) string { return filepath.Join(m.root, name) }

func (m machine) write(name, text string) {
	m.t.Helper()
	if err := os.WriteFile(m.path(name), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) has(name string) bool {
	_, err := os.Lstat(m.path(name))
	return err == nil
}

func (m machine) active(state string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.plant, "active"), []byte(state+"\n"), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// run runs a program and returns what it says and what systemctl was asked for meanwhile.
func (m machine) run(env []string, name string, args ...string) (said string, calls []string) {
	m.t.Helper()
	log := filepath.Join(m.plant, "calls")
	if err := os.RemoveAll(log); err != nil {
		m.t.Fatal(err)
	}
	c := exec.Command(name, args...)
	c.Env = append(slices.Clone(m.env), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	calls = strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), ".service", "")), "\n")
	return string(out), calls
}

func (m machine) dpkg(env []string, args ...string) (string, []string) {
	m.t.Helper()
	return m.run(env, peers.Need(m.t, "dpkg"), append([]string{"--root=" + m.root, "--force-script-chrootless", "--force-depends", "--force-bad-path"}, args...)...)
}

// asked wants exactly these calls of systemctl.
func (m machine) asked(when string, got []string, want ...string) {
	m.t.Helper()
	if !slices.Equal(got, want) {
		m.t.Errorf("%s: systemctl was asked %q, want %q", when, got, want)
	}
}

func (m machine) says(when, said, want string) {
	m.t.Helper()
	if !strings.Contains(said, want) {
		m.t.Errorf("%s: it says %q, and not %q", when, said, want)
	}
}

func (m machine) kept(when string, names ...string) {
	m.t.Helper()
	for _, name := range names {
		if !m.has(name) {
			m.t.Errorf("%s: %s is gone", when, name)
		}
	}
}

func (m machine) gone(when string, names ...string) {
	m.t.Helper()
	for _, name := range names {
		if m.has(name) {
			m.t.Errorf("%s: %s is still there", when, name)
		}
	}
}

// linuxPackages are the deb and the rpm of v1.2.3 and v1.2.4, with one program, made once for all tests.
func linuxPackages(t *testing.T) (debs, rpms []string) {
	t.Helper()
	peers.Need(t, "nfpm")
	made.Do(func() { made.err = made.make() })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.debs, made.rpms
}

// made is shared by tests that run at the same time; TestMain removes what it has made.
var made struct {
	sync.Once
	packages
	err error
}

type packages struct {
	dir        string
	debs, rpms []string
}

func (p *packages) make() error {
	dir, err := os.MkdirTemp("", "linemark-packages-")
	if err != nil {
		return err
	}
	p.dir = dir
	here, stage := target{"linux", "amd64"}, ""
	for _, name := range []string{"v1.2.3", "v1.2.4"} {
		v, err := parseVersion(name)
		if err != nil {
			return err
		}
		r := &release{out: dir, nfpm: filepath.Join("bin", "nfpm"), version: v, date: releaseDate, quick: true}
		if stage == "" {
			if stage, err = r.stage(context.Background(), here); err != nil {
				return err
			}
		}
		for _, format := range []string{"deb", "rpm"} {
			if err := r.linuxPackage(context.Background(), format, here, stage); err != nil {
				return err
			}
		}
		p.debs = append(p.debs, filepath.Join(dir, "linemark_"+v.linux+"_amd64.deb"))
		p.rpms = append(p.rpms, filepath.Join(dir, "linemark-"+v.linux+"-1.x86_64.rpm"))
	}
	return nil
}

const ledger = "var/lib/linemark/ledger.db"

// What stays is the engineer's configuration and the ledger, whatever is done with the package.
func TestDeb(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	debs, _ := linuxPackages(t)

	said, calls := m.dpkg(nil, "--install", debs[0])
	m.asked("installed", calls, "daemon-reload", "enable linemark", "start linemark")
	m.says("installed", said, "put the token into /etc/linemark/izkm.token")
	m.installed()
	config := m.path("etc/linemark/linemark.toml")
	const mine = "[agent]\ndata_dir = \"/nowhere\"\n[http]\nlisten = \"127.0.0.1:1\"\n"
	m.write("etc/linemark/linemark.toml", mine)
	if err := os.Remove(m.path("etc/linemark/labels/box.zpl")); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(m.path("var/lib/linemark"), 0o750); err != nil { // as systemd does at the start
		t.Fatal(err)
	}
	m.write(ledger, "codes")

	upgrade := func(when, state string, want ...string) {
		t.Helper()
		m.active(state)
		said, calls := m.dpkg(nil, "--install", debs[1])
		m.asked(when, calls, append([]string{"daemon-reload", "show --property=ActiveState linemark"}, want...)...)
		if text, err := os.ReadFile(config); err != nil || string(text) != mine {
			t.Errorf("%s: the configuration is %q, %v", when, text, err)
		}
		m.gone(when, "etc/linemark/labels/box.zpl", "run/linemark.upgrade", "etc/linemark/linemark.toml.dpkg-dist", "etc/linemark/linemark.toml.dpkg-new")
		m.kept(when, ledger)
		if len(want) > 0 {
			m.says(when, said, "started again (the agent does not run)")
		}
	}
	upgrade("upgraded while it runs", "active", "restart linemark")
	upgrade("upgraded between two of its starts", "activating", "restart linemark")
	upgrade("upgraded while it is stopped", "inactive")
	upgrade("upgraded after it has failed", "failed")

	m.active("active")
	said, calls = m.dpkg(nil, "--remove", "linemark")
	m.asked("removed", calls, "disable --now linemark", "daemon-reload")
	m.says("removed", said, "the ledger stays in /var/lib/linemark")
	m.gone("removed", "usr/bin/linemark", "usr/lib/systemd/system/linemark.service")
	m.kept("removed", "etc/linemark/linemark.toml", ledger)

	_, calls = m.dpkg(nil, "--install", debs[1])
	m.asked("installed again", calls, "daemon-reload", "enable linemark", "start linemark")
	if text, err := os.ReadFile(config); err != nil || string(text) != mine {
		t.Errorf("installed again: the configuration is %q, %v", text, err)
	}
	m.dpkg(nil, "--purge", "linemark")
	m.gone("purged", "etc/linemark", "etc/needrestart/conf.d/linemark.conf", "var/log/linemark")
	m.kept("purged", ledger)

	m.dpkg(nil, "--install", debs[1])
	m.write("var/lib/linemark/REMOVE", "")
	m.dpkg(nil, "--purge", "linemark")
	m.gone("purged with the ledger", "var/lib/linemark")
}

// installed looks at what a first installation has laid down.
func (m machine) installed() {
	m.t.Helper()
	group := m.group("linemark")
	for name, mode := range map[string]fs.FileMode{
		"usr/bin/linemark": 0o755, "usr/lib/systemd/system/linemark.service": 0o644, "usr/lib/sysusers.d/linemark.conf": 0o644,
		"usr/lib/tmpfiles.d/linemark.conf": 0o644, "usr/share/doc/linemark/copyright": 0o644, "usr/share/linemark/linemark.toml": 0o644,
		"usr/share/doc/linemark/configs/labels/tspl/unit.tspl": 0o644, "usr/share/doc/linemark/configs/water.toml": 0o644,
		"usr/share/doc/linemark/drivers/printer/zpl/README.md": 0o644, "usr/share/doc/linemark/docs/proof.md": 0o644,
		"etc/linemark": fs.ModeDir | fs.ModeSetgid | 0o750, "etc/linemark/linemark.toml": 0o640, "etc/linemark/labels/unit.zpl": 0o640,
	} {
		s, err := os.Stat(m.path(name))
		if err != nil {
			m.t.Error(err)
			continue
		}
		if s.Mode() != mode {
			m.t.Errorf("%s has the mode %v, want %v", name, s.Mode(), mode)
		}
		of := s.Sys().(*syscall.Stat_t)
		want := "0"
		if strings.HasPrefix(name, "etc/") {
			want = group
		}
		if got := strconv.Itoa(int(of.Gid)); of.Uid != 0 || want != got {
			m.t.Errorf("%s is %d:%s's, want 0:%s", name, of.Uid, got, want)
		}
	}
	text, err := os.ReadFile(m.path("etc/group"))
	if err != nil || !strings.Contains(string(text), "dialout:x:20:linemark") {
		m.t.Errorf("linemark may not open serial ports: %s, %v", text, err)
	}
}

// group is the number of a group of the machine.
func (m machine) group(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.path("etc/group"))
	if err != nil {
		m.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(line, ":"); f[0] == name {
			return f[2]
		}
	}
	m.t.Fatalf("there is no group %s: %s", name, text)
	return ""
}

// In an image that is being made nothing is started, and the service starts with the machine.
func TestDebInImage(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if err := os.RemoveAll(m.path("run")); err != nil {
		t.Fatal(err)
	}
	debs, _ := linuxPackages(t)
	_, calls := m.dpkg(nil, "--install", debs[0])
	m.asked("installed", calls, "--root="+m.root+"/ enable linemark")
	m.installed()
	_, calls = m.dpkg(nil, "--install", debs[1])
	m.asked("upgraded", calls, "")
	_, calls = m.dpkg(nil, "--remove", "linemark")
	m.asked("removed", calls, "--root="+m.root+"/ disable linemark")
}

// A unit that the program itself has installed stays in force, and this is said.
func TestDebBesideOwnUnit(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write("etc/systemd/system/linemark.service", "[Service]\n")
	debs, _ := linuxPackages(t)
	said, calls := m.dpkg(nil, "--install", debs[0])
	m.asked("installed", calls, "daemon-reload")
	m.says("installed", said, "linemark service uninstall")
}
