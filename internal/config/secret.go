package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"linemark/internal/secrets"
)

// Secret is a value that is never printed. The file holds it, or better says where it is kept:
// "${ENV}", "file:/path", "credential:NAME" of systemd, "secret:NAME" of linemark secret set.
type Secret struct {
	value string
	ref   string // as the file has it, where that is no secret itself
	clear bool   // the file holds it, or a part of it
}

// Reveal returns the secret itself. Only what sends it to its owner calls this.
func (s Secret) Reveal() string { return s.value }

func (s Secret) String() string { return "***" }

// GoString keeps %#v from showing the secret.
func (s Secret) GoString() string { return "***" }

// Where a secret is kept, before its name.
const (
	inFile       = "file:"
	inCredential = "credential:"
	inStore      = "secret:"
)

// credentialsFolder is where systemd puts the credentials of a service.
const credentialsFolder = "CREDENTIALS_DIRECTORY"

// Lookup answers what a Secret refers to. A nil function knows nothing; without Guarded nothing is asked.
type Lookup struct {
	Env     func(name string) (value string, set bool)
	File    func(path string) ([]byte, error) // errors as secrets.Read gives them
	Stored  func(path string) ([]byte, error) // errors as secrets.Open gives them
	Guarded func(path string) error           // errors as secrets.Guarded gives them
}

// systemLookup asks the environment and the disk.
func systemLookup() Lookup {
	return Lookup{Env: os.LookupEnv, File: secrets.Read, Stored: secrets.Open, Guarded: secrets.Guarded}
}

// resolver turns references into what they refer to.
type resolver struct {
	Lookup
	file, dir string // the configuration's, for hints and relative paths
}

// fault is why a reference leads to nothing; none has an empty what. It never holds the secret.
type fault struct{ what, hint string }

// secret replaces a reference by the secret. What it reports names the variable or the file and never
// the value.
func (d *doc) secret(at *place, s *Secret, r resolver) {
	if !d.ok(at) {
		return
	}
	text, problem, elsewhere := r.find(s.value)
	value := s.value
	whole := strings.HasPrefix(value, "${") && strings.HasSuffix(value, "}")
	s.clear = value != "" && (!elsewhere || strings.Contains(value, "${") && !whole)
	if elsewhere {
		s.ref, value = s.value, strings.TrimSpace(strings.TrimPrefix(string(text), "\ufeff"))
	} else if problem.what == "" {
		problem = r.open(at.key)
	}
	if problem.what == "" && hasForeign(value, at.key) {
		problem = fault{"holds a space, a line break or another character that no token has", "store the token alone, as the cabinet shows it"}
	}
	s.value = value
	if problem.what != "" {
		s.value = ""
		d.add(at, problem.what, problem.hint)
		d.problems[len(d.problems)-1].Secret = true
	}
}

// hasForeign finds in a secret what it cannot hold. A password is what a person chose, and the value of a header may
// be two words.
func hasForeign(value, key string) bool {
	password, header := key == "diadoc.password" || key == "mqtt.password", key == "ediweb.auth_value"
	return strings.ContainsFunc(value, func(r rune) bool {
		return r < ' ' || r == 0x7f || r == ' ' && !password && !header || r > '~' && !password
	})
}

// find follows a reference. It is elsewhere unless the text stands for itself.
func (r resolver) find(ref string) (value []byte, problem fault, elsewhere bool) {
	scheme, name, _ := strings.Cut(ref, ":")
	switch scheme + ":" {
	case inFile:
		value, problem = r.read(r.path(name), "create it, readable by the account that linemark runs under and by nobody else")
	case inCredential:
		value, problem = r.credential(name)
	case inStore:
		value, problem = r.stored(name)
	default:
		if !strings.Contains(ref, "${") {
			return nil, fault{}, false
		}
		value, problem = r.fromEnv(ref)
	}
	return value, problem, true
}

func (r resolver) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.dir, path)
}

