package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// Load reads and checks the file. The error is Problems; see Parse for what the Config is
// then good for. Drivers are known only to a program that imports linemark/drivers/all.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var failed *fs.PathError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		d := newDoc(path)
		d.add(&place{key: "file"}, "cannot be read: "+err.Error(),
			"give the path of the configuration, or write a first one with linemark config init")
		return emptyConfig(path), d.problems
	}
	return Parse(path, text, systemLookup())
}

// Parse reads and checks the text of a file; file is its path, or empty. The error is
// Problems and holds all of them, or only the first one if the text is no TOML at all. The
// Config is never nil: beside Problems it holds what could be read, of which Agent, and
// HTTP.Listen (the default, if the file's is wrong), serve to show the problems on the page. If
// none of them is Blocking, an agent can run on it: the printers that they name do not print.
func Parse(file string, text []byte, lookup Lookup) (*Config, error) {
	cfg := emptyConfig(file)
	d := newDoc(file)
	table, problem := decode(text)
	if problem != nil {
		problem.File = d.file
		return cfg, Problems{*problem}
	}
	d.lines = keyLines(string(text))
	d.fill(&place{}, table, reflect.ValueOf(cfg).Elem())
	cfg.lines = d.lines

	c := &checker{doc: d, cfg: cfg, root: &place{}, resolver: resolver{lookup, file, cfg.Dir}}
	for _, s := range d.secrets {
		d.secret(s.at, s.into, c.resolver)
	}
	c.check()
	if len(d.problems) > 0 {
		return cfg, d.problems.sorted()
	}
	return cfg, nil
}

// emptyConfig has the defaults and its place. Dir is absolute, since a service's working
// folder is not the one the file was named in.
func emptyConfig(file string) *Config {
	cfg := &Config{File: file}
	cfg.setDefaults()
	if file == "" {
		return cfg
	}
	cfg.Dir = filepath.Dir(file)
	if abs, err := filepath.Abs(cfg.Dir); err == nil {
		cfg.Dir = abs
	}
	return cfg
}

// decode returns the tables of a text, or why it is no TOML. The decoder panics where it
// meets a fault of its own, so that is an answer too.
func decode(text []byte) (table map[string]any, problem *Problem) {
	defer func() {
		if r := recover(); r != nil {
			problem = &Problem{Line: 1, Key: "syntax", What: "the TOML decoder failed on this file",
				Hint: "compare the file with the one that linemark config init writes"}
		}
	}()
	err := toml.Unmarshal(text, &table)
	if err == nil {
		return table, nil
	}
	p := &Problem{Line: 1, Key: "syntax", What: err.Error(), Hint: "correct the line, or put a # before it"}
	var at toml.ParseError
	if errors.As(err, &at) {
		p.Line = max(at.Position.Line, 1)
		p.What = strings.TrimSuffix(at.Message, ".")
		if secretNear(text, p.Line, at.LastKey) {
			p.What = "the value cannot be read" // the decoder's message quotes it
			p.Hint = `write it in double quotes on one line, such as "${NAME}" or "secret:NAME"`
		}
	}
	return nil, p
}

// secretKeys are the keys that hold secrets, or name one.
var secretKeys = []string{"client_token", "client_key", "signing_key", "auth_value", "client_id", "password", "client_secret", "refresh_token"}

// secretNear says whether a syntax error stands in or beside the value of a secret.
func secretNear(text []byte, line int, lastKey string) bool {
	lines := strings.Split(string(text), "\n")
	for _, key := range secretKeys {
		if strings.HasSuffix(lastKey, key) || line <= len(lines) && strings.Contains(lines[line-1], key) {
			return true
		}
	}
	return false
}
