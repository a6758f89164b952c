//go:build !windows

package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Who may read a secret: the account, the group that it belongs to, and nobody else.
func TestRefuses(t *testing.T) {
	service := account{user: 990, groups: []int{990, 27}}
	started := account{user: 990, groups: []int{990}, credentials: "/run/credentials/linemark.service"}
	root := account{user: 0, groups: []int{0}}
	for _, c := range []struct {
		name   string
		who    account
		path   string
		rights fs.FileMode
		group  int
		want   string
	}{
		{"its own", service, "/etc/linemark/t", 0o600, 990, ""},
		{"read by its owner alone", service, "/etc/linemark/t", 0o400, 100, ""},
		{"root:linemark", service, "/etc/linemark/t", 0o640, 990, ""},
		{"root:linemark, looked at by root", root, "/etc/linemark/t", 0o640, 990, ""},
		{"another group of the account", service, "/etc/linemark/t", 0o640, 27, ""},
		{"everybody", service, "/etc/linemark/t", 0o644, 990, "everybody on this machine can read it"},
		{"everybody, looked at by root", root, "/etc/linemark/t", 0o644, 0, "everybody on this machine can read it"},
		{"written by everybody", service, "/etc/linemark/t", 0o602, 990, "everybody on this machine can change it"},
		{"entered by everybody", service, "/etc/linemark/t", 0o611, 990, ""},
		{"a foreign group", service, "/etc/linemark/t", 0o640, 100, "its group can read or change it, and this account does not belong to it"},
		{"written by a foreign group", service, "/etc/linemark/t", 0o620, 100, "its group can read or change it, and this account does not belong to it"},
		{"a credential", started, "/run/credentials/linemark.service/izkm", 0o440, 0, ""},
		{"a credential for everybody", started, "/run/credentials/linemark.service/izkm", 0o444, 0, "everybody on this machine can read it"},
		{"beside the credentials", started, "/run/credentials/linemark.service-2/izkm", 0o440, 0, "its group can read or change it, and this account does not belong to it"},
	} {
		err := c.who.refuses(c.path, c.rights, c.group)
		open, ok := errors.AsType[*OpenError](err)
		if ok != (c.want != "") || ok && (open.Who != c.want || open.Path != c.path || !strings.HasPrefix(open.Mend, "chmod ") || !strings.HasSuffix(open.Mend, c.path)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := service.refuses("/etc/the agent's/t", 0o644, 0); err == nil || !strings.Contains(err.(*OpenError).Mend, `chmod o= '/etc/the agent'\''s/t'`) {
		t.Errorf("the command for a path with spaces: %v", err)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("t0k3n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := Read(path); err != nil || string(text) != "t0k3n\n" || Guarded(path) != nil {
		t.Errorf("Read: %q, %v", text, err)
	}
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	text, err := Read(path)
	open, ok := errors.AsType[*OpenError](err)
	if !ok || text != nil || open.Mend != "chmod o= "+path || strings.Contains(err.Error(), "t0k3n") {
		t.Errorf("Read of what everybody can read: %q, %v", text, err)
	}
	if err := Guarded(path); !errors.As(err, &open) {
		t.Errorf("Guarded: %v", err)
	}
	if _, err := Read(path + "-none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of nothing: %v", err)
	}
	if _, err := Read(filepath.Dir(path)); err == nil {
		t.Error("a folder is read")
	}
	if err := os.WriteFile(path, make([]byte, most+1), 0o600); err != nil || os.Chmod(path, 0o600) != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "more than 65536 bytes") {
		t.Errorf("Read of too much: %v", err)
	}
}

func TestStoredRights(t *testing.T) {
	dir := t.TempDir()
	s := Beside(dir)
	if err := s.Set("izkm-token", []byte("t0k3n")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{s.Path("izkm-token"): 0o600, filepath.Join(dir, "secrets"): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := os.Chmod(s.Path("izkm-token"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(s.Path("izkm-token")); err == nil {
		t.Error("a stored secret that everybody can read is taken")
	}
	if err := s.Set("izkm-token", []byte("new")); err != nil { // and one that is stored anew is shut again
		t.Fatal(err)
	}
	if text, err := Open(s.Path("izkm-token")); err != nil || string(text) != "new" {
		t.Errorf("%q, %v", text, err)
	}
}

// What root stores beside a configuration of root:linemark is for the service to read.
func TestStoredByRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to a group")
	}
	const service = 990
	dir := t.TempDir()
	if err := os.Chown(dir, 0, service); err != nil {
		t.Fatal(err)
	}
	s := Beside(dir)
	if err := s.Set("izkm-token", []byte("t0k3n")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{s.Path("izkm-token"): 0o640, filepath.Join(dir, "secrets"): 0o750} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want || info.Sys().(*syscall.Stat_t).Gid != service || info.Sys().(*syscall.Stat_t).Uid != 0 {
			t.Errorf("%s: %v, %+v, %v", path, info.Mode(), info.Sys(), err)
		}
	}
}
