package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
)

const defaultConfig = "linemark.toml"

func configFlag(fs *flag.FlagSet, path *string) {
	fs.StringVar(path, "config", defaultConfig, "the configuration `FILE`")
}

func runAgent(ctx context.Context, c *console, args []string) error {
	var path string
	if err := noArguments(c, "run", args, func(fs *flag.FlagSet) { configFlag(fs, &path) }); err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if problems, ok := errors.AsType[config.Problems](err); ok && len(problems.Blocking()) == 0 {
		for _, p := range problems {
			fmt.Fprintln(c.err, p) // its station waits, the others run
		}
		err = nil
	}
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(c.err, nil))
	a, err := agent.New(ctx, cfg, agent.Options{Log: log, Program: programVersion()})
	switch {
	case errors.Is(err, ledger.ErrInUse):
		return err
	case err != nil:
		return failed(err, ledgerHint(err, path))
	}
	log.Info("linemark is up", "agent", cfg.Agent.Name, "ledger", a.Ledger().Path())
	runErr := a.Run(ctx)
	if err := a.Close(); err != nil {
		return fmt.Errorf("closing the ledger: %w", err)
	}
	if runErr == nil {
		log.Info("linemark has stopped")
	}
	if runErr != nil {
		return failed(runErr, "see http.listen in "+path)
	}
	return nil
}

// ledgerHint says what a person can do about a ledger that cannot be opened.
func ledgerHint(err error, config string) string {
	if foreign, ok := errors.AsType[*ledger.ForeignError](err); ok {
		return fmt.Sprintf("agent.data_dir in %s must be this PC's own folder; if the agent is to bear another name from now on: linemark restore --rename %q --reason TEXT", config, foreign.Ledger)
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
	if ledger.Damaged(err) {
		return "the disk is failing: keep this folder and put the ledger on another disk, from a copy of the same moment or empty with linemark recover"
	}
	return "see agent.data_dir in " + config + ": the folder must be writable for the account that linemark runs under, and its disk must have room"
}
