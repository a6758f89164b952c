package service

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"linemark/packaging"
)

// plant is a stand-in for a machine with systemd: it keeps what was called and answers show.
type plant struct {
	systemd
	calls  []string
	inputs map[string]string
	fail   string // a call that fails
	show   string
}

const absent = "LoadState=not-found\nActiveState=inactive\n"

func newPlant(t *testing.T) *plant {
	t.Helper()
	p := &plant{inputs: map[string]string{}, show: absent}
	p.systemd = systemd{root: t.TempDir(), run: p.call}
	for _, dir := range []string{"/run/systemd/system", "/etc/systemd/system"} {
		if err := os.MkdirAll(p.root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *plant) call(_ context.Context, input, name string, args ...string) (string, error) {
	line := strings.Join(append([]string{name}, args...), " ")
	if strings.HasPrefix(line, "systemctl show") {
		return p.show, nil
	}
	p.calls = append(p.calls, line)
	p.inputs[line] = input
	if line == p.fail {
		return "", errors.New(line + ": no")
	}
	return "", nil
}

// program is one that a service could run.
func program(t *testing.T) Options {
	t.Helper()
	return Options{Exe: "/bin/sh", Config: ConfigPath()}
}

func TestInstall(t *testing.T) {
	p := newPlant(t)
	if err := p.install(t.Context(), program(t)); err != nil {
		t.Fatal(err)
	}
	want := []string{"systemd-sysusers -", "systemd-tmpfiles --create -", "systemctl daemon-reload", "systemctl enable linemark.service"}
	if !slices.Equal(p.calls, want) {
		t.Errorf("called %q", p.calls)
	}
	if p.inputs[want[0]] != packaging.Sysusers || p.inputs[want[1]] != packaging.Tmpfiles {
		t.Errorf("told %q", p.inputs)
	}
	s, err := os.Stat(p.root + unitFile)
	if err != nil || s.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", s.Mode(), err)
	}
	exe, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(p.root + unitFile)
	if err != nil || !strings.Contains(string(text), "\nExecStart="+exe+" run --service --config /etc/linemark/linemark.toml\n") {
		t.Errorf("%v\n%s", err, text)
	}
	if left, err := os.ReadDir(p.root + "/etc/systemd/system"); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	p.show = "LoadState=loaded\nActiveState=inactive\n"
	if err := p.install(t.Context(), program(t)); !errors.Is(err, ErrInstalled) || Hint(err) == "" {
		t.Errorf("installed twice: %v", err)
	}
	p.calls = nil
	if err := p.remove(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{"systemctl disable --now linemark.service", "systemctl daemon-reload", "systemctl reset-failed linemark.service"}; !slices.Equal(p.calls, want) {
		t.Errorf("called %q", p.calls)
	}
	if _, err := os.Stat(p.root + unitFile); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the unit is still there: %v", err)
	}
}

// Installed again the unit is written anew, and whether it starts with the machine is left alone, also when that
// fails. A package's unit is the package's.
func TestInstallAgain(t *testing.T) {
	p := newPlant(t)
	if err := p.install(t.Context(), program(t)); err != nil {
		t.Fatal(err)
	}
	p.show = "LoadState=loaded\nActiveState=active\n"
	if err := os.WriteFile(p.root+unitFile, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := program(t)
	o.Again = true
	for _, p.fail = range []string{"", "systemctl daemon-reload"} {
		p.calls = nil
		if err := p.install(t.Context(), o); (err != nil) != (p.fail != "") {
			t.Error(err)
		}
		if want := []string{"systemd-sysusers -", "systemd-tmpfiles --create -", "systemctl daemon-reload"}; !slices.Equal(p.calls, want) {
			t.Errorf("called %q", p.calls)
		}
		if text, err := os.ReadFile(p.root + unitFile); err != nil || !strings.Contains(string(text), "ExecStart=") {
			t.Errorf("the unit is %q, %v", text, err)
		}
	}
	if err := os.Remove(p.root + unitFile); err != nil {
		t.Fatal(err)
	}
	if err := p.install(t.Context(), o); err == nil || !strings.Contains(Hint(err), "apt remove linemark") {
		t.Errorf("over a package: %v", err)
	}
}

// An installation that fails leaves no unit behind, and says what failed.
func TestInstallFails(t *testing.T) {
	for _, call := range []string{"systemd-sysusers -", "systemd-tmpfiles --create -", "systemctl daemon-reload", "systemctl enable linemark.service"} {
		p := newPlant(t)
		p.fail = call
		if err := p.install(t.Context(), program(t)); err == nil || !strings.Contains(err.Error(), call) {
			t.Errorf("%s: %v", call, err)
		}
		if left, err := os.ReadDir(p.root + "/etc/systemd/system"); err != nil || len(left) != 0 {
			t.Errorf("%s: left behind: %v, %v", call, left, err)
		}
	}
}

func TestRefused(t *testing.T) {
	install := func(o Options) func(*plant) error {
		return func(p *plant) error { return p.install(context.Background(), o) }
	}
	good := Options{Exe: "/bin/sh", Config: ConfigPath()}
	remove := func(p *plant) error { return p.remove(context.Background()) }
	turn := func(word string) func(*plant) error {
		return func(p *plant) error { return p.turn(context.Background(), word) }
	}
	there := func(p *plant) { p.show = "LoadState=loaded\nActiveState=inactive\n" }
	noSystemd := func(p *plant) { os.RemoveAll(p.root + "/run") }
	nobodysUser := func(p *plant) { there(p); p.uid = 1000; p.fail = "systemctl start linemark.service" }
	for name, c := range map[string]struct {
		with func(*plant)
		do   func(*plant) error
		want error  // nil: another
		text string // of the error and its hint
	}{
		"install without systemd":          {noSystemd, install(good), ErrNoControl, "systemd does not run it"},
		"uninstall without systemd":        {noSystemd, remove, ErrNoControl, "systemd does not run it"},
		"start without systemd":            {noSystemd, turn("start"), ErrNoControl, "linemark run --config"},
		"install as somebody":              {func(p *plant) { p.uid = 1000 }, install(good), ErrAccess, "sudo linemark service"},
		"uninstall as somebody":            {func(p *plant) { there(p); p.uid = 1000 }, remove, ErrAccess, "sudo linemark service"},
		"start as somebody":                {nobodysUser, turn("start"), ErrAccess, "sudo linemark service"},
		"uninstall what is not there":      {nil, remove, ErrNotInstalled, "linemark service install"},
		"start what is not there":          {nil, turn("start"), ErrNotInstalled, "linemark service install"},
		"uninstall a package's":            {there, remove, nil, "apt remove linemark"},
		"a start that fails":               {func(p *plant) { there(p); p.fail = "systemctl start linemark.service" }, turn("start"), nil, "journalctl -u linemark"},
		"a stop that fails":                {func(p *plant) { there(p); p.fail = "systemctl stop linemark.service" }, turn("stop"), nil, "journalctl -u linemark"},
		"a program in a home":              {nil, install(Options{Exe: "/home/ali/linemark", Config: ConfigPath()}), nil, "/usr/local/bin/linemark"},
		"a configuration in a home":        {nil, install(Options{Exe: "/bin/sh", Config: "/root/linemark.toml"}), nil, "the unit hides /root from it"},
		"a program that is not there":      {nil, install(Options{Exe: "/opt/none", Config: ConfigPath()}), fs.ErrNotExist, "/opt/none"},
		"a program that is a folder":       {nil, install(Options{Exe: "/usr", Config: ConfigPath()}), nil, "is a folder"},
		"a folder of the system not there": {func(p *plant) { os.RemoveAll(p.root + "/etc") }, install(good), fs.ErrNotExist, "writing the unit"},
		"a unit that cannot be taken away": {func(p *plant) { there(p); os.MkdirAll(p.root+unitFile+"/x", 0o755) }, remove, nil, "removing the unit"},
		"a service that cannot be disabled": {func(p *plant) {
			there(p)
			os.WriteFile(p.root+unitFile, nil, 0o600)
			p.fail = "systemctl disable --now linemark.service"
		}, remove, nil, "stopping the service"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant(t)
			if c.with != nil {
				c.with(p)
			}
			err := c.do(p)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error()+"\n"+Hint(err), c.text) {
				t.Errorf("%v (hint: %s)", err, Hint(err))
			}
		})
	}
}

