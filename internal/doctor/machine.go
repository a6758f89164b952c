package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/host"
	"linemark/internal/ledger"
)

// Times of a flush of the disk. The ledger makes one for each commit, so a slow disk makes a slow line.
const (
	flushes   = 40
	slowFlush = 20 * time.Millisecond  // the median: a fast line waits for it
	deadFlush = 250 * time.Millisecond // the median: no line can be fed
)

// disk looks at the data folder: rights, room, and the time of a flush.
func (e *examination) disk(cfg *config.Config) {
	dir := cfg.Agent.DataDir
	const rights = "create it for the account that linemark runs under, with the right to write"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.find(Warn, "data folder", dir+" is not there yet", "linemark makes it at its first start if it may")
		return
	case err != nil:
		e.find(Bad, "data folder", err.Error(), rights)
		return
	case !info.IsDir():
		e.find(Bad, "data folder", dir+" is no folder", "see agent.data_dir in "+e.Config)
		return
	}
	if free, total, err := agent.Room(dir); err == nil {
		says := fmt.Sprintf("%.1f GiB of %.1f GiB are free", float64(free)/(1<<30), float64(total)/(1<<30))
		switch {
		case free < min(total/50, 200<<20):
			e.find(Bad, "disk", says+": nothing is printed", "make room")
		case free < min(total/10, 1<<30):
			e.find(Warn, "disk", says, "make room")
		default:
			e.good("disk", "%s", says)
		}
	}
	median, longest, err := flush(dir)
	says := fmt.Sprintf("a flush takes %s, at most %s of %d", median.Round(10*time.Microsecond), longest.Round(10*time.Microsecond), flushes)
	switch {
	case err != nil:
		e.find(Bad, "data folder", "cannot be written to: "+err.Error(), rights)
	case median > deadFlush:
		e.find(Bad, "disk", says, "it is too slow or failing: put agent.data_dir on another disk")
	case median > slowFlush:
		e.find(Warn, "disk", says, "a fast line will wait for it: put agent.data_dir on an SSD")
	default:
		e.good("disk", "%s", says)
	}
}

// flush writes a page and flushes it, some dozens of times, in a file of its own.
func flush(dir string) (median, longest time.Duration, err error) {
	f, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4096)
	times := make([]time.Duration, flushes)
	for i := range times {
		if _, err := f.WriteAt(page, int64(i%8)*int64(len(page))); err != nil {
			return 0, 0, err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return 0, 0, err
		}
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[flushes/2], times[flushes-1], nil
}

