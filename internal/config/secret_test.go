package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"linemark/internal/secrets"
)

// Wherever a secret is kept it comes back whole, and nothing that people see shows it.
func TestSecretIsKeptElsewhere(t *testing.T) {
	for ref, token := range map[string]string{"${TOKEN}": "t0k3n", "file:/token": "f1l3", "credential:izkm": "cr3d", "secret:izkm-token": "st0r3d"} {
		cfg, err := Parse("conf/linemark.toml", []byte(strings.Replace(good, "${TOKEN}", ref, 1)), testLookup)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if got := cfg.IZKM.ClientToken.Reveal(); got != token {
			t.Errorf("%s: got %q, want %q", ref, got, token)
		}
		asJSON, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		shownJSON, err := cfg.JSON()
		if err != nil {
			t.Fatal(err)
		}
		shown := fmt.Sprintf("%v %+v %#v %s %s %s", cfg.IZKM, cfg, cfg.IZKM, asJSON, cfg.TOML(), shownJSON)
		if strings.Contains(shown, token) || !strings.Contains(shown, "# from "+ref) {
			t.Errorf("%s: shown is\n%s", ref, shown)
		}
	}
}

// A service that systemd gave no credentials is told so.
func TestNoCredentials(t *testing.T) {
	_, err := Parse("x.toml", []byte(strings.Replace(good, "${TOKEN}", "credential:izkm", 1)), Lookup{File: testLookup.File})
	want := "x.toml:7: izkm.client_token: there are no credentials: CREDENTIALS_DIRECTORY is not set, as it is in a service of systemd (hint: write LoadCredential=izkm:/path into the unit of linemark, under [Service])"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// Without a secret a file may still serve those that call nobody outside: its problems say so.
func TestProblemsOfSecrets(t *testing.T) {
	for _, text := range []string{strings.Replace(good, "${TOKEN}", "${NONE}", 1), strings.Replace(good, `client_token = "${TOKEN}"`, "", 1),
		strings.Replace(good, "${TOKEN}", "${TOKEN}\"\nclient_cert = \"parse_test.go\"\nclient_key = \"secret:none", 1)} {
		_, err := Parse("x.toml", []byte(text), testLookup)
		problems, ok := errors.AsType[Problems](err)
		if !ok || len(problems) != 1 || !problems[0].Secret || len(problems.Blocking()) != 1 {
			t.Errorf("%+v", problems)
		}
	}
	_, err := Parse("x.toml", []byte(strings.Replace(good, "water", "watr", 1)), testLookup)
	if problems, ok := errors.AsType[Problems](err); !ok || problems[0].Secret {
		t.Errorf("%+v", problems)
	}
}

// The key of the PC's certificate is a file that nobody else can read, or a stored secret.
func TestClientKey(t *testing.T) {
	dir := t.TempDir()
	key := "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "pc.key"), []byte(key), 0o600), secrets.Beside(dir).Set("pc-key", []byte(key))); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"pc.key", filepath.Join(dir, "pc.key"), "file:pc.key", "secret:pc-key"} {
		cfg := &Config{Dir: dir, IZKM: IZKM{ClientKey: setting}}
		if got, err := cfg.ClientKeyPEM(); err != nil || string(got) != key {
			t.Errorf("%s: %q, %v", setting, got, err)
		}
	}
	if got, err := (&Config{Dir: dir}).ClientKeyPEM(); got != nil || err != nil {
		t.Errorf("without a key: %q, %v", got, err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(filepath.Join(dir, "pc.key"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := (&Config{Dir: dir, IZKM: IZKM{ClientKey: "pc.key"}}).ClientKeyPEM(); err == nil || !strings.Contains(err.Error(), "everybody on this machine can read it") {
			t.Errorf("a key that everybody can read: %v", err)
		}
	}
	if _, err := (&Config{Dir: dir, IZKM: IZKM{ClientKey: "none.key"}}).ClientKeyPEM(); err == nil || strings.Contains(err.Error(), "BEGIN") {
		t.Errorf("no key: %v", err)
	}
}

// Load itself asks who can read the file that a token stands in.
func TestLoadRefusesAnOpenToken(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights are lists there: see package secrets")
	}
	path := filepath.Join(t.TempDir(), "linemark.toml")
	text := strings.Replace(good, "${TOKEN}", "pl41n", 1)
	for rights, want := range map[fs.FileMode]bool{0o600: true, 0o644: false} {
		if err := errors.Join(os.WriteFile(path, []byte(text), rights), os.Chmod(path, rights)); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(path)
		if taken := err == nil; taken != want || (cfg.IZKM.ClientToken.Reveal() == "pl41n") != want {
			t.Errorf("%o: %v", rights, err)
		}
		if err != nil && strings.Contains(err.Error(), "pl41n") {
			t.Errorf("the token is in %v", err)
		}
	}
}

func TestUsesSecret(t *testing.T) {
	text := strings.Replace(good, "${TOKEN}", "secret:izkm-token\"\nclient_cert = \"parse_test.go\"\nclient_key = \"secret:izkm-token", 1)
	cfg, err := Parse("x.toml", []byte(text), testLookup)
	if err != nil {
		t.Fatal(err)
	}
	if got := cfg.UsesSecret("izkm-token"); !slices.Equal(got, []string{"izkm.client_token", "izkm.client_key"}) {
		t.Errorf("got %q", got)
	}
	if got := cfg.UsesSecret("izkm"); got != nil {
		t.Errorf("got %q", got)
	}
	// Secrets in tables within arrays are found as well, should there be any.
	type inner struct {
		Token Secret `toml:"token"`
	}
	outer := struct {
		All []inner `toml:"all"`
	}{[]inner{{}, {Secret{ref: "secret:x"}}}}
	var keys []string
	eachSecret(reflect.ValueOf(outer), "", func(key string, s Secret) { keys = append(keys, key+s.ref) })
	if !slices.Equal(keys, []string{"all.token", "all.tokensecret:x"}) {
		t.Errorf("got %q", keys)
	}
}

// What stands in the file itself is named, also where the file is refused for it: it goes on no stick.
func TestSecretsInClear(t *testing.T) {
	open := testLookup
	open.Guarded = func(string) error { return &secrets.OpenError{Who: "everybody can read it"} }
	for _, test := range []struct{ ref, want string }{
		{"${TOKEN}", ""}, {"file:/token", ""}, {"file:/none", ""}, {"secret:izkm-token", ""}, {"credential:izkm", ""}, {"${NONE}", ""},
		{"t0k3n", "izkm.client_token"}, {"t0k3n${TOKEN}", "izkm.client_token"}, {"${TOKEN}t0k3n", "izkm.client_token"},
		{"${TOKEN}\"\nclient_cert = \"parse_test.go\"\nclient_key = \"-----BEGIN x", "izkm.client_key"},
	} {
		for _, lookup := range []Lookup{testLookup, open} {
			cfg, _ := Parse("x.toml", []byte(strings.Replace(good, "${TOKEN}", test.ref, 1)), lookup)
			if got := strings.Join(cfg.SecretsInClear(), " "); got != test.want {
				t.Errorf("%s: %q, want %q", test.ref, got, test.want)
			}
		}
	}
}
