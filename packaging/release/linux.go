package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
)

// linuxPackage has nfpm make a deb or an rpm out of what is laid out, into the release's folder.
func (r *release) linuxPackage(ctx context.Context, format string, t target, dir string) error {
	env := []string{
		"LINEMARK_VERSION=" + r.version.linux, "LINEMARK_ARCH=" + t.arch, "LINEMARK_STAGE=" + dir,
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(r.date.Unix(), 10), "TZ=UTC",
	}
	if _, err := command(ctx, ".", env, r.nfpm, "package", "--packager", format, "--config", filepath.Join("packaging", "nfpm.yaml"), "--target", r.out); err != nil {
		return fmt.Errorf("making the %s: %w", format, err)
	}
	return nil
}
