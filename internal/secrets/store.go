package secrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FolderName is the folder of stored secrets, beside the configuration.
const FolderName = "secrets"

// Store is the stored secrets of one configuration. On Linux each is a file that its owner alone can
// read; where root writes it, so can the group of the configuration file's folder. On Windows
// it is encrypted with a key of the machine (DPAPI) besides.
type Store struct{ dir string }

// Beside is the store of the configuration in this folder.
func Beside(dir string) Store { return Store{filepath.Join(dir, FolderName)} }

// Path is where a secret lies.
func (s Store) Path(name string) string { return filepath.Join(s.dir, name) }

// CheckName says what is wrong with the name of a secret, or "".
func CheckName(name string) string {
	const known = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
	if name == "" || len(name) > 64 || name[0] == '.' || name[0] == '-' || strings.Trim(name, known) != "" {
		return fmt.Sprintf("%q is no name of a secret", name)
	}
	return ""
}

// Set stores a secret under a name, or another one in its place: whole, or not at all.
func (s Store) Set(name string, value []byte) (err error) {
	switch {
	case CheckName(name) != "":
		return errors.New(CheckName(name))
	case len(value) == 0:
		return errors.New("an empty text is no secret")
	case len(value) > most:
		return fmt.Errorf("a secret has at most %d bytes", most)
	}
	if err := s.prepare(); err != nil {
		return fmt.Errorf("preparing the folder of secrets: %w", err)
	}
	f, err := os.CreateTemp(s.dir, ".new-*") // 0600
	if err != nil {
		return fmt.Errorf("storing the secret: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	sealed, err := seal(name, value)
	if err == nil {
		err = s.close(f) // before there is anything in it to read
	}
	if err == nil {
		_, err = f.Write(sealed)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("storing the secret: %w", err)
	}
	if err := os.Rename(f.Name(), s.Path(name)); err != nil {
		return fmt.Errorf("storing the secret: %w", err)
	}
	return nil
}

// Open returns the secret in a file of a store. Errors are those of Read, and what keeps it from being
// decrypted.
func Open(path string) ([]byte, error) {
	sealed, err := Read(path)
	if err != nil {
		return nil, err
	}
	return unseal(filepath.Base(path), sealed)
}

// Names returns the names of the stored secrets in order; none if there is no folder.
func (s Store) Names() ([]string, error) {
	all, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the folder of secrets: %w", err)
	}
	var names []string
	for _, f := range all {
		if f.Type().IsRegular() && CheckName(f.Name()) == "" {
			names = append(names, f.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Remove takes a secret away for good. fs.ErrNotExist says that there is none.
func (s Store) Remove(name string) error {
	if problem := CheckName(name); problem != "" {
		return errors.New(problem)
	}
	return os.Remove(s.Path(name))
}
