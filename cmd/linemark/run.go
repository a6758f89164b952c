package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"

	"linemark/internal/agent"
	"linemark/internal/config"
	"linemark/internal/host"
	"linemark/internal/ledger"
	"linemark/internal/service"
	"linemark/internal/web"
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
		err := host.Run(ctx, host.Options{Config: path, Log: log, Life: life, Reload: life.Reload(), Stay: asService, Agent: agent.Options{Program: programVersion()}})
		switch {
		case err == nil:
			log.Info("linemark has stopped")
		case asService:
			logged = true
			log.Error("linemark has ended", "error", err)
		}
		return err
	})
	_, wrongFile := errors.AsType[config.Problems](err)
	switch hint := service.Hint(err); {
	case logged:
		return errShown
	case err == nil || wrongFile || errors.Is(err, ledger.ErrInUse):
		return err
	case hint != "":
		return failed(err, hint)
	}
	return failed(err, host.Hint(err, path))
}

// runReload lets the running agent take the changed configuration over.
func runReload(ctx context.Context, c *console, args []string) error {
	var path string
	if err := noArguments(c, "reload", args, func(fs *flag.FlagSet) { configFlag(fs, &path) }); err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err // the agent goes on with what it has
	}
	err = remote(cfg).call(ctx, http.MethodPost, web.ReloadPath, struct{}{}, &struct{}{})
	if errors.Is(err, errNoAgent) {
		return failed(err, "start the agent with linemark run --config "+path+"; where one runs, [http] listen was changed in the file: restart the agent, or write the old one back")
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, path, "is in force: the lines have started anew")
	return nil
}
