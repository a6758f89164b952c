// Package secrets keeps what only the agent's account may read: it refuses files that others can read
// as well, and stores the secrets that linemark secret set takes.
package secrets

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// most is the size of the largest secret in bytes: a private key in PEM has a few thousand.
const most = 64 << 10

// OpenError says that others can read or change a file with a secret in it.
type OpenError struct {
	Path string
	Who  string // those who can, in one clause: "everybody on this machine can read it"
	Mend string // the command that takes it from them
}

func (e *OpenError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Who) }

// Read returns what a file holds that nobody else can read or change. The error is *OpenError if
// somebody can, else as os.ReadFile gives it.
func Read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := guarded(f); err != nil { // of the open file: the name may stand for another one by then
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return text, err
}

// Guarded returns an *OpenError if others can read or change the file, another error if that cannot be
// told, and nil if they cannot.
func Guarded(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(guarded(f), f.Close())
}
