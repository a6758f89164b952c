package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"linemark/internal/config"
	"linemark/internal/host"
	"linemark/internal/ledger"
)

// restoring is what restore was told.
type restoring struct {
	config, from, old, reason, rename string
	replace, takeover, moved, json    bool
	atHome                            bool
	serials                           map[string]int64
}

// runRestore puts a backup in place, and says on a person's word whose place it takes.
func runRestore(ctx context.Context, c *console, args []string) error {
	r := restoring{serials: map[string]int64{}}
	err := noArguments(c, "restore", args, func(fs *flag.FlagSet) {
		configFlag(fs, &r.config)
		fs.StringVar(&r.from, "from", "", "the backup, or the ledger.db of another folder: a `file`")
		fs.BoolVar(&r.replace, "replace", false, "set the ledger aside that is there; nothing of it is removed")
		fs.BoolVar(&r.takeover, "takeover", false, "the PC that this ledger was copied from is dead: it prints and sends nothing any more")
		fs.BoolVar(&r.atHome, "at-home", false, "with --takeover: this ledger does not look like a copy, and is one all the same")
		fs.StringVar(&r.old, "old", "", "that PC's `name`, or its agent's")
		fs.BoolVar(&r.moved, "moved", false, "the ledger was moved on this PC, whole, and nothing was printed since")
		fs.StringVar(&r.rename, "rename", "", "the ledger of this `AGENT` becomes that of the configuration's agent.name")
		fs.StringVar(&r.reason, "reason", "", "who says so, and how he knows; it goes into the journal")
		fs.Func("next-serial", "with --takeover: the serial number behind the last transport code that the old PC printed, as `PREFIX=NUMBER`", r.serial)
		fs.BoolVar(&r.json, "json", false, "tell in JSON what was done")
	})
	if err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	cfg, err := loadForCodes(r.config)
	if err != nil {
		return err
	}
	if ledger.Locked(cfg.Agent.DataDir) {
		return failed(fmt.Errorf("another linemark works on %s", cfg.Agent.DataDir), "stop the agent first")
	}
	if _, err := os.Stat(filepath.Join(cfg.Agent.DataDir, ledger.FileName)); r.from == "" && errors.Is(err, fs.ErrNotExist) {
		return failed(fmt.Errorf("there is no ledger in %s", cfg.Agent.DataDir), "put the backup in place first: linemark restore --from FILE; see agent.data_dir in "+r.config)
	}
	switch {
	case r.from != "":
		return r.put(ctx, c, cfg)
	case r.takeover:
		return r.takeOver(ctx, c, cfg)
	case r.moved:
		return r.move(ctx, c, cfg)
	}
	return r.giveName(ctx, c, cfg)
}

func (r *restoring) serial(text string) error {
	prefix, number, ok := strings.Cut(text, "=")
	var n int64
	if _, err := fmt.Sscanf(number, "%d", &n); !ok || err != nil || n < 0 || n > 9_999_999 || fmt.Sprint(n) != strings.TrimLeft(number, "0") || len(prefix) != 10 {
		return errors.New("write the ten digits of sscc_prefix, =, and the seven of the number, such as 0301234567=0001234")
	}
	r.serials[prefix] = n
	return nil
}

func (r *restoring) check() error {
	said := 0
	for _, yes := range []bool{r.from != "", r.takeover, r.moved, r.rename != "" && !r.takeover} {
		if yes {
			said++
		}
	}
	switch {
	case said != 1:
		return wrong(errors.New("one of --from, --takeover, --moved and --rename is needed"), "linemark restore --help tells them apart")
	case r.from == "" && r.replace, r.from != "" && r.reason != "", !r.takeover && (r.old != "" || r.atHome || len(r.serials) > 0):
		return wrong(errors.New("these flags do not go together"), "linemark restore --help shows which do")
	case (r.moved || r.rename != "" && !r.takeover) && r.reason == "":
		return wrong(errors.New("a --reason is needed: who says so, and how he knows"), `--reason "A. Karimov: the disk was changed for a larger one"`)
	}
	return nil
}

