package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/ledger"
	"linemark/internal/service"
)

const defaultConfig = "linemark.toml"

func configFlag(fs *flag.FlagSet, path *string) {
	fs.StringVar(path, "config", defaultConfig, "the configuration `FILE`")
}

func runAgent(ctx context.Context, c *console, args []string) error {
	var path string
	var asService bool
	err := noArguments(c, "run", args, func(fs *flag.FlagSet) {
		configFlag(fs, &path)
		fs.BoolVar(&asService, "service", false, "the machine's service control has started it, and a log file takes what is said")
	})
	if err != nil {
		return err
	}
	logged := false
	err = service.Run(ctx, asService, func(ctx context.Context, life *service.Life) error {
		log, closeLog := service.Log(asService, path, c.err)
		defer closeLog()
		err := agentOf(ctx, c, path, log, life)
		if err != nil && asService {
			logged = true
			log.Error("linemark has ended", "error", err)
		}
		return err
	})
	if logged {
		return errShown
	}
	if hint := service.Hint(err); hint != "" {
		return failed(err, hint)
	}
	return err
}

// agentOf runs the agent of a configuration until ctx ends.
func agentOf(ctx context.Context, c *console, path string, log *slog.Logger, life *service.Life) error {
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
	a, err := agent.New(ctx, cfg, agent.Options{Log: log})
	switch {
	case errors.Is(err, ledger.ErrInUse):
		return err
	case err != nil:
		return failed(err, ledgerHint(err, path))
	}
	log.Info("linemark is up", "agent", cfg.Agent.Name, "ledger", a.Ledger().Path())
	watching, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { watch(watching, a, life, "agent "+cfg.Agent.Name) })
	runErr := a.Run(ctx)
	stop()
	wg.Wait()
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

// watch tells service control that the lines run, and that there is progress while there is.
func watch(ctx context.Context, a *agent.Agent, life *service.Life, name string) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if a.Alive() {
				life.Ready(name) // once; the same again is not told
				life.Alive()
			}
		}
	}
}

// ledgerHint says what a person can do about a ledger that cannot be opened.
func ledgerHint(err error, config string) string {
	if foreign, ok := errors.AsType[*ledger.ForeignError](err); ok {
		return fmt.Sprintf("agent.data_dir in %s must be this PC's own folder; if this PC has taken the place of the other one, which is off for good, set agent.name = %q", config, foreign.Ledger)
	}
	if _, ok := errors.AsType[*ledger.LostError](err); ok {
		return "put back ledger.db and ledger.db-wal as they were; if they are gone, keep this folder, start with an empty one and bring back what the national system still has: linemark recover"
	}
	if ledger.Damaged(err) {
		return "the disk is failing: keep this folder and put the ledger on another disk, from a copy of the same moment or empty with linemark recover"
	}
	return "see agent.data_dir in " + config + ": the folder must be writable for the account that linemark runs under, and its disk must have room"
}
