package proof

import (
	"os"
	"testing"

	"linemark/internal/proof/disk"
	"linemark/internal/proof/site"
)

func TestMain(m *testing.M) {
	disk.Inside()
	code := m.Run()
	site.Clear()
	os.Exit(code)
}

// weak is the program with a ledger that does not wait for the disk: what a test of durability must find out.
func weak(t testing.TB) string {
	t.Helper()
	const file = "internal/ledger/ledger.go"
	return site.Changed(t, "weak",
		site.Change{File: file, Was: "synchronous(FULL)", Is: "synchronous(NORMAL)"},
		site.Change{File: file, Was: "sync < 2", Is: "sync < 1"})
}

// needDisk skips a test by name where no disk can be plugged in.
func needDisk(t *testing.T) {
	t.Helper()
	if err := disk.Missing(); err != nil {
		t.Skip("needs root, loop devices and FUSE: ", err)
	}
}
