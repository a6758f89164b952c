package dialogue

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"linemark/drivers/link"
)

// WriteTimeout is how long a scanner may leave a command unread before the session ends.
const WriteTimeout = 2 * time.Second

// command is bytes to send, all or nothing.
type command struct {
	what string // for messages
	text []byte

	// What follows is of a command that somebody waits for.
	ctx  context.Context // its end takes the command back, as long as nothing of it was sent
	undo func()
	err  error         // what became of it
	done chan struct{} // closed then
}

// Trigger sends the command to read. It returns when the device has taken it and does not wait for
// its answer: a refusal, too, comes out of Next. The end of ctx takes back a command of which
// nothing was sent: a late trigger would read the next product. Any other error ends the session.
func (s *Session) Trigger(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &command{what: "the trigger", ctx: ctx, done: make(chan struct{})}
	if err := s.begin(c); err != nil {
		return err
	}
	wake(s.nudged)
	select {
	case <-c.done:
	case <-s.mute:
	case <-ctx.Done():
		if s.withdraw(c) {
			return ctx.Err()
		}
		select { // it is under way, and the end of ctx ends that too
		case <-c.done:
		case <-s.mute:
		}
	}
	select {
	case <-c.done:
		return c.err
	default:
		return s.gone()
	}
}

// begin asks the device for its trigger and queues it.
func (s *Session) begin(c *command) error {
	if err := s.gone(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.text, c.undo = s.dev.Trigger(s.now())
	s.queue(c)
	return nil
}

// gone returns why nothing can be sent, or nil.
func (s *Session) gone() error {
	select {
	case <-s.closed:
		return fmt.Errorf("triggering the scanner: %w", net.ErrClosed)
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// queue hands a command to the writer. The caller holds the lock.
func (s *Session) queue(c *command) {
	s.out = append(s.out, c)
	wake(s.queued)
}

// withdraw takes a command back that waits for its turn.
func (s *Session) withdraw(c *command) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.out, c)
	if i < 0 {
		return false
	}
	s.out = slices.Delete(s.out, i, i+1)
	c.takeBack()
	return true
}

// takeBack tells the device that nothing was sent. The caller holds the lock.
func (c *command) takeBack() {
	if c.undo != nil {
		c.undo()
	}
}

// first takes the next command off the queue; nil: there is none.
func (s *Session) first() *command {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.out) == 0 {
		return nil
	}
	c := s.out[0]
	s.out = s.out[1:]
	return c
}

// write sends what is queued, to the end of the connection.
func (s *Session) write() {
	defer close(s.mute)
	for {
		select {
		case <-s.queued:
		case <-s.closed:
			return
		}
		for c := s.first(); c != nil; c = s.first() {
			if !s.send(c) {
				s.conn.Close() // the reader sees its end
				return
			}
		}
	}
}

// send sends one command. It is false if the session has ended with it.
func (s *Session) send(c *command) bool {
	ctx := c.ctx
	if ctx == nil {
		ctx = context.Background()
	}
	release := link.UntilWritten(ctx, s.conn, time.Now().Add(WriteTimeout))
	n, err := s.conn.Write(c.text)
	interrupted := release()
	going := err == nil || n == 0 && interrupted != nil
	switch {
	case err == nil:
	case going:
		c.err = interrupted
		s.mu.Lock()
		c.takeBack()
		s.mu.Unlock()
	default:
		c.err = fmt.Errorf("sending %s to the scanner: %w", c.what, err)
		s.fail(c.err)
	}
	if c.done != nil {
		close(c.done)
	}
	return going
}
