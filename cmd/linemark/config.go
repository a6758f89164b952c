package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"linemark/drivers/link"
	"linemark/internal/config"
)

func runConfig(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "config", []word{{"check", configCheck}, {"init", configInit}}, args, "linemark config check FILE")
}

// configCheck loads the file as run does and then tries whether every device answers.
func configCheck(ctx context.Context, c *console, args []string) error {
	var offline bool
	rest, err := flags(c, "config", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&offline, "offline", false, "do not try whether the devices can be reached")
	})
	if err != nil {
		return err
	}
	path, err := oneFile(rest)
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

func oneFile(args []string) (string, error) {
	switch len(args) {
	case 0:
		return defaultConfig, nil
	case 1:
		return args[0], nil
	}
	return "", wrong(fmt.Errorf("one file is looked at, not %d", len(args)), "linemark config check FILE")
}

// configInit writes the starter file and its labels. It overwrites nothing.
func configInit(_ context.Context, c *console, args []string) error {
	rest, err := flags(c, "config", args, func(*flag.FlagSet) {})
	if err != nil {
		return err
	}
	path, err := oneFile(rest)
	if err != nil {
		return err
	}
	files := map[string][]byte{path: config.Example()}
	err = fs.WalkDir(config.Labels(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(config.Labels(), name)
		files[filepath.Join(filepath.Dir(path), "labels", name)] = text
		return err
	})
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return failed(fmt.Errorf("%s is there already", name), "give another name, or move the old file away")
		}
	}
	if err := os.MkdirAll(filepath.Join(filepath.Dir(path), "labels"), 0o755); err != nil {
		return err
	}
	for _, name := range names {
		if err := os.WriteFile(name, files[name], 0o644); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "wrote", name)
	}
	fmt.Fprintf(c.out, "next: put the token into LINEMARK_IZKM_TOKEN, edit %s, then run linemark config check %s\n", path, path)
	return nil
}
