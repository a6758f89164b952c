package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What keeps a service from being installed, removed, started, stopped or asked.
var (
	ErrAccess       = errors.New("this account may not do that")
	ErrInstalled    = errors.New("the service linemark is installed already")
	ErrNotInstalled = errors.New("the service linemark is not installed")
	ErrNoControl    = errors.New("this machine has no service control that linemark knows")

	errNotByControl = errors.New("the service control manager has not started this process")
)

// Options of Install.
type Options struct {
	Config string // the configuration; ConfigPath() unless a person wants it elsewhere
	Exe    string // the program
	Again  bool   // one that is installed is brought to these options, and goes on starting with the machine or not
}

// State is what the machine's service control says of the service.
type State struct {
	Installed bool
	Running   bool   // ready, or degraded with the page up
	State     string // running, starting, stopping, stopped, failed, or what else service control calls it
	Text      string // what the program says of itself, or how it has ended; "" where nothing is known
	AtBoot    bool   // it starts with the machine
	PID       int    // 0: there is no process
}

// Hint says what a person can do about an error of this package; "" where nothing is known.
func Hint(err error) string {
	switch {
	case errors.Is(err, ErrAccess):
		return accessHint
	case errors.Is(err, ErrInstalled):
		return "linemark service uninstall removes it; configuration, ledger and logs stay"
	case errors.Is(err, ErrNotInstalled):
		return "linemark service install"
	case errors.Is(err, ErrNoControl):
		return "run linemark run --config FILE under what starts and watches programs on this machine"
	case errors.Is(err, errNotByControl):
		return "--service is for the service control manager: linemark service start, or linemark run without it"
	}
	if h, ok := errors.AsType[*hinted](err); ok {
		return h.hint
	}
	return ""
}

// hinted is an error whose hint is its own.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// checked returns the options with whole paths, or says why the service's account could not use them.
func (o Options) checked() (Options, error) {
	for _, p := range []*string{&o.Exe, &o.Config} {
		path, err := filepath.Abs(*p)
		if err != nil {
			return o, fmt.Errorf("finding %s: %w", *p, err)
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if why := outOfReach(path); why != "" {
			return o, &hinted{fmt.Errorf("the service could not read %s: %s", path, why), reachHint}
		}
		*p = path
	}
	s, err := os.Stat(o.Exe)
	if err == nil && s.IsDir() {
		err = &fs.PathError{Op: "run", Path: o.Exe, Err: errors.New("is a folder")}
	}
	if err != nil {
		return o, fmt.Errorf("looking at the program: %w", err)
	}
	return o, nil
}
