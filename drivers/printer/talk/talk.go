// Package talk is what printer drivers do alike on their connections: they reach the printer,
// write, wait, and take answers out of what comes.
package talk

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"linemark/drivers"
	"linemark/drivers/link"
)

// Dialer returns what reaches the device.
func Dialer(s drivers.Settings) link.Dialer {
	if s.Dial == nil {
		return link.Dial
	}
	return s.Dial
}

// Patience is how long so many bytes may take on their way to a printer that may be silent for so
// long: a serial port carries about a thousand in a second, and some printers take little more.
func Patience(silence time.Duration, bytes int) time.Duration {
	return silence + time.Duration(bytes)*2*time.Millisecond
}

// Write hands bytes over.
func Write(ctx context.Context, conn link.Conn, b []byte, silence time.Duration) error {
	release := link.Until(ctx, conn, time.Now().Add(Patience(silence, len(b))))
	_, err := conn.Write(b)
	return errors.Join(err, release())
}

// Read hands answers to take, until it is done or there is an error of any kind. add takes what
// comes, and next takes one whole answer out of it, where ok is false as long as more is needed.
// How long that may take is the deadline of the connection.
func Read[A any](conn link.Conn, add func([]byte), next func() (found A, ok bool, err error), take func(A) (done bool, err error)) error {
	piece := make([]byte, 1024)
	for {
		a, ok, err := next()
		if err != nil {
			return err
		}
		if ok {
			if done, err := take(a); done || err != nil {
				return err
			}
			continue
		}
		n, err := conn.Read(piece)
		add(piece[:n])
		if n == 0 && err != nil {
			return err
		}
	}
}

// Silent reports whether err is the end of a waiting time, and not of the context.
func Silent(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// Pause waits, but not beyond the end of ctx.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Clip shortens what a printer sent for a message.
func Clip(line string) string {
	const most = 60
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "..."
}