const otherwise = `, or use "secret:NAME" or "file:/path"`

func (r resolver) fromEnv(ref string) ([]byte, fault) {
	name, whole := strings.CutPrefix(ref, "${")
	name, closed := strings.CutSuffix(name, "}")
	if !whole || !closed || name == "" || strings.ContainsAny(name, "${}") {
		return nil, fault{"mixes text and ${...}", `let the whole value be one variable, "${NAME}"` + otherwise}
	}
	if r.Env != nil {
		value, set := r.Env(name)
		if set && value != "" {
			return []byte(value), fault{}
		}
		if set {
			return nil, fault{"the environment variable " + name + " is empty", "put the token into it" + otherwise}
		}
	}
	return nil, fault{"the environment variable " + name + " is not set", "set it for the account that linemark runs under" + otherwise}
}

// credential is one of those that systemd hands to a service.
func (r resolver) credential(name string) ([]byte, fault) {
	hint := "write LoadCredential=" + name + ":/path into the unit of linemark, under [Service]"
	if problem := secrets.CheckName(name); problem != "" {
		return nil, fault{strings.Replace(problem, "secret", "credential", 1), `write "credential:NAME", as LoadCredential= of the unit names it`}
	}
	folder := ""
	if r.Env != nil {
		folder, _ = r.Env(credentialsFolder)
	}
	if folder == "" {
		return nil, fault{"there are no credentials: " + credentialsFolder + " is not set, as it is in a service of systemd", hint}
	}
	return r.read(filepath.Join(folder, name), hint)
}

