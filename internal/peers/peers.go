// Package peers finds the programs of others that linemark's tests talk to. setup.sh
// installs them where the machine allows it.
package peers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python is the system's interpreter: only that one has the system's modules.
const python = "/usr/bin/python3"

// Need returns where a peer is: the path of socat, dmtxread, dmtxwrite, ZXingReader, node, systemd-analyze,
// wine, x86_64-w64-mingw32-gcc, wixl, msibuild, dpkg, rpm, promtool, mosquitto or nfpm; for pymodbus that of a Python that has it; for
// zpl-renderer-js and modbus-serial the folder of the module. If the peer is missing the test is skipped by its name, and with CI=true it fails.
func Need(t testing.TB, what string) string {
	t.Helper()
	path, err := find(what)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("peer missing: %s (%v): run internal/peers/setup.sh", what, err)
	default:
		t.Skipf("peer missing: %s (%v): run internal/peers/setup.sh", what, err)
	}
	return path
}

func find(what string) (string, error) {
	switch what {
	case "socat", "dmtxread", "dmtxwrite", "ZXingReader", "node", "systemd-analyze", "wine", "x86_64-w64-mingw32-gcc", "wixl", "msibuild", "dpkg", "rpm", "promtool":
		return exec.LookPath(what)
	case "mosquitto": // Debian keeps it where users do not look for programs
		path, err := exec.LookPath(what)
		if err != nil {
			return exec.LookPath("/usr/sbin/mosquitto")
		}
		return path, nil
	case "nfpm":
		top, err := top()
		if err != nil {
			return "", err
		}
		return exec.LookPath(filepath.Join(top, "bin", what))
	case "pymodbus":
		if err := exec.Command(python, "-c", "import pymodbus, serial_asyncio").Run(); err != nil {
			return "", fmt.Errorf("importing it in %s: %w", python, err)
		}
		return python, nil
	case "zpl-renderer-js", "modbus-serial":
		return module(what)
	}
	return "", errors.New("nobody knows this peer")
}

// module returns the folder of a node module.
func module(name string) (string, error) {
	top, err := top()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(top, "internal", "peers", "node_modules", name)
	if _, err := os.Stat(filepath.Join(folder, "package.json")); err != nil {
		return "", err
	}
	return folder, nil
}

// top is the folder of go.mod. Tests run in the folder of their package, and it is above, whichever it is.
func top() (string, error) {
	top, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the sources: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(top, "go.mod")); err == nil {
			return top, nil
		}
		if filepath.Dir(top) == top {
			return "", errors.New("there is no go.mod above the test")
		}
		top = filepath.Dir(top)
	}
}
