package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"linemark/internal/ledger"
)

// onlyBackup sets a variable to the name of the one backup in a folder.
func onlyBackup(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "backup DIR NAME")
	found, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*.ledger"))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("backups: %q", found)
	}
	ts.Setenv(args[1], filepath.Base(found[0]))
}

// says waits until the running agent says this of its ledger or its backups, or a station why it has stopped.
func says(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "says ledger|backup|STATION TEXT")
	ts.Check(until(func() error {
		s, err := status(ts.Getenv("HTTP"))
		said := s.Ledger
		if args[0] == "backup" && s.Backup != nil {
			said = s.Backup.Trouble + s.Backup.File
		}
		for _, l := range s.Lines {
			for _, st := range l.Stations {
				if st.Name == args[0] {
					said = st.Why
				}
			}
		}
		if err == nil && !strings.Contains(said, args[1]) {
			err = fmt.Errorf("%s says %q", args[0], said)
		}
		return err
	}))
}

// tooNew gives a ledger the number of a schema to come.
func tooNew(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "tooNew DATA")
	db, err := sql.Open("sqlite", filepath.Join(ts.MkAbs(args[0]), ledger.FileName))
	ts.Check(err)
	_, err = db.Exec("PRAGMA user_version = 8")
	ts.Check(errors.Join(err, db.Close()))
}

// printedOnce wants no code at a printer twice.
func printedOnce(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0, "printedonce")
	logs, err := filepath.Glob(filepath.Join(ts.MkAbs("plant"), "printer-*.jsonl"))
	ts.Check(err)
	seen := map[string]bool{}
	for _, log := range logs {
		text, err := os.ReadFile(log)
		ts.Check(err)
		for line := range strings.Lines(string(text)) {
			var e struct{ Event, Code string }
			if json.Unmarshal([]byte(line), &e) != nil || e.Event != "printed" || e.Code == "" {
				continue
			}
			if seen[e.Code] {
				ts.Fatalf("%s was printed twice", e.Code)
			}
			seen[e.Code] = true
		}
	}
	if len(seen) < 20 {
		ts.Fatalf("only %d codes were printed", len(seen))
	}
}