// stored is a secret of linemark secret set.
func (r resolver) stored(name string) ([]byte, fault) {
	if problem := secrets.CheckName(name); problem != "" {
		return nil, fault{problem, `write "secret:NAME" with letters, digits, dots and dashes in the name`}
	}
	file := r.file
	if file == "" {
		file = "linemark.toml"
	}
	hint := "linemark secret set --config " + file + " " + name
	path := secrets.Beside(r.dir).Path(name)
	value, err := []byte(nil), error(fs.ErrNotExist)
	if r.Stored != nil {
		value, err = r.Stored(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault{"the secret " + name + " is not set", hint}
	}
	return checked(path, value, err, hint)
}

func (r resolver) read(path, hint string) ([]byte, fault) {
	value, err := []byte(nil), error(fs.ErrNotExist)
	if r.File != nil {
		value, err = r.File(path)
	}
	return checked(path, value, err, hint)
}

// checked says what is wrong with a secret's file.
func checked(path string, value []byte, err error, hint string) ([]byte, fault) {
	if open, ok := errors.AsType[*secrets.OpenError](err); ok {
		return nil, fault{"the file " + path + " holds a secret, and " + open.Who, open.Mend}
	}
	if err != nil {
		return nil, fault{"the file " + path + " cannot be read: " + withoutPath(err), hint}
	}
	if strings.TrimSpace(strings.TrimPrefix(string(value), "\ufeff")) == "" {
		return nil, fault{"the file " + path + " is empty", "write the secret into it"}
	}
	return value, fault{}
}

// open says whether others can read the configuration, in which a secret stands.
func (r resolver) open(key string) fault {
	if r.file == "" || r.Guarded == nil {
		return fault{}
	}
	open, ok := errors.AsType[*secrets.OpenError](r.Guarded(r.file))
	if !ok {
		return fault{}
	}
	name := strings.NewReplacer(".client_", "-", ".", "-", "_", "-").Replace(key)
	return fault{"stands in this file, and " + open.Who,
		open.Mend + ", or keep it elsewhere: linemark secret set --config " + r.file + " " + name + `, and "secret:` + name + `" here`}
}

// key returns a private key: the setting is the path of a file, or says where it is kept.
func (r resolver) key(setting string) ([]byte, fault) {
	if strings.Contains(setting, "-----BEGIN") {
		return nil, fault{"holds the key itself", `keep it in a file that only linemark's account can read, and name that, or "secret:NAME"`}
	}
	if value, problem, elsewhere := r.find(setting); elsewhere {
		return value, problem
	}
	return r.read(r.path(setting), "the path starts at the configuration file's folder")
}

// ClientKeyPEM returns the private key of this PC's certificate as it is kept; nil where there is none.
func (c *Config) ClientKeyPEM() ([]byte, error) {
	if c.IZKM.ClientKey == "" {
		return nil, nil
	}
	key, problem := resolver{systemLookup(), c.File, c.Dir}.key(c.IZKM.ClientKey)
	if problem.what != "" {
		return nil, errors.New("izkm.client_key: " + problem.what)
	}
	return key, nil
}

// UsesSecret returns the keys of the settings that refer to a stored secret of this name.
func (c *Config) UsesSecret(name string) []string {
	var keys []string
	eachSecret(reflect.ValueOf(c).Elem(), "", func(key string, s Secret) {
		if s.ref == inStore+name {
			keys = append(keys, key)
		}
	})
	if c.IZKM.ClientKey == inStore+name {
		keys = append(keys, "izkm.client_key")
	}
	if c.HTTP.TLSKey == inStore+name {
		keys = append(keys, "http.tls_key")
	}
	if c.SmartOne.SigningKey == inStore+name {
		keys = append(keys, "smartone.signing_key")
	}
	if c.MQTT.ClientKey == inStore+name {
		keys = append(keys, "mqtt.client_key")
	}
	return keys
}

// SecretsInClear returns the keys of the settings whose secret stands in the file itself, also where it was
// refused for that.
func (c *Config) SecretsInClear() []string {
	var keys []string
	eachSecret(reflect.ValueOf(c).Elem(), "", func(key string, s Secret) {
		if s.clear {
			keys = append(keys, key)
		}
	})
	if strings.Contains(c.IZKM.ClientKey, "-----BEGIN") {
		keys = append(keys, "izkm.client_key")
	}
	if strings.Contains(c.SmartOne.SigningKey, "-----BEGIN") {
		keys = append(keys, "smartone.signing_key")
	}
	if strings.Contains(c.MQTT.ClientKey, "-----BEGIN") {
		keys = append(keys, "mqtt.client_key")
	}
	return keys
}

// ClearSecrets is SecretsInClear for the text of a file as it is now, where nothing is looked up. A token behind
// a # counts too. The error says that the text is no TOML, so that nobody can tell.
func ClearSecrets(file string, text []byte) ([]string, error) {
	if _, problem := decode(text); problem != nil {
		return nil, fmt.Errorf("line %d: %s", problem.Line, problem.What)
	}
	none := func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	cfg, _ := Parse(file, text, Lookup{Env: func(string) (string, bool) { return "", false }, File: none, Stored: none, Guarded: func(string) error { return nil }}) // its problems are not asked for
	keys := cfg.SecretsInClear()
	if remarked.Match(text) {
		keys = append(keys, "client_token, behind a #,")
	}
	return keys, nil
}

// remarked is a token that somebody has put a # before; a reference to one begins otherwise.
var remarked = regexp.MustCompile(`#.*client_token"?\s*=\s*["']+[0-9A-Fa-f]{8}`)

// eachSecret calls each for all secrets of a table and of the tables in it.
func eachSecret(table reflect.Value, path string, each func(key string, s Secret)) {
	for i := range table.NumField() {
		name, option, _ := strings.Cut(table.Type().Field(i).Tag.Get("toml"), ",")
		if name == "" || name == "-" || option == "rest" {
			continue
		}
		switch field := table.Field(i); {
		case field.Type() == secretType:
			each(path+name, field.Interface().(Secret))
		case isTable(field):
			eachSecret(field, path+name+".", each)
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			for j := range field.Len() {
				eachSecret(field.Index(j), path+name+".", each)
			}
		}
	}
}
