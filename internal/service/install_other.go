//go:build !linux && !windows

package service

import "context"

// Account is what the service runs under.
const Account = Name

const accessHint, reachHint = "", ""

// ConfigPath is where the configuration of an installed linemark is.
func ConfigPath() string { return "/etc/" + Name + "/" + Name + ".toml" }

// DataDir is where the ledger of an installed linemark is.
func DataDir() string { return "/var/lib/" + Name }

// Install returns ErrNoControl.
func Install(context.Context, Options) error { return ErrNoControl }

// Remove returns ErrNoControl.
func Remove(context.Context) error { return ErrNoControl }

// RemoveFolders returns ErrNoControl.
func RemoveFolders() error { return ErrNoControl }

// Start returns ErrNoControl.
func Start(context.Context) error { return ErrNoControl }

// Stop returns ErrNoControl.
func Stop(context.Context) error { return ErrNoControl }

// Query returns ErrNoControl.
func Query(context.Context) (State, error) { return State{}, ErrNoControl }

func outOfReach(string) string { return "" }
