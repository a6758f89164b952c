// Package labelfile reads the labels of printers that take a whole label in a language of their
// own, from a file that the configuration names.
package labelfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"linemark/drivers"
	"linemark/drivers/link/option"
)

// Read reads the file of the setting label. It is false where there is nothing to look at: no
// file, or one that is no label in this language. What is wrong is said to k.
func Read(k *option.Keys, s drivers.Settings, l Language) (label []byte, ok bool) {
	path := k.File("label")
	if path == "" {
		k.Fail("label", "the label is missing", fmt.Sprintf("name a file with the label's %s, such as labels/unit.%s", l.name, l.driver))
		return nil, false
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	label, err := os.ReadFile(path)
	if err != nil {
		if failed, ok := errors.AsType[*fs.PathError](err); ok {
			err = failed.Err // its name stands beside it
		}
		k.Fail("label", fmt.Sprintf("the label cannot be read: %v", err), "the path starts at the configuration file's folder")
		return nil, false
	}
	label = bytes.TrimPrefix(label, []byte("\ufeff")) // an editor's mark, which no printer knows
	if problem, hint := l.foreign(label); problem != "" {
		k.Fail("label", problem, hint)
		return nil, false
	}
	return label, true
}
