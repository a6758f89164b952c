package ledger

import (
	"flag"
	"os"
	"testing"
)

// childEnv names the folder on whose ledger this test binary works until it is killed.
const childEnv = "LINEMARK_TEST_LEDGER_CHILD"

// backupEnv names the folder into which it makes backups meanwhile.
const backupEnv = "LINEMARK_TEST_LEDGER_BACKUPS"

// archiveEnv has it archive instead.
const archiveEnv = "LINEMARK_TEST_LEDGER_ARCHIVE"

// restoreEnv names a backup that it restores.
const restoreEnv = "LINEMARK_TEST_LEDGER_RESTORE"

// dropEnv has it drop what is in doubt.
const dropEnv = "LINEMARK_TEST_LEDGER_DROP"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if to := os.Getenv(backupEnv); to != "" {
			backupChild(dir, to)
			return
		}
		if os.Getenv(archiveEnv) != "" {
			archiveChild(dir)
			return
		}
		if os.Getenv(dropEnv) != "" {
			dropChild(dir)
			return
		}
		if from := os.Getenv(restoreEnv); from != "" {
			restoreChild(dir, from)
			return
		}
		child(dir)
		return
	}
	flag.Parse()
	// Long histories on a real disk: fewer of them by default. -rapid.checks=1000 takes minutes.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("16"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
