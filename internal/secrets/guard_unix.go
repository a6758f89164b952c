//go:build !windows

package secrets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// account is who reads a secret.
type account struct {
	user        int
	groups      []int
	credentials string // systemd's folder of credentials for this service; empty: it has none
}

func whoami() (account, error) {
	groups, err := os.Getgroups()
	return account{os.Geteuid(), append(groups, os.Getegid()), os.Getenv("CREDENTIALS_DIRECTORY")}, err
}

func guarded(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "read", Path: f.Name(), Err: errors.New("is no file")}
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("the system does not tell whose file it is")
	}
	who, err := whoami()
	if err != nil {
		return err
	}
	return who.refuses(f.Name(), info.Mode().Perm(), int(owner.Gid))
}

// refuses says whether a file with these rights and this group is open to others. What its group may do
// is no matter where the account that reads it belongs to that group, as with root:linemark 0640. Root
// belongs to no service's group and looks at files on behalf of services: the service itself
// asks again. systemd keeps its credentials in a folder that only the service can enter.
func (a account) refuses(path string, rights fs.FileMode, group int) error {
	within := a.credentials != "" && strings.HasPrefix(path, filepath.Clean(a.credentials)+string(filepath.Separator))
	mine := a.user == 0 || within || slices.Contains(a.groups, group)
	switch {
	case rights&0o004 != 0:
		return &OpenError{path, "everybody on this machine can read it", "chmod o= " + quoted(path)}
	case rights&0o002 != 0:
		return &OpenError{path, "everybody on this machine can change it", "chmod o= " + quoted(path)}
	case rights&0o060 != 0 && !mine:
		return &OpenError{path, "its group can read or change it, and this account does not belong to it", "chmod g= " + quoted(path)}
	}
	return nil
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.Trim(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// prepare makes the folder, which only its owner can enter, and the service's group where root makes it.
func (s Store) prepare() error {
	if err := os.Mkdir(s.dir, 0o700); err == nil || !errors.Is(err, fs.ErrExist) {
		if err == nil {
			return s.share(s.dir, 0o750)
		}
		return err
	}
	return nil
}

// close gives a new file its rights: 0600, or root:GROUP 0640 where root stores it for a service.
func (s Store) close(f *os.File) error { return s.share(f.Name(), 0o640) }

// share lets the group of the configuration's folder read what root stores: /etc/linemark belongs to
// root:linemark, and the service runs as linemark.
func (s Store) share(path string, rights fs.FileMode) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(s.dir))
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Gid == 0 {
		return nil
	}
	return errors.Join(os.Chown(path, 0, int(owner.Gid)), os.Chmod(path, rights))
}

// Only its rights keep a secret here.
func seal(_ string, value []byte) ([]byte, error)    { return value, nil }
func unseal(_ string, sealed []byte) ([]byte, error) { return sealed, nil }
