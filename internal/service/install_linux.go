package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"linemark/packaging"
)

// Account is what the service runs under: a user of its own, which may open serial ports.
const Account = Name

const accessHint = "run it as root: sudo linemark service ..."

const reachHint = "copy the program to /usr/local/bin/linemark and call it from there; leave the configuration in /etc/linemark"

const (
	unitFile = "/etc/systemd/system/" + Name + ".service"
	unitName = Name + ".service"
)

// ConfigPath is where the configuration of an installed linemark is.
func ConfigPath() string { return "/etc/" + Name + "/" + Name + ".toml" }

// DataDir is where the ledger of an installed linemark is.
func DataDir() string { return "/var/lib/" + Name }

// systemd is this machine's, or a stand-in for it.
type systemd struct {
	root string // before every path; "" but in tests
	uid  int
	run  func(ctx context.Context, input, name string, args ...string) (output string, err error)
}

func thisMachine() systemd { return systemd{uid: os.Geteuid(), run: command} }

// Install makes the account, the configuration's folder and the unit, and has the machine start it when it
// starts itself. It starts nothing now. The errors are ErrAccess, ErrInstalled, ErrNoControl and others.
func Install(ctx context.Context, o Options) error { return thisMachine().install(ctx, o) }

// Remove stops and removes the unit. Configuration, ledger and account stay.
func Remove(ctx context.Context) error { return thisMachine().remove(ctx) }

// Start starts the service and waits until it is up. It is no error if it runs already.
func Start(ctx context.Context) error { return thisMachine().turn(ctx, "start") }

// Stop stops the service and waits until it has ended. It is no error if it does not run.
func Stop(ctx context.Context) error { return thisMachine().turn(ctx, "stop") }

// Query asks after the service. Every account may.
func Query(ctx context.Context) (State, error) { return thisMachine().query(ctx) }

func (s systemd) install(ctx context.Context, o Options) error {
	o, err := o.checked()
	if err != nil {
		return err
	}
	unit, err := Unit(o)
	if err != nil {
		return err
	}
	if err := s.mayChange(); err != nil {
		return err
	}
	at, err := s.query(ctx)
	if err != nil {
		return err
	}
	again := at.Installed && o.Again
	switch {
	case again:
		if err := s.own(); err != nil {
			return err
		}
	case at.Installed:
		return ErrInstalled
	}
	for _, step := range [][]string{{packaging.Sysusers, "systemd-sysusers", "-"}, {packaging.Tmpfiles, "systemd-tmpfiles", "--create", "-"}} {
		if _, err := s.run(ctx, step[0], step[1], step[2:]...); err != nil {
			return fmt.Errorf("making the service's account and folder: %w", err)
		}
	}
	if err := s.writeUnit(unit); err != nil {
		return fmt.Errorf("writing the unit: %w", err)
	}
	steps := [][]string{{"daemon-reload"}, {"enable", unitName}}
	if again {
		steps = steps[:1]
	}
	for _, step := range steps {
		if _, err := s.run(ctx, "", "systemctl", step...); err != nil {
			err = fmt.Errorf("setting the service up: %w", err)
			if !again {
				err = errors.Join(err, os.Remove(s.root+unitFile))
			}
			return err
		}
	}
	return nil
}

// own says whether the unit is one that install has written.
func (s systemd) own() error {
	if _, err := os.Stat(s.root + unitFile); errors.Is(err, fs.ErrNotExist) {
		return &hinted{errors.New("the service came with a package"), "the package's own program installs, upgrades and removes it: apt remove linemark, dnf remove linemark"}
	}
	return nil
}

// writeUnit puts the unit in place as a whole.
func (s systemd) writeUnit(text string) error {
	f, err := os.CreateTemp(filepath.Dir(s.root+unitFile), "."+Name+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its name by then, or something failed
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.root+unitFile)
}

func (s systemd) remove(ctx context.Context) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	if at, err := s.query(ctx); err != nil {
		return err
	} else if !at.Installed {
		return ErrNotInstalled
	}
	if err := s.own(); err != nil {
		return err
	}
	if _, err := s.run(ctx, "", "systemctl", "disable", "--now", unitName); err != nil {
		return fmt.Errorf("stopping the service: %w", err)
	}
	if err := os.Remove(s.root + unitFile); err != nil {
		return fmt.Errorf("removing the unit: %w", err)
	}
	if _, err := s.run(ctx, "", "systemctl", "daemon-reload"); err != nil {
		return fmt.Errorf("telling systemd that the unit is gone: %w", err)
	}
	_, _ = s.run(ctx, "", "systemctl", "reset-failed", unitName) // an error where nothing had failed
	return nil
}

// RemoveFolders removes the configuration, the ledger and the logs of a linemark whose service is
// removed. A ledger that the configuration has put elsewhere stays.
func RemoveFolders() error {
	return errors.Join(os.RemoveAll(filepath.Dir(ConfigPath())), os.RemoveAll(DataDir()), os.RemoveAll("/var/log/"+Name))
}

// turn starts or stops the service.
func (s systemd) turn(ctx context.Context, word string) error {
	at, err := s.query(ctx)
	switch {
	case err != nil:
		return err
	case !at.Installed:
		return ErrNotInstalled
	}
	if _, err := s.run(ctx, "", "systemctl", word, unitName); err != nil {
		if s.uid != 0 {
			return fmt.Errorf("%w: %w", ErrAccess, err)
		}
		return &hinted{err, "journalctl -u " + Name + " says why"}
	}
	return nil
}

func (s systemd) query(ctx context.Context) (State, error) {
	if err := s.booted(); err != nil {
		return State{}, err
	}
	out, err := s.run(ctx, "", "systemctl", "show", unitName, "--property=LoadState,ActiveState,SubState,MainPID,StatusText,Result,UnitFileState")
	if err != nil {
		return State{}, fmt.Errorf("asking systemd: %w", err)
	}
	return stateOf(out), nil
}

func (s systemd) mayChange() error {
	if err := s.booted(); err != nil {
		return err
	}
	if s.uid != 0 {
		return ErrAccess
	}
	return nil
}

// booted says whether systemd runs this machine, as sd_booted(3) does.
func (s systemd) booted() error {
	if _, err := os.Stat(s.root + "/run/systemd/system"); err != nil {
		return fmt.Errorf("%w: systemd does not run it", ErrNoControl)
	}
	return nil
}

// command runs one program and returns what it says; its error holds what it complains of.
func command(ctx context.Context, input, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	c.Stdin = strings.NewReader(input)
	var out, complaint bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		said := oneLine(complaint.String())
		if said == "" {
			said = err.Error()
		}
		return out.String(), fmt.Errorf("%s %s: %s", name, strings.Join(args, " "), said)
	}
	return out.String(), nil
}

// outOfReach says why the service could not read a path.
func outOfReach(path string) string {
	for _, hidden := range []string{"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"} {
		if strings.HasPrefix(path, hidden) {
			return "the unit hides " + strings.TrimSuffix(hidden, "/") + " from it"
		}
	}
	return ""
}
