package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/config"
)

// program is the name of the program's file.
func (t target) program() string {
	if t.os == "windows" {
		return "linemark.exe"
	}
	return "linemark"
}

// stages is where the contents of packages are laid out.
func (r *release) stages() string { return filepath.Join(r.out, "stage") }

// stage lays out what the packages of a target hold, each file with the release's date.
func (r *release) stage(ctx context.Context, t target) (string, error) {
	dir, err := filepath.Abs(filepath.Join(r.stages(), t.os+"_"+t.arch))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := r.build(ctx, t, filepath.Join(dir, t.program())); err != nil {
		return "", fmt.Errorf("building for %s/%s: %w", t.os, t.arch, err)
	}
	if err := r.layOut(t, dir); err != nil {
		return "", fmt.Errorf("laying the files out: %w", err)
	}
	return dir, nil
}

// layOut puts everything beside the program.
func (r *release) layOut(t target, dir string) error {
	license := "LICENSE"
	if t.os == "windows" {
		license = "LICENSE.txt"
	}
	starter := strings.Replace(string(config.Example()), `"${LINEMARK_IZKM_TOKEN}"`, `"file:izkm.token"`, 1)
	err := errors.Join(
		copyFile("LICENSE", filepath.Join(dir, license)),
		os.WriteFile(filepath.Join(dir, "linemark.toml"), []byte(starter), 0o644),
		os.CopyFS(filepath.Join(dir, "labels"), config.Labels()),
		layPapers(dir),
	)
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if d.IsDir() || d.Name() == t.program() {
			mode = 0o755
		}
		return errors.Join(os.Chmod(path, mode), os.Chtimes(path, r.date, r.date))
	})
}

// build builds the program so that neither the folder, the machine nor the time is in it.
func (r *release) build(ctx context.Context, t target, to string) error {
	args := []string{"build", "-tags", "nethttpomithttp2", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.version=" + r.version.name}
	if r.quick {
		args = []string{"build", "-tags", "nethttpomithttp2", "-buildvcs=false", "-ldflags", "-s -w -X main.version=" + r.version.name}
	}
	env := []string{"GOOS=" + t.os, "GOARCH=" + t.arch, "CGO_ENABLED=0", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT="}
	_, err := command(ctx, ".", env, "go", append(args, "-o", to, "./cmd/linemark")...)
	return err
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