// put restores a backup. What it is then is a copy, and says so.
func (r *restoring) put(ctx context.Context, c *console, cfg *config.Config) error {
	done, err := ledger.Restore(ctx, r.from, cfg.Agent.DataDir, ledger.RestoreOptions{Replace: r.replace, Now: time.Now, Progress: stages(c.err)})
	if _, there := errors.AsType[*ledger.ExistsError](err); there {
		return failed(err, "if it is to be replaced, add --replace: it is moved into a folder beside, and nothing of it is removed")
	}
	if errors.Is(err, ledger.ErrInUse) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) || ledger.Damaged(err) {
		return failed(fmt.Errorf("%s: %w", r.from, err), "give the file of a backup that ends in .ledger, or a ledger.db; if it is that one, it is damaged: take an older backup")
	}
	if err != nil {
		return failed(err, copyHint(err, r.config))
	}
	if r.json {
		return printJSON(c.out, map[string]any{"agent": done.Agent, "pc": done.PC, "copied_at": done.CopiedAt, "last_entry": done.LastEntry, "set_aside": done.Aside, "lacking_archives": done.Lacking})
	}
	fmt.Fprintf(c.out, "restored: the ledger of agent %s on PC %s, as it was at %s, to entry %d of its journal\n", done.Agent, done.PC, done.CopiedAt.Format(time.RFC3339), done.LastEntry)
	for _, b := range done.Balances {
		fmt.Fprintf(c.out, "  %s: %d codes received, %d in stock\n", b.Product.Name, b.Received, b.States[ledger.InStock])
	}
	if done.Lacking > 0 {
		fmt.Fprintf(c.out, "%d of its archives are not beside the backup: trace knows the codes in them, and cannot tell their lives. Bring them into %s from an older stick or the old PC\n", done.Lacking, filepath.Join(cfg.Agent.DataDir, ledger.ArchiveDir))
	}
	if done.Aside != "" {
		fmt.Fprintf(c.out, "the ledger that was there is in %s\n", done.Aside)
	}
	fmt.Fprintf(c.out, "It is a copy: nothing in it is used until its old PC is declared dead. When that one prints and sends nothing any more:\n  linemark restore --takeover --config %s --old %q --reason \"WHO: HOW HE KNOWS\"\n", r.config, nameOf(done.PC, done.Agent))
	return nil
}

// nameOf is what --old must be: the PC's name, or its agent's where that is not known.
func nameOf(pc, agent string) string {
	if pc == "" || pc == "unknown" {
		return agent
	}
	return pc
}

// move makes the place at which the ledger was found its home.
func (r *restoring) move(ctx context.Context, c *console, cfg *config.Config) (err error) {
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name, Program: programVersion()})
	if err != nil {
		return failed(err, host.Hint(err, r.config))
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := l.Moved(ctx, r.reason); err != nil {
		if l.Copy() == nil {
			return failed(err, "nothing needs to be said of it: start the agent")
		}
		return failed(err, "if its old PC or disk is out of use for good: linemark restore --takeover")
	}
	fmt.Fprintln(c.out, "the ledger is at home here: start the agent")
	return nil
}

// giveName lets the configured agent go on with the ledger of another name.
func (r *restoring) giveName(ctx context.Context, c *console, cfg *config.Config) (err error) {
	l, err := ledger.Open(ctx, cfg.Agent.DataDir, ledger.Options{Agent: cfg.Agent.Name, Of: r.rename, Program: programVersion()})
	if err != nil {
		return failed(err, host.Hint(err, r.config))
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if copied := l.Copy(); copied != nil {
		return failed(copied, "a copy gets its new name with its takeover: linemark restore --takeover --rename "+r.rename)
	}
	o, err := l.Origin(ctx)
	if err != nil {
		return err
	}
	if o.Agent != r.rename || o.Agent == cfg.Agent.Name {
		return wrong(fmt.Errorf("this ledger is of agent %q, and the configuration's agent is %q", o.Agent, cfg.Agent.Name), "--rename names the agent that the ledger has now; its new name stands at agent.name in "+r.config)
	}
	if err := l.Rename(ctx, r.rename, r.reason); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "the ledger of agent %s is that of agent %s from now on\n", r.rename, cfg.Agent.Name)
	return nil
}

// stages tells on standard error what is being done.
func stages(w io.Writer) func(string) {
	return func(what string) {
		if what != "" {
			fmt.Fprintln(w, what)
		}
	}
}
