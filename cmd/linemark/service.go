package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/config"
	"linemark/internal/service"
)

func runService(ctx context.Context, c *console, args []string) error {
	return choose(ctx, c, "service", []word{
		{"install", serviceInstall},
		{"uninstall", serviceUninstall},
		{"start", serviceStart},
		{"stop", serviceStop},
		{"status", serviceStatus},
		{"may-restart", serviceMayRestart},
	}, args, "linemark service install")
}

// serviceInstall makes the service, and where there is no configuration yet the starter of one.
func serviceInstall(ctx context.Context, c *console, args []string) error {
	o := service.Options{Config: service.ConfigPath()}
	err := noArguments(c, "service", args, func(fs *flag.FlagSet) {
		fs.StringVar(&o.Config, "config", o.Config, "the configuration `FILE`")
		fs.BoolVar(&o.Again, "again", false, "also where it is installed: its settings are made anew, and it starts with the machine only if it did")
	})
	if err != nil {
		return err
	}
	if o.Exe, err = os.Executable(); err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	if err := service.Install(ctx, o); err != nil {
		return failed(err, service.Hint(err))
	}
	fmt.Fprintln(c.out, "the service linemark is installed; it starts with the machine, under the account", service.Account)
	if o.Config != service.ConfigPath() {
		fmt.Fprintf(c.out, "give that account the right to read %s and what it names\n", filepath.Dir(o.Config))
	}
	if _, err := os.Stat(o.Config); !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(c.out, "next: linemark config check %s, then linemark service start\n", o.Config)
		return nil
	}
	if err := writeServiceStarter(c, o.Config); err != nil {
		return failed(fmt.Errorf("writing the starter configuration: %w", err), "linemark config init "+o.Config)
	}
	fmt.Fprintf(c.out, "next: put the token into %s, edit %s, then linemark config check %s, then linemark service start\n",
		filepath.Join(filepath.Dir(o.Config), tokenFile), o.Config, o.Config)
	return nil
}

// tokenFile lies beside a service's configuration, which has no environment of its own.
const tokenFile = "izkm.token"

// writeServiceStarter writes the configuration and its labels as a service needs them. It overwrites nothing.
func writeServiceStarter(c *console, path string) error {
	write := func(path string, text []byte) error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = f.Write(text)
		fmt.Fprintln(c.out, "wrote", path)
		return errors.Join(err, f.Close())
	}
	labels := filepath.Join(filepath.Dir(path), "labels")
	if err := os.MkdirAll(labels, 0o755); err != nil {
		return err
	}
	err := fs.WalkDir(config.Labels(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(config.Labels(), name)
		if err != nil {
			return err
		}
		return write(filepath.Join(labels, name), text)
	})
	if err != nil {
		return err
	}
	return write(path, []byte(serviceStarter(string(config.Example()), service.DataDir())))
}

// serviceStarter is the starter with this machine's folder of the ledger and the token in a file.
func serviceStarter(text, dataDir string) string {
	return strings.NewReplacer(
		`"/var/lib/linemark"`, `"`+strings.ReplaceAll(dataDir, `\`, `\\`)+`"`,
		`"${LINEMARK_IZKM_TOKEN}"`, `"file:`+tokenFile+`"`,
	).Replace(text)
}

// serviceUninstall removes the service.
func serviceUninstall(ctx context.Context, c *console, args []string) error {
	var all bool
	if err := noArguments(c, "service", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&all, "remove-data", false, "remove its folders too, with configuration, ledger and logs: the codes in stock are lost")
	}); err != nil {
		return err
	}
	err := service.Remove(ctx)
	if err != nil && !(all && errors.Is(err, service.ErrNotInstalled)) {
		return failed(err, service.Hint(err))
	}
	if !all {
		return said(c, "is removed; configuration, ledger and logs are as they were")
	}
	if err := service.RemoveFolders(); err != nil {
		return failed(fmt.Errorf("removing the folders: %w", err), service.Hint(err))
	}
	return said(c, "is removed, with configuration, ledger and logs")
}

func serviceStart(ctx context.Context, c *console, args []string) error {
	var enabled bool
	if err := noArguments(c, "service", args, func(fs *flag.FlagSet) {
		fs.BoolVar(&enabled, "if-enabled", false, "only where it starts with the machine")
	}); err != nil {
		return err
	}
	if enabled {
		switch s, err := service.Query(ctx); {
		case err != nil:
			return failed(err, service.Hint(err))
		case s.Installed && !s.AtBoot:
			return said(c, "does not start with the machine and is left as it is")
		}
	}
	if err := service.Start(ctx); err != nil {
		return failed(err, service.Hint(err))
	}
	return said(c, "is up")
}

func serviceStop(ctx context.Context, c *console, args []string) error {
	if err := noArguments(c, "service", args, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	if err := service.Stop(ctx); err != nil {
		return failed(err, service.Hint(err))
	}
	return said(c, "has stopped")
}

func said(c *console, what string) error {
	fmt.Fprintln(c.out, "the service linemark", what)
	return nil
}

// serviceStatus says how the service does. Its exit code is 0 only while the service runs.
func serviceStatus(ctx context.Context, c *console, args []string) error {
	if err := noArguments(c, "service", args, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	s, err := service.Query(ctx)
	if err != nil {
		return failed(err, service.Hint(err))
	}
	if !s.Installed {
		return failed(service.ErrNotInstalled, service.Hint(service.ErrNotInstalled))
	}
	fmt.Fprintf(c.out, "the service linemark is %s", s.State)
	if s.PID != 0 {
		fmt.Fprintf(c.out, ", process %d", s.PID)
	}
	if s.AtBoot {
		fmt.Fprint(c.out, "; it starts with the machine")
	} else {
		fmt.Fprint(c.out, "; it does not start with the machine")
	}
	fmt.Fprintln(c.out)
	if s.Text != "" {
		fmt.Fprintln(c.out, s.Text)
	}
	if !s.Running {
		return errShown
	}
	return nil
}
