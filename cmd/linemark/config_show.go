package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"linemark/internal/config"
)

// configShow prints what is in force. A secret that cannot be had and a label that is wrong do not keep it
// from being shown: they are told beside it.
func configShow(_ context.Context, c *console, args []string) error {
	var asJSON bool
	var named []string
	rest, err := flags(c, "config", args, func(fs *flag.FlagSet) {
		fileFlag(fs, &named)
		fs.BoolVar(&asJSON, "json", false, "show it in JSON")
	})
	if err != nil {
		return err
	}
	path, err := oneFile(append(rest, named...))
	if err != nil {
		return err
	}
	cfg, err := config.Load(path)
	if problems, ok := errors.AsType[config.Problems](err); ok && usable(err) == nil {
		for _, p := range problems {
			fmt.Fprintln(c.err, p)
		}
		err = nil
	}
	if err != nil {
		return err
	}
	text := cfg.TOML()
	if asJSON {
		if text, err = cfg.JSON(); err != nil {
			return err
		}
	}
	_, err = c.out.Write(text)
	return err
}

//go:generate go run . config schema --output ../../configs/linemark.schema.json

// configSchema prints the JSON schema of a configuration, for editors.
func configSchema(_ context.Context, c *console, args []string) error {
	var output string
	if err := noArguments(c, "config", args, func(fs *flag.FlagSet) {
		fs.StringVar(&output, "output", "", "write it into this `FILE`, in the place of an older one")
	}); err != nil {
		return err
	}
	schema, err := config.Schema()
	if err != nil {
		return err
	}
	if output == "" {
		_, err := c.out.Write(schema)
		return err
	}
	return os.WriteFile(output, schema, 0o644)
}
