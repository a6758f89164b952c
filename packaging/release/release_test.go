package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linemark/internal/config"
	"linemark/internal/peers"

	_ "linemark/drivers/all"
)

// TestMain works in the top folder of the sources, as make release does.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		panic(err)
	}
	code := m.Run()
	removeMade()
	os.Exit(code)
}

// releaseDate is when every release of a test was committed.
var releaseDate = time.Unix(1_700_000_000, 0).UTC()

// newRelease is a release into a folder of the test.
func newRelease(t *testing.T, name string) *release {
	t.Helper()
	v, err := parseVersion(name)
	if err != nil {
		t.Fatal(err)
	}
	return &release{out: t.TempDir(), nfpm: peers.Need(t, "nfpm"), version: v, date: releaseDate, quick: true}
}

// staged is the laid out contents of a target's packages.
func staged(t *testing.T, r *release, of target) string {
	t.Helper()
	dir, err := r.stage(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Everything that is packed has the same bytes whenever and wherever it is packed. That the program has, too, is
// what make release-check is for.
func TestRepeatable(t *testing.T) {
	t.Parallel()
	peers.Need(t, "wixl")
	peers.Need(t, "msibuild")
	var first map[string]string
	for range 2 {
		r := newRelease(t, "v1.2.3")
		made := map[string]string{}
		for _, of := range targets() {
			dir := filepath.Join(r.stages(), of.os+"_"+of.arch)
			dir, err := filepath.Abs(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, of.program())
			if err := os.WriteFile(program, bytes.Repeat([]byte("program "), 10_000), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := r.layOut(of, dir); err != nil {
				t.Fatal(err)
			}
			if err := r.pack(t.Context(), of, dir); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.sums(); err != nil {
			t.Fatal(err)
		}
		sums, err := os.ReadFile(filepath.Join(r.out, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(sums)) {
			sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			made[name] = sum
		}
		if first == nil {
			first = made
			for _, name := range []string{
				"linemark_1.2.3_linux_amd64.tar.gz", "linemark_1.2.3_linux_arm64.tar.gz", "linemark_1.2.3_windows_amd64.zip", "linemark_1.2.3_windows_amd64.msi",
				"linemark_1.2.3_amd64.deb", "linemark_1.2.3_arm64.deb", "linemark-1.2.3-1.x86_64.rpm", "linemark-1.2.3-1.aarch64.rpm",
			} {
				if made[name] == "" {
					t.Errorf("there is no %s: %v", name, made)
				}
			}
		}
		for name, sum := range made {
			if first[name] != sum {
				t.Errorf("%s is another the second time", name)
			}
		}
	}
}

// The archive's program bears the release's version, and what was linked into it is listed.
func TestProgram(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "v1.2.3-rc.4")
	here := target{"linux", "amd64"}
	dir := staged(t, r, here)
	program := filepath.Join(dir, "linemark")
	if out, err := exec.Command(program, "version").CombinedOutput(); err != nil || string(out) != "linemark 1.2.3-rc.4\n" {
		t.Errorf("%v: %s", err, out)
	}
	if err := r.sbom([]string{program}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, "linemark_1.2.3-rc.4.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var b bom
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, c := range b.Components {
		listed[c.Name] = c.Version
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range info.Deps {
		if listed[m.Path] != m.Version {
			t.Errorf("%s is listed as %q, and %s is linked", m.Path, listed[m.Path], m.Version)
		}
	}
	if listed["std"] == "" || listed["modernc.org/sqlite"] == "" || listed["pgregory.net/rapid"] != "" || len(listed) != len(info.Deps)+1 {
		t.Errorf("listed: %v", listed)
	}
}

// The starter that the packages bring is good once there is a token beside it.
func TestStarter(t *testing.T) {
	t.Parallel()
	r, dir := newRelease(t, "v1.2.3"), t.TempDir()
	if err := r.layOut(target{"linux", "amd64"}, dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "linemark.toml")
	if _, err := config.Load(path); err == nil || !strings.Contains(err.Error(), "izkm.token") {
		t.Errorf("without a token: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "izkm.token"), []byte("t0k3n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path); err != nil {
		t.Error(err)
	}
}

// A file without a summary, or with a broken one, is told and not changed into nonsense; it never panics.
func FuzzSettle(f *testing.F) {
	head := append([]byte{0xfe, 0xff}, make([]byte, 26)...)
	head = append(head, 0xe0, 0x85, 0x9f, 0xf2, 0xf9, 0x4f, 0x68, 0x10, 0xab, 0x91, 0x08, 0x00, 0x2b, 0x27, 0xb3, 0xd9)
	f.Add(append(head, 48, 0, 0, 0, 1, 2, 3, 4, 1, 0, 0, 0, 9, 0, 0, 0))
	f.Add([]byte("no installer"))
	f.Fuzz(func(t *testing.T, text []byte) { _ = settle(text, time.Unix(0, 0)) })
}
