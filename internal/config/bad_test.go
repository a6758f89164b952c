package config

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linemark/drivers"
	"linemark/internal/secrets"
)

var update = flag.Bool("update", false, "write testdata/bad/*.want anew; read them before believing them")

// testLookup knows TOKEN and EMPTY, the files /empty, /denied, /lines, /token and /open, credentials in
// /run and the stored secret izkm-token. Others can read the file open.toml.
var testLookup = Lookup{
	Env: func(name string) (string, bool) {
		value, set := map[string]string{"TOKEN": "t0k3n", "EMPTY": "", "CREDENTIALS_DIRECTORY": "/run"}[name]
		return value, set
	},
	File: func(path string) ([]byte, error) {
		switch filepath.ToSlash(strings.TrimPrefix(path, filepath.VolumeName(path))) {
		case "/empty":
			return []byte(" \n"), nil
		case "/lines":
			return []byte("s3cr3t\nvalue\n"), nil
		case "/token":
			return []byte("f1l3\r\n"), nil
		case "/run/izkm":
			return []byte("cr3d\n"), nil
		case "/denied":
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		case "/open":
			return nil, &secrets.OpenError{Path: path, Who: "everybody on this machine can read it", Mend: "chmod o= " + path}
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	},
	Stored: func(path string) ([]byte, error) {
		if filepath.Base(path) == "izkm-token" {
			return []byte("st0r3d"), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	},
	Guarded: func(path string) error {
		if strings.HasPrefix(filepath.Base(path), "open") {
			return &secrets.OpenError{Path: path, Who: "everybody on this machine can read it", Mend: "chmod o= " + path}
		}
		return nil
	},
}

// Each file of testdata/bad has exactly the problems of its .want.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	// The list of drivers is that of the build, the folder that of this machine.
	known := strings.NewReplacer(
		strings.Join(drivers.PrinterDrivers(), ", "), "PRINTER DRIVERS",
		strings.Join(drivers.ScannerDrivers(), ", "), "SCANNER DRIVERS",
		"known: "+strings.Join(drivers.PLCDrivers(), ", "), "known: PLC DRIVERS",
		here+string(filepath.Separator), "HERE/",
	)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(name, text, testLookup)
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("Parse: %v, expected Problems", err)
			}
			got := known.Replace(problems.Error()) + "\n"
			if strings.Contains(got, "s3cr3t") || strings.Contains(got, "t0k3n") {
				t.Errorf("shows a secret:\n%s", got)
			}
			wanted := strings.TrimSuffix(file, ".toml") + ".want"
			if *update {
				if err := os.WriteFile(wanted, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wanted)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// What is wrong with a label concerns its printer alone: an agent can run without it.
func TestLabelProblemsBlockNothing(t *testing.T) {
	text, err := os.ReadFile("testdata/bad/labels.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Parse("labels.toml", text, testLookup)
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Parse: %v, expected Problems", err)
	}
	var of []string
	for _, p := range problems {
		of = append(of, p.Printer)
	}
	if want := []string{"tij", "box-printer", "pallet-printer"}; !slices.Equal(of, want) || len(problems.Blocking()) != 0 || len(cfg.Lines) != 1 {
		t.Errorf("problems of %q, %d of them blocking, %d lines", of, len(problems.Blocking()), len(cfg.Lines))
	}
	text = append([]byte("color = 1\n"), text...)
	if _, err = Parse("labels.toml", text, testLookup); !errors.As(err, &problems) || len(problems) != 4 || len(problems.Blocking()) != 1 {
		t.Errorf("with a blocking problem beside: %v", err)
	}
}
