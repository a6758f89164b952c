package main

import (
	"os/exec"
	"strings"
	"testing"

	"linemark/internal/peers"
)

// The rpm brings the same files, none of them in /etc or /var, and its scripts do for rpm's words what they do for dpkg's.
func TestRPM(t *testing.T) {
	t.Parallel()
	rpm := peers.Need(t, "rpm")
	m := newMachine(t)
	_, rpms := linuxPackages(t)
	ask := func(tag string) string {
		t.Helper()
		out, err := exec.Command(rpm, "--query", "--package", "--queryformat", tag, rpms[0]).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", tag, err, out)
		}
		return string(out)
	}
	if got := ask("%{NAME} %{VERSION} %{ARCH} %{LICENSE} %{BUILDHOST} %{BUILDTIME}"); got != "linemark 1.2.3 x86_64 MIT linemark 1700000000" {
		t.Errorf("it is %s", got)
	}
	if got := ask("[%{FILEUSERNAME} %{FILENAMES}\n]"); strings.Contains(got, " /etc") || strings.Contains(got, " /var") || strings.Count(got, "root /") != strings.Count(got, "\n") {
		t.Errorf("it holds %s", got)
	}
	if got := ask("[%{REQUIRES}\n]"); !strings.Contains(got, "systemd\n") {
		t.Errorf("it needs %s", got)
	}

	// rpm has no way to leave its scripts outside of another root: the files are its doing, the scripts are called as it calls them.
	install := func(pkg string, upgrade bool) (string, []string) {
		t.Helper()
		word := "1"
		if upgrade {
			word = "2"
		}
		m.script(ask("%{PREIN}"), word)
		m.run(nil, rpm, "--root="+m.root, "--upgrade", "--replacepkgs", "--nodeps", "--noscripts", "--nosignature", "--ignorearch", pkg)
		return m.script(ask("%{POSTIN}"), word)
	}
	_, calls := install(rpms[0], false)
	m.asked("installed", calls, "daemon-reload", "enable linemark", "start linemark")
	m.installed()
	const mine = "[agent]\ndata_dir = \"/nowhere\"\n[http]\nlisten = \"127.0.0.1:1\"\n"
	m.write("etc/linemark/linemark.toml", mine)

	_, calls = install(rpms[1], true)
	m.asked("upgraded while it runs", calls, "daemon-reload", "show --property=ActiveState linemark", "restart linemark")
	for _, script := range []string{"%{PREUN}", "%{POSTUN}"} { // of the old package, after that of the new one
		if _, calls := m.script(ask(script), "1"); calls[0] != "" {
			t.Errorf("upgraded: %s asks %q", script, calls)
		}
	}
	m.active("inactive")
	_, calls = install(rpms[1], true)
	m.asked("upgraded while it is stopped", calls, "daemon-reload", "show --property=ActiveState linemark")

	_, calls = m.script(ask("%{PREUN}"), "0")
	m.asked("removed", calls, "disable --now linemark")
	m.run(nil, rpm, "--root="+m.root, "--erase", "--nodeps", "--noscripts", "linemark")
	_, calls = m.script(ask("%{POSTUN}"), "0")
	m.asked("removed", calls, "daemon-reload")
	m.gone("removed", "usr/bin/linemark", "usr/lib/systemd/system/linemark.service")
	m.kept("removed", "etc/linemark/linemark.toml", "etc/linemark/labels/unit.zpl")
}

// script runs a package's script for one of rpm's words.
func (m machine) script(text, word string) (string, []string) {
	m.t.Helper()
	return m.run([]string{"DPKG_ROOT=" + m.root}, "/bin/sh", "-c", text, "script", word)
}
