//go:build linux

package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"linemark/internal/ledger"
	"linemark/internal/sim/check"
)

// Judge opens the ledger in folder dir as a starting agent does, holds it against what the plant has
// logged, and returns what is wrong, each with the promise that it breaks.
func (s *Site) Judge(dir string) (found []string) {
	s.T.Helper()
	ctx := context.Background()
	l, err := ledger.Open(ctx, dir, ledger.Options{Agent: "line-3"})
	if err != nil {
		return []string{fmt.Sprintf("opening the ledger: %v", err)}
	}
	defer l.Close()
	if _, err := l.Recover(ctx); err != nil {
		found = append(found, fmt.Sprintf("recovering: %v", err))
	}
	v, err := check.Judge(ctx, s.Logs, l)
	if err != nil {
		return append(found, fmt.Sprintf("checking: %v", err))
	}
	return append(found, v.Findings...)
}

// Settled waits until the national system has all reports: the belts must stand.
func (s *Site) Settled() {
	s.T.Helper()
	quiet := 0
	s.Until("reporting what is due", func() error {
		st, err := s.Status()
		if err != nil {
			return err
		}
		for _, of := range []map[string]int{st.Reports.Utilisation, st.Reports.Aggregation} {
			for state, n := range of {
				if n > 0 && state != string(ledger.Sent) {
					quiet = 0
					return fmt.Errorf("%d reports are %s: %s", n, state, st.Reports.Trouble)
				}
			}
		}
		if quiet++; quiet < 120 { // more than a second: longer than a report waits
			return errors.New("a report may still come")
		}
		return nil
	})
}

// Keep copies the configuration, the plant's logs, the ledger and the flight recording of a failed test
// to a folder that outlives it: LINEMARK_KEEP, or bin/failed of the source. It does so once.
func (s *Site) Keep() {
	if s.kept {
		return
	}
	s.kept = true
	to := os.Getenv("LINEMARK_KEEP")
	if to == "" {
		root, err := Root()
		if err != nil {
			s.T.Logf("nothing is kept: %v", err)
			return
		}
		to = filepath.Join(root, "bin", "failed")
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		s.T.Logf("nothing is kept: %v", err)
		return
	}
	to, err := os.MkdirTemp(to, strings.NewReplacer("/", "-", " ", "-").Replace(s.T.Name())+"-")
	if err != nil {
		s.T.Logf("nothing is kept: %v", err)
		return
	}
	for _, from := range []string{s.File, s.Logs, s.Data} {
		info, err := os.Stat(from)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err == nil && info.IsDir():
			err = os.CopyFS(filepath.Join(to, filepath.Base(from)), os.DirFS(from))
		case err == nil:
			var text []byte
			if text, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(filepath.Join(to, filepath.Base(from)), text, 0o600)
			}
		}
		if err != nil {
			s.T.Logf("keeping %s: %v", from, err)
		}
	}
	s.T.Logf("the plant's logs, the ledger and the flight recording are kept in %s; linemark record show and replay read the recording in %s", to, filepath.Join(to, filepath.Base(s.Data)))
}
