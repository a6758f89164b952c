package shipping

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets a run have 20 histories unless the command line says how many: each flushes some hundred files.
func TestMain(m *testing.M) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "rapid.checks" })
	if !said {
		_ = flag.Set("rapid.checks", "20")
	}
	os.Exit(m.Run())
}
