package shipping

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/ledger/home"
)

// half is how files and folders begin that are not whole yet; the next start removes them.
const half = ".half-"

// disk writes so that a file is there whole or not at all, whenever the power goes.
type disk struct {
	step func(what, path string) error // asked before each step; nil: nobody
}

func (d disk) at(what, path string) error {
	if d.step == nil {
		return nil
	}
	return d.step(what, path)
}

// write puts a file in place.
func (d disk) write(path string, content []byte) error {
	part := filepath.Join(filepath.Dir(path), half+filepath.Base(path))
	if err := d.fill(part, content); err != nil {
		_ = os.Remove(part) // what is wrong with the disk is said already
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	if err := d.rename(part, path); err != nil {
		return fmt.Errorf("putting %s in place: %w", filepath.Base(path), err)
	}
	return nil
}

// fill writes a file and waits until the disk has it.
func (d disk) fill(path string, content []byte) error {
	if err := d.at("create", path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	if err = d.at("write", path); err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		if err = d.at("flush", path); err == nil {
			err = f.Sync()
		}
	}
	return errors.Join(err, f.Close())
}

// rename moves a file or folder for good.
func (d disk) rename(from, to string) error {
	if err := d.at("rename", to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := d.at("flush folder", filepath.Dir(to)); err != nil {
		return err
	}
	return home.FlushDir(filepath.Dir(to))
}

// remove takes away what nothing refers to any more. That it stays hurts nobody.
func (d disk) remove(path string) {
	if d.at("remove", path) == nil {
		_ = os.Remove(path)
	}
}

// sweep removes what was begun in a folder and not finished, and what keep does not know.
func (d disk) sweep(dir string, keep func(name string) bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), half) || keep != nil && !keep(e.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}
