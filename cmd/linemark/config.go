package main

import (
	"context"
	"flag"
	"fmt"

	"linemark/drivers/link"
	"linemark/internal/config"
)

func runConfig(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "config", []word{{"check", configCheck}, {"init", configInit}, {"show", configShow}, {"schema", configSchema}}, args, "linemark config check FILE")
}

// configCheck loads the file as run does and then tries whether every device answers.
func configCheck(ctx context.Context, c *console, args []string) error {
	var offline bool
	var named []string
	rest, err := flags(c, "config", args, func(fs *flag.FlagSet) {
		fileFlag(fs, &named)
		fs.BoolVar(&offline, "offline", false, "do not try whether the devices can be reached")
	})
	if err != nil {
		return err
	}
	path, err := oneFile(append(rest, named...))
	if err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	if !offline {
		problems := config.Reachable(ctx, cfg, func(ctx context.Context, address string) error {
			conn, err := link.Dial(ctx, address)
			if err != nil {
				return err
			}
			return conn.Close()
		})
		if len(problems) > 0 {
			return problems
		}
	}
	fmt.Fprintf(c.out, "%s is good. Lines: %d, products: %d, devices: %d\n", path, len(cfg.Lines), len(cfg.Products), len(cfg.Printers)+len(cfg.Scanners)+len(cfg.PLCs))
	return nil
}

// fileFlag lets the file be named as with every other command too.
func fileFlag(fs *flag.FlagSet, named *[]string) {
	fs.Func("config", "the configuration `FILE`", func(path string) error {
		*named = append(*named, path)
		return nil
	})
}

func oneFile(args []string) (string, error) {
	switch len(args) {
	case 0:
		return defaultConfig, nil
	case 1:
		return args[0], nil
	}
	return "", wrong(fmt.Errorf("one file is looked at, not %d", len(args)), "linemark config check FILE")
}
