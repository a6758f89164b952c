// Package commission is what an engineer does with a line before its first shift: it listens to one
// device and says what it means and what is set wrong, and it lets labelled products with codes of
// nobody's pass a whole line, measures, and writes an acceptance sheet.
//
// It never touches the agent's ledger and never calls the national system.
package commission

import (
	"errors"
	"os"

	"linemark/internal/config"
	"linemark/internal/ledger"
)

// ErrRunning says that the agent runs and has the devices.
var ErrRunning = errors.New("the agent is running and has the devices")

// InputError says that what a person has asked for cannot be done; nothing was.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// Advice is one thing that should be put right, or that is worth knowing.
type Advice struct {
	Key  string // what it is about; told once
	What string // what is seen
	Do   string // what to do about it
	Note bool   // the device works without it
}

func (a Advice) String() string {
	if a.Do == "" {
		return a.What
	}
	return a.What + ": " + a.Do
}

// Tell takes one line for the person at the screen.
type Tell func(format string, args ...any)

// stranger stands in for the token of the national system, which nothing here calls: commissioning
// works before anybody has a token, and reads no secret.
const stranger = "none"

// Load reads and checks a configuration as the agent does, but for the secrets in it.
func Load(path string) (*config.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return config.Load(path) // it says what is wrong as everywhere
	}
	none := func(string) ([]byte, error) { return []byte(stranger), nil }
	return config.Parse(path, text, config.Lookup{
		Env:  func(string) (string, bool) { return stranger, true },
		File: none, Stored: none,
	})
}

// free says whether the devices of a configuration can be had.
func free(cfg *config.Config) error {
	if ledger.Locked(cfg.Agent.DataDir) {
		return ErrRunning
	}
	return nil
}
