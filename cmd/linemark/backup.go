package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"linemark/internal/agent"
	"linemark/internal/ledger"
)

// runBackup copies the ledger, beside the running agent or without it.
func runBackup(ctx context.Context, c *console, args []string) error {
	var path, to string
	var asJSON bool
	err := noArguments(c, "backup", args, func(fs *flag.FlagSet) {
		configFlag(fs, &path)
		fs.StringVar(&to, "to", "", "the `folder`, such as one on a USB stick; default that of [backup]")
		fs.BoolVar(&asJSON, "json", false, "tell in JSON what was made")
	})
	if err != nil {
		return err
	}
	cfg, err := loadForCodes(path)
	if err != nil {
		return err
	}
	if to == "" {
		if to = cfg.PathOf(cfg.Backup.To); to == "" {
			return wrong(errors.New("where the backup goes is not said"), "add --to DIR, or to = \"DIR\" under [backup] in "+path)
		}
	} else {
		cfg.Backup.Keep = 0 // nobody has said that others may go from there
	}
	show := stages(c.err)
	if s, err := os.Stat(to); err != nil || !s.IsDir() {
		return failed(fmt.Errorf("the folder for backups, %s, is not there", to), "put the stick or disk in, or make the folder; it is never made here, so that a missing disk is noticed")
	}
	k, err := agent.Backup(ctx, cfg, to, time.Now, show)
	if err != nil {
		return failed(err, copyHint(err, path))
	}
	if asJSON {
		return printJSON(c.out, backupMade{Path: k.Path, Made: k.At, Agent: k.Agent, Bytes: k.Size, SHA256: k.SHA256, LastEntry: k.LastEntry, Head: k.Head, Config: k.Config, Removed: len(k.Removed)})
	}
	fmt.Fprintf(c.out, "%s\n%d bytes, to entry %d of the journal; read again and whole\n", k.Path, k.Size, k.LastEntry)
	if k.Head != (ledger.Head{}) {
		fmt.Fprintf(c.out, "head of the journal: %s\n", k.Head)
	}
	if k.Config != "" {
		fmt.Fprintf(c.out, "the configuration stands beside it: %s\n", k.Config)
	} else {
		fmt.Fprintf(c.out, "the configuration is not beside it: %s\n", k.NoConfig)
	}
	for _, old := range k.Removed {
		fmt.Fprintf(c.out, "removed: %s\n", old.Path)
	}
	return nil
}

// backupMade is a backup for programs.
type backupMade struct {
	Path      string    `json:"path"`
	Made      time.Time `json:"made"`
	Agent     string    `json:"agent"`
	Bytes     int64     `json:"bytes"`
	SHA256    string    `json:"sha256"`
	LastEntry int64     `json:"last_entry"` // of the journal

	Head    ledger.Head `json:"head,omitzero"` // of the journal, see linemark journal verify --head
	Config  string      `json:"config,omitempty"`
	Removed int         `json:"removed"` // older backups
}

// copyHint says what a person can do about a copy that was not made.
func copyHint(err error, path string) string {
	if _, ok := errors.AsType[*ledger.RoomError](err); ok {
		return "make room there, or name another disk"
	}
	if ledger.Damaged(err) {
		return "try another disk or stick; if it says the same, the ledger's own disk is failing: keep the last good backup, and see linemark restore --help"
	}
	return "see agent.data_dir and [backup] in " + path
}
