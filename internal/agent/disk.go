package agent

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// lookAtDisk is how often the room on the ledger's disk is measured.
const lookAtDisk = 10 * time.Second

// Levels of DiskStatus.
const (
	DiskEnough = "enough"
	DiskLow    = "low"  // an alarm
	DiskFull   = "full" // nothing is fed to printers until there is room again
)

// DiskStatus is the room on the ledger's disk, in bytes.
type DiskStatus struct {
	Free  int64  `json:"free"`
	Total int64  `json:"total"`
	Warn  int64  `json:"warn"` // below it there is an alarm
	Stop  int64  `json:"stop"` // below it nothing is fed
	Level string `json:"level"`
	// HoursLeft is how long it lasts until nothing is fed, at the speed of the last hour, by whoever fills it; null: not known, or
	// it does not fill.
	HoursLeft *float64 `json:"hours_left"`
}

// disk watches the room on the ledger's disk. It stops the feeding of printers while there is still room
// for what their labels will need: their confirmations, scans, reports.
type disk struct {
	dir        string
	warn, stop int64 // as configured; 0: by the size of the disk
	room       func(dir string) (free, total int64, err error)
	alarm      func(text string)

	mu   sync.Mutex
	is   DiskStatus
	past []roomAt // of the last hour
}

type roomAt struct {
	at   time.Time
	free int64
}

// The speed at which a disk fills is known after shortest, and is that of the last longest.
const (
	shortestFill = 10 * time.Minute
	longestFill  = time.Hour
)

// hoursLeft takes down how much is free now, and says how many hours it lasts.
func (d *disk) hoursLeft(now time.Time, free, stop int64) *float64 {
	d.past = append(d.past, roomAt{now, free})
	for now.Sub(d.past[0].at) > longestFill {
		d.past = d.past[1:]
	}
	first := d.past[0]
	if now.Sub(first.at) < shortestFill || first.free <= free {
		return nil
	}
	h := float64(max(0, free-stop)) / (float64(first.free-free) / now.Sub(first.at).Hours())
	return &h
}

// Levels of a disk whose configuration names none: a share of its size, but not more than.
const (
	warnShare, warnMost = 10, 1 << 30   // a tenth, 1 GiB
	stopShare, stopMost = 50, 200 << 20 // a fiftieth, 200 MiB
)

func (d *disk) run(ctx context.Context) {
	ticker := time.NewTicker(lookAtDisk)
	defer ticker.Stop()
	for {
		d.look()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look measures. A disk that cannot be measured stays as it was: what does not fit fails by itself.
func (d *disk) look() {
	free, total, err := d.room(d.dir)
	if err != nil {
		return
	}
	is := DiskStatus{Free: free, Total: total, Warn: d.warn, Stop: d.stop, Level: DiskEnough}
	if is.Warn == 0 {
		is.Warn = min(total/warnShare, warnMost)
	}
	if is.Stop == 0 {
		is.Stop = min(total/stopShare, stopMost)
	}
	d.mu.Lock()
	was := d.is.Level
	margin := int64(0) // a level is left with some room more than it is entered with
	if was == DiskFull {
		margin = is.Stop / 4
	}
	switch {
	case free < is.Stop+margin:
		is.Level = DiskFull
	case free < is.Warn:
		is.Level = DiskLow
	}
	is.HoursLeft = d.hoursLeft(time.Now(), free, is.Stop)
	d.is = is
	d.mu.Unlock()
	switch {
	case is.Level == was:
	case is.Level == DiskFull:
		d.alarm(fullText(is, d.dir))
	case is.Level == DiskLow:
		d.alarm(fmt.Sprintf("the disk of %s has only %s left: below %s nothing is printed any more", d.dir, mebibytes(is.Free), mebibytes(is.Stop)))
	case was != "":
		d.alarm(fmt.Sprintf("the disk of %s has room again: %s", d.dir, mebibytes(is.Free)))
	}
}

func (d *disk) status() DiskStatus {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.is
}

// hold returns why nothing is fed, or nil.
func (d *disk) hold() error {
	if is := d.status(); is.Level == DiskFull {
		return fmt.Errorf("%s", fullText(is, d.dir))
	}
	return nil
}

func fullText(is DiskStatus, dir string) string {
	return fmt.Sprintf("the disk of %s is almost full (%s left, disk.stop is %s): nothing is printed until there is room", dir, mebibytes(is.Free), mebibytes(is.Stop))
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
