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
	a, err := agent.New(ctx, cfg, agent.Options{Log: log})
	switch {
	case errors.Is(err, ledger.ErrInUse):
		return err
	case err != nil:
		return failed(err, "see agent.data_dir in "+path+": the folder must be writable for the account that linemark runs under")
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
