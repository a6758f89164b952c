package main

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"linemark/internal/ledger"
)

// tamper changes a ledger's file by hand.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, "tamper DATA SQL")
	db, err := sql.Open("sqlite", filepath.Join(ts.MkAbs(args[0]), ledger.FileName))
	ts.Check(err)
	r, err := db.Exec(args[1])
	if err == nil {
		if n, _ := r.RowsAffected(); n == 0 {
			err = fmt.Errorf("nothing was changed by %s", args[1])
		}
	}
	ts.Check(errors.Join(err, db.Close()))
}

// lastHead sets a variable to the head that the last command has printed.
func lastHead(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, "head NAME")
	h, err := ledger.ParseHead(ts.ReadFile("stdout"))
	ts.Check(err)
	ts.Setenv(args[0], h.String())
}
