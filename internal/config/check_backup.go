package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// Backup is where copies of the ledger go, and how often.
type Backup struct {
	To    string        `toml:"to"`    // a folder that is there, such as one on a USB stick; default none: no backups by themselves
	Every time.Duration `toml:"every"` // time between two of them; default 24h
	Keep  int           `toml:"keep"`  // how many stay there; default 7
}

func (b *Backup) setDefaults() { b.Every, b.Keep = 24*time.Hour, 7 }

// Archive is when batches that have ended leave the ledger for files beside it.
type Archive struct {
	AfterDays int `toml:"after_days"` // days after the end of a batch; default 0: never
}

// mostBackups is more than anybody looks through.
const mostBackups = 1000

func (c *checker) backup() {
	at, b := c.root.at("backup"), c.cfg.Backup
	if here := at.at("every"); !c.bad[here.path] && b.Every < time.Minute {
		c.add(here, fmt.Sprintf("is %v", b.Every), "write at least a minute, such as 24h")
	}
	c.between(at.at("keep"), b.Keep, mostBackups, "nobody looks through more")
	if here := at.at("to"); c.ok(here) && within(c.cfg.PathOf(b.To), c.cfg.Agent.DataDir) {
		c.add(here, "lies in agent.data_dir", "what is lost with the ledger is no backup of it: name a folder on another disk")
	}
}

func (c *checker) archive() {
	const most = 3650
	if here := c.root.at("archive").at("after_days"); !c.bad[here.path] && (c.cfg.Archive.AfterDays < 0 || c.cfg.Archive.AfterDays > most) {
		c.add(here, fmt.Sprintf("is %d", c.cfg.Archive.AfterDays), fmt.Sprintf("write from 1 to %d, or 0 to archive nothing", most))
	}
}

// within says whether a path is a folder or lies in it.
func within(path, dir string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && rest != ".." && !strings.HasPrefix(rest, ".."+string(filepath.Separator))
}
