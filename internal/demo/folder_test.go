package demo

import (
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "linemark/drivers/all"
	"linemark/internal/config"
)

// lay makes files, each with its own name in it.
func lay(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// contents is what every file below dir holds.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// files are the files below dir, which must still hold their own name; the marker is empty.
func files(t *testing.T, dir string) []string {
	t.Helper()
	all := contents(t, dir)
	for name, text := range all {
		if name != marker && text != name {
			t.Errorf("%s was changed", name)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

var (
	own = []string{"agent.log", "labels/box.zpl", "labels/unit.zpl", "ledger.db", "ledger.db-shm", "ledger.db-wal", "ledger.lock", "linemark.toml", "plant/conveyor-3.jsonl", "plant/izkm.jsonl"}
	// What people may have put there, however alike it looks.
	foreign = []string{"agent.log.old", "labels/notes.txt", "ledger.db.copy", "linemark.toml.mine", "other/ledger.db", "plant/deeper/izkm.jsonl", "plant/notes.txt", "notes.txt"}
)

func sorted(groups ...[]string) []string {
	all := slices.Concat(groups...)
	slices.Sort(all)
	return all
}

func TestFolder(t *testing.T) {
	for _, c := range []struct {
		name   string
		given  bool // --data
		before []string
		after  []string
		told   bool
	}{
		{"nothing there", false, nil, []string{marker}, false},
		{"the last one ended well", false, sorted(own, foreign), sorted(foreign, []string{marker}), false},
		{"the last one was killed", false, sorted(own, foreign, []string{marker}), sorted(own, foreign, []string{marker}), true},
		{"the last one was killed before it had a plant", false, []string{"labels/unit.zpl", "linemark.toml", marker}, []string{"labels/unit.zpl", "linemark.toml", marker}, true},
		{"a folder of one's own, new", true, nil, []string{marker}, false},
		{"a folder of one's own that is gone on with", true, sorted(own, foreign), sorted(own, foreign, []string{marker}), false},
		{"a folder of one's own after a kill", true, sorted(own, foreign, []string{marker}), sorted(own, foreign, []string{marker}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := t.TempDir()
			want := filepath.Join(cache, "linemark", "demo")
			var o Options
			if c.given {
				want = filepath.Join(t.TempDir(), "mine")
				o.Dir = want
			} else {
				userCache(t, cache)
			}
			lay(t, want, c.before...)
			said := ""
			o.Say = func(format string, args ...any) { said += fmt.Sprintf(format, args...) }
			dir, done, err := folder(o)
			if err != nil {
				t.Fatal(err)
			}
			if dir != want {
				t.Errorf("works in %s, want %s", dir, want)
			}
			if got := files(t, dir); !slices.Equal(got, c.after) {
				t.Errorf("there are %q\nwant %q", got, c.after)
			}
			if (said != "") != c.told || c.told && !strings.Contains(said, dir) {
				t.Errorf("said %q", said)
			}
			if err := done(); err != nil {
				t.Fatal(err)
			}
			if got := files(t, dir); slices.Contains(got, marker) || len(got) != len(c.after)-1 {
				t.Errorf("after a good end there are %q", got)
			}
		})
	}
}

// userCache makes dir the place of the user's caches.
func userCache(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, dir)
	}
	if got, err := os.UserCacheDir(); err != nil || got != dir {
		t.Skipf("the user's caches lie in %s here: %v", got, err)
	}
}

// A machine without a place for caches still has one for temporary files.
func TestFolderWithoutACache(t *testing.T) {
	temp := t.TempDir()
	for _, name := range []string{"XDG_CACHE_HOME", "LocalAppData", "HOME", "home"} {
		t.Setenv(name, "")
	}
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, temp)
	}
	dir, _, err := folder(Options{})
	if err != nil || dir != filepath.Join(os.TempDir(), "linemark", "demo") || !strings.HasPrefix(dir, temp) {
		t.Errorf("%s, %v", dir, err)
	}
}

// Real work is left alone, to the last byte.
func TestFolderLeavesRealWorkAlone(t *testing.T) {
	for _, real := range [][]string{{"ledger.db"}, {"linemark.toml", "labels/unit.zpl"}, {"ledger.db", "linemark.toml", "ledger.lock"}} {
		dir := t.TempDir()
		lay(t, dir, real...)
		if _, _, err := folder(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%q was taken for a demonstration's: %v", real, err)
		}
		if got := files(t, dir); !slices.Equal(got, sorted(real)) {
			t.Errorf("there are %q, were %q", got, real)
		}
	}
}

func TestFolderFails(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "file")
	for _, at := range []string{"file", "file/below"} {
		if _, _, err := folder(Options{Dir: filepath.Join(dir, at)}); err == nil {
			t.Errorf("%s is no folder and was taken", at)
		}
	}
	if got := files(t, dir); !slices.Equal(got, []string{"file"}) {
		t.Errorf("there are %q", got)
	}
}

// Every address is a port of its own, and any folder's name can stand in the file.
func TestConfigIn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `a "plant" \ in кириллица`)
	if filepath.Separator == '\\' {
		dir = filepath.Join(t.TempDir(), "a plant in кириллица")
	}
	cfg, err := configIn(dir, "", false)
	if err != nil {
		t.Fatal(err)
	}
	if got := filepath.FromSlash(cfg.Agent.DataDir); got != dir {
		t.Errorf("the ledger lies in %s, want %s", got, dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, "linemark.toml"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, address := range regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAllString(string(text), -1) {
		if _, port, _ := net.SplitHostPort(address); port == "0" || seen[address] {
			t.Errorf("address %s is no port or was given twice", address)
		}
		seen[address] = true
	}
	if len(seen) != 7 {
		t.Errorf("%d addresses, want the page, the national system and five devices", len(seen))
	}
	again, err := config.Load(filepath.Join(dir, "linemark.toml"))
	if err != nil || again.HTTP.Listen != cfg.HTTP.Listen {
		t.Errorf("the file that was left is not the one that was used: %v", err)
	}
}

// A folder with somebody's real ledger is left alone.
func TestFolderOfOthersIsRefused(t *testing.T) {
	for _, name := range []string{"ledger.db", "linemark.toml"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := folder(Options{Dir: dir}); err == nil {
			t.Errorf("a folder with a %s that no demonstration made is taken", name)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("the folder holds %v, %v", entries, err)
		}
	}
}
