package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"linemark/internal/config"
	"linemark/internal/rights"
	"linemark/internal/secrets"
)

func runSecret(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "secret", []word{{"set", secretSet}, {"list", secretList}, {"remove", secretRemove}}, args,
		"linemark secret set --config linemark.toml izkm-token")
}

// secretStore takes the flags of a command on secrets and returns the store beside the configuration.
func secretStore(c *console, args []string) (store secrets.Store, path string, rest []string, err error) {
	rest, err = flags(c, "secret", args, func(fs *flag.FlagSet) { configFlag(fs, &path) })
	if err != nil {
		return store, path, rest, err
	}
	if _, err := os.Stat(path); err != nil { // secrets beside a file that is not there would be found by nobody
		return store, path, rest, wrong(fmt.Errorf("there is no configuration %s", path), "--config names it; linemark config init writes a first one")
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	return secrets.Beside(dir), path, rest, err
}

// oneName is the name of the secret that a command is about.
func oneName(rest []string) (string, error) {
	if len(rest) != 1 {
		return "", wrong(fmt.Errorf("one name is needed, not %d", len(rest)), "linemark secret set --config linemark.toml izkm-token")
	}
	if problem := secrets.CheckName(rest[0]); problem != "" {
		return "", wrong(errors.New(problem), "write 1 to 64 letters, digits, dots, dashes and _, such as izkm-token")
	}
	if rest[0] == rights.FileName {
		return "", wrong(fmt.Errorf("%s are the page's users", rest[0]), "linemark user --help shows how they are changed")
	}
	return rest[0], nil
}

func secretSet(_ context.Context, c *console, args []string) error {
	store, _, rest, err := secretStore(c, args)
	if err != nil {
		return err
	}
	name, err := oneName(rest)
	if err != nil {
		return err
	}
	value, err := readSecret(c, name)
	if err != nil {
		return err
	}
	if err := store.Set(name, value); err != nil {
		return failed(err, "the folder of the configuration must be writable for you")
	}
	fmt.Fprintf(c.out, "%s is stored; in the configuration it is \"secret:%s\"\n", name, name)
	return nil
}

// readSecret takes the secret from standard input: typed unseen at a terminal, else as it is but for the
// line ends behind it.
func readSecret(c *console, name string) ([]byte, error) {
	var text []byte
	var err error
	if in, ok := c.in.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprintf(c.err, "%s (it is not shown): ", name)
		text, err = term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(c.err)
	} else {
		text, err = io.ReadAll(io.LimitReader(c.in, 1<<20))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the secret: %w", err)
	}
	text = bytes.TrimRight(bytes.TrimPrefix(text, []byte("\ufeff")), "\r\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, wrong(errors.New("no secret was given"), "type it, or give it on standard input: linemark secret set "+name+" < token.txt")
	}
	return text, nil
}

func secretList(_ context.Context, c *console, args []string) error {
	store, path, rest, err := secretStore(c, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrong(fmt.Errorf("secret list takes no argument %q", rest[0]), "linemark secret --help shows its flags")
	}
	names, err := store.Names()
	if err != nil {
		return err
	}
	cfg, _ := config.Load(path) // what can be read of it is enough
	for _, name := range names {
		if name == rights.FileName {
			continue
		}
		used := cfg.UsesSecret(name)
		if len(used) == 0 {
			fmt.Fprintf(c.out, "%s  no setting uses it\n", name)
			continue
		}
		fmt.Fprintf(c.out, "%s  used by %s\n", name, strings.Join(used, ", "))
	}
	return nil
}

func secretRemove(_ context.Context, c *console, args []string) error {
	store, path, rest, err := secretStore(c, args)
	if err != nil {
		return err
	}
	name, err := oneName(rest)
	if err != nil {
		return err
	}
	err = store.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return failed(fmt.Errorf("there is no secret %s", name), "linemark secret list --config "+path)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, name, "is removed")
	cfg, _ := config.Load(path) // what can be read of it is enough
	if used := cfg.UsesSecret(name); len(used) > 0 {
		fmt.Fprintf(c.out, "%s still names it: the agent does not start before it is set again or another is named there\n", strings.Join(used, ", "))
	}
	return nil
}
