package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
)

// BackupStatus tells how the backups stand that are made by themselves.
type BackupStatus struct {
	To      string     `json:"to"`
	Last    *time.Time `json:"last"` // the newest one there; null: none was seen yet
	AgeH    *float64   `json:"age_hours"`
	File    string     `json:"file,omitempty"`
	Doing   string     `json:"doing,omitempty"` // empty: it waits for its time
	Trouble string     `json:"trouble,omitempty"`
}

// backups copies the ledger to a folder again and again. A folder that is not there, such as one on a
// stick that somebody has taken along, is an alarm; it is looked for until it is there again.
type backups struct {
	cfg   *config.Config
	log   *slog.Logger
	now   func() time.Time
	alarm func(place, text string)

	mu     sync.Mutex
	last   ledger.Backup
	doing  string
	told   string // the trouble that people know of
	toldAt time.Time
}

func newBackups(cfg *config.Config, o Options, alarm func(place, text string)) *backups {
	b := &backups{cfg: cfg, log: o.Log, now: o.Now, alarm: alarm}
	if b.now == nil {
		b.now = time.Now
	}
	return b
}

// backupLook is how often it is seen whether a backup is due; backupRest is how long one that has failed
// is not tried again, since it costs the disk as much as a good one; tellAgain is how often people are
// told of the same trouble.
const (
	backupLook = time.Minute
	backupRest = 15 * time.Minute
	tellAgain  = 24 * time.Hour
)

// run works until ctx ends.
func (b *backups) run(ctx context.Context) error {
	if b.cfg.Backup.To == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	for {
		err := b.step(ctx)
		b.trouble(err)
		pause := backupLook
		if err != nil && !errors.Is(err, errNoFolder) {
			pause = backupRest
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

var errNoFolder = errors.New("the folder is not there")

// step makes a backup if one is due by those that are there: also one that somebody has made by hand
// counts.
func (b *backups) step(ctx context.Context) error {
	to := b.cfg.PathOf(b.cfg.Backup.To)
	if s, err := os.Stat(to); err != nil || !s.IsDir() {
		return fmt.Errorf("no backup can be made: %w: %s", errNoFolder, to)
	}
	all, err := ledger.Backups(to, b.cfg.Agent.Name)
	if err != nil {
		return err
	}
	// One of tomorrow was made when this clock, or another one, was wrong.
	all = slices.DeleteFunc(all, func(k ledger.Backup) bool { return b.now().Sub(k.At) <= -backupLook })
	if len(all) > 0 {
		newest := all[len(all)-1]
		b.mu.Lock()
		b.last = newest
		b.mu.Unlock()
		if b.now().Sub(newest.At) < b.cfg.Backup.Every {
			if err := ledger.KeepArchives(ctx, b.cfg.Agent.DataDir, to, b.cfg.Agent.Name); err != nil {
				return fmt.Errorf("the backup has failed: %w", err)
			}
			return nil
		}
	}
	defer b.does("")
	k, err := Backup(ctx, b.cfg, to, b.now, b.does)
	if err != nil {
		return fmt.Errorf("the backup has failed: %w", err)
	}
	b.mu.Lock()
	b.last = k.Backup
	b.mu.Unlock()
	b.log.Info("the ledger is backed up", "file", k.Path, "bytes", k.Size, "journal", k.LastEntry, "head", k.Head.String())
	return nil
}

func (b *backups) does(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.doing = what
}

func (b *backups) trouble(err error) {
	text := ""
	if err != nil && !errors.Is(err, context.Canceled) {
		text = err.Error()
	}
	b.mu.Lock()
	tell := text != "" && (text != b.told || time.Since(b.toldAt) > tellAgain)
	b.told = text
	if tell {
		b.toldAt = time.Now()
	}
	b.mu.Unlock()
	if tell {
		b.alarm("backup", text)
	}
}

// Status tells how the backups stand; nil: none is made by itself.
func (b *backups) Status() *BackupStatus {
	if b.cfg.Backup.To == "" {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &BackupStatus{To: b.cfg.PathOf(b.cfg.Backup.To), Doing: b.doing, Trouble: b.told}
	if !b.last.At.IsZero() {
		at, age := b.last.At, b.now().Sub(b.last.At).Hours()
		s.Last, s.AgeH, s.File = &at, &age, b.last.Path
	}
	return s
}

// Backup makes one backup of the agent's ledger and configuration in a folder, beside the running agent
// or without it, and lets the configured number of them stay.
func Backup(ctx context.Context, cfg *config.Config, to string, now func() time.Time, progress func(string)) (ledger.Kept, error) {
	o := ledger.BackupOptions{Dir: to, Agent: cfg.Agent.Name, Keep: cfg.Backup.Keep, Now: now, Progress: progress}
	var err error
	if o.Config, err = portable(cfg); err != nil {
		o.Config, o.NoConfig = nil, err.Error()
	}
	return ledger.MakeBackup(ctx, cfg.Agent.DataDir, o)
}

// portable is the configuration's file as it is now, unless a secret stands in it in clear.
func portable(cfg *config.Config) ([]byte, error) {
	text, err := os.ReadFile(cfg.File)
	if err != nil {
		return nil, err
	}
	keys, err := config.ClearSecrets(cfg.File, text)
	if err != nil {
		return nil, fmt.Errorf("whether a secret stands in it in clear cannot be told: %w", err)
	}
	if len(keys) > 0 {
		return nil, fmt.Errorf(`%s stands in it in clear: write "secret:NAME", "file:/path" or "${NAME}" in its place`, strings.Join(keys, ", "))
	}
	return text, nil
}
