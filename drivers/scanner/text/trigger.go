package text

import (
	"context"
	"fmt"
	"sync"
	"time"

	"linemark/drivers/link"
)

// commandTimeout is how long a scanner may take to accept a command's bytes.
const commandTimeout = 2 * time.Second

// triggered is a session whose scanner reads on command.
type triggered struct {
	*session
	on, off []byte        // off is empty where the scanner needs no command to stop
	hold    time.Duration // until off is sent if nothing is read

	mu    sync.Mutex  // held while a command is written
	timer *time.Timer // sends off; stopped while the scanner is not reading
}

func newTriggered(s *session, on, off string, hold time.Duration) *triggered {
	t := &triggered{session: s, on: []byte(on), off: []byte(off), hold: hold}
	if off != "" {
		t.timer = time.AfterFunc(hold, t.stop)
		t.timer.Stop()
		s.onRead = t.enough
	}
	return t
}

// Trigger makes the scanner read. An error other than ctx's ends the session.
func (t *triggered) Trigger(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Reset(t.hold) // first, since the reading may come before write returns
	}
	return t.write(ctx, "the trigger", t.on)
}

// enough ends the reading that was triggered.
func (t *triggered) enough() {
	if t.timer.Stop() {
		t.timer.Reset(0)
	}
}

// stop makes the scanner stop reading.
func (t *triggered) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	_ = t.write(context.Background(), "the end of the trigger", t.off) // Next tells of it
}

// write sends a command whole, or ends the session. The caller holds the lock.
func (t *triggered) write(ctx context.Context, what string, command []byte) error {
	if err := t.fault(); err != nil {
		return err
	}
	release := link.UntilWritten(ctx, t.conn, time.Now().Add(commandTimeout))
	n, err := t.conn.Write(command)
	interrupted := release()
	switch {
	case err == nil:
		return nil
	case n == 0 && interrupted != nil:
		return interrupted
	}
	err = fmt.Errorf("sending %s to the scanner: %w", what, err)
	t.fail(err)
	t.conn.Close() // so that Next returns
	return err
}

// Close ends the connection, and with it a command under way and a Next that waits.
func (t *triggered) Close() error {
	err := t.session.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timer != nil {
		t.timer.Stop()
	}
	return err
}
