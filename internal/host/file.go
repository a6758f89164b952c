package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"linemark/internal/config"
	"linemark/internal/ledger"
)

// file is the configuration as it was found at one moment.
type file struct {
	cfg      *config.Config // never nil
	err      error          // what keeps an agent from starting on it
	warnings config.Problems
	stamp    stamp
	at       time.Time
}

// stamp tells two versions of a file apart.
type stamp struct {
	size int64
	at   time.Time
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime()}
}

func load(path string) file {
	f := file{stamp: stampOf(path), at: time.Now()} // before it is read: a later change is noticed
	f.cfg, f.err = config.Load(path)
	if problems, ok := errors.AsType[config.Problems](f.err); ok {
		f.warnings, f.err = problems, nil
		if blocking := problems.Blocking(); len(blocking) > 0 {
			f.warnings, f.err = nil, problems
		}
	}
	return f
}

// whole is what is wrong with a file that is to take the place of a working one: anything at all.
func (f file) whole() error {
	if len(f.warnings) > 0 {
		return f.warnings
	}
	return f.err
}

// reasons says in lines for people what is wrong and what to do.
func reasons(err error, path string) []string {
	var lines []string
	if problems, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range problems {
			lines = append(lines, p.String())
		}
		return lines
	}
	return []string{fmt.Sprintf("%v (hint: %s)", err, Hint(err, path))}
}

// Hint says what a person can do about a ledger that cannot be opened, or a page's port.
func Hint(err error, path string) string {
	if errors.Is(err, errPort) {
		return "see http.listen in " + path
	}
	if foreign, ok := errors.AsType[*ledger.ForeignError](err); ok {
		return fmt.Sprintf("agent.data_dir in %s must be this PC's own folder; if the agent is to bear another name from now on: linemark restore --rename %q --reason TEXT", path, foreign.Ledger)
	}
	if _, ok := errors.AsType[*ledger.LostError](err); ok {
		return "put back ledger.db and ledger.db-wal as they were; if they are gone, keep this folder, put the last backup in its place (linemark restore --from), or start with an empty one and bring back what the national system still has: linemark recover"
	}
	if newer, ok := errors.AsType[*ledger.NewerError](err); ok {
		by := "that linemark or a newer one"
		if newer.Program != "" {
			by = "linemark " + newer.Program + " or a newer one"
		}
		return "install " + by + "; nothing was changed in the ledger. To go back, restore what was copied before the upgrade: ledger-schema*.db in agent.data_dir"
	}
	if _, ok := errors.AsType[*ledger.RoomError](err); ok {
		return "make room on that disk; nothing was changed in the ledger"
	}
	if _, ok := errors.AsType[*ledger.CopyError](err); ok {
		return "if its old PC is dead: linemark restore --takeover; if it was only moved on this PC: linemark restore --moved"
	}
	if ledger.Damaged(err) {
		return "the disk is failing: keep this folder, and put the last backup on another disk (linemark restore --from), or an empty ledger with linemark recover"
	}
	if errors.Is(err, fs.ErrPermission) || !errors.Is(err, ledger.ErrInUse) {
		return "see agent.data_dir in " + path + ": the folder must be writable for the account that linemark runs under, and its disk must have room"
	}
	return "stop the other linemark, or give this one another data_dir"
}