func TestStateOf(t *testing.T) {
	for name, c := range map[string]struct {
		shown string
		want  State
	}{
		"not there":      {absent, State{}},
		"nothing":        {"", State{}},
		"running":        {"LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=42\nStatusText=line 3 = running\nResult=success\nUnitFileState=enabled\n", State{Installed: true, Running: true, State: "running", Text: "line 3 = running", AtBoot: true, PID: 42}},
		"reloading":      {"LoadState=loaded\nActiveState=reloading\nMainPID=42\n", State{Installed: true, Running: true, State: "running", PID: 42}},
		"starting":       {"LoadState=loaded\nActiveState=activating\nSubState=start\nMainPID=42\nStatusText=migrating\n", State{Installed: true, State: "starting", Text: "migrating", PID: 42}},
		"between starts": {"LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nMainPID=0\nStatusText=ended: x\nResult=exit-code\n", State{Installed: true, State: "failed, to be started again in a moment", Text: "ended: x; systemd says: exit-code"}},
		"stopped":        {"LoadState=loaded\nActiveState=inactive\nStatusText=stopping\nResult=success\nUnitFileState=disabled\n", State{Installed: true, State: "stopped"}},
		"stopping":       {"LoadState=loaded\nActiveState=deactivating\nMainPID=4\n", State{Installed: true, State: "stopping", PID: 4}},
		"failed":         {"LoadState=loaded\nActiveState=failed\nResult=watchdog\n", State{Installed: true, State: "failed", Text: "systemd says: watchdog"}},
		"masked":         {"LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n", State{Installed: true, State: "stopped"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := stateOf(c.shown); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// Whatever systemctl says, only what is installed runs, and a state has a name.
func FuzzStateOf(f *testing.F) {
	f.Add(absent)
	f.Add("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nMainPID=-1\nStatusText=a=b\r\nResult=core-dump\n")
	f.Fuzz(func(t *testing.T, shown string) {
		s := stateOf(shown)
		if !s.Installed && s != (State{}) || s.Running != (s.State == "running") && !strings.Contains(shown, "running") || s.PID < 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A program that fails is told with what it has complained of.
func TestCommand(t *testing.T) {
	out, err := command(t.Context(), "in", "sh", "-c", "cat; echo $LC_ALL")
	if err != nil || out != "inC\n" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := command(t.Context(), "", "sh", "-c", "echo 'Access denied' >&2; exit 4"); err == nil || !strings.HasSuffix(err.Error(), ": Access denied") {
		t.Errorf("%v", err)
	}
	if _, err := command(t.Context(), "", "sh", "-c", "exit 4"); err == nil || !strings.HasSuffix(err.Error(), ": exit status 4") {
		t.Errorf("%v", err)
	}
}
