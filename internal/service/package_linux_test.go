package service

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// packageScript runs a script of the packages on a machine whose systemctl fails at what is said of it, and
// returns what it has printed.
func packageScript(t *testing.T, root, script, fails string, args ...string) (string, error) {
	t.Helper()
	bin := t.TempDir()
	for name, text := range map[string]string{
		"systemctl":        `echo "systemctl $*"; case "$*" in ` + fails + `) echo "it is masked" >&2; exit 1 ;; esac`,
		"systemd-sysusers": "", "systemd-tmpfiles": "",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "/bin/sh", append([]string{filepath.Join("..", "..", "packaging", "linux", script)}, args...)...)
	c.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "DPKG_ROOT=" + root}
	out, err := c.CombinedOutput()
	return string(out), err
}

// machine is the folder of a machine that runs, with the package's files.
func machine(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	var errs []error
	for _, dir := range []string{"run/systemd/system", "usr/share/linemark/labels", "etc"} {
		errs = append(errs, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	for _, file := range []string{"linemark.toml", "labels/unit.zpl"} {
		errs = append(errs, os.WriteFile(filepath.Join(root, "usr/share/linemark", file), []byte("x"), 0o644))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return root
}

// An administrator who has masked the unit keeps it from running; the package is installed all the same.
func TestPackageOfAMaskedUnit(t *testing.T) {
	for _, fails := range []string{"nothing", "enable*", "'enable linemark.service' | start*"} {
		root := machine(t)
		if out, err := packageScript(t, root, "preinst.sh", "nothing", "install"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, err := packageScript(t, root, "postinst.sh", fails, "configure", "")
		if err != nil || !strings.Contains(out, "systemctl enable linemark.service\n") || !strings.Contains(out, "linemark.toml") {
			t.Errorf("%s: %v: %s", fails, err, out)
		}
		if _, err := os.Stat(filepath.Join(root, "etc/linemark/linemark.toml")); err != nil {
			t.Error(err)
		}
	}
	image := machine(t) // that is being made: nothing runs in it
	if err := os.RemoveAll(filepath.Join(image, "run/systemd")); err != nil {
		t.Fatal(err)
	}
	if out, err := packageScript(t, image, "postinst.sh", "*enable*", "configure", ""); err != nil || !strings.Contains(out, " enable linemark.service\n") {
		t.Errorf("%v: %s", err, out)
	}
}
