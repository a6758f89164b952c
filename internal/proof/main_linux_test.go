package proof

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"linemark/internal/proof/disk"
)

func TestMain(m *testing.M) {
	disk.Inside()
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// built are the programs that the tests run, each compiled once.
var built struct {
	mu    sync.Mutex
	dir   string
	paths map[string]string
}

// build compiles linemark and returns its path. Weak is the same program with a ledger that does not
// wait for the disk: what a test of durability must find out.
func build(t *testing.T, weak bool) string {
	t.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	name := map[bool]string{false: "linemark", true: "linemark-weak"}[weak]
	if path := built.paths[name]; path != "" {
		return path
	}
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "linemark-proof-")
		if err != nil {
			t.Fatal(err)
		}
		built.dir, built.paths = dir, map[string]string{}
	}
	path := filepath.Join(built.dir, name)
	args := []string{"build", "-o", path}
	if weak {
		args = append(args, "-overlay", weaken(t))
	}
	cmd := exec.Command("go", append(args, "linemark/cmd/linemark")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building linemark: %v\n%s", err, out)
	}
	built.paths[name] = path
	return path
}

// weaken writes an overlay for the compiler in which the ledger takes synchronous=NORMAL.
func weaken(t *testing.T) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join("..", "ledger", "ledger.go"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	weak := string(text)
	for was, becomes := range map[string]string{"synchronous(FULL)": "synchronous(NORMAL)", "sync < 2": "sync < 1"} {
		if strings.Count(weak, was) != 1 {
			t.Fatalf("%s is not in %s once: this test no longer weakens the ledger", was, source)
		}
		weak = strings.Replace(weak, was, becomes, 1)
	}
	changed := filepath.Join(built.dir, "ledger.go.weak")
	overlay := filepath.Join(built.dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{changed: []byte(weak), overlay: list} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}

// needDisk skips a test by name where no disk can be plugged in.
func needDisk(t *testing.T) {
	t.Helper()
	if err := disk.Missing(); err != nil {
		t.Skip("needs root, loop devices and FUSE: ", err)
	}
}
