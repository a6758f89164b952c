package site

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// programs are those that the tests of one process run, each compiled once.
var programs struct {
	mu    sync.Mutex
	dir   string
	paths map[string]string
}

// Clear removes the programs. A TestMain calls it at its end.
func Clear() {
	if programs.dir != "" {
		_ = os.RemoveAll(programs.dir)
	}
}

// Change is one place of the program's text that a changed program has otherwise.
type Change struct {
	File    string // from the root of the module
	Was, Is string // Was must stand there exactly once
}

// Program compiles linemark and returns its path.
func Program(t testing.TB) string { return Changed(t, "") }

// Changed compiles linemark with changes and returns its path; name tells it from others.
func Changed(t testing.TB, name string, changes ...Change) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if path := programs.paths[name]; path != "" {
		return path
	}
	if programs.dir == "" {
		dir, err := os.MkdirTemp("", "linemark-proof-")
		if err != nil {
			t.Fatal(err)
		}
		programs.dir, programs.paths = dir, map[string]string{}
	}
	path := filepath.Join(programs.dir, "linemark"+name)
	args := []string{"build", "-tags", "nethttpomithttp2", "-trimpath", "-ldflags", "-s -w", "-o", path} // as a release is built
	if len(changes) > 0 {
		overlay, err := Overlay(filepath.Join(programs.dir, "changed"+name), changes...)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.Command("go", append(args, "linemark/cmd/linemark")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building linemark%s: %v\n%s", name, err, out)
	}
	programs.paths[name] = path
	return path
}

// Root is the folder of the module's source.
func Root() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// Overlay writes the changed files into the new folder dir and returns the list of them that the compiler's
// -overlay takes. It fails when a place is no longer there: the change would change nothing.
func Overlay(dir string, changes ...Change) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	changed := map[string]string{}
	for _, c := range changes {
		source := filepath.Join(root, filepath.FromSlash(c.File))
		text, known := changed[source]
		if !known {
			read, err := os.ReadFile(source)
			if err != nil && (c.Was != "" || !os.IsNotExist(err)) {
				return "", err
			}
			text = string(read)
		}
		switch {
		case c.Was == "" && text == "": // a new file
			text = c.Is
		case c.Was == "" || strings.Count(text, c.Was) != 1:
			return "", errors.New(c.File + " does not hold once: " + c.Was)
		default:
			text = strings.Replace(text, c.Was, c.Is, 1)
		}
		changed[source] = text
	}
	list := map[string]string{}
	for source, text := range changed {
		list[source] = filepath.Join(dir, strconv.Itoa(len(list))+"-"+filepath.Base(source))
		if err := os.WriteFile(list[source], []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": list})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}
