package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// version is one version in the forms of those that order versions.
type version struct {
	name  string // 1.2.3, 1.2.3-rc.1, 1.2.3-5-g0123abc: what the program says
	linux string // 1.2.3, 1.2.3~rc.1, 1.2.3+5.g0123abc, as dpkg and rpm order them
	msi   string // 1.2.3500, 1.2.3001, 1.2.3505: Windows Installer compares three numbers and nothing else
}

// described asks git what is being released. Where there is no tag yet, commits are counted from 0.0.0.
func described(ctx context.Context) (string, error) {
	name, err := command(ctx, ".", nil, "git", "describe", "--tags", "--always", "--dirty", "--match", "v[0-9]*")
	if err != nil {
		return "", fmt.Errorf("finding the version: %w", err)
	}
	name = strings.TrimSpace(name)
	if strings.HasPrefix(name, "v") {
		return name, nil
	}
	count, err := command(ctx, ".", nil, "git", "rev-list", "--count", "HEAD")
	if err != nil {
		return "", fmt.Errorf("finding the version: %w", err)
	}
	return "v0.0.0-" + strings.TrimSpace(count) + "-g" + name, nil
}

var describe = regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)(?:-([a-z]+)\.?(\d+))?(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)

// Where the parts of a third number for Windows Installer lie: 1000 for each patch, its candidates from 1, its
// release at 500, and the commits behind it from 501.
const (
	patchStep   = 1000
	releaseStep = 500
	mostPatch   = 64 // the number has 16 bits
)

func parseVersion(name string) (version, error) {
	m := describe.FindStringSubmatch(name)
	if m == nil {
		return version{}, fmt.Errorf("version %q is not like v1.2.3, v1.2.3-rc.1 or v1.2.3-5-g0123abc", name)
	}
	number := func(i int) int { n, _ := strconv.Atoi(m[i]); return n }
	major, minor, patch, candidate, commits := number(1), number(2), number(3), number(5), number(6)
	if major > 255 || minor > 255 || patch > mostPatch || candidate >= releaseStep {
		return version{}, fmt.Errorf("version %q has a number too large for Windows Installer", name)
	}
	v := version{name: strings.TrimPrefix(name, "v"), linux: fmt.Sprintf("%d.%d.%d", major, minor, patch)}
	build := patch*patchStep + releaseStep
	if m[4] != "" {
		v.linux += "~" + m[4] + "." + m[5]
		build = patch*patchStep + candidate
	}
	more := ""
	if m[6] != "" {
		more = "+" + m[6] + ".g" + m[7]
		build += min(commits, releaseStep-1)
	}
	if m[8] != "" {
		more += "+dirty"
	}
	v.linux += more
	v.msi = fmt.Sprintf("%d.%d.%d", major, minor, build)
	return v, nil
}

// commitDate is SOURCE_DATE_EPOCH, or when what is released was committed.
func commitDate(ctx context.Context) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		var err error
		if text, err = command(ctx, ".", nil, "git", "log", "-1", "--format=%ct"); err != nil {
			return time.Time{}, fmt.Errorf("finding the date (without git set SOURCE_DATE_EPOCH): %w", err)
		}
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the date: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
