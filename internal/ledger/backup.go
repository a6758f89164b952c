package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"linemark/internal/ledger/home"
)

// What stands beside a backup under its name: what it holds, for people, and the configuration.
const (
	backupSuffix   = ".ledger"
	manifestSuffix = ".txt"
	configSuffix   = ".toml"
)

// stamp is a moment in the name of a file, in UTC.
const stamp = "20060102T150405Z"

// BackupOptions of Backup.
type BackupOptions struct {
	Dir   string // where it goes; it must be there: a stick that is not plugged in is no folder
	Agent string // whose ledger it is
	Keep  int    // how many of the agent's backups stay there; 0: all
	Now   func() time.Time
	// Config is the agent's configuration, without secrets; nil: there is none to keep, for the cause NoConfig.
	Config   []byte
	NoConfig string
	Progress func(what string) // nil: nobody is told
}

// Backup is one backup in a folder.
type Backup struct {
	Path string
	At   time.Time
}

// Kept is what Backup has made.
type Kept struct {
	Backup
	Contents
	Config   string // the configuration's copy; empty: none
	NoConfig string // why
	Archives int    // copied now, into a folder beside the backups
	Lacks    string // why not all archives are there; empty: they are
	Removed  []Backup
}

// MakeBackup copies the ledger in folder dataDir, beside the agent that works on it or without one. The
// backup is of one moment, one file, and says of itself that it is a copy; archives stand beside it. It has its name only when it
// is on the disk and was read again wholly; only then older ones are removed. Its *DamagedError is the
// ledger's own, or the medium's. One for which an archive cannot be copied stays, says so, and is an error.
func MakeBackup(ctx context.Context, dataDir string, o BackupOptions) (Kept, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	k := Kept{NoConfig: o.NoConfig}
	if s, err := os.Stat(o.Dir); err != nil || !s.IsDir() {
		return k, fmt.Errorf("the folder for backups, %s, is not there", o.Dir)
	}
	src, err := OpenReader(ctx, dataDir)
	if err != nil {
		return k, err
	}
	defer src.Close()
	k.At = o.Now().UTC().Truncate(time.Second)
	k.Path = filepath.Join(o.Dir, backupPrefix(o.Agent)+k.At.Format(stamp)+backupSuffix)
	if _, err := os.Lstat(k.Path); err == nil {
		return k, fmt.Errorf("%s is there already", k.Path)
	}
	stale, err := matching(o.Dir, "linemark-*"+backupSuffix+partial)
	if err != nil {
		return k, err
	}
	for _, path := range stale {
		if strings.HasPrefix(filepath.Base(path), backupPrefix(o.Agent)) {
			_ = os.Remove(path) // of a backup that was interrupted; if it stays it is in nobody's way
		}
	}
	if k.Contents, err = src.copyTo(ctx, k.Path, copied{at: k.At, by: byBackup, why: "it was made as a backup"}, o.Progress); err != nil {
		return k, err
	}
	if err := src.settleLog(ctx); err != nil {
		return k, err
	}
	var lacks error
	if k.Archives, lacks = src.keepArchives(ctx, archivesOf(o.Dir, o.Agent)); lacks != nil {
		k.Lacks = lacks.Error()
	}
	base := strings.TrimSuffix(k.Path, backupSuffix)
	if o.Config != nil {
		k.Config, k.NoConfig = base+configSuffix, ""
		if err := writeFile(k.Config, o.Config); err != nil {
			return k, fmt.Errorf("keeping the configuration: %w", err)
		}
	}
	if err := writeFile(base+manifestSuffix, []byte(k.manifest())); err != nil {
		return k, fmt.Errorf("writing down what the backup holds: %w", err)
	}
	k.Removed, err = thinOut(o, k.At)
	return k, errors.Join(lacks, err)
}

// settleLog brings into the file what the log has gathered while the copy held it back, so that no
// claim has to. It hinders no writer.
func (l *Ledger) settleLog(ctx context.Context) error {
	if _, err := os.Stat(l.path + "-wal"); err != nil {
		return nil
	}
	return checkpoint(ctx, l.path)
}

// writeFile writes a file as a whole: it has its name when it is on the disk.
func writeFile(path string, text []byte) error {
	part := path + partial
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return home.FlushDir(filepath.Dir(path))
}

// manifest tells people, and Restore, what the backup holds.
func (k Kept) manifest() string {
	var b strings.Builder
	say := func(key, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s "+format+"\n", append([]any{key}, args...)...)
	}
	say("agent", "%s", k.Agent)
	say("pc", "%s", k.PC)
	say("made", "%s", k.At.Format(time.RFC3339))
	if k.Program != "" {
		say("program", "linemark %s", k.Program)
	}
	say("schema", "%d", k.Schema)
	say("journal", "to entry %d of %s", k.LastEntry, k.LastAt.Format(time.RFC3339))
	if k.Head != (Head{}) {
		say("head", "%s", k.Head)
	}
	for _, p := range k.Balances {
		say("product", "%s %s: %d codes received, %d in stock", p.Product.Name, p.Product.GTIN, p.Received, p.States[InStock])
	}
	if k.Config != "" {
		say("config", "%s", filepath.Base(k.Config))
	} else {
		say("config", "is not here: %s", k.NoConfig)
	}
	if k.Lacks != "" {
		say("archives", "are not all here: %s", strings.Join(strings.Fields(k.Lacks), " "))
	}
	say("bytes", "%d", k.Size)
	say("sha256", "%s", k.SHA256)
	say("restore", "linemark restore --from %s", filepath.Base(k.Path))
	return b.String()
}

// manifestSum reads the checksum that was written down beside a backup; empty: none was.
func manifestSum(backup string) (string, error) {
	b, err := os.ReadFile(strings.TrimSuffix(backup, backupSuffix) + manifestSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "sha256" {
			return f[1], nil
		}
	}
	return "", err
}

// backupPrefix is what the names of an agent's backups begin with. No two agents have the same.
func backupPrefix(agent string) string {
	var b strings.Builder
	b.WriteString("linemark-")
	for _, r := range agent {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "_%x_", r)
		}
	}
	return b.String() + "-"
}

// Backups returns an agent's backups in a folder, oldest first.
func Backups(dir, agent string) ([]Backup, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("looking for backups: %w", err)
	}
	var all []Backup
	for _, e := range entries {
		rest, mine := strings.CutPrefix(e.Name(), backupPrefix(agent))
		at, whole := strings.CutSuffix(rest, backupSuffix)
		if t, err := time.Parse(stamp, at); mine && whole && err == nil {
			all = append(all, Backup{filepath.Join(dir, e.Name()), t})
		}
	}
	slices.SortFunc(all, func(a, b Backup) int { return a.At.Compare(b.At) })
	return all, nil
}

// thinOut removes an agent's oldest backups beyond those that stay. Those that are dated after the one just
// made are older than all others: a clock was wrong when they were made.
func thinOut(o BackupOptions, made time.Time) (removed []Backup, err error) {
	if o.Keep <= 0 {
		return nil, nil
	}
	all, err := Backups(o.Dir, o.Agent)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(b Backup) bool { return b.At.After(made) }); i >= 0 {
		all = slices.Concat(all[i:], all[:i])
	}
	for ; len(all) > o.Keep; all = all[1:] {
		base := strings.TrimSuffix(all[0].Path, backupSuffix)
		if err := removeAll(all[0].Path, base+manifestSuffix, base+configSuffix); err != nil {
			return removed, fmt.Errorf("removing an old backup: %w", err)
		}
		removed = append(removed, all[0])
	}
	return removed, nil
}
