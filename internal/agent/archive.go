package agent

import (
	"context"
	"fmt"
	"time"

	"linemark/internal/ledger"
)

// archiveEvery is how often it is seen whether batches have grown old; archiveFirst is how long after a
// start the first look comes: the line has other things to do then.
const (
	archiveEvery = 24 * time.Hour
	archiveFirst = 10 * time.Minute
)

// archivePause stands between two commits of an archive: the line's own come in between.
const archivePause = 50 * time.Millisecond

// archive brings batches that ended long ago out of the ledger, once a day, until ctx ends. One that
// cannot be archived stays where it is, and people are told.
func (a *Agent) archive(ctx context.Context) error {
	wait := archiveFirst
	for {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = archiveEvery
		if a.national.wallClock() != nil {
			continue // nothing is old by a clock that is wrong
		}
		done, err := a.ledger.Archive(ctx, ledger.ArchiveOptions{
			Before:           a.national.wall().AddDate(0, 0, -a.cfg.Archive.AfterDays),
			NeedsUtilisation: a.system.NeedsUtilisation,
			Pause:            func(ctx context.Context) error { return sleep(ctx, archivePause) },
		})
		if done.Codes > 0 {
			a.log.Info("old codes have left the ledger", "codes", done.Codes, "archive", done.Name)
		}
		if err != nil && ctx.Err() == nil {
			a.alarms.add("agent", fmt.Sprintf("old batches were not archived, and stay in the ledger: %v", err))
		}
	}
}

func sleep(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}
