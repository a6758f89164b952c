package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Lookup answers what a Secret refers to. A nil function knows nothing.
type Lookup struct {
	Env  func(name string) (value string, set bool)
	File func(path string) ([]byte, error) // errors as os.ReadFile gives them
}

// systemLookup asks the environment and the disk.
func systemLookup() Lookup { return Lookup{Env: os.LookupEnv, File: os.ReadFile} }

// resolve replaces a reference by the secret. What it reports names the variable or the
// file and never the value; a relative file starts at the folder of the configuration.
func (d *doc) resolve(at *place, s *Secret, dir string, lookup Lookup) {
	if !d.ok(at) {
		return
	}
	what, hint := "", ""
	switch path, isFile := strings.CutPrefix(s.value, "file:"); {
	case isFile:
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		s.value, what, hint = fromFile(path, lookup)
	case strings.Contains(s.value, "${"):
		s.value, what, hint = fromEnv(s.value, lookup)
	}
	switch {
	case what != "":
	case strings.ContainsFunc(s.value, func(r rune) bool { return r <= ' ' || r > '~' }):
		what = "holds a space, a line break or another character that no token has"
		hint = "store the token alone, as the cabinet shows it"
	default:
		return
	}
	s.value = ""
	d.add(at, what, hint)
}

func fromEnv(ref string, lookup Lookup) (value, what, hint string) {
	name, whole := strings.CutPrefix(ref, "${")
	name, closed := strings.CutSuffix(name, "}")
	if !whole || !closed || name == "" || strings.ContainsAny(name, "${}") {
		return "", "mixes text and ${...}", `let the whole value be one variable, "${NAME}", or "file:/path"`
	}
	if lookup.Env != nil {
		value, set := lookup.Env(name)
		if set && value != "" {
			return value, "", ""
		}
		if set {
			return "", "the environment variable " + name + " is empty", "put the token into it, or use \"file:/path\""
		}
	}
	return "", "the environment variable " + name + " is not set",
		"set it for the account that linemark runs under, or use \"file:/path\""
}

func fromFile(path string, lookup Lookup) (value, what, hint string) {
	text, err := []byte(nil), error(fs.ErrNotExist)
	if lookup.File != nil {
		text, err = lookup.File(path)
	}
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return "", "the file " + path + " cannot be read: " + err.Error(),
			"create it, readable by the account that linemark runs under"
	}
	value = strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff"))
	if value == "" {
		return "", "the file " + path + " is empty", "write the token into it"
	}
	return value, "", ""
}
