package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// linemark in scripts and in the tests that kill it is this test program, run anew as a process
// of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"linemark": main})
}
