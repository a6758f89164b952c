// Command release makes what a release of linemark consists of: archives, deb, rpm, MSI, a list of what is in
// the program (SBOM), and checksums. The same commit gives the same bytes, whoever makes it wherever, with the
// same Go, nfpm and wixl. It is run in the top folder of the sources: make release.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var r release
	var name string
	flag.StringVar(&r.out, "out", "dist", "the `folder` to make; what is in it is removed")
	flag.StringVar(&name, "version", os.Getenv("VERSION"), "the version, as git describe gives it; empty: ask git")
	flag.StringVar(&r.nfpm, "nfpm", filepath.Join("bin", "nfpm"), "the program `FILE`")
	flag.Parse()
	if err := r.run(ctx, name); err != nil {
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

// release is one release while it is made.
type release struct {
	out     string
	nfpm    string
	version version
	date    time.Time // of the commit; every file in a package bears it
	quick   bool      // the program is built as go build does it, which tests have built already
}

// target is a machine that linemark runs on, in Go's words.
type target struct{ os, arch string }

func targets() []target {
	return []target{{"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}}
}

func (r *release) run(ctx context.Context, name string) error {
	var err error
	if name == "" {
		if name, err = described(ctx); err != nil {
			return err
		}
	}
	if r.version, err = parseVersion(name); err != nil {
		return err
	}
	if r.date, err = commitDate(ctx); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(r.stages()) }()
	var programs []string
	for _, t := range targets() {
		dir, err := r.stage(ctx, t)
		if err != nil {
			return err
		}
		programs = append(programs, filepath.Join(dir, t.program()))
		if err := r.pack(ctx, t, dir); err != nil {
			return err
		}
	}
	if err := r.sbom(programs); err != nil {
		return fmt.Errorf("listing what is in the program: %w", err)
	}
	return r.sums()
}

// pack makes the packages of one target.
func (r *release) pack(ctx context.Context, t target, dir string) error {
	base := filepath.Join(r.out, "linemark_"+r.version.name+"_"+t.os+"_"+t.arch)
	if t.os == "windows" {
		if err := r.zip(base+".zip", dir); err != nil {
			return fmt.Errorf("making the archive: %w", err)
		}
		return r.msi(ctx, base+".msi", dir)
	}
	if err := r.tarGz(base+".tar.gz", dir); err != nil {
		return fmt.Errorf("making the archive: %w", err)
	}
	for _, format := range []string{"deb", "rpm"} {
		if err := r.linuxPackage(ctx, format, t, dir); err != nil {
			return err
		}
	}
	return nil
}

// command runs a program in a folder with more in its environment, and returns what it says.
func command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	var said, complaint strings.Builder
	c.Stdout, c.Stderr = &said, &complaint
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(complaint.String()+said.String()))
	}
	return said.String(), nil
}
