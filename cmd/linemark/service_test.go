package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linemark/internal/config"
	"linemark/internal/service"
)

// The configuration that service install writes works once there is a token, overwrites nothing, and has the
// ledger where the service may write.
func TestServiceStarter(t *testing.T) {
	var out bytes.Buffer
	path := filepath.Join(t.TempDir(), "linemark", "linemark.toml")
	if err := writeServiceStarter(&console{out: &out, err: &out}, path); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "wrote "); got != 3 {
		t.Errorf("said %s", &out)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), tokenFile), []byte("t0k3n\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Agent.DataDir != service.DataDir() {
		t.Errorf("the ledger is in %s", cfg.Agent.DataDir)
	}
	mine := []byte("# mine\n")
	if err := os.WriteFile(path, mine, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeServiceStarter(&console{out: &out, err: &out}, path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, mine) {
		t.Errorf("overwritten: %v", err)
	}
}

// A folder of Windows stands in the file as TOML wants it.
func TestServiceStarterOnWindows(t *testing.T) {
	got := serviceStarter(string(config.Example()), `C:\ProgramData\linemark\data`)
	for _, want := range []string{`data_dir = "C:\\ProgramData\\linemark\\data"`, `client_token   = "file:izkm.token"`} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%s is there %d times", want, strings.Count(got, want))
		}
	}
}