// clock looks at what can be seen of a clock alone: a dead battery, and the zone.
func (e *examination) clock() {
	now := e.Now()
	zone, offset := now.Zone()
	says := fmt.Sprintf("%s, zone %s (UTC%+03d:%02d)", now.Format("2006-01-02 15:04:05"), zone, offset/3600, abs(offset)%3600/60)
	if now.Year() < 2024 {
		e.find(Bad, "clock", says+": this cannot be", "set the date, and have the PC's battery changed; reports that bear a date wait until then, the lines do not")
		return
	}
	e.good("clock", "%s", says)
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

func (e *examination) skew(by time.Duration) {
	if by.Abs() > time.Minute {
		e.find(Warn, "clock", fmt.Sprintf("the national system's clock is %s from this PC's", by), "set the PC's clock, and let it be set by the network")
		return
	}
	e.good("clock", "within %s of the national system's", max(by.Abs(), time.Second))
}

// ledger asks the running agent, or reads the whole file.
func (e *examination) ledger(ctx context.Context, cfg *config.Config, s agent.Status, running bool) {
	if running && len(s.Degraded) == 0 {
		if s.Ledger != "ok" {
			e.find(Bad, "ledger", s.Ledger, "nothing is printed while this lasts: a copy needs a person's word, see linemark restore --help; else see the disk")
			return
		}
		e.good("ledger", "takes writes")
		e.backups(ctx, cfg, s.Backup)
		return
	}
	path := filepath.Join(cfg.Agent.DataDir, ledger.FileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		e.good("ledger", "there is none yet: the first start makes it")
		return
	}
	l, err := ledger.OpenReader(ctx, cfg.Agent.DataDir)
	if err != nil {
		e.find(Bad, "ledger", err.Error(), "the file must be readable for this account")
		return
	}
	defer l.Close()
	if err := l.CheckFile(ctx); err != nil {
		e.find(Bad, "ledger", err.Error(), "keep the folder as it is; put a copy of the same moment or a backup on a sound disk")
		return
	}
	if err := l.Stands(ctx, cfg.Agent.Name); err != nil {
		e.find(Bad, "ledger", err.Error(), host.Hint(err, e.Config))
		return
	}
	if balances, err := l.Recount(ctx); err != nil {
		e.find(Bad, "ledger", err.Error(), "keep a copy of the data folder and have it looked at")
	} else {
		n := 0
		for _, b := range balances {
			n += b.Received
		}
		e.good("ledger", "%s is whole and at home: %d codes, the balance is equal", path, n)
	}
	e.backups(ctx, cfg, nil)
}

// backups tells of the copies that are made by themselves: by the running agent's word where it gives one.
func (e *examination) backups(ctx context.Context, cfg *config.Config, s *agent.BackupStatus) {
	const subject = "backups"
	if cfg.Backup.To == "" {
		e.find(Warn, subject, "none is made by itself", "set backup.to to a folder on another disk, such as a stick: what the ledger knows is nowhere else")
		return
	}
	to := cfg.PathOf(cfg.Backup.To)
	if s != nil && s.Trouble != "" {
		e.find(Warn, subject, s.Trouble, "see that the folder is there and can be written: "+to)
		return
	}
	all, err := ledger.Backups(to, cfg.Agent.Name)
	switch {
	case err != nil:
		e.find(Warn, subject, err.Error(), "see that the folder is there and can be read: "+to)
	case len(all) == 0:
		e.find(Warn, subject, "there is none yet in "+to, "the agent makes the first soon after its start; at once: linemark backup")
	default:
		newest := all[len(all)-1]
		said := fmt.Sprintf("the newest is of %s, in %s", newest.At.Local().Format("2006-01-02 15:04"), to)
		if e.Now().Sub(newest.At) > 2*cfg.Backup.Every {
			e.find(Warn, subject, said, "one was to be made every "+cfg.Backup.Every.String()+": see linemark status")
			return
		}
		e.good(subject, "%s", said)
	}
}

// page looks whether the page's port is free for an agent that does not run.
func (e *examination) page(cfg *config.Config, running bool) {
	if running {
		return // it answers there
	}
	l, err := net.Listen("tcp", cfg.HTTP.Listen)
	if err != nil {
		e.find(Bad, "page", cfg.HTTP.Listen+": "+err.Error(), "another program has the port, or the address is not this machine's: see http.listen")
		return
	}
	_ = l.Close()
	e.good("page", "%s is free", cfg.HTTP.Listen)
}

func (e *examination) nationalSystem(ctx context.Context, cfg *config.Config) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	skew, err := agent.Ping(ctx, cfg, agent.Options{})
	if err != nil {
		hint := "see the network, [izkm] url, oms_id and client_token"
		if cfg.OnSmartOne() {
			hint = "see the network, [smartone] url, login, password and signing_key"
		}
		e.find(Warn, "national system", err.Error(), hint)
	} else {
		_, url := cfg.National()
		e.good("national system", "%s answers and takes this PC's access", url)
	}
	if skew != nil {
		e.skew(*skew)
	}
}

// devices tries every address.
func (e *examination) devices(ctx context.Context, cfg *config.Config) {
	away := map[string]config.Problem{}
	for _, p := range config.Reachable(ctx, cfg, e.Reach) {
		away[p.What] = p
	}
	for kind, devices := range map[string][]config.Device{"printer": cfg.Printers, "scanner": cfg.Scanners, "plc": cfg.PLCs} {
		for _, d := range devices {
			subject := kind + " " + d.Name
			found := false
			for what, p := range away {
				if p.Key == kind+".address" && len(what) >= len(d.Address) && what[:len(d.Address)] == d.Address {
					e.find(Bad, subject, what, p.Hint)
					found = true
				}
			}
			if !found {
				e.good(subject, "%s answers", d.Address)
			}
		}
	}
}
